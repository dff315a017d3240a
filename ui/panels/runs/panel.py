"""The list of runs and what can be done with each."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui import parts
from ui.faults import errors_in_place
from ui.jobs import address, run_list
from ui.jobs.run_list import ListedRun
from ui.naming import escape_markdown

_CHOSEN = "run_chosen"


def listed(found: Sequence[ListedRun]) -> None:
    """All entries as a table, followed while a worker is at one of them."""
    busy = any(entry.busy for entry in found)

    @st.fragment(run_every=2.0 if busy else None, key="run_list")
    @errors_in_place()
    def show() -> None:
        now = run_list.list_runs() if busy else list(found)
        if [entry.phase for entry in now] != [entry.phase for entry in found]:
            st.rerun()
        values = run_list.table(now)
        parts.table(values, f"The {len(now)} runs on disk", height=min(420, 40 + 35 * len(now)))

    show()


def entry(found: Sequence[ListedRun]) -> ListedRun:
    """Which entry to do something with; the last that changed unless chosen."""
    of_key = {each.key: each for each in found}
    # Kept from now on: the order changes while runs go on, and what is done must not change hands.
    st.session_state.setdefault(_CHOSEN, next(iter(of_key)))
    key = st.selectbox(
        "Run",
        list(of_key),
        # A browser knows the entries of a list by their names, of which several may have one.
        format_func=lambda key: f"{of_key[key].name} · {of_key[key].corpus} · {of_key[key].mark}",
        key=_CHOSEN,
    )
    return of_key[key]


def actions(chosen: ListedRun) -> None:
    """Open, go on, stop, rename, download, delete."""
    task = chosen.task
    with st.container(horizontal=True, vertical_alignment="center"):
        if task is not None:
            st.page_link(
                address.page_of(task),
                label="Open",
                icon=":material/open_in_new:",
                query_params={"run": task.key},
                help="This link's address opens the run for everybody who may see it.",
            )
            if chosen.busy:
                parts.cancel(task, "run_stop", "Stop", "What is on disk stays whole.")
            elif chosen.phase != "finished":
                parts.start(
                    task,
                    "Go on",
                    icon=":material/play_arrow:",
                    key="run_resume",
                    help="An active-learning run goes on from its last iteration; a data map and "
                    "a threshold study begin again.",
                )
        elif chosen.to_compare:
            st.page_link(
                address.COMPARISON,
                label="Compare",
                icon=":material/compare_arrows:",
                query_params={address.RUNS: "-".join(chosen.to_compare)},
                help="Its active-learning runs beside each other.",
            )
        with st.popover("Rename", icon=":material/edit:"):
            field = f"run_name_{chosen.key}"
            st.text_input("New name", value=chosen.name, key=field)
            st.button("Rename", key="run_rename", on_click=_rename, args=(chosen, field))
        st.download_button(
            "Download",
            lambda: run_list.archive(chosen),
            f"{chosen.folder.name}.zip",
            "application/zip",
            key="run_download",
            icon=":material/download:",
            on_click="ignore",
            help="All files of the run as one archive.",
        )
        with st.popover("Delete", icon=":material/delete:"), errors_in_place():
            st.markdown(
                f"**{escape_markdown(chosen.name)}** ({chosen.mark}) and all its files will be gone for good."
            )
            written_elsewhere = task is None and chosen.busy
            if written_elsewhere:
                st.markdown("A command line is writing it: end that first, where it was started.")
            if st.button(
                "Delete for good", key="run_delete", type="primary", disabled=written_elsewhere
            ):
                run_list.delete(chosen)
                st.rerun()
    if task is None:
        st.caption(
            "This run was made by the command line: it can be compared and downloaded, and goes "
            "on where it was started."
        )


def _rename(chosen: ListedRun, field: str) -> None:
    # Read when the button is pressed: what was typed a moment before is not in its arguments.
    run_list.rename(chosen, st.session_state[field])
