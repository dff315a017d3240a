"""`cartography project`: projects of texts that are being labelled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cartography.cli import options
from cartography.cli.errors import printable, report_errors, say
from cartography.cli.export import Form

if TYPE_CHECKING:
    from cartography.labelling.rounds import Round
    from cartography.labelling.session import LabelSession

_FILE_HELP = (
    "A filled-in batch, an export of Label Studio, Prodigy, doccano, Argilla or spaCy, or any "
    "table with labels and ids or texts."
)
_LISTED = 6
_MOST_PAIRS = 10
_DIGITS = 12
_NO_NAME = "(no name)"
_LOG_FORMS = ("csv", "spreadsheet", "jsonl", "parquet")


def new_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the project.")],
    data: options.Data,
    features: options.Features,
    preset: Annotated[
        options.PresetName, typer.Option("--preset", help="How the classifier is trained.")
    ] = "standard",
    classes: Annotated[
        list[str],
        typer.Option(
            "--class", metavar="NAME", help="A class that no text has yet. May be repeated."
        ),
    ] = [],  # noqa: B006 - typer copies it
    annotators: Annotated[
        list[str],
        typer.Option(
            "--annotator",
            metavar="NAME",
            help="Who shares the batches; may be repeated. Default: everybody sees what nobody "
            "has labelled.",
        ),
    ] = [],  # noqa: B006 - typer copies it
    overlap: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="Texts of each batch that all annotators label, for agreement."
        ),
    ] = 0,
    quiet: options.Quiet = False,
) -> None:
    """Make a project of the texts of a table; labels may be missing.

    The texts, the test set and all columns are copied: the project does not need the table again.
    """
    with report_errors():
        from cartography.cli.inputs import read_texts
        from cartography.cli.label_files import SOURCE, command
        from cartography.errors import CartographyError
        from cartography.formatting import count_noun
        from cartography.labelling.project import ProjectSettings, create_project, list_projects
        from cartography.labelling.session import LabelSession
        from cartography.labelling.store import LabelStore
        from cartography.progress import make_console

        settings = ProjectSettings(
            features=_absolute_features(features.features),
            vectors=_absolute(features.vectors),
            pooling=features.pooling,
            max_length=features.max_length,
            preset=preset,
            annotators=tuple(annotators),
            overlap=overlap,
        )
        settings.feature_kind()
        store = LabelStore()
        same = [each.id for each in list_projects(store) if each.name == name.strip()]
        if same:
            raise CartographyError(
                f"there is a project {name!r} already ({same[0]}): choose a name"
            )
        train, test = read_texts(data.data, data, make_console(quiet))
        project = create_project(store, name, train, test, settings)
        session = LabelSession(project, store=store, source=SOURCE)
        for each in classes:
            session.add_class(each)
        labelled = int(train.labelled.sum())
        first, options = "the first batch", {"batch": "batch.csv"}
        if labelled == len(train):
            first, options = "to train on them", {"n": "0"}
        say(
            f"{project.name} ({project.id}): {count_noun(len(train), 'text')}, {labelled:,} "
            f"labelled; {first}: {command('query', project.name, **options)}"
        )


def list_command() -> None:
    """List the projects, the newest first."""
    with report_errors():
        from cartography.labelling.project import list_projects
        from cartography.labelling.store import LabelStore

        projects = list_projects(LabelStore())
        if not projects:
            say("no projects; `cartography project new NAME DATA` makes one")
            return
        rows = [(each.id, f"{each.created:%Y-%m-%d}", each.name) for each in projects]
        _print_table(("id", "created", "name"), rows)


def status_command(project: options.Project) -> None:
    """Print how far a project is: labels, annotators, conflicts, rounds, and what waits."""
    with report_errors():
        from cartography.cli.label_files import command, open_session
        from cartography.formatting import count_noun
        from cartography.labelling.session import LabelSession

        session = open_session(project)
        state, opened = session.state, session.project
        texts = count_noun(len(opened.corpus), "text")
        labelled = int((state.labels >= 0).sum())
        test = "no test set"
        if opened.test is not None:
            test = f"test set of {count_noun(len(opened.test), 'text')}"
        say(f"{opened.name} ({opened.id}): {texts}, {labelled:,} labelled; {test}")
        counts = {state.class_name(number): count for number, count in state.counts().items()}
        say(f"by class: {_counted(counts)}")
        answers = {name or _NO_NAME: len(given) for name, given in state.ratings().items()}
        say(f"by annotator: {_counted(answers)}")
        for name, items in (("in conflict", state.conflicts()), ("set aside", state.set_aside())):
            shown = f" ({', '.join(items[:_LISTED])}{', …' if items[_LISTED:] else ''})"
            say(f"{name}: {len(items):,}{shown if items else ''}")
        for line in _agreement(session):
            say(line)
        rounds = session.rounds
        if rounds:
            _print_table(
                ("round", "labelled", "strategy", "asked", "accuracy", "evaluated"),
                [_round_row(each) for each in rounds],
            )
        for name in opened.settings.annotators or ("",):
            waiting = len(LabelSession(opened, name, session.store).queue())
            say(f"{f'{name}: ' if name else ''}{count_noun(waiting, 'text')} to label")
        if not rounds:
            say(f"the first batch: {command('query', project)}")


def labels_command(
    project: options.Project,
    file: Annotated[str, typer.Argument(metavar="FILE", help=_FILE_HELP)],
    reading: options.Reading,
    replace: options.Conflicts = False,
    annotator: options.Annotator = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    quiet: options.Quiet = False,
) -> None:
    """Add the labels of a file, matched with the texts of the project by their ids."""
    with report_errors():
        from cartography.cli.inputs import print_notes
        from cartography.cli.label_files import import_labels, open_session
        from cartography.labelling.reconcile import read_labels
        from cartography.progress import make_console

        session = open_session(project, annotator)
        corpus = read_labels(file, **reading.reading())
        print_notes(corpus, make_console(quiet))
        import_labels(session, corpus, replace=replace, dry_run=dry_run)


def undo_command(
    project: options.Project,
    events: Annotated[
        list[str],
        typer.Argument(metavar="FIRST-LAST...", help="Numbers of events in the log, or ranges."),
    ],
    annotator: options.Annotator = "",
) -> None:
    """Undo events by their numbers, such as those of an import; the log keeps them.

    An undoing is an event too: undo it, and what it undid is done again. What undoes another of
    these events is left as it is.
    """
    with report_errors():
        from cartography.cli.label_files import command, open_session, ranges
        from cartography.formatting import count_noun

        session = open_session(project, annotator)
        state = session.state
        numbers = {number for part in events for number in _parse_range(part, state.last)}
        wanted = sorted(state.to_undo(numbers))
        if not wanted:
            say("these events are undone already")
            return
        undoings = session.undo_events(wanted)
        parts = ranges([event.number for event in undoings])
        say(
            f"{count_noun(len(undoings), 'event')} undone; to do them again: "
            f"{command('project undo', project, *parts)}"
        )


def export_project_command(
    project: options.Project,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="FILE",
            help="The file to write; .csv, .jsonl or .parquet decides the form.",
        ),
    ],
    form: Annotated[
        Form | None, typer.Option("--as", help="Another form, as in `cartography export`.")
    ] = None,
    rest: Annotated[
        bool,
        typer.Option("--rest", help="With the other texts, and the last round's predictions."),
    ] = False,
    log: Annotated[
        bool, typer.Option("--log", help="Write the log of all events instead of the labels.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Write over a file that there is already.")
    ] = False,
) -> None:
    """Write the labels of a project with your own ids and columns, and who gave them when."""
    with report_errors():
        from cartography.cli.label_files import check_form, open_session, write_texts
        from cartography.errors import CartographyError
        from cartography.formats.export import write_table
        from cartography.formatting import count_noun, join_names
        from cartography.labelling.tables import event_table, label_table

        check_form(out, form, "--out")
        if log and rest:
            raise CartographyError("--log writes events and --rest writes texts: give one of them")
        if log and form not in (None, *_LOG_FORMS):
            raise CartographyError(f"the log is written as {join_names(_LOG_FORMS)}, not as {form}")
        if out.exists() and not force:
            raise CartographyError(
                f"--out {out} exists: name another file, or replace it by --force"
            )
        session = open_session(project)
        if log:
            table = event_table(session)
            write_table(table, out, form)
            say(f"{out}: {count_noun(len(table), 'event')}")
            return
        table = label_table(session, rest=rest)
        write_texts(session, table, out, form)
        labelled = int(table["label"].notna().sum())
        say(f"{out}: {count_noun(len(table), 'text')}, {labelled:,} labelled")


def delete_command(
    project: options.Project,
    yes: Annotated[bool, typer.Option("--yes", help="Delete it without asking.")] = False,
) -> None:
    """Delete a project: its texts, labels, log and rounds."""
    with report_errors():
        from cartography.errors import CartographyError
        from cartography.labelling.project import delete_project, open_project
        from cartography.labelling.store import LabelStore

        store = LabelStore()
        opened = open_project(store, project)
        if not yes:
            raise CartographyError(
                f"this deletes {opened.name!r} with all its labels and its log, and nothing brings "
                "them back: export it first, then add --yes"
            )
        delete_project(store, opened.id)
        say(f"{opened.name} ({opened.id}) is deleted")


PROJECT_COMMANDS: dict[str, Callable[..., None]] = {
    "new": new_command,
    "list": list_command,
    "status": status_command,
    "labels": labels_command,
    "undo": undo_command,
    "export": export_project_command,
    "delete": delete_command,
}
"""The commands below `cartography project`."""


def _agreement(session: LabelSession) -> list[str]:
    """How far annotators agree, if two of them labelled the same texts."""
    from cartography.formatting import count_noun
    from cartography.labelling.agreement import agreement

    ratings = {name or _NO_NAME: given for name, given in session.state.ratings().items()}
    if len(ratings) < 2:
        return []
    found = agreement(ratings)
    if not found.items:
        return []
    if found.note:
        return [f"agreement: not defined, {found.note}"]
    low, high = found.interval
    lines = [
        f"agreement on {count_noun(found.items, 'text')}: Krippendorff's alpha {found.alpha:.2f} "
        f"(95 % interval {low:.2f} to {high:.2f})"
    ]
    for pair in [pair for pair in found.pairs if pair.items][:_MOST_PAIRS]:
        kappa = pair.note or f"kappa {pair.kappa:.2f}"
        lines.append(
            f"  {pair.first} and {pair.second}: {count_noun(pair.items, 'text')}, "
            f"{pair.equal:.0%} equal, {kappa}"
        )
    return lines


def _round_row(done: Round) -> tuple[str, ...]:
    summary = done.summary
    has_accuracy = summary["accuracy"] is not None
    return (
        str(done.number),
        f"{summary['labelled']:,}",
        str(summary["strategy"]),
        f"{len(done.batch):,}",
        f"{summary['accuracy']:.3f}" if has_accuracy else "",
        f"{summary['evaluated']}, {summary['texts']:,} texts" if has_accuracy else "",
    )


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "none"


def _print_table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows as aligned columns."""
    rows = [tuple(map(printable, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    for row in (names, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say("  ".join(cells).rstrip())


def _parse_range(part: str, last: int) -> range:
    """The numbers that "4" or "4-9" means. Raises CartographyError for anything else."""
    from cartography.errors import CartographyError

    first, dash, end = part.partition("-")
    end = end if dash else first
    if not (first.isdecimal() and end.isdecimal()) or max(len(first), len(end)) > _DIGITS:
        raise CartographyError(f"{part[:40]!r} is no number of an event, nor a range such as 4-9")
    if not 1 <= int(first) <= int(end) <= last:
        raise CartographyError(f"{part} is not within the log, whose events are 1 to {last:,}")
    return range(int(first), int(end) + 1)


def _absolute(path: str | None) -> str | None:
    """A path that means the same file wherever a later command is run."""
    from cartography.files import expand_home

    if path is None or not expand_home(path).exists():
        return path
    return str(expand_home(path).absolute())


def _absolute_features(features: str | None) -> str | None:
    """The same for the path in `file:PATH[:COLUMN]` and `encoder:FOLDER`."""
    kind, colon, rest = (features or "").partition(":")
    if not colon:
        return features
    whole = _absolute(rest)
    path, last, column = rest.rpartition(":")
    return f"{kind}:{whole if whole != rest or not last else f'{_absolute(path)}:{column}'}"
