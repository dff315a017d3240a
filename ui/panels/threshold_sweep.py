"""The sweep: final accuracy of CAL by t_cor, run in the background with Random beside it."""

from __future__ import annotations

import streamlit as st

from cartography.figures import sweep_figure
from cartography.presets import PAPER, SEEDS
from ui import address, background, parts, results, tasks, words
from ui.background import State, Task
from ui.naming import plain
from ui.panels import threshold_values as values
from ui.session import DataChoice

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


def take_over(task: Task) -> None:
    """Take over the settings of a sweep, before the widgets are made; of a run that is none, what
    the widgets can show.
    """
    levels = task.option("t-cor", ())
    st.session_state[_LEVELS] = [level for level in _TENTHS if level in levels]
    st.session_state[_SEEDS] = min(len(task.option("seed", SEEDS[:1])), len(SEEDS))
    st.session_state[_ITERATIONS] = task.option("iterations", PAPER.iterations)
    st.session_state[_QUERY_SIZE] = task.option("query-size", PAPER.query_size)


def sweep(choice: DataChoice, seed_size: int | None, epochs: int) -> None:
    """What to sweep over, and how it stands."""
    st.subheader("Sweep", anchor=False, help=words.T_COR)
    st.markdown(
        "Which t_cor learns most? The sweep runs CAL at several t_cor with several seeds, and "
        "Random beside it, and compares their final test accuracy (Table 3). It uses the seed "
        "size and the epochs above and runs in the background.",
    )
    task = _task(choice, seed_size, epochs)
    if task is None:
        st.info("Choose at least one t_cor to sweep over.", icon=":material/checklist:")
        address.show(None, address.SWEEP)
        return
    state = background.state(task)
    address.show(None if state.phase == "absent" else task, address.SWEEP)
    _buttons(task, state)
    parts.outcome(state)
    if state.busy or state.phase in ("stopped", "finished"):
        _followed(task, state)
    elif state.phase == "absent":
        st.info(
            f"There is no sweep of {plain(choice.name)} with these settings yet. Start it, and the "
            "figure grows with every iteration.",
            icon=":material/stacked_line_chart:",
        )


def _task(choice: DataChoice, seed_size: int | None, epochs: int) -> Task | None:
    for key, value in _USUAL.items():
        st.session_state.setdefault(key, value)
    with st.container(horizontal=True):
        levels = st.multiselect(
            "t_cor",
            _TENTHS,
            format_func=lambda level: f"{level:g}",
            key=_LEVELS,
            help=words.T_COR,
            width=350,
            persist_state="session",
        )
        seeds = _number("Seeds", _SEEDS, f"{words.SEED} The paper runs five.", len(SEEDS))
        iterations = _number("Iterations", _ITERATIONS, words.ITERATIONS)
        size = _number("Query size", _QUERY_SIZE, words.QUERY_SIZE)
    if not levels:
        return None
    return tasks.learning(
        choice,
        ("cal", "random"),
        t_cor=sorted(levels),
        seeds=SEEDS[:seeds],
        seed_size=seed_size,
        query_size=size,
        iterations=iterations,
        epochs=epochs,
    )


def _number(label: str, key: str, help: str, most: int | None = None) -> int:
    return int(
        st.number_input(
            label,
            min_value=1,
            max_value=most,
            key=key,
            help=help,
            width=130,
            persist_state="session",
        )
    )


def _buttons(task: Task, state: State) -> None:
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
            "Go on" if state.phase == "stopped" else "Start the sweep",
            icon=":material/play_arrow:",
            key="sweep_start",
        )


def _followed(task: Task, state: State) -> None:
    """How far the sweep has come and what it shows so far; follows the worker."""

    def show(now: State) -> None:
        folders = task.run_folders()
        # All go side by side, the last of them at the end of each iteration.
        steps = results.steps(folders[-1], int(task.option("iterations")) + 1)
        st.progress(steps.share, text=f"{_PHASES[now.phase]}: {steps.say('training')}")
        found = values.sweep(folders)
        if found is None:
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
