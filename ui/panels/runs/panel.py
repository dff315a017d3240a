"""The list of runs and the actions on each."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui import parts
from ui.faults import errors_in_place
from ui.jobs import address, run_list
from ui.jobs.run_list import ListedRun
from ui.naming import escape_markdown

_CHOSEN = "run_chosen"


def show_list(entries: Sequence[ListedRun]) -> None:
    """Show all entries as a table, updated while one of them is running."""
    is_busy = any(entry.busy for entry in entries)

    @st.fragment(run_every=2.0 if is_busy else None, key="run_list")
    @errors_in_place()
    def show() -> None:
        current = run_list.list_runs() if is_busy else list(entries)
        if [entry.phase for entry in current] != [entry.phase for entry in entries]:
            st.rerun()
        values = run_list.table(current)
        height = min(420, 40 + 35 * len(current))
        parts.table(values, f"The {len(current)} runs on disk", height=height)

    show()


def choose_entry(entries: Sequence[ListedRun]) -> ListedRun:
    """Draw a list of the entries and return the chosen one, by default the last changed."""
    by_key = {entry.key: entry for entry in entries}
    # Stored at once: the order changes while runs are running, and the choice must not.
    st.session_state.setdefault(_CHOSEN, next(iter(by_key)))
    key = st.selectbox(
        "Run",
        list(by_key),
        # Browsers identify options by their text, so it must be distinct.
        format_func=lambda key: (
            f"{by_key[key].name} · {by_key[key].corpus} · {by_key[key].short_key}"
        ),
        key=_CHOSEN,
    )
    return by_key[key]


def show_actions(entry: ListedRun) -> None:
    """Show the buttons that open, resume, stop, rename, download and delete an entry."""
    task = entry.task
    with st.container(horizontal=True, vertical_alignment="center"):
        if task is not None:
            st.page_link(
                address.page_of(task),
                label="Open",
                icon=":material/open_in_new:",
                query_params={"run": task.key},
                help="Copy the address of this link to share the run with others who may see it.",
            )
            if entry.busy:
                parts.cancel(task, "run_stop", "Stop", "Keeps the results that are on disk.")
            elif entry.phase != "finished":
                parts.start(
                    task,
                    "Resume",
                    icon=":material/play_arrow:",
                    key="run_resume",
                    help="An active-learning run continues after its last iteration. A data map or "
                    "a threshold study starts again from the beginning.",
                )
        elif entry.comparison_keys:
            st.page_link(
                address.COMPARISON,
                label="Compare",
                icon=":material/compare_arrows:",
                query_params={address.RUNS: "-".join(entry.comparison_keys)},
                help="Compare its active-learning runs.",
            )
        with st.popover("Rename", icon=":material/edit:"):
            field = f"run_name_{entry.key}"
            st.text_input("New name", value=entry.name, key=field)
            st.button("Rename", key="run_rename", on_click=_rename, args=(entry, field))
        st.download_button(
            "Download",
            lambda: run_list.archive(entry),
            f"{entry.folder.name}.zip",
            "application/zip",
            key="run_download",
            icon=":material/download:",
            on_click="ignore",
            help="All files of the run as a ZIP archive.",
        )
        with st.popover("Delete", icon=":material/delete:"), errors_in_place():
            st.markdown(
                f"Deletes **{escape_markdown(entry.name)}** ({entry.short_key}) and all its files. "
                "This cannot be undone."
            )
            is_locked = task is None and entry.busy
            if is_locked:
                st.markdown("A command line is writing this run. Stop it there first.")
            if st.button(
                "Delete permanently", key="run_delete", type="primary", disabled=is_locked
            ):
                run_list.delete(entry)
                st.rerun()
    if task is None:
        st.caption(
            "This run was made on the command line. It can be compared and downloaded here, but "
            "only resumed on the command line."
        )


def _rename(entry: ListedRun, field: str) -> None:
    # Read here, because the arguments of the callback lack what was typed just before the click.
    run_list.rename(entry, st.session_state[field])
