"""The results of a comparison: the verdict and the figures behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from cartography.evaluation.verdict import Verdict, Verdicts
from cartography.figures import (
    accuracy_figure,
    batch_statistics_figure,
    epsilon_figure,
    labels_saved_figure,
    overlap_figure,
    pick_density_figure,
    region_share_bands_figure,
    region_shares_figure,
)
from cartography.formatting import count_noun, join_names
from cartography.maps.data_map import REGIONS
from ui import parts, words
from ui.jobs import compared, comparison_tables, reference, results
from ui.jobs.compared import Comparison
from ui.jobs.methods import USUAL
from ui.jobs.reference import ReferenceMap
from ui.naming import escape_markdown
from ui.panels import method
from ui.panels.compare import reference_map as compare_map
from ui.state.session import DataChoice

_LABELS, _PERCENT = "labels", "percent of the data"


def show_verdicts(runs: Comparison) -> None:
    """Show the verdict in one sentence, and the evidence for each strategy."""
    st.subheader("Verdict", anchor=False, help=words.VERDICT)
    _show_methods(runs)
    verdicts = compared.verdicts(runs)
    for verdict in verdicts:
        if verdict.shown:
            st.success(verdict.sentence, icon=":material/trending_up:")
        else:
            st.info(verdict.sentence, icon=":material/balance:")
    names = compared.unjudged(runs)
    if names:
        st.info(_describe_unjudged(names, runs), icon=":material/casino:")
    per_strategy = _flatten(verdicts)
    if per_strategy:
        with st.expander("Evidence", key="compare_rests_on", type="compact"):
            st.markdown("\n".join(f"- {verdict.sentence}" for verdict in per_strategy))
    unfinished = sum(run.phase != "finished" for run in runs.found)
    if unfinished:
        st.caption(f"So far: {count_noun(unfinished, 'run')} of {len(runs.found)} not finished.")
    if unfinished or runs.common <= runs.batches:
        st.caption(
            f"epsilon_min uses the {count_noun(runs.common, 'training')} that every run has. "
            "Labels saved are measured at accuracies that both runs of a seed have reached."
        )


def show_sections(runs: Comparison, choice: DataChoice | None) -> None:
    """Show the figures in tabs; only those of the open tab are drawn.

    Parameters
    ----------
    runs : Comparison
    choice : DataChoice or None
        The corpus of the runs, to draw its full map; None if it is unknown.
    """
    sections: dict[str, Callable[[], None]] = {
        "Accuracy": lambda: _show_accuracy(runs),
        "By chance?": lambda: _show_epsilon(runs),
        "Where they pick": lambda: _show_picks(runs, choice),
        "Overlap": lambda: _show_overlap(runs),
        "Batches": lambda: _show_batches(runs),
        "Runs": lambda: _show_table(runs, choice),
    }
    tabs = st.tabs(list(sections), key="compare_section", on_change="rerun", bind="query-params")
    for tab, show in zip(tabs, sections.values(), strict=True):
        if tab.open:
            with tab:
                show()


def _show_methods(runs: Comparison) -> None:
    """Show the methods of the runs unless all have the paper's."""
    if len(runs.methods) == 1:
        method.told(runs.methods[0])
        return
    names = [f"**{escape_markdown(run_method.name)}**" for run_method in runs.methods]
    unnamed = "Names without a method have the preset standard. " if USUAL in runs.methods else ""
    st.caption(
        f":material/tune: Runs of {len(names)} methods: {join_names(names)}. {unnamed}Each "
        "strategy is compared with Random of its own method.",
        help=words.METHOD,
    )


def _describe_unjudged(names: Sequence[str], runs: Comparison) -> str:
    if len(runs.methods) == 1:
        return (
            "Random is not among these runs, so there is no verdict. Run Random with the same "
            "settings, or choose its runs."
        )
    strategies = join_names([escape_markdown(name) for name in names])
    return (
        f"Not judged: {strategies}. Random of the same method is not among these runs. Run it with "
        "the same settings, or choose its runs."
    )


