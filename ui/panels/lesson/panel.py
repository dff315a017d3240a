"""The lesson page: navigation, the question, then the figures and the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from cartography.figures import epoch_curves_figure
from ui import parts
from ui.faults import errors_in_place
from ui.jobs import background
from ui.jobs.background import Task, TaskState
from ui.naming import escape_markdown
from ui.panels.lesson import findings, values, views
from ui.panels.lesson import steps as lesson_steps
from ui.panels.lesson.script import NEEDS, STEPS, LessonStep
from ui.state import session
from ui.state.session import DataChoice

START, SUMMARY = 0, len(STEPS) + 1
STEP = "step"
PREPARE = "lesson_prepare"
_ENDED = ("finished", "refused", "failed")
_NAMES = {START: "Start", SUMMARY: "End"}
# A teacher projects the page: type for the back row, and figures next to each other only where
# there is room for both.
_STYLE = """<style>
.st-key-lesson :is([data-testid="stMarkdown"] p, [data-testid="stAlert"] p, button p) {
  font-size: 1.15rem}
.st-key-lesson_pair > div {flex: 1 1 27rem; min-width: 0}
</style>"""


@contextmanager
def lesson() -> Iterator[None]:
    """Put the whole lesson in a container with larger type."""
    with st.container(key="lesson"):
        st.html(_STYLE)
        yield


def choose_step(choice: DataChoice) -> int:
    """Show the steps and the progress; return the number of the open step, 0 to `SUMMARY`."""
    number = st.segmented_control(
        "Step of the lesson",
        range(SUMMARY + 1),
        default=START,
        required=True,
        format_func=lambda number: _NAMES.get(number, str(number)),
        key=STEP,
        bind="query-params",
    )
    count = len(_predictions(choice))
    st.progress(count / len(STEPS), text=f"{count} of {len(STEPS)} predictions made")
    return int(number)


def navigation_buttons(choice: DataChoice, number: int) -> None:
    """Show the buttons Back, Next and Start again."""
    with st.container(horizontal=True):
        if number > START:
            _go("Back", number - 1, ":material/arrow_back:")
        if number < SUMMARY:
            label = "Begin" if number == START else "Next"
            _go(label, number + 1, ":material/arrow_forward:", primary=True)
        if _predictions(choice):
            st.button(
                "Start again",
                icon=":material/restart_alt:",
                key="lesson_again",
                help="Forget all predictions on this corpus.",
                on_click=_start_again,
                args=(choice,),
            )


def prepare(choice: DataChoice, waiting: Sequence[Task], number: int) -> None:
    """Make the runs of the lesson one by one, and show their progress.

    Parameters
    ----------
    choice : DataChoice
    waiting : sequence of Task
        Tasks that the open step waits for; they are run first.
    number : int
        Number of the open step.
    """
    queue = list(dict.fromkeys([*waiting, *values.all_tasks(choice).values()]))
    before = {task: background.task_state(task) for task in queue}
    if all(state.phase == "finished" for state in before.values()):
        return
    unfinished = any(state.phase not in _ENDED for state in before.values())

    @st.fragment(run_every=1.0 if unfinished else None, key="lesson_preparation")
    @errors_in_place()
    def watch() -> None:
        if st.session_state.get(PREPARE, True):
            _advance(queue)
        now = {task: background.task_state(task) for task in queue}
        ended = {task for task in queue if now[task].phase in _ENDED}
        if ended != {task for task in queue if before[task].phase in _ENDED}:
            st.rerun()
        for task in waiting:
            _show_progress(task, now, live=STEPS[number - 1].key == "dynamics")
        ready = sum(state.phase == "finished" for state in now.values())
        if not waiting and (busy := _busy(now)):
            st.caption(f"In the background: {_product(busy)}. {ready} of {len(queue)} are ready.")
        if unfinished:
            st.toggle(
                "Prepare in the background",
                value=True,
                key=PREPARE,
                help="Off: the worker stops, and no further run starts.",
                on_change=_stop_if_off,
                args=(queue,),
                persist_state="session",
            )

    watch()


def show(choice: DataChoice, number: int) -> Sequence[Task]:
    """Show the start, a step or the summary; return the tasks that a step waits for."""
    if number == START:
        _start(choice)
    elif number == SUMMARY:
        _summary(choice)
    else:
        return _step(choice, number)
    return ()


def _start(choice: DataChoice) -> None:
    """Explain the lesson, and list the runs that it needs."""
    st.markdown(
        f"In about ten minutes and {len(STEPS)} steps you will see what a **data map** is, what "
        "it tells about texts and labels, and how a model can help to choose the next texts to "
        "label. No prior knowledge is needed. At each step you **predict** first. Then you change "
        "a setting, see what happens, and read what the numbers say."
    )
    st.markdown(
        "Everything is computed from the texts of the corpus in use. You can choose another corpus "
        "on the Dataset page; its answers may differ."
    )
    for need, description in NEEDS.items():
        finished = background.task_state(values.task_of(choice, need)).phase == "finished"
        sign = ":material/check_circle:" if finished else ":material/hourglass_empty:"
        st.markdown(f"{sign} {description[:1].upper()}{description[1:]}")


def _step(choice: DataChoice, number: int) -> Sequence[Task]:
    """Show one step of the lesson; return the tasks that it waits for."""
    step = STEPS[number - 1]
    st.header(f"{number}. {step.title}", anchor=False)
    st.markdown(step.idea)
    guess = _predictions(choice).get(step.key)
    with st.container(border=True, key="lesson_question"):
        st.subheader(step.question, anchor=False)
        if guess is None:
            _choices(choice, step)
        else:
            st.markdown(f":material/flag: You predicted: **{step.choices[guess]}**")
    if guess is None:
        return ()

    def on_change() -> None:
        st.session_state[_answer_key(choice, step)] = True

    tasks = [values.task_of(choice, need) for need in step.needs]
    if step.key == "noise":
        tasks.append(values.task_of(choice, "noise", lesson_steps.choose_flip(on_change)))
    # dict.fromkeys: the chosen share of wrong labels may be the one in the question.
    waiting = [
        task for task in dict.fromkeys(tasks) if background.task_state(task).phase != "finished"
    ]
    if not waiting:
        _explore(choice, step, guess)
    return waiting


def _summary(choice: DataChoice) -> None:
    """Show each prediction, the answer, and the page to explore it on."""
    st.header("What you predicted, and what was seen", anchor=False)
    predictions = _predictions(choice)
    if not predictions:
        st.info("No predictions yet. Begin with step 1.", icon=":material/school:")
    score = st.empty()
    judged, right = 0, 0
    for number, step in enumerate(STEPS, start=1):
        guess = predictions.get(step.key)
        with st.container(border=True), errors_in_place():
            st.subheader(f"{number}. {step.title}", anchor=False)
            states = [background.task_state(values.task_of(choice, need)) for need in step.needs]
            if guess is None:
                st.caption("Not predicted yet.")
                _go(f"Go to step {number}", number, ":material/arrow_forward:")
            elif any(state.phase != "finished" for state in states):
                st.caption(f"You predicted “{step.choices[guess]}”. Its runs are not ready yet.")
            else:
                finding = values.finding(choice, step)
                judged += finding.answer is not None
                right += finding.answer == guess
                _show_verdict(findings.verdict(step, guess, finding), guess == finding.answer)
                st.markdown(finding.sentences)
            st.page_link(step.page, label=f"Explore it on the {step.page_name} page")
    if judged:
        score.markdown(
            f"**{right} of {judged} predictions came true on {escape_markdown(choice.name)}.**"
        )


def _choices(choice: DataChoice, step: LessonStep) -> None:
    st.caption("Predict before you look. A wrong guess does no harm.")
    for position, text in enumerate(step.choices):
        st.button(
            text,
            key=f"lesson_{step.key}_{position}",
            width="stretch",
            on_click=session.predict,
            args=(_corpus(choice), step.key, position),
        )


def _explore(choice: DataChoice, step: LessonStep, guess: int) -> None:
    """Show the controls and figures, and the answer once a control was changed."""

    def on_change() -> None:
        st.session_state[_answer_key(choice, step)] = True

    @st.fragment(key="lesson_explore")
    @errors_in_place()
    def show() -> None:
        st.markdown(f":material/touch_app: {step.control}")
        lesson_steps.SHOW[step.key](choice, on_change)
        if st.toggle(
            "Show what the numbers say", key=_answer_key(choice, step), persist_state="session"
        ):
            finding = values.finding(choice, step)
            _show_verdict(findings.verdict(step, guess, finding), guess == finding.answer)
            st.markdown(finding.sentences)

    show()


def _show_verdict(verdict: str, right: bool) -> None:
    if right:
        st.success(verdict, icon=":material/check_circle:")
    else:
        st.info(verdict, icon=":material/lightbulb:")


def _show_progress(task: Task, now: dict[Task, TaskState], live: bool) -> None:
    """Show the progress of a run that the step needs."""
    state = now[task]
    parts.outcome(state)
    if state.phase in ("refused", "failed"):
        parts.start(
            task,
            "Try again",
            icon=":material/replay:",
            key=f"lesson_retry_{task.key}",
        )
    elif state.phase == "preparing":
        parts.preparing(task, state)
    elif state.phase == "running":
        steps = values.steps_of(task)
        unit = "training" if task.kind == "learn" else "epoch"
        st.progress(steps.share, text=f"Making {_product(task)}: {steps.say(unit)}")
        so_far = values.so_far(task) if live else None
        if so_far is not None and views.too_many_lines(so_far):
            parts.figure(
                views.enlarged(epoch_curves_figure(so_far.gold_probability.T, []), 460),
                "lesson_live",
                f"Gold-label probability of all texts after {so_far.epochs} epochs.",
                lambda: values.quantile_table(so_far),
            )
    else:
        busy = _busy(now)
        st.progress(
            0.0,
            text=f"Next is {_product(task)}"
            + (f", after {_product(busy)}." if busy else ": switch on the preparation."),
        )


def _advance(queue: Sequence[Task]) -> None:
    """Start the first task of the queue that has not ended, unless a task is busy."""
    states = [background.task_state(task) for task in queue]
    if any(state.busy for state in states):
        return
    for task, state in zip(queue, states, strict=True):
        if state.phase not in _ENDED:
            background.start(task)
            return


def _stop_if_off(queue: Sequence[Task]) -> None:
    if not st.session_state[PREPARE]:
        for task in queue:
            if background.task_state(task).busy:
                background.stop(task)


def _busy(states: dict[Task, TaskState]) -> Task | None:
    return next((task for task, state in states.items() if state.busy), None)


def _product(task: Task) -> str:
    """What a task of the lesson makes, as text."""
    if task.kind == "map":
        return NEEDS["noise" if task.option("flip") else "maps"]
    return NEEDS["study" if task.kind == "threshold" else "learning"]


def _go(label: str, number: int, icon: str, *, primary: bool = False) -> None:
    def go() -> None:
        st.session_state[STEP] = number

    st.button(
        label,
        icon=icon,
        key=f"lesson_to_{label}",
        type="primary" if primary else "secondary",
        on_click=go,
    )


def _start_again(choice: DataChoice) -> None:
    session.forget_predictions(_corpus(choice))
    for step in STEPS:
        st.session_state[_answer_key(choice, step)] = False
    st.session_state[STEP] = START


def _predictions(choice: DataChoice) -> dict[str, int]:
    return session.predictions(_corpus(choice))


def _corpus(choice: DataChoice) -> str:
    """A key that changes with the corpus."""
    return values.task_of(choice, "maps").key


def _answer_key(choice: DataChoice, step: LessonStep) -> str:
    return f"lesson_answer_{_corpus(choice)}_{step.key}"
