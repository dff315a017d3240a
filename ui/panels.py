"""Parts of pages: figures with their alternative texts, table twins and downloads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from cartography.corpus import CorpusReport
from cartography.data_map import REGIONS, DataMap, Thresholds
from cartography.figures import (
    accuracy_figure,
    batch_statistics_figure,
    class_shares_figure,
    region_shares_figure,
)
from cartography.learn_runs import LearnRun
from cartography.map_runs import PAGE, MapRun
from ui import background, cached, pickers, results, session, words
from ui.background import State, Task
from ui.faults import shown_in_place
from ui.session import DataChoice

_REGION_HELP = dict(zip(REGIONS, (words.EASY, words.AMBIGUOUS, words.HARD), strict=True))
_COLUMNS = {
    "id": st.column_config.TextColumn("id", width="small"),
    "text": st.column_config.TextColumn("text", width="large"),
    "label": st.column_config.TextColumn("label", help="The gold label."),
    "predicted_label": st.column_config.TextColumn("predicted", help=words.PREDICTED),
    "confidence": st.column_config.NumberColumn(format="%.2f", help=words.CONFIDENCE),
    "variability": st.column_config.NumberColumn(format="%.2f", help=words.VARIABILITY),
    "correctness": st.column_config.NumberColumn(format="%.2f", help=words.CORRECTNESS),
    "region": st.column_config.TextColumn(help=words.REGION),
    "rank": st.column_config.NumberColumn(help="1 was wanted most."),
    "score": st.column_config.NumberColumn(format="%.4f", help=words.SCORE),
    "accuracy": st.column_config.NumberColumn(format="%.3f", help=words.ACCURACY),
    "macro_f1": st.column_config.NumberColumn("macro-F1", format="%.3f"),
    "first accuracy": st.column_config.NumberColumn(format="%.3f", help=words.ACCURACY),
    "mean accuracy": st.column_config.NumberColumn(format="%.3f", help=words.ACCURACY),
    "last accuracy": st.column_config.NumberColumn(format="%.3f", help=words.ACCURACY),
    "last macro-F1": st.column_config.NumberColumn(format="%.3f"),
    **{
        name: st.column_config.NumberColumn(format="percent", help=text)
        for name, text in _REGION_HELP.items()
    },
}
_BATCH_ORDER = (
    *("rank", "text", "label", "predicted_label", "score", "region"),
    *("confidence", "variability", "correctness", "id"),
)


def table(values: pd.DataFrame, alt: str, **options: Any) -> None:
    """A table with the tooltips of its columns; a long one is loaded as it is scrolled."""
    st.dataframe(
        values,
        hide_index=True,
        column_config=_COLUMNS,
        lazy=True if len(values) > 1_000 else None,
        alt=alt,
        **options,
    )


def outcome(state: State) -> None:
    """Say in place what ended a worker too early."""
    if state.phase == "refused":
        st.error(f"{state.said[:1].upper()}{state.said[1:]}", icon=":material/error:")
    elif state.phase == "failed":
        st.error(
            f"The worker ended unexpectedly; its output is in {state.said}.",
            icon=":material/report:",
        )


def class_shares(report: CorpusReport) -> None:
    """The class chart."""
    largest = max(zip(report.class_counts, report.classes, strict=True), default=(0, "none"))
    st.plotly_chart(
        class_shares_figure(report),
        alt=f"Bar chart of the {len(report.classes)} classes; the largest is {largest[1]} with "
        f"{largest[0]:,} texts.",
        key="class_shares",
    )


def corpus_counts(report: CorpusReport) -> None:
    """What a corpus holds, as numbers."""
    with st.container(horizontal=True):
        for name, value in (
            ("texts", f"{report.rows:,}"),
            ("classes", f"{len(report.classes):,}"),
            ("without label", f"{report.unlabelled:,}"),
            ("empty texts", f"{report.empty_texts:,}"),
            ("duplicate texts", f"{report.duplicate_texts:,}"),
            ("words a text", f"{report.tokens_min}–{report.tokens_max:,}"),  # noqa: RUF001
            ("median words", f"{report.tokens_median:g}"),
        ):
            st.metric(name, value, width="content")


def embed(choice: DataChoice) -> None:
    """Make the features of `choice`, with what is being done, and say what the vectors cover."""
    with st.status("Embedding …", expanded=True) as status:
        try:
            found = cached.embedding(choice)
        except Exception:
            status.update(label="Not embedded", state="error")
            raise
        session.set_embedded(choice, found.coverage.summary)
        status.update(label="Embedded", state="complete", expanded=False)


def use_button(choice: DataChoice) -> None:
    """Take an embedded choice as the corpus of all pages."""
    coverage = session.coverage_of(choice)
    if coverage is None:
        return
    st.success(f"{coverage}.", icon=":material/check_circle:")
    if choice == session.choice():
        st.caption("This is the corpus in use.")
        st.page_link("pages/data_map.py", label="To its data map", icon=":material/scatter_plot:")
    else:
        st.button(
            "Use this corpus", key="use", type="primary", on_click=session.use, args=(choice,)
        )


def live_map(task: Task) -> None:
    """The map while it trains, drawn again with each epoch; gives way to the page when it ends."""

    @st.fragment(run_every=1.0, key="live_map")
    @shown_in_place()
    def watch() -> None:
        state = background.state(task)
        if not state.busy:
            st.rerun()
        if state.phase == "preparing":
            _prepare(task, state)
            return
        run = cached.map_run(task.folder)
        steps = results.steps(task.folder, run.epochs)
        st.progress(steps.share, text=f"Training: {steps.say('epoch')}")
        if run.dynamics is not None:
            placed = results.data_map(run, Thresholds())
            st.plotly_chart(
                cached.map_figure(task.folder, placed),
                key="live_map_figure",
                alt=f"Data map after {steps.done} of {steps.total} epochs. {_described(placed)}",
            )

    watch()


def map_counts(run: MapRun, placed: DataMap) -> None:
    """The regions and the test accuracy, as numbers."""
    statistics = placed.statistics()
    accuracy = (run.summary or {}).get("test_accuracy")
    with st.container(horizontal=True):
        st.metric("texts on the map", f"{statistics.count:,}", width="content")
        for region, share in zip(REGIONS, statistics.region_shares, strict=True):
            st.metric(
                region,
                f"{share * statistics.count:,.0f}",
                delta=f"{share:.1%}",
                delta_color="off",
                delta_arrow="off",
                help=_REGION_HELP[region],
                width="content",
            )
        if accuracy is not None:
            st.metric("test accuracy", f"{accuracy:.1%}", help=words.ACCURACY, width="content")
    if accuracy is None:
        st.caption("For the test accuracy, give a test set on the Dataset page.")


def map_to_pick_from(run: MapRun, placed: DataMap, t_cor: float) -> None:
    """The finished map; a box or a lasso on it fills the table below with the texts inside."""
    figure = cached.map_figure(run.folder, placed, t_cor=t_cor)
    everything = results.map_table(run, placed)

    @st.fragment(key="map_to_pick_from")
    @shown_in_place()
    def show() -> None:
        st.plotly_chart(
            figure,
            key="map_figure",
            on_select=_keep_picks,
            selection_mode=("box", "lasso", "points"),
            alt=f"Data map of {len(placed):,} texts by variability and confidence. "
            f"{_described(placed)}",
        )
        picked = [p for p in session.picked(run.folder) if p < len(everything)]
        if picked:
            st.subheader(f"{len(picked):,} texts picked", anchor=False)
            table(everything.iloc[picked], "Texts picked on the data map", height=360)
        else:
            st.info(
                "Drag a box on the map, or take the lasso from its toolbar, to read the texts "
                "inside.",
                icon=":material/highlight_alt:",
            )

    def _keep_picks() -> None:
        event = st.session_state["map_figure"]["selection"]
        session.pick(run.folder, results.positions_in(event, placed))

    show()
    with st.expander("The map as a table", icon=":material/table:"):
        table(everything, "All texts of the data map with their statistics", height=360)
    with st.container(horizontal=True):
        st.download_button(
            "data_map.csv",
            lambda: results.csv_bytes(everything),
            "data_map.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "data_map.html",
            (run.folder / PAGE).read_bytes,
            "data_map.html",
            "text/html",
            icon=":material/download:",
            on_click="ignore",
        )


def learning(task: Task, state: State) -> None:
    """A run: its curve, and one of its iterations with batch and map; follows a worker."""

    @st.fragment(run_every=1.5 if state.busy else None, key="learning")
    @shown_in_place()
    def show() -> None:
        now = background.state(task) if state.busy else state
        if now.busy != state.busy:
            st.rerun()
        if now.phase == "preparing":
            _prepare(task, now)
            return
        run = cached.learn_run(task.folder)
        total = int(run.manifest["preset"]["iterations"]) + 1
        steps = results.steps(task.folder, total)
        st.progress(steps.share, text=f"{_LEARNING[now.phase]}: {steps.say('training')}")
        if not run.maps:
            st.caption("Training on the seed set …")
            return
        curve(run)
        last = len(run.maps) - 1
        iteration(run, last if now.busy else pickers.iteration(last))

    show()


def curve(run: LearnRun) -> None:
    """The accuracy curve and the statistics of the batches, with their table twin."""
    accuracies = run.iterations["accuracy"]
    accuracy, statistics = st.tabs(["Test accuracy", "Batch statistics"])
    with accuracy:
        st.plotly_chart(
            accuracy_figure([results.curve(run, run.strategy)]),
            key="accuracy",
            alt=f"Test accuracy by labelled texts: from {accuracies.iloc[0]:.3f} to "
            f"{accuracies.iloc[-1]:.3f} over {len(accuracies)} trainings.",
        )
    with statistics:
        if len(run.maps) > 1:
            st.caption(words.PLACED)
            st.plotly_chart(
                batch_statistics_figure([results.batch_series(run, run.strategy)]),
                key="batch_statistics",
                alt="Mean confidence, variability and correctness of each batch by iteration.",
            )
        else:
            st.info("Go on by a step to see the first batch.", icon=":material/skip_next:")
    with st.expander("The iterations as a table", icon=":material/table:"):
        table(run.iterations, "Iterations of the run")
    for said in results.fallbacks(run):
        st.warning(said, icon=":material/info:")


def iteration(run: LearnRun, number: int) -> None:
    """The seed map of one iteration with its batch ringed, and the batch as a table."""
    placed = results.seed_map(run, number)
    size = results.batch_size(run, number)
    picked = f"the batch of {size} ringed" if size else "before the first batch"
    st.subheader(f"Seed map of iteration {number}", anchor=False, help=words.PLACED)
    st.plotly_chart(
        cached.map_figure(
            run.folder, placed, t_cor=float(run.manifest["preset"]["t_cor"]), newest=size
        ),
        key="seed_map",
        alt=f"Data map of the {len(placed):,} labelled texts, {picked}. {_described(placed)}",
    )
    if not size:
        return
    batch = run.batch(number)
    st.subheader(f"The {size} texts of batch {number}", anchor=False)
    table(batch, f"The batch of iteration {number}", height=360, column_order=_BATCH_ORDER)
    with st.container(horizontal=True):
        for label, content, name, mime in (
            ("This batch (CSV)", lambda: results.csv_bytes(batch), f"batch-{number}.csv", "csv"),
            (
                "Selection card (JSON)",
                lambda: results.card_bytes(run, number),
                f"batch-{number}.json",
                "json",
            ),
            ("All batches (CSV)", lambda: results.csv_bytes(run.batches()), "batches.csv", "csv"),
        ):
            st.download_button(
                label,
                content,
                name,
                f"text/{mime}" if mime == "csv" else f"application/{mime}",
                icon=":material/download:",
                on_click="ignore",
            )


def comparison(read: Sequence[LearnRun], names: Sequence[str]) -> None:
    """Accuracy, region shares of the picks, and batch statistics of several runs."""
    st.subheader("Test accuracy", anchor=False, help=words.ACCURACY)
    compared = results.comparison_table(read, names)
    best = compared.sort_values("mean accuracy").iloc[-1]
    st.plotly_chart(
        accuracy_figure([results.curve(r, n) for r, n in zip(read, names, strict=True)]),
        key="compare_accuracy",
        alt=f"Test accuracy by labelled texts of {len(read)} runs; the highest mean is "
        f"{best['mean accuracy']:.3f}, of {best['run']}.",
    )
    table(compared, "The compared runs")
    shares = results.mean_shares(read, names)
    if not shares:
        st.info("None of these runs has picked a batch yet.", icon=":material/info:")
        return
    st.subheader("Regions of the picks", anchor=False, help=f"{words.REGION} {words.PLACED}")
    st.plotly_chart(
        region_shares_figure(list(shares), results.stacked(shares)),
        key="compare_regions",
        alt="Share of easy-to-learn, ambiguous and hard-to-learn texts among each run's picks.",
    )
    st.subheader("Batch statistics", anchor=False, help=words.PLACED)
    st.plotly_chart(
        batch_statistics_figure(
            [results.batch_series(r, n) for r, n in zip(read, names, strict=True)]
        ),
        key="compare_statistics",
        alt="Mean confidence, variability and correctness of the batches by iteration, by run.",
    )


_LEARNING = {"running": "Running", "stopped": "Paused", "finished": "Finished"}


def _prepare(task: Task, state: State) -> None:
    """What a worker does before its first step, and since when."""
    seconds = background.seconds_since_start(task)
    st.progress(0.0, text=f"Preparing, {seconds:.0f} s: {state.said or 'reading the texts …'}")
    st.caption(
        "The first time, the texts are read and their word vectors trained or looked up, which can "
        "take a minute or two; they are kept for the next time."
    )


def _described(placed: DataMap) -> str:
    """The regions in words, for those who cannot see the figure."""
    shares = placed.statistics().region_shares
    return ", ".join(f"{share:.0%} {name}" for name, share in zip(REGIONS, shares, strict=True))
