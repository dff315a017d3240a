"""The lesson: progress, the question, then the figures and what the numbers say."""

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
from ui.panels.lesson import findings, values
from ui.panels.lesson import steps as learn_steps
from ui.panels.lesson import views as looks
from ui.panels.lesson.script import NEEDS, STEPS, LessonStep
from ui.state import session
from ui.state.session import DataChoice

START, SUMMARY = 0, len(STEPS) + 1
STEP = "step"
PREPARE = "learn_prepare"
_ENDED = ("finished", "refused", "failed")
_NAMES = {START: "Start", SUMMARY: "End"}
# A teacher projects the page: letters for the back row, and figures next to each other
# only where there is room for both.
_STYLE = """<style>
.st-key-lesson :is([data-testid="stMarkdown"] p, [data-testid="stAlert"] p, button p) {
  font-size: 1.15rem}
.st-key-learn_pair > div {flex: 1 1 27rem; min-width: 0}
</style>"""


@contextmanager
def lesson() -> Iterator[None]:
    """Around all of the lesson: its letters."""
    with st.container(key="lesson"):
        st.html(_STYLE)
        yield


def navigation(choice: DataChoice) -> int:
    """Where the learner is, 0 to `SUMMARY`, and how far the lesson has come."""
    number = st.segmented_control(
        "Step of the lesson",
        range(SUMMARY + 1),
        default=START,
        required=True,
        format_func=lambda number: _NAMES.get(number, str(number)),
        key=STEP,
        bind="query-params",
    )
    made = len(_predictions(choice))
    st.progress(made / len(STEPS), text=f"{made} of {len(STEPS)} predictions made")
    return int(number)


def turn(choice: DataChoice, number: int) -> None:
    """Back, on, and start again."""
    with st.container(horizontal=True):
        if number > START:
            _go("Back", number - 1, ":material/arrow_back:")
        if number < SUMMARY:
            on = "Begin" if number == START else "Next"
            _go(on, number + 1, ":material/arrow_forward:", primary=True)
        if _predictions(choice):
            st.button(
                "Start again",
                icon=":material/restart_alt:",
                key="learn_again",
                help="Forget all predictions on this corpus.",
                on_click=_start_again,
                args=(choice,),
            )


def preparation(choice: DataChoice, waiting: Sequence[Task], number: int) -> None:
    """Make the runs of the lesson, one after the other and those waited for first; show how far
    they are, in full where one is waited for.
    """
    queue = list(dict.fromkeys([*waiting, *values.all_tasks(choice).values()]))
    before = {task: background.task_state(task) for task in queue}
    if all(state.phase == "finished" for state in before.values()):
        return
    going_on = any(state.phase not in _ENDED for state in before.values())

    @st.fragment(run_every=1.0 if going_on else None, key="learn_preparation")
    @errors_in_place()
    def watch() -> None:
        if st.session_state.get(PREPARE, True):
            _advance(queue)
        now = {task: background.task_state(task) for task in queue}
        ended = {task for task in queue if now[task].phase in _ENDED}
        if ended != {task for task in queue if before[task].phase in _ENDED}:
            st.rerun()
        for task in waiting:
            _awaited(task, now, live=STEPS[number - 1].key == "dynamics")
        ready = sum(state.phase == "finished" for state in now.values())
        if not waiting and (busy := _busy(now)):
            st.caption(f"In the background: {_what(busy)}. {ready} of {len(queue)} are ready.")
        if going_on:
            st.toggle(
                "Prepare in the background",
                value=True,
                key=PREPARE,
                help="Off: the worker is stopped, and nothing more is started.",
                on_change=_stop_unless_wanted,
                args=(queue,),
                persist_state="session",
            )

    watch()


def place(choice: DataChoice, number: int) -> Sequence[Task]:
    """What stands at a place of the lesson; returns the tasks that it waits for."""
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
        "it tells about texts and labels, and how a model can choose what to learn from next. "
        "You need to know nothing beforehand. At each step you **predict** first; then you move "
        "something, see what happens, and read what the numbers say."
    )
    st.markdown(
        "Everything is computed on the corpus in use, from real texts. Another corpus can be "
        "chosen on the Dataset page; its answers may differ."
    )
    for need, what in NEEDS.items():
        finished = background.task_state(values.task_of(choice, need)).phase == "finished"
        sign = ":material/check_circle:" if finished else ":material/hourglass_empty:"
        st.markdown(f"{sign} {what[:1].upper()}{what[1:]}")


def _step(choice: DataChoice, number: int) -> Sequence[Task]:
    """One step of the lesson; returns the tasks that it waits for."""
    this = STEPS[number - 1]
    st.header(f"{number}. {this.title}", anchor=False)
    st.markdown(this.idea)
    guess = _predictions(choice).get(this.key)
    with st.container(border=True, key="learn_question"):
        st.subheader(this.question, anchor=False)
        if guess is None:
            _choices(choice, this)
        else:
            st.markdown(f":material/flag: You predicted: **{this.choices[guess]}**")
    if guess is None:
        return ()

    def moved() -> None:
        st.session_state[_told(choice, this)] = True

    needed = [values.task_of(choice, need) for need in this.needs]
    if this.key == "noise":
        needed.append(values.task_of(choice, "noise", learn_steps.choose_flip(moved)))
    # The share of wrong labels that is chosen may be the one that the question names.
    waiting = [
        task for task in dict.fromkeys(needed) if background.task_state(task).phase != "finished"
    ]
    if not waiting:
        _explore(choice, this, guess)
    return waiting


