"""The threshold study: its settings, its progress, and its results at each t_cor."""

from __future__ import annotations

import streamlit as st

from cartography.models.presets import SEEDS, STANDARD
from cartography.runs.threshold_runs import ThresholdRun, read_threshold
from ui import words
from ui.faults import errors_in_place
from ui.jobs import tasks
from ui.jobs.background import Task, TaskState
from ui.jobs.results import StepProgress
from ui.panels import method as method_panel
from ui.panels.threshold import batch as threshold_batch
from ui.panels.threshold import figures as threshold_figures
from ui.panels.threshold import values as threshold_values
from ui.state import session
from ui.state.session import DataChoice

PAGE = "threshold"
SEED_SIZE = "threshold_seed_size"
EPOCHS = "threshold_epochs"
_SEED = "threshold_seed"
_T_COR = "t_cor"


def sizes(task: Task) -> tuple[int | None, int]:
    """Return the seed size and the epochs of a study or a sweep."""
    return task.option("seed-size"), task.option("epochs", STANDARD.classifier.epochs)


def take_over(task: Task) -> bool:
    """Set the widgets to the settings of a study; False if they cannot ask for it."""
    seed_size, epochs = sizes(task)
    seed = task.option("seed", SEEDS[0])
    method = tasks.method_of(task)
    if tasks.study(task.choice, seed_size, epochs, seed, method).folder != task.folder:
        return False
    method_panel.take_over(PAGE, method)
    st.session_state[SEED_SIZE], st.session_state[EPOCHS] = seed_size, epochs
    st.session_state[_SEED] = seed
    return True


def set_up(choice: DataChoice) -> Task:
    """Draw the settings of the study and return its task."""
    # Defaults given to the widgets would conflict with what `take_over` sets.
    st.session_state.setdefault(EPOCHS, STANDARD.classifier.epochs)
    st.session_state.setdefault(_SEED, SEEDS[0])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed_size = st.number_input(
            "Seed size",
            min_value=2,
            value=None,
            placeholder="auto",
            key=SEED_SIZE,
            help=f"{words.SEED_SIZE} If some texts of the corpus have no gold label, the texts "
            "that have one are used instead.",
            width=150,
            persist_state="session",
        )
        epochs = st.number_input(
            "Epochs",
            min_value=1,
            key=EPOCHS,
            help=f"{words.EPOCHS} They decide which levels t_cor can have.",
            width=150,
            persist_state="session",
        )
        seed = st.number_input(
            "Seed",
            min_value=0,
            key=_SEED,
            help=words.SEED,
            width=150,
            persist_state="session",
        )
        method = method_panel.chosen(PAGE, {"epochs": EPOCHS})
    method_panel.told(method)
    return tasks.study(choice, seed_size, epochs, seed, method)


def live(task: Task, _: TaskState) -> None:
    """Draw the progress of a study."""
    run = read_threshold(task.folder)
    steps = StepProgress(run.number, run.total, run.seconds_left)
    st.progress(steps.share, text=_describe_step(run, steps.say("epoch")))
    st.caption("You can leave or close this page. The study goes on, and is here when you return.")


def _describe_step(run: ThresholdRun, epoch: str) -> str:
    classifier_epochs = int(run.manifest["preset"]["classifier"]["epochs"])
    # The last epoch is reported when the pool is scored.
    if run.number >= run.total - 1:
        return "Scoring the pool with every discriminator: half a minute for 100,000 texts …"
    if run.number < classifier_epochs:
        return f"Training the classifier on the labelled texts: {epoch}"
    return f"Training a discriminator for every t_cor: {epoch}"


def explore(task: Task) -> None:
    """Draw a finished study at the chosen t_cor."""
    run = threshold_values.study_run(task.folder)
    if run.awaits_labels:
        st.info(
            f"The pool is the {len(run.pool):,} texts without a gold label. The batch below shows "
            "which to label next.",
            icon=":material/edit_note:",
        )
    else:
        st.caption(
            f"A seed set of {len(run.labelled):,} texts is labelled. The other {len(run.pool):,} "
            "are the pool; their gold labels are not used."
        )
    _explore_level(run, task.key)


@st.fragment(key="threshold_explored")
@errors_in_place()
def _explore_level(run: ThresholdRun, name: str) -> None:
    with st.container(horizontal=True):
        t_cor = _choose_level(run)
        size = threshold_batch.query_size()
    before = session.before(f"t_cor {name}", t_cor)
    threshold_figures.balance(run, t_cor)
    threshold_figures.split_and_pool(run, t_cor, size)
    threshold_batch.batch(run, t_cor, size, before)


def _choose_level(run: ThresholdRun) -> float:
    levels = run.study.levels.tolist()
    t_cor = float(
        st.select_slider(
            "t_cor",
            levels,
            _first_level(levels, float(run.manifest["preset"]["t_cor"])),
            format_func=lambda level: f"{level:.3g}",
            # Another number of epochs has other levels, so it needs another widget.
            key=f"threshold_t_cor_{len(levels)}",
            help=words.T_COR,
            persist_state="session",
        )
    )
    st.query_params[_T_COR] = f"{t_cor:.4g}"
    return t_cor


def _first_level(levels: list[float], default: float) -> float:
    """The level that splits as the t_cor of the address does, or as that of the preset."""
    try:
        t_cor = float(st.query_params.get(_T_COR, default))
    except ValueError:
        t_cor = default
    # A t_cor splits like the next level below it. The address has four digits of it.
    return max((level for level in levels if level <= t_cor + 1e-4), default=levels[0])
