"""What several runs come to beside each other: the verdict, then the figures that it rests on."""

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
from ui.jobs.methods import AS_PAPER
from ui.jobs.reference import ReferenceMap
from ui.naming import escape_markdown
from ui.panels import method
from ui.panels.compare import reference_map as compare_map
from ui.state.session import DataChoice

_LABELS, _PERCENT = "labels", "percent of the data"


def judged(runs: Comparison) -> None:
    """The verdict in one sentence, and for each strategy what it rests on."""
    st.subheader("Verdict", anchor=False, help=words.VERDICT)
    _methods(runs)
    verdicts = compared.verdicts(runs)
    for found in verdicts:
        if found.shown:
            st.success(found.sentence, icon=":material/trending_up:")
        else:
            st.info(found.sentence, icon=":material/balance:")
    names = compared.unjudged(runs)
    if names:
        st.info(_without_random(names, runs), icon=":material/casino:")
    each = _each(verdicts)
    if each:
        with st.expander("What it rests on", key="compare_rests_on", type="compact"):
            st.markdown("\n".join(f"- {one.sentence}" for one in each))
    unfinished = sum(run.phase != "finished" for run in runs.found)
    if unfinished:
        st.caption(f"So far: {count_noun(unfinished, 'run')} of {len(runs.found)} not finished.")
    if unfinished or runs.common <= runs.batches:
        st.caption(
            f"epsilon_min looks at the {count_noun(runs.common, 'training')} that every run has; "
            "labels are saved at accuracies that both runs of a seed reached, however late."
        )


def sections(runs: Comparison, choice: DataChoice | None) -> None:
    """The figures, in the order in which a reader asks; only those of the open tab are made.

    `choice` is the corpus of the runs where it is known, so that its full map can be drawn.
    """
    shown: dict[str, Callable[[], None]] = {
        "Accuracy": lambda: _accuracy(runs),
        "By chance?": lambda: _epsilon(runs),
        "Where they pick": lambda: _picks(runs, choice),
        "Overlap": lambda: _overlap(runs),
        "Batches": lambda: _batches(runs),
        "Runs": lambda: _table(runs, choice),
    }
    tabs = st.tabs(list(shown), key="compare_section", on_change="rerun", bind="query-params")
    for tab, show in zip(tabs, shown.values(), strict=True):
        if tab.open:
            with tab:
                show()


def _methods(runs: Comparison) -> None:
    """How the runs were made, where that is not as the paper has it."""
    if len(runs.methods) == 1:
        method.told(runs.methods[0])
        return
    named = [f"**{escape_markdown(each.name)}**" for each in runs.methods]
    unnamed = "A name that says none is the paper's. " if AS_PAPER in runs.methods else ""
    st.caption(
        f":material/tune: Runs of {len(named)} methods: {join_names(named)}. {unnamed}Each strategy is "
        "judged against Random of its own method.",
        help=words.METHOD,
    )


def _without_random(names: Sequence[str], runs: Comparison) -> str:
    if len(runs.methods) == 1:
        return (
            "Random is not among these runs, and nothing can be judged without it: run it with "
            "the same settings, or choose its runs."
        )
    return (
        f"Not judged: {join_names([escape_markdown(name) for name in names])}. Random of the same method is not "
        "among these runs: run it with the same settings, or choose its runs."
    )


def _each(verdicts: Sequence[Verdicts]) -> list[Verdict]:
    """The verdicts of all methods."""
    return [each for found in verdicts for each in found.each]


def _accuracy(runs: Comparison) -> None:
    st.subheader(
        "Test accuracy", anchor=False, help=f"{words.ACCURACY}\n\n{words.SEED_BAND} (Figure 3)"
    )
    st.markdown("The higher a line, and the further to the left it rises, the better.")
    axis = st.segmented_control(
        "Against",
        [_LABELS, _PERCENT],
        default=_LABELS,
        required=True,
        key="compare_axis",
        persist_state="session",
        label_visibility="collapsed",
    )
    # That of one method says nothing of another's curves.
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
    each = _each(compared.verdicts(runs))
    if not each:
        return
    st.subheader("Labels saved against Random", anchor=False, help=words.LABELS_SAVED)
    st.markdown(
        "A strategy whose whole interval lies to the right of 0 needs fewer labels than Random for "
        "the same accuracy."
    )
    values = comparison_tables.judged(each)
    mean, low, high = (values[name].to_numpy() for name in ("labels saved", "from", "to"))
    parts.figure(
        labels_saved_figure(list(values["name"]), mean, low, high),
        "compare_saved",
        "Labels saved against Random at equal accuracy. " + " ".join(one.sentence for one in each),
        lambda: values,
    )


