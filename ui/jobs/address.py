"""What stands in the address of a page: the key of a run, its iteration, the strategy. No text."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui.jobs import background
from ui.jobs.background import Kind, Task
from ui.naming import escape_markdown

RUN = "run"
RUNS = "runs"
SWEEP = "sweep"
_SHOWN = " in the address"
_PAGE = "page of the address"

# The page that shows the runs of a kind; of several active-learning runs, the comparison.
PAGES: dict[Kind, str] = {
    "map": "pages/data_map.py",
    "learn": "pages/active_learning.py",
    "threshold": "pages/threshold.py",
}
COMPARISON = "pages/compare.py"


def arrive(page: str) -> None:
    """Note which page is shown: what another had in its address is new to this one."""
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE] = page
        for name in (RUN, RUNS, SWEEP):
            st.session_state.pop(name + _SHOWN, None)


def opened(*kinds: Kind, name: str = RUN) -> Task | None:
    """The task that the address names, when it is new to this page: the page then takes over
    its settings. None where the address names none, or one that this browser may not see.

    `name` is what the address calls it, where a page has more than one.
    """
    key = st.query_params.get(name)
    if key is None or key == st.session_state.get(name + _SHOWN):
        return None
    st.session_state[name + _SHOWN] = key
    task = background.find_task(key)
    if task is None or task.kind not in kinds:
        say_gone()
        return None
    return task


def say_gone() -> None:
    """Say that what the address names is not here."""
    st.warning(
        "There is no such run here: it was deleted, or it belongs to another browser.",
        icon=":material/link_off:",
    )


def as_it_is(task: Task) -> bool:
    """Say that the widgets of the page cannot ask for the `task` that the address names, and
    tell whether it can be shown nevertheless.

    It then stays in the address, new again to every run of the page, until it is closed.
    """
    state = background.task_state(task)
    why = "a file of its corpus has changed since, or it has settings that this page does not offer"
    if not state.busy and state.phase != "finished":
        st.info(
            f"The run of this address cannot be gone on with here: {why}.",
            icon=":material/history:",
        )
        return False
    st.session_state.pop(RUN + _SHOWN, None)
    st.info(
        f"The run of this address, on {escape_markdown(task.choice.name)}, as it is on disk. It cannot be "
        f"set up here: {why}.",
        icon=":material/history:",
    )
    st.button(
        "Close it",
        icon=":material/close:",
        key="address_close",
        on_click=show,
        args=(None,),
    )
    return True


def show(task: Task | None, name: str = RUN) -> None:
    """Put `task` into the address, or take the last one out."""
    if task is None:
        if name in st.query_params:
            del st.query_params[name]
        st.session_state.pop(name + _SHOWN, None)
        return
    st.session_state[name + _SHOWN] = task.key
    if st.query_params.get(name) != task.key:
        st.query_params[name] = task.key


def opened_runs() -> list[str]:
    """The keys of the several runs that the address names, none where it names nothing new.

    All that it has named on this page is known: a click that overtakes the answer to the one
    before comes with the address from before.
    """
    said = st.query_params.get(RUNS)
    known = _known_runs()
    if not said or said in known:
        return []
    known.add(said)
    return said.split("-")


def show_runs(keys: Sequence[str]) -> None:
    """Put the runs with these keys into the address; without any, take the last ones out."""
    said = "-".join(keys)
    if said:
        _known_runs().add(said)
        st.query_params[RUNS] = said
    elif RUNS in st.query_params:
        del st.query_params[RUNS]


def _known_runs() -> set[str]:
    known: set[str] = st.session_state.setdefault(RUNS + _SHOWN, set())
    return known


def page_of(task: Task) -> str:
    """The page that shows `task`."""
    compared = [task.option(name) for name in ("strategy", "t-cor")]
    if any(isinstance(values, tuple) and len(values) > 1 for values in compared):
        return COMPARISON
    return PAGES[task.kind]
