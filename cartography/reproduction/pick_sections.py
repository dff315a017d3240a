"""Sections of the report on one data set: picks, data efficiency, discriminators and time."""

from collections.abc import Sequence

from cartography.formatting import join_names, strategy_name
from cartography.reproduction.markdown import (
    EMPTY_CELL,
    caption_table,
    paragraph,
    preset_titles,
    report_command,
    trajectory_cells,
)
from cartography.reproduction.plan import STATISTICS
from cartography.reproduction.published import PUBLISHED
from cartography.reproduction.results import Results
from cartography.reproduction.shared_picks import SharedPicks, shared_picks
from cartography.reproduction.tables import (
    Trajectory,
    batch_trajectories,
    data_efficiency,
    discriminator_trajectories,
    iteration_seconds,
    presets_of,
    select_curves,
    threshold_moves,
    verdicts_against_random,
)
from cartography.reproduction.words import (
    describe_estimate,
    describe_labels_saved,
    format_percent,
)


def overlap_section(results: Results) -> list[str]:
    """Return Table 4, with the counts that chance gives."""
    names = presets_of(results)
    by_pair: dict[str, dict[str, SharedPicks]] = {}
    for name in names:
        for shared in shared_picks(results, name):
            by_pair.setdefault(shared.label, {})[name] = shared
    rows = []
    for label, by_preset in by_pair.items():
        published = next(iter(by_preset.values()))
        row = [label, f"{published.published} ({published.published_by_chance:.0f})"]
        for name in names:
            row += _overlap_cells(by_preset.get(name))
        rows.append(row)
    header = ["", "the paper's, of 7,500"]
    for name in names:
        header += [f"{name}: same batch", f"{name}: difference", f"{name}: whole run"]
    return caption_table(
        results,
        "Table 4",
        "Texts that both strategies picked; in brackets, how many two random strategies would "
        "share. The paper's counts are close to what chance gives for batches of the same "
        "iteration, and far from what it gives for whole runs. The difference therefore compares "
        "the counts of the same batch, as percentages of the picks beyond chance. Sums over seeds "
        "have no interval, so none is in bold. An earlier public version of the authors' code "
        "(github.com/jjzha/cartography-al) also counts batch by batch, but by positions in the "
        "remaining pool, which soon mean different texts in each run.",
        header,
        rows,
    )


def _overlap_cells(shared: SharedPicks | None) -> list[str]:
    if shared is None:
        return [EMPTY_CELL] * 3
    ours = (shared.same_batch - shared.same_batch_by_chance) / shared.picks
    theirs = (shared.published - shared.published_by_chance) / shared.published_picks
    difference = ours - theirs
    return [
        f"{shared.same_batch} ({shared.same_batch_by_chance:.0f}) of {shared.picks:,}",
        f"{100 * difference:+.2f} points",
        f"{shared.whole_run} ({shared.whole_run_by_chance:.0f})",
    ]


def batches_section(results: Results) -> list[str]:
    """Return Figure 4 as numbers."""
    columns = [(name, column) for name in presets_of(results) for column in STATISTICS]
    by_strategy: dict[str, dict[tuple[str, str], Trajectory]] = {}
    iterations: tuple[int, ...] = ()
    for name, column in columns:
        for trajectory in batch_trajectories(results, name, column):
            by_strategy.setdefault(trajectory.strategy, {})[name, column] = trajectory
            iterations = trajectory.iterations
    return caption_table(
        results,
        "Figure 4",
        f"Means of batches {join_names([*map(str, iterations)] or [EMPTY_CELL])} on the map of "
        "the next training, ± the widest of their intervals. The paper gives no numbers.",
        ["", *(f"{name}: {column}" for name, column in columns)],
        [
            [strategy_name(strategy), *(_batch_cell(cells.get(key)) for key in columns)]
            for strategy, cells in by_strategy.items()
        ],
    )


def _batch_cell(trajectory: Trajectory | None) -> str:
    if trajectory is None:
        return EMPTY_CELL
    values = trajectory.estimates
    means = ", ".join(f"{value.mean:.2f}" if value.seeds else EMPTY_CELL for value in values)
    half_widths = [value.half_width for value in values if value.seeds > 1]
    return f"{means} ± {max(half_widths):.2f}" if half_widths else means