def _summary(choice: DataChoice) -> None:
    """What was predicted, what was seen, and where to go on."""
    st.header("What you predicted, and what was seen", anchor=False)
    made = _predictions(choice)
    if not made:
        st.info("Nothing is predicted yet: begin with step 1.", icon=":material/school:")
    score = st.empty()
    judged, right = 0, 0
    for number, this in enumerate(STEPS, start=1):
        guess = made.get(this.key)
        with st.container(border=True), errors_in_place():
            st.subheader(f"{number}. {this.title}", anchor=False)
            states = [background.task_state(values.task_of(choice, need)) for need in this.needs]
            if guess is None:
                st.caption("Not predicted yet.")
                _go(f"Go to step {number}", number, ":material/arrow_forward:")
            elif any(state.phase != "finished" for state in states):
                st.caption(f"You predicted “{this.choices[guess]}”. Its runs are not ready yet.")
            else:
                finding = values.finding(choice, this)
                judged += finding.answer is not None
                right += finding.answer == guess
                _say(findings.verdict(this, guess, finding), guess == finding.answer)
                st.markdown(finding.sentences)
            st.page_link(this.page, label=f"Explore it on the {this.page_name} page")
    if judged:
        score.markdown(
            f"**{right} of {judged} predictions came true on {escape_markdown(choice.name)}.**"
        )


def _choices(choice: DataChoice, this: LessonStep) -> None:
    st.caption("Predict before you see: there is no harm in being wrong.")
    for place, text in enumerate(this.choices):
        st.button(
            text,
            key=f"learn_{this.key}_{place}",
            width="stretch",
            on_click=session.predict,
            args=(_corpus(choice), this.key, place),
        )


def _explore(choice: DataChoice, this: LessonStep, guess: int) -> None:
    """The control and the figures, and what the numbers say once something was moved."""

    def moved() -> None:
        st.session_state[_told(choice, this)] = True

    @st.fragment(key="learn_explore")
    @errors_in_place()
    def show() -> None:
        st.markdown(f":material/touch_app: {this.control}")
        learn_steps.SHOWN[this.key](choice, moved)
        if st.toggle("Show what the numbers say", key=_told(choice, this), persist_state="session"):
            finding = values.finding(choice, this)
            _say(findings.verdict(this, guess, finding), guess == finding.answer)
            st.markdown(finding.sentences)

    show()


def _say(verdict: str, right: bool) -> None:
    if right:
        st.success(verdict, icon=":material/check_circle:")
    else:
        st.info(verdict, icon=":material/lightbulb:")


def _awaited(task: Task, now: dict[Task, TaskState], live: bool) -> None:
    """How far a run is that the step needs."""
    state = now[task]
    parts.outcome(state)
    if state.phase in ("refused", "failed"):
        parts.start(
            task,
            "Try again",
            icon=":material/replay:",
            key=f"learn_retry_{task.key}",
        )
    elif state.phase == "preparing":
        parts.preparing(task, state)
    elif state.phase == "running":
        steps = values.steps_of(task)
        unit = "training" if task.kind == "learn" else "epoch"
        st.progress(steps.share, text=f"Making {_what(task)}: {steps.say(unit)}")
        so_far = values.so_far(task) if live else None
        if so_far is not None and looks.many(so_far):
            parts.figure(
                looks.enlarged(epoch_curves_figure(so_far.gold_probability.T, []), 460),
                "learn_live",
                f"Gold-label probability of all texts after {so_far.epochs} epochs.",
                lambda: values.quantile_table(so_far),
            )
    else:
        busy = _busy(now)
        st.progress(
            0.0,
            text=f"Next is {_what(task)}"
            + (f", after {_what(busy)}." if busy else ": switch the preparation on."),
        )


def _advance(queue: Sequence[Task]) -> None:
    """Start the first task of the queue that is not begun, while no other is at work."""
    states = [background.task_state(task) for task in queue]
    if any(state.busy for state in states):
        return
    for task, state in zip(queue, states, strict=True):
        if state.phase not in _ENDED:
            background.start(task)
            return


def _stop_unless_wanted(queue: Sequence[Task]) -> None:
    if not st.session_state[PREPARE]:
        for task in queue:
            if background.task_state(task).busy:
                background.stop(task)


def _busy(states: dict[Task, TaskState]) -> Task | None:
    return next((task for task, state in states.items() if state.busy), None)


def _what(task: Task) -> str:
    """What a task of the lesson makes, in words."""
    if task.kind == "map":
        return NEEDS["noise" if task.option("flip") else "maps"]
    return NEEDS["study" if task.kind == "threshold" else "learning"]


def _go(label: str, number: int, icon: str, *, primary: bool = False) -> None:
    def go() -> None:
        st.session_state[STEP] = number

    st.button(
        label,
        icon=icon,
        key=f"learn_to_{label}",
        type="primary" if primary else "secondary",
        on_click=go,
    )


def _start_again(choice: DataChoice) -> None:
    session.forget_predictions(_corpus(choice))
    for this in STEPS:
        st.session_state[_told(choice, this)] = False
    st.session_state[STEP] = START


def _predictions(choice: DataChoice) -> dict[str, int]:
    return session.predictions(_corpus(choice))


def _corpus(choice: DataChoice) -> str:
    """What changes with the corpus."""
    return values.task_of(choice, "maps").key


def _told(choice: DataChoice, this: LessonStep) -> str:
    return f"learn_told_{_corpus(choice)}_{this.key}"
