"""The sweep: final accuracy of CAL by t_cor, next to Random."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from cartography.figures import sweep_figure
from cartography.models.presets import SEEDS, STANDARD
from ui import parts, task_page, words
from ui.jobs import results, tasks
from ui.jobs.background import Task, TaskState
from ui.jobs.methods import Method
from ui.panels import method as method_panel
from ui.panels.threshold import values
from ui.panels.threshold.panel import EPOCHS, PAGE, SEED_SIZE, sizes
from ui.state.session import DataChoice

_TENTHS = tuple(tenth / 10 for tenth in range(10))
_LEVELS = "sweep_levels"
_SEEDS = "sweep_seeds"
_ITERATIONS = "sweep_iterations"
_QUERY_SIZE = "sweep_query_size"
# The levels are the paper's (Table 3); its runs have five seeds and 30 iterations.
_DEFAULTS = {
    _LEVELS: [0.5, 0.6, 0.7, 0.8, 0.9],
    _SEEDS: 3,
    _ITERATIONS: 10,
    _QUERY_SIZE: STANDARD.query_size,
}


def take_over(task: Task) -> bool:
    """Set the widgets to the settings of a sweep; False if they cannot ask for it."""
    levels = task.option("t-cor", ())
    seed_size, epochs = sizes(task)
    settings = {
        _LEVELS: [level for level in _TENTHS if level in levels],
        _SEEDS: len(task.option("seed", SEEDS[:1])),
        _ITERATIONS: task.option("iterations", STANDARD.iterations),
        _QUERY_SIZE: task.option("query-size", STANDARD.query_size),
        SEED_SIZE: seed_size,
        EPOCHS: epochs,
    }
    method = tasks.method_of(task)
    if _task(task.choice, settings, method).folder != task.folder:
        return False
    method_panel.take_over(PAGE, method)
    for key, value in settings.items():
        st.session_state[key] = value
    return True


def set_up(choice: DataChoice) -> Task | None:
    """Draw the settings of the sweep and return its task, or None without a t_cor."""
    st.subheader("Sweep", anchor=False, help=words.T_COR)
    st.markdown(
        "Which t_cor gives the best accuracy? The sweep runs CAL at several t_cor with several "
        "seeds, runs Random as well, and compares the final test accuracy (Table 3). It uses the "
        "seed size, the epochs and the preset above. It goes on in the background.",
    )
    for key, value in _DEFAULTS.items():
        st.session_state.setdefault(key, value)
    with st.container(horizontal=True):
        st.multiselect(
            "t_cor",
            _TENTHS,
            format_func=lambda level: f"{level:g}",
            key=_LEVELS,
            help=words.T_COR,
            width=350,
            persist_state="session",
        )
        _number("Seeds", _SEEDS, f"{words.SEED} The paper runs five.", len(SEEDS))
        _number("Iterations", _ITERATIONS, words.ITERATIONS)
        _number("Query size", _QUERY_SIZE, words.QUERY_SIZE)
    if not st.session_state[_LEVELS]:
        st.info("Choose at least one t_cor for the sweep.", icon=":material/checklist:")
        return None
    settings = {key: st.session_state[key] for key in (*_DEFAULTS, SEED_SIZE, EPOCHS)}
    return _task(choice, settings, method_panel.current(PAGE))


def _task(choice: DataChoice, settings: Mapping[str, Any], method: Method) -> Task:
    """The sweep with these settings, by the keys of their widgets."""
    return tasks.learning(
        choice,
        ("cal", "random"),
        t_cor=sorted(settings[_LEVELS]),
        seeds=SEEDS[: settings[_SEEDS]],
        seed_size=settings[SEED_SIZE],
        query_size=settings[_QUERY_SIZE],
        iterations=settings[_ITERATIONS],
        epochs=settings[EPOCHS],
        method=method,
    )


def _number(label: str, key: str, help: str, most: int | None = None) -> None:
    st.number_input(
        label,
        min_value=1,
        max_value=most,
        key=key,
        help=help,
        width=130,
        persist_state="session",
    )


def live(task: Task, state: TaskState) -> None:
    """Draw the progress of the sweep and its results so far."""
    folders = task.run_folders()
    # The runs advance together; the last folder is the last to finish each iteration.
    steps = results.steps(folders[-1], int(task.option("iterations")) + 1)
    task_page.show_progress(steps, state)
    sweep = values.sweep(folders)
    if sweep is None:
        if state.busy:
            st.caption(f"Training {len(folders)} runs on their seed sets …")
        return
    st.caption(
        f"{sweep.finished} of {sweep.runs} runs are finished. The figure shows the "
        f"{sweep.reached} runs that have {sweep.labelled:,} labels."
    )
    parts.figure(
        sweep_figure(sweep.levels, sweep.cal, baseline=sweep.baseline),
        "sweep_figure",
        f"Test accuracy by t_cor with {sweep.labelled:,} labels. {sweep.told}",
        lambda: sweep.table,
    )
    if sweep.told:
        st.markdown(sweep.told)