def _flatten(verdicts: Sequence[Verdicts]) -> list[Verdict]:
    """The verdicts on all strategies of all methods."""
    return [verdict for of_method in verdicts for verdict in of_method.each]


def _show_accuracy(runs: Comparison) -> None:
    st.subheader(
        "Test accuracy", anchor=False, help=f"{words.ACCURACY}\n\n{words.SEED_BAND} (Figure 3)"
    )
    st.markdown("Better strategies have higher lines that rise earlier.")
    axis = st.segmented_control(
        "Against",
        [_LABELS, _PERCENT],
        default=_LABELS,
        required=True,
        key="compare_axis",
        persist_state="session",
        label_visibility="collapsed",
    )
    # With several methods, the accuracy of one full map would not apply to all curves.
    full = reference.find_reference_map(runs.found[0]) if len(runs.methods) == 1 else None
    parts.figure(
        accuracy_figure(
            runs.curves,
            of=runs.texts if axis == _PERCENT else None,
            full=full.accuracy if full else None,
        ),
        "compare_accuracy",
        f"Test accuracy by number of labels for {', '.join(runs.names)}, as the mean over seeds "
        "with a band from the lowest to the highest.",
        lambda: comparison_tables.accuracy(runs),
    )
    verdicts = _flatten(compared.verdicts(runs))
    if not verdicts:
        return
    st.subheader("Labels saved against Random", anchor=False, help=words.LABELS_SAVED)
    st.markdown(
        "If the whole interval of a strategy is to the right of 0, it needs fewer labels than "
        "Random for the same accuracy."
    )
    values = comparison_tables.verdict_table(verdicts)
    mean, low, high = (values[name].to_numpy() for name in ("labels saved", "from", "to"))
    parts.figure(
        labels_saved_figure(list(values["name"]), mean, low, high),
        "compare_saved",
        "Labels saved against Random at equal accuracy. "
        + " ".join(verdict.sentence for verdict in verdicts),
        lambda: values,
    )


def _show_epsilon(runs: Comparison) -> None:
    st.subheader("Does one strategy dominate another?", anchor=False, help=words.EPSILON_MIN)
    st.markdown(
        "Blue: the strategy in the row is almost always at least as accurate as the one in the "
        "column."
    )
    if len(runs.names) < 2:
        st.info("Choose runs of a second strategy to compare.", icon=":material/checklist:")
        return
    table = compared.epsilon(runs)
    parts.figure(
        epsilon_figure(table.names, table.values),
        "compare_epsilon",
        f"epsilon_min of each pair of strategies, for {', '.join(table.names)}.",
        lambda: comparison_tables.epsilon(table),
    )
    st.caption(
        "The accuracies of one run at successive iterations are correlated, which this test "
        "ignores. Treat values near a limit as undecided."
    )


def _show_picks(runs: Comparison, choice: DataChoice | None) -> None:
    st.subheader("Where on the map does each strategy pick?", anchor=False, help=words.REFERENCE)
    if not runs.batches:
        st.info("No batch has been picked yet.", icon=":material/hourglass_empty:")
        return
    whole = reference.whole_fingerprint(runs.found[0], choice) if choice else None
    full = reference.find_reference_map(runs.found[0], whole)
    if full is None:
        # If the files have changed since, the map would be of another corpus.
        compare_map.offer_map(runs.found[0], choice if whole else None)
        return
    st.caption(f"On the full data map of {full.description}.")
    shares = compared.region_shares(runs, full)
    missing = sum(int(strategy_shares.missing.sum()) for strategy_shares in shares.values())
    if missing:
        st.warning(
            f"Left out: {count_noun(missing, 'pick')} whose id is not on the map.",
            icon=":material/help:",
        )
    _show_density(runs, full)
    st.subheader("Regions of the picks, by iteration", anchor=False, help=words.REGION)
    st.markdown(
        "Above the dashed line, a strategy picks more texts of the region than chance would."
    )
    parts.figure(
        region_share_bands_figure(
            {name: strategy_shares.shares for name, strategy_shares in shares.items()},
            reference=full.shares,
        ),
        "compare_regions",
        f"Share of {', '.join(REGIONS)} texts among the picks by iteration, for "
        f"{', '.join(shares)}. {full.description}.",
        lambda: comparison_tables.region_shares(shares),
    )
    st.subheader("All batches together", anchor=False, help=words.REGION)
    st.markdown("The regions of each strategy's picks, as the mean over its seeds.")
    overall = comparison_tables.overall_shares(shares)
    parts.figure(
        region_shares_figure(list(overall["name"]), overall[list(REGIONS)].to_numpy()),
        "compare_overall",
        f"Share of {', '.join(REGIONS)} texts among all picks, for {', '.join(shares)}.",
        lambda: overall,
    )


