"""Pages that set up, start, follow and show tasks.

A page declares its parts as task sections. This module defines the order in which they appear.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import streamlit as st

from ui import parts
from ui.faults import errors_in_place
from ui.jobs import address, background
from ui.jobs.background import Kind, Task, TaskState
from ui.jobs.results import StepProgress
from ui.naming import escape_markdown
from ui.state import session
from ui.state.session import DataChoice

_PHASES = {"running": "Running", "stopped": "Paused", "finished": "Finished"}


@dataclass(frozen=True)
class TaskSection:
    """Declaration of one kind of task on a page.

    Attributes
    ----------
    kinds : tuple of Kind
        Kinds of task that the address may name.
    key : str
        Key of the fragment that follows the worker.
    set_up : callable
        Draws the settings for a corpus and returns the task. If a setting is missing, it says so
        on the page and returns None.
    live : callable
        Draws a task in its current state; called every second while the worker runs.
    start, start_key, stop_key : str
        Label and key of the start button, key of the stop button.
    empty, icon : str
        Message shown before the first start, in which ``{corpus}`` is the corpus, and its icon.
    take_over : callable, optional
        Sets the widgets to the settings of the task in the address and returns True. If they
        cannot ask for this task, it changes nothing and returns False. None: the page reads its
        address itself.
    finished : callable, optional
        Draws the results of a finished task. None: `live` draws partial and complete results, and
        the task can be paused and resumed instead of starting over.
    controls : callable, optional
        Draws more controls after the start and stop buttons.
    reason : str
        Why the page cannot continue a task that `take_over` rejects, with a link to Compare. Empty:
        such a task is shown on its own, without settings.
    parameter : str
        Query parameter that names the task.
    in_row : bool
        Whether the buttons are in the same row as the settings.
    """

    kinds: tuple[Kind, ...]
    key: str
    set_up: Callable[[DataChoice], Task | None]
    live: Callable[[Task, TaskState], None]
    start: str
    start_key: str
    stop_key: str
    empty: str
    icon: str
    take_over: Callable[[Task], bool] | None = None
    finished: Callable[[Task], None] | None = None
    controls: Callable[[Task, TaskState], None] | None = None
    reason: str = ""
    parameter: str = address.RUN
    in_row: bool = False


def show(*sections: TaskSection) -> None:
    """Show the sections of a page from top to bottom.

    All sections read the address before the first widget is drawn, because they set widgets. A
    task that no widgets can ask for is shown alone.
    """
    for section in sections:
        task = _open_address(section)
        if task is not None:
            _show_results(section, task, background.task_state(task))
            return
    choice = session.choice()
    for section in sections:
        _show_section(section, choice)


def show_progress(steps: StepProgress, state: TaskState) -> None:
    """Show a progress bar with the phase of a task that can be paused and its trainings."""
    phase = _PHASES.get(state.phase, "Ended early")
    st.progress(steps.share, text=f"{phase}: {steps.say('training')}")


def _open_address(section: TaskSection) -> Task | None:
    """Take over the task in the address; return it if it can only be shown on its own."""
    if section.take_over is None:
        return None
    task = address.opened(*section.kinds, name=section.parameter)
    if task is None:
        return None
    if section.take_over(task):
        if session.choice() != task.choice:
            session.use(task.choice)
            st.rerun()  # the frame has already named the previous corpus
    elif not section.reason:
        return task if address.as_it_is(task) else None
    else:
        st.info(
            f"The run of this address cannot be continued here: {section.reason}.",
            icon=":material/compare_arrows:",
        )
        link_to_comparison(task, "See it on Compare", icon=":material/open_in_new:")
    return None


def link_to_comparison(task: Task, label: str, icon: str = ":material/compare_arrows:") -> None:
    """Link to the runs of `task` on the Compare page."""
    st.page_link(address.COMPARISON, label=label, icon=icon, query_params={address.RUN: task.key})


def _show_section(section: TaskSection, choice: DataChoice) -> None:
    row = st.container(horizontal=section.in_row, vertical_alignment="bottom")
    with row:
        task = section.set_up(choice)
    if task is None:
        address.show(None, section.parameter)
        return
    state = background.task_state(task)
    address.show(None if state.phase == "absent" else task, section.parameter)
    if not section.in_row:
        row = st.container(horizontal=True, vertical_alignment="center")
    with row:
        _show_buttons(section, task, state)
    parts.outcome(state)
    if state.phase == "absent":
        corpus = escape_markdown(choice.name)
        st.info(section.empty.format(corpus=corpus), icon=section.icon)
    else:
        _show_results(section, task, state)


def _show_buttons(section: TaskSection, task: Task, state: TaskState) -> None:
    can_resume = section.finished is None
    if state.busy:
        st.button(
            "Pause" if can_resume else "Cancel",
            icon=":material/pause:" if can_resume else ":material/stop:",
            key=section.stop_key,
            help="Keeps what is finished. An unfinished iteration is run again after the pause."
            if can_resume
            else "Ends the work. It can only be started again from the beginning.",
            on_click=background.stop,
            args=(task,),
        )
    elif state.phase != "finished":
        parts.start(
            task,
            "Resume" if can_resume and task.run_folders() else section.start,
            icon=":material/play_arrow:",
            type="primary" if section.parameter == address.RUN else "secondary",
            key=section.start_key,
        )
    if section.controls is not None:
        section.controls(task, state)


def _show_results(section: TaskSection, task: Task, state: TaskState) -> None:
    if state.busy or (section.finished is None and task.run_folders()):
        parts.follow(task, state, section.key, partial(section.live, task))
    elif section.finished is not None and state.phase == "finished":
        with errors_in_place():
            section.finished(task)
    elif state.phase == "stopped":
        st.info(
            f"This was stopped. “{section.start}” begins again from the start.",
            icon=":material/replay:",
        )
