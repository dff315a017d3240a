"""Settings of a comparison: strategies, seeds and what all runs share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from cartography.evaluation.verdict import BASELINE
from cartography.formatting import strategy_name
from cartography.models.presets import SEEDS, STANDARD
from cartography.strategies.table import USES_T_COR
from ui import words
from ui.jobs import tasks
from ui.jobs.background import Task
from ui.jobs.methods import USUAL, Method
from ui.panels import method as method_panel
from ui.state.session import DataChoice

# Defaults of the widgets by command-line option. A seed size of None depends on the corpus. The
# method has widgets of its own.
_DEFAULTS: dict[str, Any] = {
    "strategy": ["cal", "lc"],
    "seed": list(SEEDS[:3]),
    "t-cor": STANDARD.t_cor,
    "seed-size": None,
    "query-size": STANDARD.query_size,
    "iterations": 10,
    "epochs": STANDARD.classifier.epochs,
}
_METHOD = ("preset", "set")
_PAGE = "compare"


@dataclass(frozen=True)
class Settings:
    """Settings of a comparison; each strategy is run with each seed.

    Attributes
    ----------
    strategies : tuple of str
        Random first.
    seeds : tuple of int
    t_cor : float
    seed_size : int or None
    query_size, iterations, epochs : int
    method : Method
    """

    strategies: tuple[str, ...]
    seeds: tuple[int, ...]
    t_cor: float
    seed_size: int | None
    query_size: int
    iterations: int
    epochs: int
    method: Method

    @classmethod
    def of(cls, values: Mapping[str, Any], method: Method = USUAL) -> Settings:
        """Return the settings for values by command-line option; others have their defaults."""
        options = {**_DEFAULTS, **values}
        chosen = set(options["strategy"])
        others = [name for name in words.strategies() if name in chosen and name != BASELINE]
        return cls(
            strategies=(BASELINE, *others),
            seeds=tuple(seed for seed in SEEDS if seed in options["seed"]),
            t_cor=options["t-cor"],
            seed_size=options["seed-size"],
            query_size=options["query-size"],
            iterations=options["iterations"],
            epochs=options["epochs"],
            method=method,
        )

    @property
    def runs(self) -> int:
        """Number of runs."""
        return len(self.strategies) * len(self.seeds)

    @property
    def trainings(self) -> int:
        """Number of trainings per run."""
        return self.iterations + 1

    def task(self, choice: DataChoice) -> Task:
        """Return the task of all runs."""
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
    """Return the settings that started `task`, or None if this page could not start it."""
    values = _values(task)
    if not values.keys() <= _DEFAULTS.keys():
        return None
    settings = settings_of(task)
    return settings if settings.task(task.choice).folder == task.folder else None


def settings_of(task: Task) -> Settings:
    """Return the settings in the options of a task that this page started."""
    return Settings.of(_values(task), tasks.method_of(task))


def take_over(task: Task) -> None:
    """Set the widgets to the settings that started `task`."""
    values = _values(task)
    for name, default in _DEFAULTS.items():
        st.session_state[_key(name)] = values.get(name, default)
    method_panel.take_over(_PAGE, tasks.method_of(task))


def _values(task: Task) -> dict[str, Any]:
    """The options of a task as values of the widgets: a list or a single value."""
    return {
        name: _as_list(value) if isinstance(_DEFAULTS.get(name), list) else _first(value)
        for name, value in task.options
        if name not in _METHOD
    }


def choose_settings() -> Settings:
    """Draw the widgets and return the chosen settings."""
    for name, default in _DEFAULTS.items():
        st.session_state.setdefault(_key(name), default)
    with st.container(border=True):
        strategies = st.pills(
            "Strategies, in addition to Random",
            [name for name in words.strategies() if name != BASELINE],
            format_func=strategy_name,
            selection_mode="multi",
            key=_key("strategy"),
            persist_state="session",
            help="\n\n".join(
                ["Random is always included as the baseline."]
                + [words.strategy(name) for name in words.strategies()]
            ),
        )
        seeds = st.pills(
            "Seeds",
            SEEDS,
            selection_mode="multi",
            key=_key("seed"),
            persist_state="session",
            help=f"{words.SEED} Each strategy is run with each seed. One seed cannot show an "
            "advantage. These are the paper's five seeds.",
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
            method = method_panel.chosen(_PAGE, {"epochs": _key("epochs"), "t_cor": _key("t-cor")})
        method_panel.told(method)
    values = {name: st.session_state[_key(name)] for name in _DEFAULTS}
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
    if _DEFAULTS[name] is None:
        field(value=None, placeholder="auto")
    else:
        field()


def _key(name: str) -> str:
    return f"{_PAGE}_{name.replace('-', '_')}"


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, tuple) else [value]


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) else value