def _show_density(runs: Comparison, full: ReferenceMap) -> None:
    first, last = 1, runs.batches
    if last > 1:
        first, last = st.slider(
            "Batches",
            1,
            runs.batches,
            (1, runs.batches),
            # A new key with every batch, so that the newest batch is included.
            key=f"compare_batches_{runs.batches}",
            help="Only the picks of these batches are shown; early and late ones often differ.",
        )
    st.markdown(
        "The stronger the colour, the larger the share of a strategy's picks.",
        help=words.PICK_DENSITY,
    )
    density = compared.pick_density(runs, full, first, last)
    parts.figure(
        pick_density_figure(density.reference, density.picks),
        "compare_density",
        f"Density of the picks of {', '.join(density.picks)} over variability and confidence, "
        f"batches {first} to {last}.",
        lambda: comparison_tables.density(density),
    )


def _show_overlap(runs: Comparison) -> None:
    st.subheader("Picks in common", anchor=False, help=words.OVERLAP)
    st.markdown(
        "The more picks two strategies have in common, the less it matters which one is used. Two "
        "random draws have a few in common as well."
    )
    if not runs.batches:
        st.info("No batch has been picked yet.", icon=":material/hourglass_empty:")
        return
    overlaps = compared.overlap(runs)
    parts.figure(
        overlap_figure(overlaps.names, overlaps.counts, overlaps.totals),
        "compare_overlap",
        f"Number of picks in common for each pair of {', '.join(overlaps.names)}.",
        lambda: comparison_tables.overlap(overlaps),
    )


def _show_batches(runs: Comparison) -> None:
    st.subheader("Batch statistics", anchor=False, help=words.PLACED)
    st.markdown(
        "Batches with low confidence and correctness are hard for the model that is trained on "
        "them; with high variability, its predictions change between epochs. Each line is the mean "
        "over the seeds."
    )
    if not runs.batches:
        st.info("No batch has been picked yet.", icon=":material/hourglass_empty:")
        return
    series = runs.batch_series
    parts.figure(
        batch_statistics_figure(series),
        "compare_statistics",
        f"Mean confidence, variability and correctness of each batch by iteration, for "
        f"{', '.join(runs.names)}.",
        lambda: comparison_tables.batch_statistics(series),
    )


def _show_table(runs: Comparison, choice: DataChoice | None) -> None:
    st.subheader("The compared runs", anchor=False)
    st.markdown("One row per run; the CSV file has the same columns.")
    whole = reference.whole_fingerprint(runs.found[0], choice) if choice else None
    full = reference.find_reference_map(runs.found[0], whole)
    values = comparison_tables.by_run(
        runs,
        _flatten(compared.verdicts(runs)),
        compared.region_shares(runs, full) if full else None,
    )
    parts.table(values, "The compared runs", height=min(420, 40 + 35 * len(values)))
    parts.downloads(
        "compare_runs",
        (
            (
                "The comparison (CSV)",
                lambda: results.csv_bytes(values),
                "comparison.csv",
                "text/csv",
            ),
        ),
    )
