"""What a comparison runs: strategies, seeds and the settings that all of them share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from cartography.evaluation.verdict import BASELINE
from cartography.formatting import strategy_name
from cartography.models.presets import PAPER, SEEDS
from cartography.strategies.table import USES_T_COR
from ui import words
from ui.jobs import tasks
from ui.jobs.background import Task
from ui.jobs.methods import AS_PAPER, Method
from ui.panels import method as method_panel
from ui.state.session import DataChoice

# Widgets of the settings by the option of the command line that they stand for, and what they
# show at first; the seed size is left to the corpus. The method has widgets of its own.
_USUAL: dict[str, Any] = {
    "strategy": ["cal", "lc"],
    "seed": list(SEEDS[:3]),
    "t-cor": PAPER.t_cor,
    "seed-size": None,
    "query-size": PAPER.query_size,
    "iterations": 10,
    "epochs": PAPER.classifier.epochs,
}
_METHOD = ("preset", "set")
_PAGE = "compare"


@dataclass(frozen=True)
class Settings:
    """What a comparison runs: each of the strategies, Random first, with each of the seeds."""

    strategies: tuple[str, ...]
    seeds: tuple[int, ...]
    t_cor: float
    seed_size: int | None
    query_size: int
    iterations: int
    epochs: int
    method: Method

    @classmethod
    def of(cls, values: Mapping[str, Any], method: Method = AS_PAPER) -> Settings:
        """The settings by the names of the options; what is not there is as usual."""
        given = {**_USUAL, **values}
        chosen = set(given["strategy"])
        others = [name for name in words.strategies() if name in chosen and name != BASELINE]
        return cls(
            strategies=(BASELINE, *others),
            seeds=tuple(seed for seed in SEEDS if seed in given["seed"]),
            t_cor=given["t-cor"],
            seed_size=given["seed-size"],
            query_size=given["query-size"],
            iterations=given["iterations"],
            epochs=given["epochs"],
            method=method,
        )

    @property
    def runs(self) -> int:
        """How many runs they are."""
        return len(self.strategies) * len(self.seeds)

    @property
    def trainings(self) -> int:
        """How many trainings each run has."""
        return self.iterations + 1

    def task(self, choice: DataChoice) -> Task:
        """All runs as one task."""
        return tasks.learning(
            choice,
            self.strategies,
            t_cor=(self.t_cor,),
            seeds=self.seeds,
            seed_size=self.seed_size,
            query_size=self.query_size,
            iterations=self.iterations,
            epochs=self.epochs,
            method=self.method,
        )


def of_task(task: Task) -> Settings | None:
    """The settings that started `task`; None where this page could not have."""
    values = _values(task)
    if not values.keys() <= _USUAL.keys():
        return None
    settings = Settings.of(values, tasks.method_of(task))
    return settings if settings.task(task.choice).folder == task.folder else None


def take_over(task: Task) -> None:
    """Let the widgets show the settings that started `task`."""
    values = _values(task)
    for name, usual in _USUAL.items():
        st.session_state[_key(name)] = values.get(name, usual)
    method_panel.take_over(_PAGE, tasks.method_of(task))


def _values(task: Task) -> dict[str, Any]:
    """The options of a task as the widgets hold them: one value or a list."""
    return {
        name: _several(value) if isinstance(_USUAL.get(name), list) else _one(value)
        for name, value in task.options
        if name not in _METHOD
    }


def chosen() -> Settings:
    """The settings, by their widgets."""
    for name, usual in _USUAL.items():
        st.session_state.setdefault(_key(name), usual)
    with st.container(border=True):
        strategies = st.pills(
            "Strategies, beside Random",
            [name for name in words.strategies() if name != BASELINE],
            format_func=strategy_name,
            selection_mode="multi",
            key=_key("strategy"),
            persist_state="session",
            help="\n\n".join(
                ["Random is always among them: it is the one to beat."]
                + [words.strategy(name) for name in words.strategies()]
            ),
        )
        seeds = st.pills(
            "Seeds",
            SEEDS,
            selection_mode="multi",
            key=_key("seed"),
            persist_state="session",
            help=f"{words.SEED} Each strategy is run with each seed: one seed cannot show an "
            "advantage. These are the five of the paper.",
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.slider(
                "t_cor",
                0.0,
                1.0,
                step=0.05,
                key=_key("t-cor"),
                persist_state="session",
                disabled=not USES_T_COR & set(strategies),
                help=words.T_COR,
                width=140,
            )
            _number("Seed size", "seed-size", 2, words.SEED_SIZE)
            _number("Query size", "query-size", 1, words.QUERY_SIZE)
            _number("Iterations", "iterations", 1, words.ITERATIONS)
            _number("Epochs", "epochs", 1, words.EPOCHS)
            method = method_panel.chosen(_PAGE)
        method_panel.told(method)
    values = {name: st.session_state[_key(name)] for name in _USUAL}
    return Settings.of({**values, "strategy": strategies, "seed": seeds}, method)


def _number(label: str, name: str, least: int, help: str) -> None:
    field = partial(
        st.number_input,
        label,
        min_value=least,
        step=1,
        key=_key(name),
        help=help,
        width=130,
        persist_state="session",
    )
    if _USUAL[name] is None:
        field(value=None, placeholder="auto")
    else:
        field()


def _key(name: str) -> str:
    return f"{_PAGE}_{name.replace('-', '_')}"


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, tuple) else [value]


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) else value
