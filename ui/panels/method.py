"""How a run is made: the choice of the preset and of the switches that are changed from it."""

from __future__ import annotations

import streamlit as st

from cartography.models.presets import PRESETS
from ui import words
from ui.jobs.methods import AS_PAPER, Method, alternatives, reason


def take_over(page: str, method: Method) -> None:
    """Let the widgets of `page` show `method`."""
    st.session_state[_preset(page)] = method.preset
    st.session_state[_changed(page, method.preset)] = list(method.changed)


def chosen(page: str) -> Method:
    """The method, by its widgets: the preset in sight, the switches behind a button."""
    with st.container(horizontal=True, vertical_alignment="bottom", width="content"):
        preset = st.selectbox(
            "Preset",
            list(PRESETS),
            key=_preset(page),
            help=words.PRESET,
            width=120,
            persist_state="session",
        )
        switches = st.popover("Switches", icon=":material/tune:", key=f"{page}_switches")
    with switches:
        changed = st.multiselect(
            f"Changed from “{preset}”",
            alternatives(preset),
            # Those of one preset are none of another's.
            key=_changed(page, preset),
            placeholder="None: all as the preset has it",
            select_all=False,
            persist_state="session",
            width=460,
        )
        for setting in changed:
            st.caption(f"**{setting}** {reason(setting)}", width=460)
        if not changed:
            st.caption(words.SWITCHES, width=460)
    return Method.asked(preset, changed)


def told(method: Method) -> None:
    """Say how a run is made, where it is not as the paper has it."""
    if method != AS_PAPER:
        st.caption(f":material/tune: Method: {method.name}.", help=words.METHOD)


def _preset(page: str) -> str:
    return f"{page}_preset"


def _changed(page: str, preset: str) -> str:
    return f"{page}_changed_from_{preset}"
