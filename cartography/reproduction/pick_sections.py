"""What the report says of one data set's picks, of what they save, and of the work it takes."""

from collections.abc import Sequence

from cartography.formatting import join_names, strategy_name
from cartography.reproduction.markdown import NOTHING, caption_table, cell, command, paragraph
from cartography.reproduction.plan import STATISTICS
from cartography.reproduction.published import PUBLISHED
from cartography.reproduction.results import Results
from cartography.reproduction.shared_picks import SharedPicks, overlaps
from cartography.reproduction.tables import (
    Trajectory,
    batch_trajectories,
    compared_runs,
    data_efficiency,
    discriminator_trajectories,
    presets_of,
    seconds,
    threshold_moves,
    verdicts_on_random,
)
from cartography.reproduction.words import describe_estimate, describe_labels_saved, percent


def shared_picks(results: Results) -> list[str]:
    """Table 4, with what chance would give."""
    each = {name: overlaps(results, name) for name in presets_of(results)}
    found = {(name, shared.label): shared for name, pairs in each.items() for shared in pairs}
    labels = list(dict.fromkeys(label for _, label in found))
    rows = []
    for label in labels:
        some = next(shared for (_, its), shared in found.items() if its == label)
        row = [label, f"{some.published} ({some.published_by_chance:.0f})"]
        for name in each:
            row += _shared_cells(found.get((name, label)))
        rows.append(row)
    header = ["", "the paper's, of 7,500"]
    for name in each:
        header += [f"{name}: same batch", f"{name}: difference", f"{name}: whole run"]
    return caption_table(
        results,
        "Table 4",
        "Texts that both picked, and in brackets what two random strategies would share. The "
        "paper's counts lie near what chance gives for batches of the same iteration, and far from "
        "what it gives for whole runs, so the former are compared, as percentages of the picks "
        "beyond chance. Sums over seeds, they have no interval, and none is in bold. An earlier "
        "public version of the authors' code (github.com/jjzha/cartography-al) counts batch by "
        "batch too, by places in what is left of the pool, which soon are other texts in each run.",
        header,
        rows,
    )


def _shared_cells(shared: SharedPicks | None) -> list[str]:
    if shared is None:
        return [NOTHING] * 3
    ours = (shared.together - shared.together_by_chance) / shared.picks
    theirs = (shared.published - shared.published_by_chance) / shared.published_picks
    difference = ours - theirs
    return [
        f"{shared.together} ({shared.together_by_chance:.0f}) of {shared.picks:,}",
        f"{100 * difference:+.2f} points",
        f"{shared.whole} ({shared.whole_by_chance:.0f})",
    ]


def on_the_map(results: Results) -> list[str]:
    """Figure 4 as numbers."""
    names = presets_of(results)
    each = {
        (course.strategy, name, column): course
        for name in names
        for column in STATISTICS
        for course in batch_trajectories(results, name, column)
    }
    rows = [
        [
            strategy_name(strategy),
            *(
                _means(each.get((strategy, name, column)))
                for name in names
                for column in STATISTICS
            ),
        ]
        for strategy in dict.fromkeys(strategy for strategy, _, _ in each)
    ]
    numbers = next(iter(each.values())).iterations if each else ()
    return caption_table(
        results,
        "Figure 4",
        f"Means of batches {join_names([*map(str, numbers)] or [NOTHING])} on the map of the next "
        "training, ± the widest of their intervals. The paper gives no numbers.",
        ["", *(f"{name}: {column}" for name in names for column in STATISTICS)],
        rows,
    )


def _means(course: Trajectory | None) -> str:
    if course is None:
        return NOTHING
    means = ", ".join(f"{value.mean:.2f}" if value.seeds else NOTHING for value in course.at)
    halves = [value.half for value in course.at if value.seeds > 1]
    return f"{means} ± {max(halves):.2f}" if halves else means


