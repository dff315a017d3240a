"""The sweep: final accuracy of CAL by t_cor, run in the background with Random beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from cartography.figures import sweep_figure
from cartography.models.presets import PAPER, SEEDS
from ui import parts, words
from ui.jobs import address, background, results, tasks
from ui.jobs.background import Task, TaskState
from ui.naming import escape_markdown
from ui.panels.threshold import values
from ui.state.session import DataChoice

_TENTHS = tuple(tenth / 10 for tenth in range(10))
_LEVELS = "sweep_levels"
_SEEDS = "sweep_seeds"
_ITERATIONS = "sweep_iterations"
_QUERY_SIZE = "sweep_query_size"
# The levels are the paper's (Table 3); its runs have five seeds and 30 iterations.
_USUAL = {
    _LEVELS: [0.0, 0.2, 0.4, 0.6, 0.8],
    _SEEDS: 3,
    _ITERATIONS: 10,
    _QUERY_SIZE: PAPER.query_size,
}
_PHASES = {"running": "Running", "stopped": "Paused", "finished": "Finished"}


def take_over(task: Task, seed_size: int | None, epochs: int) -> bool:
    """Let the widgets show the settings of a sweep; false, said on the page and nothing changed,
    where this page could not start it as it is now.
    """
    levels = task.option("t-cor", ())
    values = {
        _LEVELS: [level for level in _TENTHS if level in levels],
        _SEEDS: len(task.option("seed", SEEDS[:1])),
        _ITERATIONS: task.option("iterations", PAPER.iterations),
        _QUERY_SIZE: task.option("query-size", PAPER.query_size),
    }
    if _task(task.choice, seed_size, epochs, values).folder != task.folder:
        st.info(
            "The sweep of this address cannot be gone on with here: a file of its corpus has "
            "changed since, or it is none that this page offers.",
            icon=":material/compare_arrows:",
        )
        st.page_link(
            address.COMPARISON,
            label="See it on Compare",
            icon=":material/open_in_new:",
            query_params={address.RUN: task.key},
        )
        return False
    for key, value in values.items():
        st.session_state[key] = value
    return True


def sweep(choice: DataChoice, seed_size: int | None, epochs: int) -> None:
    """What to sweep over, and how it stands."""
    st.subheader("Sweep", anchor=False, help=words.T_COR)
    st.markdown(
        "Which t_cor learns most? The sweep runs CAL at several t_cor with several seeds, and "
        "Random beside it, and compares their final test accuracy (Table 3). It uses the seed "
        "size and the epochs above and runs in the background.",
    )
    values = _chosen()
    if not values[_LEVELS]:
        st.info("Choose at least one t_cor to sweep over.", icon=":material/checklist:")
        address.show(None, address.SWEEP)
        return
    task = _task(choice, seed_size, epochs, values)
    state = background.task_state(task)
    address.show(None if state.phase == "absent" else task, address.SWEEP)
    _buttons(task, state)
    parts.outcome(state)
    if state.busy or task.run_folders():
        _followed(task, state)
    elif state.phase == "absent":
        st.info(
            f"There is no sweep of {escape_markdown(choice.name)} with these settings yet. Start it, and the "
            "figure grows with every iteration.",
            icon=":material/stacked_line_chart:",
        )


def _chosen() -> dict[str, Any]:
    """The settings of the sweep, by the keys of their widgets."""
    for key, value in _USUAL.items():
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
    return {key: st.session_state[key] for key in _USUAL}


def _task(
    choice: DataChoice, seed_size: int | None, epochs: int, values: Mapping[str, Any]
) -> Task:
    return tasks.learning(
        choice,
        ("cal", "random"),
        t_cor=sorted(values[_LEVELS]),
        seeds=SEEDS[: values[_SEEDS]],
        seed_size=seed_size,
        query_size=values[_QUERY_SIZE],
        iterations=values[_ITERATIONS],
        epochs=epochs,
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


def _buttons(task: Task, state: TaskState) -> None:
    if state.busy:
        parts.cancel(
            task,
            "sweep_pause",
            "Pause",
            "What is on disk stays; an iteration that is not finished is made again.",
        )
    elif state.phase != "finished":
        parts.start(
            task,
            "Go on" if task.run_folders() else "Start the sweep",
            icon=":material/play_arrow:",
            key="sweep_start",
        )


def _followed(task: Task, state: TaskState) -> None:
    """How far the sweep has come and what it shows so far; follows the worker."""

    def show(now: TaskState) -> None:
        folders = task.run_folders()
        # All go side by side, the last of them at the end of each iteration.
        steps = results.steps(folders[-1], int(task.option("iterations")) + 1)
        phase = _PHASES.get(now.phase, "Ended early")
        st.progress(steps.share, text=f"{phase}: {steps.say('training')}")
        found = values.sweep(folders)
        if found is None:
            if now.busy:
                st.caption(f"Training {len(folders)} runs on their seed sets …")
            return
        st.caption(
            f"{found.finished} of {found.runs} runs are finished; shown are the {found.reached} "
            f"that have {found.labelled:,} labels."
        )
        parts.figure(
            sweep_figure(found.levels, found.cal, baseline=found.baseline),
            "sweep_figure",
            f"Test accuracy by t_cor with {found.labelled:,} labels. {found.told}",
            lambda: found.table,
        )
        if found.told:
            st.markdown(found.told)

    parts.follow(task, state, "sweep", show)