def efficiency_section(results: Results) -> list[str]:
    """Return labels saved and verdicts against Random, and accuracies against all texts."""
    paper, names = PUBLISHED[results.corpus["dataset"]], presets_of(results)
    verdicts = {name: verdicts_against_random(select_curves(results, name)) for name in names}
    saved = {
        (name, verdict.name): verdict.saved
        for name, by_strategy in verdicts.items()
        for verdict in (by_strategy.each if by_strategy else ())
    }
    rows = [
        [strategy, *(describe_labels_saved(saved.get((name, strategy))) for name in names)]
        for strategy in dict.fromkeys(strategy for _, strategy in saved)
    ]
    lines = []
    for name in names:
        sentences = [summary.sentence] if (summary := verdicts[name]) else []
        sentences += [_describe_efficiency(results, name, key) for key in ("cal", "random")]
        if text := " ".join(filter(None, sentences)):
            lines.append(f"- Preset {name}: {text}")
    if lines:
        lines += ["", f"({report_command(results)})", ""]
    table = caption_table(
        results,
        "Data efficiency",
        "Labels saved against Random at equal accuracy, negative where more were needed. The "
        f"verdicts below also use epsilon_min of Table 2. The paper: {paper.efficiency}.",
        ["", *(f"preset {name}" for name in names)],
        rows,
    )
    return [*table, *lines]


def _describe_efficiency(results: Results, method: str, strategy: str) -> str:
    """A sentence on a strategy against a training on all texts; "" if one was not run."""
    efficiency = data_efficiency(results, method, strategy)
    if efficiency is None:
        return ""
    reached = (
        f"first reaches that accuracy with {efficiency.labels:,} labels, "
        f"{format_percent(efficiency.labels / efficiency.texts)} of the texts"
        if efficiency.labels
        else f"does not reach that accuracy with {efficiency.max_labels:,} labels"
    )
    return (
        f"{strategy_name(strategy)} ends at {describe_estimate(efficiency.share)} times the "
        f"accuracy of all texts; its mean accuracy {reached}."
    )


def cost_section(results: Results) -> list[str]:
    """Return accuracies of the discriminators, seconds per iteration, and moves of t_cor."""
    paper, names = PUBLISHED[results.corpus["dataset"]], presets_of(results)
    by_preset = {name: discriminator_trajectories(results, name) for name in names}
    iterations, cells = trajectory_cells(by_preset, len(results.corpus["seeds"]))
    lines = caption_table(
        results,
        "Discriminators",
        f"Training accuracy (Section 4.3): {preset_titles(names)}.",
        ["", "the paper's", *(f"batch {number}" for number in iterations)],
        [
            [strategy_name(strategy), paper.discriminator[strategy], *row]
            for strategy, row in cells.items()
        ],
    )
    seconds = [
        f"preset {name}: " + ", ".join(f"{row.label} {row.ours.mean:.2f}" for row in rows)
        for name in names
        if (rows := iteration_seconds(results, name))
    ]
    if seconds:
        lines += paragraph(
            results,
            "Seconds per iteration",
            "Training and query. Runs that were made side by side count with equal shares of "
            "their time. Other load on the machine is included. The paper has "
            f"{paper.seconds:g} for CAL on an A100; {'; '.join(seconds)}.",
        )
    return [*lines, *describe_threshold_moves(results, names)]


def describe_threshold_moves(results: Results, methods: Sequence[str]) -> list[str]:
    """Return a paragraph on how often t_cor was moved under `methods`; no lines if it never was."""
    counts = {
        name: join_names([f"{row.moves} of {row.queries} ({row.label})" for row in moves])
        for name in methods
        if (moves := threshold_moves(results, name))
    }
    if not counts:
        return []
    return paragraph(
        results,
        "t_cor moved",
        "If no labelled text, or every one, has a correctness above t_cor, the nearest threshold "
        "that splits them is used instead. Number of such queries: "
        f"{'; '.join(f'{name}: {count}' for name, count in counts.items())}.",
    )
