"""Controls and figures of the steps about query strategies, once their runs are finished."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from cartography.active.threshold_study import compare_batches
from cartography.figures import (
    by_region,
    by_split,
    data_map_figure,
    high_cor_histogram,
    region_shares_figure,
)
from cartography.formatting import strategy_name
from cartography.maps.data_map import REGIONS
from cartography.runs.threshold_runs import ThresholdRun
from ui import parts, words
from ui.panels.data_map import values as data_map_values
from ui.panels.lesson import values, views
from ui.panels.lesson.script import STRATEGIES, T_COR
from ui.state.session import DataChoice

_TEXTS = 3


def boundary(choice: DataChoice, on_change: Callable[[], None]) -> None:
    """Show P(high-cor) over the pool and the batch that CAL asks for."""
    run = values.study_of(choice)
    t_cor = _t_cor(run, on_change)
    probability, batch = (
        run.study.probability(t_cor),
        run.study.batch(t_cor, values.batch_size(run)),
    )
    if batch.fallback:
        st.info(f"{batch.fallback[:1].upper()}{batch.fallback[1:]}", icon=":material/info:")
    if probability is not None:
        picked = probability[batch.positions]
        parts.figure(
            views.enlarged(high_cor_histogram(probability, batch.positions), 440),
            "lesson_high_cor",
            f"P(high-cor) of {len(probability):,} texts of the pool; the batch of {len(picked)} "
            f"ranges from {picked.min():.3f} to {picked.max():.3f}.",
            lambda: values.pool_table(run, t_cor),
        )
    st.markdown("**The first three texts that CAL asks for**", help=words.HIGH_COR)
    for text in run.pool["text"].iloc[batch.positions[:_TEXTS]]:
        with st.container(border=True):
            st.html(views.plain_card(text))


def threshold(choice: DataChoice, on_change: Callable[[], None]) -> None:
    """Compare the split, the discriminator and the batch with those at t_cor 0.2."""
    run = values.study_of(choice)
    study, size = run.study, values.batch_size(run)
    t_cor = _t_cor(run, on_change)
    sides = study.balance(t_cor)
    kept = len(compare_batches(study.batch(T_COR, size), study.batch(t_cor, size)).kept)
    numbers(
        ("high-cor", sides.high, words.T_COR),
        ("low-cor", sides.low, words.T_COR),
        ("discriminator accuracy", study.accuracy(t_cor), words.DISCRIMINATOR),
        ("larger side", sides.majority_share, "Accuracy of always predicting the larger side."),
        (f"of {size} as at {T_COR:g}", kept, "Texts of the batch that stay the same."),
    )
    if sides.warning:
        st.warning(sides.warning, icon=":material/balance:")
    placed = study.data_map
    parts.figure(
        views.enlarged(data_map_figure(placed, colouring=by_split(placed, t_cor), t_cor=t_cor)),
        "lesson_split",
        f"Seed map split at t_cor {t_cor:g}: {sides.high:,} high-cor, {sides.low:,} low-cor.",
        lambda: run.labelled,
    )


def strategies(choice: DataChoice, on_change: Callable[[], None]) -> None:
    """Show where each strategy picks on the full map."""
    full, runs, picks = values.full_map(choice), values.active_runs(choice), values.picks(choice)
    name: str = st.segmented_control(
        "Strategy",
        STRATEGIES,
        default=STRATEGIES[0],
        required=True,
        format_func=strategy_name,
        key="lesson_strategy",
        help="\n\n".join(words.strategy(strategy) for strategy in STRATEGIES),
        on_change=on_change,
    )
    ringed = values.picked_on(full, runs[name])
    parts.figure(
        views.map_figure(
            full,
            full.placed,
            colouring=by_region(full.placed),
            faded=~ringed,
            ringed=ringed,
            ring_name=f"picked by {strategy_name(name)}",
            title=words.strategy(name),
        ),
        "lesson_picks_map",
        f"Full data map with the {int(ringed.sum())} picks of {name} ringed.",
        lambda: data_map_values.table(full)[ringed],
    )
    bars = {strategy_name(strategy): picks[strategy].pooled[0] for strategy in STRATEGIES}
    bars["all texts"] = np.array(full.placed.statistics().region_shares)
    shares = np.vstack(list(bars.values()))
    parts.figure(
        views.enlarged(region_shares_figure(list(bars), shares), 400),
        "lesson_shares",
        "Region shares of the picks: "
        + "; ".join(f"{label} {share[0]:.0%} easy-to-learn" for label, share in bars.items()),
        lambda: pd.DataFrame(shares, columns=list(REGIONS)).assign(picks=list(bars)),
    )


def _t_cor(run: ThresholdRun, on_change: Callable[[], None]) -> float:
    """Show the widget for t_cor, one option per distinct split; return its value."""
    options = [float(level) for level in run.study.levels]
    nearest = min(options, key=lambda level: abs(level - T_COR))
    return float(
        st.select_slider(
            "t_cor",
            options,
            nearest,
            format_func=lambda level: f"{level:.2f}",
            key="lesson_t_cor",
            help=words.T_COR,
            on_change=on_change,
        )
    )


def numbers(*metrics: tuple[str, float, str]) -> None:
    """Show numbers in a row: label, value and tooltip of each."""
    with st.container(horizontal=True):
        for label, value, tip in metrics:
            formatted = f"{value:,}" if isinstance(value, int) else f"{value:.2f}"
            st.metric(label, formatted, help=tip, width="content")
