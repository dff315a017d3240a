"""What an active-learning run is set up with: one strategy, its sizes, one seed or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from cartography.errors import CartographyError
from cartography.models.presets import PAPER, SEEDS
from cartography.strategies.table import USES_T_COR
from ui import words
from ui.jobs import tasks
from ui.jobs.background import Task
from ui.jobs.methods import Method
from ui.panels import method as method_panel
from ui.state.session import DataChoice

# Keys that are the names in the address too.
_STRATEGY = "strategy"
_T_COR = "t_cor"
_SEEDS = "learn_seeds"
_PAGE = "learn"

# What the numbers show at first; the seed size is left to the corpus.
_NUMBERS: dict[str, int | None] = {
    "seed_size": None,
    "query_size": PAPER.query_size,
    "iterations": 10,
    "epochs": PAPER.classifier.epochs,
}


def take_over(task: Task) -> bool:
    """Let the widgets show the settings that started `task`; false, and nothing changed, where
    this page could not start it as it is now.
    """
    strategies, levels = task.option("strategy", ()), task.option("t-cor", (PAPER.t_cor,))
    seeds = task.option("seed", SEEDS[:1])
    numbers = {name: task.option(name.replace("_", "-")) for name in _NUMBERS}
    if len(strategies) != 1 or len(levels) != 1:
        return False
    method = tasks.method_of(task)
    same = _task(task.choice, strategies[0], levels[0], in_order(seeds), numbers, method)
    if same.folder != task.folder:
        return False
    st.session_state[_STRATEGY] = strategies[0]
    st.session_state[_T_COR] = levels[0]
    st.session_state[_SEEDS] = [str(seed) for seed in seeds]
    for name, value in numbers.items():
        st.session_state[_key(name)] = value
    method_panel.take_over(_PAGE, method)
    return True


def chosen(choice: DataChoice) -> Task:
    """The run that is set up, by its widgets. Raises CartographyError where it has no seed."""
    for name, usual in _NUMBERS.items():
        st.session_state.setdefault(_key(name), usual)
    st.session_state.setdefault(_T_COR, PAPER.t_cor)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            strategy = st.selectbox(
                "Query strategy",
                words.strategies(),
                format_func=words.strategy,
                key=_STRATEGY,
                bind="query-params",
                help=words.STRATEGY,
                width=430,
            )
            t_cor = st.number_input(
                "t_cor",
                0.0,
                1.0,
                None,
                0.05,
                format="%0.3g",
                required=True,
                key=_T_COR,
                bind="query-params",
                disabled=strategy not in USES_T_COR,
                help=words.T_COR,
                width=130,
            )
            method = method_panel.chosen(_PAGE)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            numbers = {
                "seed_size": _number("Seed size", "seed_size", 2, words.SEED_SIZE),
                "query_size": _number("Query size", "query_size", 1, words.QUERY_SIZE),
                "iterations": _number("Iterations", "iterations", 1, words.ITERATIONS),
                "epochs": _number("Epochs", "epochs", 1, words.EPOCHS),
            }
        seeds = st.multiselect(
            "Seeds",
            [str(seed) for seed in SEEDS],
            default=None if _SEEDS in st.session_state else [str(SEEDS[0])],
            key=_SEEDS,
            accept_new_options=True,
            # What is typed is most often a seed of one's own.
            filter_mode="prefix",
            select_all=False,
            placeholder="Choose a seed of the paper, or type one",
            help=f"{words.SEED} With several, a run is made with each, side by side. These are the "
            "five of the paper; others can be typed.",
            persist_state="session",
        )
        method_panel.told(method)
    level = PAPER.t_cor if t_cor is None else t_cor  # an address can leave it empty
    return _task(choice, strategy, level, in_order(_read(seeds)), numbers, method)


def _task(
    choice: DataChoice,
    strategy: str,
    t_cor: float,
    seeds: Sequence[int],
    numbers: dict[str, Any],
    method: Method,
) -> Task:
    return tasks.learning(choice, [strategy], t_cor=[t_cor], seeds=seeds, method=method, **numbers)


def _number(label: str, name: str, least: int, help: str) -> int | None:
    return st.number_input(
        label,
        min_value=least,
        value=None,
        step=1,
        placeholder="auto",
        key=_key(name),
        help=help,
        width=150,
        persist_state="session",
    )


def _read(seeds: Sequence[str]) -> list[int]:
    """Seeds as they were chosen or typed."""
    if not seeds:
        raise CartographyError("a run needs a seed: choose one of the paper's, or type a number")
    for seed in seeds:
        if not seed.strip().isdecimal():
            raise CartographyError(f"the seed {seed!r} is no whole number from 0 on: remove it")
    return [int(seed) for seed in seeds]


def in_order(seeds: Sequence[int]) -> list[int]:
    """Each once, the paper's first: the order of clicks makes no other run."""
    return [seed for seed in SEEDS if seed in seeds] + sorted(set(seeds) - set(SEEDS))


def _key(name: str) -> str:
    return f"{_PAGE}_{name}"
