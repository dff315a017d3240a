"""What the commands about projects share: sessions, labels from files, and files for labelling."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from cartography.cli.errors import say
from cartography.cli.export import Form
from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.formats.export import TABLE_FORMS, form_of
from cartography.formats.forms import write_items
from cartography.formatting import count_noun
from cartography.labelling.reconcile import add_labels, further_answers, read_labels, reconcile
from cartography.labelling.session import LabelSession
from cartography.labelling.tables import tool_table

SOURCE = "command line"
"""Where labels come from that are given on the command line, for the log."""


def open_session(project: str, annotator: str = "") -> LabelSession:
    """Return a session in a project, which is named by its name or its id."""
    return LabelSession(project, annotator, source=SOURCE)


def command(verb: str, project: str, *arguments: str, **options: str) -> str:
    """Return a command about a project as it is typed."""
    words = [project, *arguments]
    given = [word for name, value in options.items() for word in (f"--{name}", value)]
    # What begins like an option is none after `--`, nor is what follows it.
    is_option = project.startswith("-")
    return shlex.join(
        ["cartography", *verb.split(), *([*given, "--", *words] if is_option else [*words, *given])]
    )


def import_labels(
    session: LabelSession,
    corpus: Corpus,
    *,
    replace: bool,
    own_answers: bool = False,
    dry_run: bool = False,
) -> None:
    """Add the labels of a file to a project, and print what they did and how to undo it."""
    found = reconcile(session, corpus)
    further = further_answers(session, found) if own_answers else ()
    for line in (found.summary, *found.details):
        say(line)
    if further:
        texts = count_noun(len(further), "text")
        say(f"{texts} that others labelled: counted as answers of {session.annotator}")
    if dry_run:
        say("nothing was added (--dry-run)")
        return
    events = add_labels(session, found, "replace" if replace else "keep", own_answers=own_answers)
    kept = len({each.item for each in found.conflicts} - {each.item for each in further})
    if kept and not replace:
        texts = count_noun(kept, "text")
        say(f"{texts} in conflict: labels kept as they were; --replace takes the file's")
    if not events:
        say("nothing was added")
        return
    parts = ranges([event.number for event in events])
    undo = command("project undo", session.project.id, *parts)
    labels = sum(event.kind != "class_added" for event in events)
    say(f"{count_noun(labels, 'label')} added; to undo: {undo}")


def ranges(numbers: Sequence[int]) -> list[str]:
    """Return ascending numbers as ranges: 3, 4, 5 and 9 are "3-5" and "9"."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return [str(first) if first == last else f"{first}-{last}" for first, last in found]


def check_form(path: Path, form: Form | None, option: str) -> None:
    """Check, before long work, that a file can be written in a form.

    Raises
    ------
    CartographyError
        The path is a folder that is not to be written, or says nothing of the form and none is
        given.
    """
    if not path.name or (path.is_dir() and form != "huggingface"):
        raise CartographyError(f"{option} {path} is a folder: name a file in it")
    if path.is_dir() and any(path.iterdir()):
        raise CartographyError(f"{option} {path} is not empty: name a new folder")
    if form is None and form_of(path) is None:
        raise CartographyError(
            f"{option} {path} ends in neither .csv, .jsonl nor .parquet: rename it, or name its "
            "form with --as"
        )


def check_labels_are_stored(session: LabelSession, path: Path, option: str) -> None:
    """Check that no label is lost if a batch is written to a file.

    Raises
    ------
    CartographyError
        There is such a file, and it has labels that the project does not have, or cannot be read.
    """
    if not path.exists() or (path.is_file() and not path.stat().st_size):
        return
    advice = "name another file, or replace it by --force"
    try:
        corpus = read_labels(path, id="id", label="label")
    except CartographyError as error:
        if "has no rows" in str(error):
            return
        raise CartographyError(
            f"{option} {path} exists, and whether it has labels cannot be read: {advice} ({error})"
        ) from error
    if corpus.labelled.any() and (lost := _count_lost(session, corpus)):
        raise CartographyError(
            f"{option} {path} has {count_noun(lost, 'label')} that {session.project.name} does not "
            f"have: add them by {command('label', session.project.name, batch=str(path))}, {advice}"
        )


def _count_lost(session: LabelSession, corpus: Corpus) -> int:
    """The labels of a file that nobody gave in a project; those of a named annotator are theirs."""
    found = reconcile(session, corpus)
    state = session.state
    own = further_answers(session, found) if session.annotator else ()
    lost = {each.item for each in (*found.new, *own)} | {
        each.item
        for each in found.conflicts
        if each.label not in map(state.class_name, state.votes(each.item))
    }
    return len(lost) + len(found.unknown) + len(found.other_texts)


def write_texts(session: LabelSession, table: pd.DataFrame, path: Path, form: Form | None) -> None:
    """Write a table of a project's texts in any form."""
    chosen = form or form_of(path)
    rounds = session.rounds
    model = f"{session.project.name}, round {rounds[-1].number}" if rounds else ""
    write_items(
        table if chosen in TABLE_FORMS else tool_table(table),
        path,
        form,
        model_version=model,
        classes=tuple(session.state.classes.values()),
    )
