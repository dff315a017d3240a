"""The threshold study: its settings, how it trains, and what each t_cor makes of it."""

from __future__ import annotations

import streamlit as st

from cartography.models.presets import PAPER, SEEDS
from cartography.runs.threshold_runs import ThresholdRun, read_threshold
from ui import parts, words
from ui.faults import errors_in_place
from ui.jobs import address, tasks
from ui.jobs.background import Task, TaskState
from ui.jobs.results import StepProgress
from ui.panels.threshold import batch as threshold_batch
from ui.panels.threshold import figures as threshold_figures
from ui.panels.threshold import sweep as threshold_sweep
from ui.panels.threshold import values as threshold_values
from ui.state import session
from ui.state.session import DataChoice

_SEED_SIZE = "threshold_seed_size"
_EPOCHS = "threshold_epochs"
_SEED = "threshold_seed"
_T_COR = "t_cor"


def follow_address() -> Task | None:
    """Take over corpus and settings of the study and the sweep that the address newly names.

    Where the widgets cannot ask for one, nothing is changed by it; the study is then returned if
    it can be shown as it is.
    """
    study = address.opened("threshold")
    if study is not None:
        size, epochs = _sizes(study)
        seed = study.option("seed", SEEDS[0])
        if tasks.study(study.choice, size, epochs, seed).folder != study.folder:
            return study if address.as_it_is(study) else None
        st.session_state[_SEED] = seed
        _use(study)
    sweep = address.opened("learn", name=address.SWEEP)
    if sweep is not None and threshold_sweep.take_over(sweep, *_sizes(sweep)):
        _use(sweep)
    return None


def _sizes(task: Task) -> tuple[int | None, int]:
    """The seed size and the epochs of a study or a sweep."""
    return task.option("seed-size"), task.option("epochs", PAPER.classifier.epochs)


def _use(task: Task) -> None:
    st.session_state[_SEED_SIZE], st.session_state[_EPOCHS] = _sizes(task)
    if session.choice() != task.choice:
        session.use(task.choice)
        st.rerun()  # the frame around the page has named the corpus before


def study_task(choice: DataChoice) -> Task:
    """The study that is set up."""
    # Not given to the widgets, which would then complain of what `follow_address` puts there.
    st.session_state.setdefault(_EPOCHS, PAPER.classifier.epochs)
    st.session_state.setdefault(_SEED, SEEDS[0])
    with st.container(horizontal=True):
        seed_size = st.number_input(
            "Seed size",
            min_value=2,
            value=None,
            placeholder="auto",
            key=_SEED_SIZE,
            help=f"{words.SEED_SIZE} Of a corpus in which texts have no gold label, those that "
            "have one are taken instead.",
            width=150,
            persist_state="session",
        )
        epochs = st.number_input(
            "Epochs",
            min_value=1,
            key=_EPOCHS,
            help=f"{words.EPOCHS} They decide the levels that t_cor can have.",
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
    return tasks.study(choice, seed_size, epochs, seed)


def buttons(task: Task, state: TaskState) -> None:
    """Start and cancel."""
    if state.busy:
        parts.cancel(task, "threshold_cancel", help="A study that was cancelled begins again.")
    elif state.phase != "finished":
        parts.start(
            task,
            "Start the study",
            icon=":material/play_arrow:",
            type="primary",
            key="threshold_start",
        )


def progress(task: Task, state: TaskState) -> None:
    """How far a study has come; gives way to the page when it ends."""

    def show(_: TaskState) -> None:
        run = read_threshold(task.folder)
        steps = StepProgress(run.number, run.total, run.seconds_left)
        st.progress(steps.share, text=_doing(run, steps.say("epoch")))
        st.caption("You may leave this page or close it; the study goes on and is found again.")

    parts.follow(task, state, "threshold_progress", show)


def _doing(run: ThresholdRun, said: str) -> str:
    classifier = int(run.manifest["preset"]["classifier"]["epochs"])
    # The last epoch is told of when the pool is scored.
    if run.number >= run.total - 1:
        return "Scoring the pool with every discriminator: half a minute for 100,000 texts …"
    if run.number < classifier:
        return f"Training the classifier on the labelled texts: {said}"
    return f"Training a discriminator for every t_cor: {said}"


@errors_in_place()
def explored(task: Task) -> None:
    """A finished study at the t_cor that is chosen; moving it draws this part alone."""
    run = threshold_values.study_run(task.folder)
    if run.awaits_labels:
        st.info(
            f"The pool is the {len(run.pool):,} texts without a gold label: the batch below is "
            "what to label next.",
            icon=":material/edit_note:",
        )
    else:
        st.caption(
            f"A seed set of {len(run.labelled):,} texts is labelled, the other {len(run.pool):,} "
            "are the pool; their gold labels are not used."
        )

    @st.fragment(key="threshold_explored")
    @errors_in_place()
    def show() -> None:
        with st.container(horizontal=True):
            t_cor = _t_cor(run)
            size = threshold_batch.query_size()
        before = session.before(f"t_cor {task.key}", t_cor)
        threshold_figures.balance(run, t_cor)
        threshold_figures.split_and_pool(run, t_cor, size)
        threshold_batch.batch(run, t_cor, size, before)

    show()


def _t_cor(run: ThresholdRun) -> float:
    """The level that is chosen; at first the address's, else that which acts as the paper's."""
    levels = run.study.levels.tolist()
    chosen = float(
        st.select_slider(
            "t_cor",
            levels,
            _first_level(levels),
            format_func=lambda level: f"{level:.3g}",
            # Levels of another number of epochs are other options.
            key=f"threshold_t_cor_{len(levels)}",
            help=words.T_COR,
            persist_state="session",
        )
    )
    st.query_params[_T_COR] = f"{chosen:.4g}"
    return chosen


def _first_level(levels: list[float]) -> float:
    try:
        asked = float(st.query_params.get(_T_COR, PAPER.t_cor))
    except ValueError:
        asked = PAPER.t_cor
    # A t_cor acts as the level below it; the address has four digits of it.
    return max((level for level in levels if level <= asked + 1e-4), default=levels[0])
