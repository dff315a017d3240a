"""Query parameters of a page's address that name runs. An address never contains texts."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui.jobs import background
from ui.jobs.background import Kind, Task
from ui.naming import escape_markdown

RUN = "run"
RUNS = "runs"
SWEEP = "sweep"
_SEEN = " in the address"
_PAGE = "page of the address"

# The page of each kind of run. Several active-learning runs are shown by COMPARISON.
PAGES: dict[Kind, str] = {
    "map": "pages/data_map.py",
    "learn": "pages/active_learning.py",
    "threshold": "pages/threshold.py",
    "open": "pages/data_map.py",
}
COMPARISON = "pages/compare.py"


def enter_page(page: str) -> None:
    """Forget the addresses seen on other pages when the visitor moves to `page`."""
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE] = page
        for name in (RUN, RUNS, SWEEP):
            st.session_state.pop(name + _SEEN, None)


def opened(*kinds: Kind, name: str = RUN) -> Task | None:
    """Return the task in the address if this page has not seen it yet.

    The page then takes over the task's settings. If this browser has no such task, a warning is
    shown.

    Parameters
    ----------
    *kinds : Kind
        Kinds of task that the page can show.
    name : str
        The query parameter, for pages with more than one task.

    Returns
    -------
    Task or None
    """
    key = st.query_params.get(name)
    if key is None or key == st.session_state.get(name + _SEEN):
        return None
    st.session_state[name + _SEEN] = key
    task = background.find_task(key)
    if task is None or task.kind not in kinds:
        warn_missing()
        return None
    return task


def warn_missing() -> None:
    """Warn that the run in the address does not exist for this browser."""
    st.warning(
        "There is no such run here: it was deleted, or it belongs to another browser.",
        icon=":material/link_off:",
    )


def as_it_is(task: Task) -> bool:
    """Explain that the page's widgets cannot ask for the task in the address.

    Returns
    -------
    bool
        Whether the task can be shown anyway, without settings. It then stays in the address, new
        to every run of the page, until the visitor closes it.
    """
    state = background.task_state(task)
    why = "a file of its corpus has changed since, or this page does not offer its settings"
    if not state.busy and state.phase != "finished":
        st.info(
            f"The run of this address cannot be continued here: {why}.",
            icon=":material/history:",
        )
        return False
    st.session_state.pop(RUN + _SEEN, None)
    corpus = escape_markdown(task.choice.name)
    message = (
        f"This is the run of the address, on {corpus}, as it is on disk. Its settings cannot be "
        f"changed here: {why}."
    )
    if task.kind == "open":
        message = f"This is the data map in {corpus}, made by another tool or another model."
    st.info(message, icon=":material/history:")
    st.button(
        "Close",
        icon=":material/close:",
        key="address_close",
        on_click=show,
        args=(None,),
    )
    return True


def show(task: Task | None, name: str = RUN) -> None:
    """Put `task` into the address, or remove the current one if `task` is None."""
    if task is None:
        if name in st.query_params:
            del st.query_params[name]
        st.session_state.pop(name + _SEEN, None)
        return
    st.session_state[name + _SEEN] = task.key
    if st.query_params.get(name) != task.key:
        st.query_params[name] = task.key


def opened_runs() -> list[str]:
    """Return the keys of the runs in the address, or an empty list if they are not new.

    Every value that the address had on this page counts as seen, not only the last: a fast second
    click is sent with the address from before the first one.
    """
    value = st.query_params.get(RUNS)
    seen = _seen_runs()
    if not value or value in seen:
        return []
    seen.add(value)
    return value.split("-")


def show_runs(keys: Sequence[str]) -> None:
    """Put the runs with these keys into the address, or remove the current ones if empty."""
    value = "-".join(keys)
    if value:
        _seen_runs().add(value)
        st.query_params[RUNS] = value
    elif RUNS in st.query_params:
        del st.query_params[RUNS]


def _seen_runs() -> set[str]:
    seen: set[str] = st.session_state.setdefault(RUNS + _SEEN, set())
    return seen


def page_of(task: Task) -> str:
    """Return the page that shows `task`."""
    repeatable = [task.option(name) for name in ("strategy", "t-cor")]
    if any(isinstance(values, tuple) and len(values) > 1 for values in repeatable):
        return COMPARISON
    return PAGES[task.kind]