def _epsilon(runs: Comparison) -> None:
    st.subheader("Does one dominate the other?", anchor=False, help=words.EPSILON_MIN)
    st.markdown(
        "Blue: the strategy of the row almost always learns at least as well as that of the column."
    )
    if len(runs.names) < 2:
        st.info("Choose runs of a second strategy to compare.", icon=":material/checklist:")
        return
    table = compared.epsilon(runs)
    parts.figure(
        epsilon_figure(table.names, table.values),
        "compare_epsilon",
        f"epsilon_min of each strategy over each other, for {', '.join(table.names)}.",
        lambda: comparison_tables.epsilon(table),
    )
    st.caption(
        "Scores of one run at successive iterations hang together, which this test does not know: "
        "take values near a limit for undecided."
    )


def _picks(runs: Comparison, choice: DataChoice | None) -> None:
    st.subheader("Where on the map does each strategy pick?", anchor=False, help=words.REFERENCE)
    if not runs.batches:
        st.info("No batch has been picked yet.", icon=":material/hourglass_empty:")
        return
    whole = reference.whole_fingerprint(runs.found[0], choice) if choice else None
    full = reference.find_reference_map(runs.found[0], whole)
    if full is None:
        # Of files that have changed since, another map would be drawn.
        compare_map.offer(runs.found[0], choice if whole else None)
        return
    st.caption(f"On the full data map of {full.described}.")
    shares = compared.region_shares(runs, full)
    missing = sum(int(each.missing.sum()) for each in shares.values())
    if missing:
        st.warning(
            f"{count_noun(missing, 'pick')} cannot be found on the map by id and are left out.",
            icon=":material/help:",
        )
    _density(runs, full)
    st.subheader("Regions of the picks, by iteration", anchor=False, help=words.REGION)
    st.markdown(
        "A line above the dashed one: the strategy picks more of that region than chance would."
    )
    parts.figure(
        region_share_bands_figure(
            {name: each.shares for name, each in shares.items()}, reference=full.shares
        ),
        "compare_regions",
        f"Share of {', '.join(REGIONS)} texts among the picks by iteration, for "
        f"{', '.join(shares)}. {full.described}.",
        lambda: comparison_tables.region_shares(shares),
    )
    st.subheader("All batches together", anchor=False, help=words.REGION)
    st.markdown("What each strategy spends its labels on, as the mean over its seeds.")
    overall = comparison_tables.overall_shares(shares)
    parts.figure(
        region_shares_figure(list(overall["name"]), overall[list(REGIONS)].to_numpy()),
        "compare_overall",
        f"Share of {', '.join(REGIONS)} texts among all picks, for {', '.join(shares)}.",
        lambda: overall,
    )


def _density(runs: Comparison, full: ReferenceMap) -> None:
    first, last = 1, runs.batches
    if last > 1:
        first, last = st.slider(
            "Batches",
            1,
            runs.batches,
            (1, runs.batches),
            # While runs go on, the newest batch is always in.
            key=f"compare_batches_{runs.batches}",
            help="Show the picks of these batches alone: early and late ones often differ.",
        )
    st.markdown(
        "The stronger the colour, the more of its labels a strategy spends there.",
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


def _overlap(runs: Comparison) -> None:
    st.subheader("Picks in common", anchor=False, help=words.OVERLAP)
    st.markdown(
        "The more two strategies share, the less it matters which of the two is used; two random "
        "draws share a few texts as well."
    )
    if not runs.batches:
        st.info("No batch has been picked yet.", icon=":material/hourglass_empty:")
        return
    found = compared.overlap(runs)
    parts.figure(
        overlap_figure(found.names, found.counts, found.totals),
        "compare_overlap",
        f"Texts that each two of {', '.join(found.names)} both picked.",
        lambda: comparison_tables.overlap(found),
    )


def _batches(runs: Comparison) -> None:
    st.subheader("Batch statistics", anchor=False, help=words.PLACED)
    st.markdown(
        "Batches of low confidence and correctness are hard for the model that is taught them, "
        "those of high variability make it waver. Each line is the mean over the seeds."
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


def _table(runs: Comparison, choice: DataChoice | None) -> None:
    st.subheader("The runs that are compared", anchor=False)
    st.markdown("A row for each run; the file holds the same, to go on with elsewhere.")
    whole = reference.whole_fingerprint(runs.found[0], choice) if choice else None
    full = reference.find_reference_map(runs.found[0], whole)
    values = comparison_tables.by_run(
        runs,
        _each(compared.verdicts(runs)),
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