def efficiency(results: Results) -> list[str]:
    """Labels saved against Random with the verdicts, and CAL beside a training on all texts."""
    paper, names = PUBLISHED[results.corpus["dataset"]], presets_of(results)
    found = {name: verdicts_on_random(compared_runs(results, name)) for name in names}
    saved = {
        (name, one.name): one.saved
        for name, verdicts in found.items()
        for one in (verdicts.each if verdicts else ())
    }
    rows = [
        [strategy, *(describe_labels_saved(saved.get((name, strategy))) for name in names)]
        for strategy in dict.fromkeys(strategy for _, strategy in saved)
    ]
    lines = []
    for name in names:
        said = [verdicts.sentence] if (verdicts := found[name]) else []
        for strategy in ("cal", "random"):
            if its := data_efficiency(results, name, strategy):
                when = (
                    f"first reaches that with {its.labels:,} labels, "
                    f"{percent(its.labels / its.texts)} of the texts"
                    if its.labels
                    else f"does not reach that with {its.most:,} labels"
                )
                said.append(
                    f"{strategy_name(strategy)} ends at {describe_estimate(its.share)} times the accuracy of "
                    f"all texts, and its mean accuracy {when}."
                )
        if said:
            lines.append(f"- Preset {name}: {' '.join(said)}")
    if lines:
        lines += ["", f"({command(results)})", ""]
    table = caption_table(
        results,
        "Data efficiency",
        "Labels saved against Random at equal accuracy, negative where more were needed; verdicts "
        f"take epsilon_min of Table 2 too. The paper: {paper.efficiency}.",
        ["", *(f"preset {name}" for name in names)],
        rows,
    )
    return [*table, *lines]


def workings(results: Results) -> list[str]:
    """Accuracy of the discriminators, and seconds an iteration."""
    paper, names = PUBLISHED[results.corpus["dataset"]], presets_of(results)
    seeds = len(results.corpus["seeds"])
    each = {
        (course.strategy, name): course
        for name in names
        for course in discriminator_trajectories(results, name)
    }
    shown = next(iter(each.values())).iterations if each else ()

    def cells(strategy: str, name: str) -> list[str]:
        course = each.get((strategy, name))
        return [cell(value, seeds) for value in course.at] if course else [NOTHING] * len(shown)

    rows = [
        [
            strategy_name(strategy),
            paper.discriminator[strategy],
            *(
                " / ".join(same)
                for same in zip(*(cells(strategy, name) for name in names), strict=True)
            ),
        ]
        for strategy in dict.fromkeys(strategy for strategy, _ in each)
    ]
    lines = caption_table(
        results,
        "Discriminators",
        f"Training accuracy (Section 4.3): {' / '.join(f'preset {name}' for name in names)}.",
        ["", "the paper's", *(f"batch {number}" for number in shown)],
        rows,
    )
    spent = [
        f"preset {name}: " + ", ".join(f"{row.label} {row.ours.mean:.2f}" for row in some)
        for name in names
        if (some := seconds(results, name))
    ]
    if spent:
        lines += paragraph(
            results,
            "Seconds an iteration",
            "Training and query; of runs side by side, which share their time evenly, a run's "
            "share. What other work the machine had is in them too. The paper has "
            f"{paper.seconds:g} for CAL on an A100; {'; '.join(spent)}.",
        )
    return [*lines, *moved_words(results, names)]


def moved_words(results: Results, methods: Sequence[str]) -> list[str]:
    """How often t_cor was moved under the `methods`, since it left one side empty; nothing where it
    never was.
    """
    said = {
        name: join_names([f"{each.queries} of {each.of} ({each.label})" for each in found])
        for name in methods
        if (found := threshold_moves(results, name))
    }
    if not said:
        return []
    return paragraph(
        results,
        "t_cor moved",
        "Where no labelled text, or every one, has a correctness above t_cor, the nearest that "
        "parts them is taken instead. In so many queries: "
        f"{'; '.join(f'{name}: {each}' for name, each in said.items())}.",
    )
