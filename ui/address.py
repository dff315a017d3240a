"""What stands in the address of a page: the key of a run, its iteration, the strategy. No text."""

from __future__ import annotations

import streamlit as st

from ui import background
from ui.background import Kind, Task

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
        for name in (RUN, SWEEP):
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
    task = background.find(key)
    if task is None or task.kind not in kinds:
        st.warning(
            "There is no such run here: it was deleted, or it belongs to another browser.",
            icon=":material/link_off:",
        )
        return None
    return task


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


def page_of(task: Task) -> str:
    """The page that shows `task`."""
    compared = [task.option(name) for name in ("strategy", "t-cor")]
    if any(isinstance(values, tuple) and len(values) > 1 for values in compared):
        return COMPARISON
    return PAGES[task.kind]
