"""How well each ranking finds planted noise in the labels of a project."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cartography.figures import precision_figure
from cartography.formatting import join_names
from cartography.labelling.session import LabelSession
from cartography.labelling.suspect_runs import SuspectRun
from cartography.labelling.suspects import RANKINGS
from ui import parts, words
from ui.panels.suspects import search

_PRECISION = ("precision", "precision_low", "precision_high")
_PERCENT = "%.0f %%"


def show(session: LabelSession) -> None:
    """Show the button of the measurement, and its last result."""
    measured = search.last_run(session, "noise")
    st.markdown(
        "A tenth of your labels is flipped at random, three times, and each ranking has to find "
        "the flipped ones among all. Labels that were wrong before count as right, so the true "
        "precision is rather higher; real mistakes are less random, and usually harder to find.",
    )
    if search.running_task(session) is None:
        search.offer(
            session,
            "noise",
            "Measure the rankings" if measured is None else "Measure again",
            icon=":material/science:",
            help=words.PLANTED_NOISE,
        )
    if measured is not None:
        _result(measured)


def _result(measured: SuspectRun) -> None:
    flipped, texts = int(measured.summary["flipped"]), int(measured.summary["texts"])
    table = measured.table
    ranked = table[table["kind"] == "ranking"]
    names = [name for name in RANKINGS if (ranked["name"] == name).any()]
    at_count = ranked[ranked["size"] == flipped].set_index("name")
    precision = {name: float(at_count["precision"][name]) for name in names}
    best = max(names, key=precision.__getitem__)
    row = at_count.loc[best]
    near = [
        name
        for name in names
        if name != best and at_count["precision_high"][name] >= row["precision_low"]
    ]
    st.markdown(
        f"Of the first {flipped:,} labels by **{best}**, {row['precision']:.0%} were flipped "
        f"({row['precision_low']:.0%} to {row['precision_high']:.0%} by seed); of {texts:,} labels "
        f"in random order, {flipped / texts:.0%} would be."
        + (f" No clear difference to {join_names(near)}." if near else "")
    )
    by_name = [ranked[ranked["name"] == name].sort_values("size") for name in names]
    depths = by_name[0]["size"].to_numpy(dtype="int64")
    mean, low, high = (
        pd.concat([rows.set_index("size")[column] for rows in by_name], axis=1).to_numpy().T
        for column in _PRECISION
    )
    parts.figure(
        precision_figure(names, depths, mean, low, high, chance=flipped / texts),
        "suspects_noise",
        f"Share of flipped labels among the first k of each ranking. At {flipped}: "
        + ", ".join(f"{name} {precision[name]:.0%}" for name in names)
        + ".",
        lambda: table,
    )
    _table(at_count, table, names)


def _table(at_count: pd.DataFrame, table: pd.DataFrame, names: list[str]) -> None:
    """The rankings at the number of flipped labels, then the regions and the issues."""
    others = table[table["kind"] != "ranking"]
    kinds = {"region": "region", "issues": "estimated as wrong"}
    labels = [
        *(f"first of {name}" for name in names),
        *(
            f"{kinds[kind]}: {name}"
            for kind, name in zip(others["kind"], others["name"], strict=True)
        ),
    ]
    rows = pd.concat([at_count.loc[names].reset_index(), others], ignore_index=True)
    shown = rows.assign(set=labels, **{name: 100 * rows[name] for name in (*_PRECISION, "recall")})[
        ["set", "size", *_PRECISION, "recall"]
    ]
    number = st.column_config.NumberColumn
    parts.table(
        shown,
        "Precision and recall of each ranking, region and of confident learning's issues",
        {
            "size": number("labels", format="%.0f"),
            "precision": number(format=_PERCENT, help="The share of these that was flipped."),
            "precision_low": number("lowest", format=_PERCENT),
            "precision_high": number("highest", format=_PERCENT),
            "recall": number(format=_PERCENT, help="The share of all flipped ones found here."),
        },
    )
