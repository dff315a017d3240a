"""Widgets for the method of a run: the preset and the switches changed from it."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from cartography.models.presets import PRESETS
from ui import words
from ui.jobs.methods import USUAL, Method, alternatives, reason


def take_over(page: str, method: Method) -> None:
    """Set the widgets of `page` to `method`."""
    st.session_state[_preset_key(page)] = method.preset
    st.session_state[_changed_key(page, method.preset)] = list(method.changed)


def chosen(page: str, sizes: Mapping[str, str]) -> Method:
    """Draw the widgets of `page` and return the chosen method.

    Parameters
    ----------
    page : str
    sizes : mapping of str to str
        The keys of the widgets for "epochs" and "t_cor", which another preset sets to its own.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", width="content"):
        preset = st.selectbox(
            "Preset",
            list(PRESETS),
            key=_preset_key(page),
            help=words.PRESET,
            on_change=_take_sizes,
            args=(page, sizes),
            width=120,
            persist_state="session",
        )
        switches = st.popover("Switches", icon=":material/tune:", key=f"{page}_switches")
    with switches:
        changed = st.multiselect(
            f"Changed from “{preset}”",
            alternatives(preset),
            # One key per preset, because the options differ.
            key=_changed_key(page, preset),
            placeholder="None: as in the preset",
            select_all=False,
            persist_state="session",
            width=460,
        )
        for setting in changed:
            st.caption(f"**{setting}** {reason(setting)}", width=460)
        if not changed:
            st.caption(words.SWITCHES, width=460)
    return Method.from_options(preset, changed)


def _take_sizes(page: str, sizes: Mapping[str, str]) -> None:
    """Set the widgets of the sizes to those of the preset."""
    preset = PRESETS[st.session_state[_preset_key(page)]]
    values = {"epochs": preset.classifier.epochs, "t_cor": preset.t_cor}
    for name, key in sizes.items():
        st.session_state[key] = values[name]


def current(page: str) -> Method:
    """Return the method that the widgets of `page` show."""
    preset = st.session_state.get(_preset_key(page), USUAL.preset)
    return Method.from_options(preset, st.session_state.get(_changed_key(page, preset), ()))


def told(method: Method) -> None:
    """Show the method of a run unless it is the usual one."""
    if method != USUAL:
        st.caption(f":material/tune: Method: {method.name}.", help=words.METHOD)


def _preset_key(page: str) -> str:
    return f"{page}_preset"


def _changed_key(page: str, preset: str) -> str:
    return f"{page}_changed_from_{preset}"
