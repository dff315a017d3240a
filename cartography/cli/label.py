"""`cartography label`: the labels of a batch, from a file or typed in."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cartography.cli import options
from cartography.cli.errors import report_errors, say
from cartography.cli.export import Form

if TYPE_CHECKING:
    import pandas as pd

    from cartography.labelling.session import Asked, LabelSession

_HELP = "number or class; +NAME new class, s skip, ? unsure, u undo, q quit"


def label_command(
    project: options.Project,
    batch: Annotated[
        Path | None,
        typer.Option(
            "--batch",
            metavar="FILE",
            help="Add the labels of a batch that was filled in: the file of `query --batch`, or "
            "the export of the tool that it was labelled in.",
        ),
    ] = None,
    replace: options.Conflicts = False,
    queue: Annotated[
        Path | None,
        typer.Option(
            "--queue",
            metavar="FILE",
            help="Instead of asking, write the texts that wait for this annotator; .csv, .jsonl "
            "or .parquet decides the form.",
        ),
    ] = None,
    form: Annotated[
        Form | None, typer.Option("--as", help="Another form of --queue, as in `export`.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write --queue over labels that would be lost.")
    ] = False,
    annotator: options.Annotator = "",
) -> None:
    """Label what waits in a project, text by text; or add the labels of a file.

    Each answer is stored at once: leave at any time, and go on later.
    """
    with report_errors():
        from cartography.cli.label_files import (
            check_form,
            check_labels_are_stored,
            import_labels,
            open_session,
            write_texts,
        )
        from cartography.errors import CartographyError
        from cartography.formatting import count_noun, join_names
        from cartography.labelling.reconcile import read_labels

        if batch is not None and queue is not None:
            raise CartographyError("--batch adds labels and --queue writes texts: give one of them")
        if form is not None and queue is None:
            raise CartographyError("--as is the form of a file: give --queue FILE too")
        if queue is not None:
            check_form(queue, form, "--queue")
        session = open_session(project, annotator)
        named = session.project.settings.annotators
        if named and session.annotator not in named:
            raise CartographyError(
                f"{session.project.name} is shared by {join_names(named)}: say who labels with "
                "--annotator"
            )
        if batch is not None:
            corpus = read_labels(batch, id="id", label="label")
            import_labels(session, corpus, replace=replace, own_answers=bool(session.annotator))
        elif queue is not None:
            table = _queue_table(session)
            if not force:
                check_labels_are_stored(session, queue, "--queue")
            write_texts(session, table, queue, form)
            say(f"{queue}: {count_noun(len(table), 'text')}")
        else:
            _ask(session, project)


def _queue_table(session: LabelSession) -> pd.DataFrame:
    """The texts that wait for an annotator. Raises CartographyError if there are none."""
    import pandas as pd

    from cartography.errors import CartographyError
    from cartography.labelling.tables import batch_table

    waiting = session.queue()
    parts = [
        batch_table(session, each, [asked.item for asked in waiting if asked.round == each.number])
        for each in session.rounds
        if any(asked.round == each.number for asked in waiting)
    ]
    if not parts:
        raise CartographyError(f"no text waits in {session.project.name}: ask for a batch first")
    return pd.concat(parts, ignore_index=True)


def _ask(session: LabelSession, project: str) -> None:
    """Ask for the label of each text that waits, until none does or the annotator leaves."""
    from cartography.cli.label_files import command
    from cartography.formatting import count_noun

    before = session.state.last
    again: str | None = None
    interrupted = False
    try:
        while True:
            waiting = session.queue()
            if not waiting:
                say(f"no text waits; for the next batch: {command('query', project)}")
                break
            asked = next((each for each in waiting if each.item == again), waiting[0])
            again = None
            _show(session, asked, len(waiting))
            answer = _read_answer(session, asked)
            if answer == "q":
                break
            if answer == "u":
                undone = session.undo()
                again = undone.item if undone is not None else asked.item
                say(
                    "nothing to undo"
                    if undone is None
                    else f"undone: {undone.kind} {undone.item or undone.text}"
                )
    except EOFError:
        say("")
    except KeyboardInterrupt:
        say("")
        interrupted = True
    state = session.state
    given = [
        event
        for event in state.events[before:]
        if event.kind == "labelled"
        and event.annotator == session.annotator
        and not state.is_undone(event)
    ]
    left = count_noun(len(session.queue()), "text")
    say(f"{count_noun(len(given), 'label')} stored, {left} left")
    if interrupted:
        sys.exit(130)


def _show(session: LabelSession, asked: Asked, left: int) -> None:
    """Print a text and the classes to choose from."""
    say(f"\n[{left:,} left, round {asked.round}] {asked.item}")
    say(asked.text)
    keys = _keys(list(session.state.classes.values()))
    if not keys:
        say("  no classes yet: +NAME adds the first")
    for key, name in keys.items():
        say(f"  {key}  {name}" if key != name else f"  {name}")


def _keys(names: list[str]) -> dict[str, str]:
    """The class that each key stands for; a class that is a number is its own key."""
    own = {name for name in names if name.isdecimal()}
    free = (key for key in map(str, count(1)) if key not in own)
    return {name if name in own else next(free): name for name in names}


def _read_answer(session: LabelSession, asked: Asked) -> str:
    """Read answers until one can be stored, and return it."""
    from cartography.errors import CartographyError

    while True:
        answer = input(f"{_HELP}> ").strip()
        if answer in ("u", "q"):
            return answer
        try:
            if answer == "s":
                session.skip(asked.item)
            elif answer == "?":
                session.unsure(asked.item)
            else:
                session.label(asked.item, _class_of(session, answer), round=asked.round)
        except CartographyError as error:
            say(f"{error}; nothing was stored")
            continue
        return answer


def _class_of(session: LabelSession, answer: str) -> str:
    """The class that an answer means. Raises CartographyError if it means none."""
    from cartography.errors import CartographyError

    names = list(session.state.classes.values())
    if answer.startswith("+") and answer not in names:
        name = answer[1:].strip()
        session.add_class(name)
        return name
    keys = _keys(names)
    if answer in keys or answer in names:
        return keys.get(answer, answer)
    alike = [name for name in names if name.casefold() == answer.casefold()]
    if len(alike) == 1:
        return alike[0]
    if not answer:
        raise CartographyError("give an answer")
    raise CartographyError(f"{answer!r} is no class; +NAME adds one")
