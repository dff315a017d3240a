"""Settings of an active-learning run: one strategy, its sizes, one seed or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from cartography.errors import CartographyError
from cartography.models.presets import SEEDS, STANDARD
from cartography.strategies.table import USES_T_COR
from ui import words
from ui.jobs import tasks
from ui.jobs.background import Task
from ui.jobs.methods import Method
from ui.panels import method as method_panel
from ui.state.session import DataChoice

# Keys that are also query parameters of the address.
_STRATEGY = "strategy"
_T_COR = "t_cor"
_SEEDS = "learn_seeds"
_PAGE = "learn"

# A seed size of None depends on the size of the corpus.
_DEFAULTS: dict[str, int | None] = {
    "seed_size": None,
    "query_size": STANDARD.query_size,
    "iterations": 10,
    "epochs": STANDARD.classifier.epochs,
}


def take_over(task: Task) -> bool:
    """Set the widgets to the settings of `task`; False if they cannot ask for it."""
    strategies, levels = task.option("strategy", ()), task.option("t-cor", (STANDARD.t_cor,))
    seeds = task.option("seed", SEEDS[:1])
    numbers = {name: task.option(name.replace("_", "-")) for name in _DEFAULTS}
    if len(strategies) != 1 or len(levels) != 1:
        return False
    method = tasks.method_of(task)
    current = _task(task.choice, strategies[0], levels[0], in_order(seeds), numbers, method)
    if current.folder != task.folder:
        return False
    st.session_state[_STRATEGY] = strategies[0]
    st.session_state[_T_COR] = levels[0]
    st.session_state[_SEEDS] = [str(seed) for seed in seeds]
    for name, value in numbers.items():
        st.session_state[_key(name)] = value
    method_panel.take_over(_PAGE, method)
    return True


def set_up(choice: DataChoice) -> Task:
    """Draw the settings of the run and return its task.

    Raises
    ------
    CartographyError
        If there is no seed, or one is not a whole number.
    """
    for name, default in _DEFAULTS.items():
        st.session_state.setdefault(_key(name), default)
    st.session_state.setdefault(_T_COR, STANDARD.t_cor)
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
            method = method_panel.chosen(_PAGE, {"epochs": _key("epochs"), "t_cor": _T_COR})
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
            # Visitors mostly type seeds of their own, which should not match those of the paper.
            filter_mode="prefix",
            select_all=False,
            placeholder="Choose a seed of the paper or type one",
            help=f"{words.SEED} With several seeds, one run per seed is made in parallel. The list "
            "has the five seeds of the paper; you can type others.",
            persist_state="session",
        )
        method_panel.told(method)
    level = STANDARD.t_cor if t_cor is None else t_cor  # an address can leave it empty
    return _task(choice, strategy, level, in_order(_parse_seeds(seeds)), numbers, method)


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


def _parse_seeds(seeds: Sequence[str]) -> list[int]:
    if not seeds:
        raise CartographyError("a run needs a seed: choose one of the paper or type a number")
    for seed in seeds:
        if not seed.strip().isdecimal():
            raise CartographyError(
                f"the seed {seed!r} is not a whole number of at least 0: remove it"
            )
    return [int(seed) for seed in seeds]


def in_order(seeds: Sequence[int]) -> list[int]:
    """Return the distinct seeds, those of the paper first, so that click order does not matter."""
    return [seed for seed in SEEDS if seed in seeds] + sorted(set(seeds) - set(SEEDS))


def _key(name: str) -> str:
    return f"{_PAGE}_{name}"
