"""Text files (.txt): fastText's lines of labels and text, tables, and lists of texts."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from cartography.tables.decoding import BYTE_ORDER_MARK, TextSource, text_source
from cartography.tables.delimited import read_delimited
from cartography.tables.dialect import rank
from cartography.tables.limits import Limits
from cartography.tables.source import ByteSource
from cartography.tables.table import LeftOut, Table, TableOptions

_PREFIX = "__label__"
_SAMPLE_LINES = 100
_MOST = 0.5
_BATCH_ROWS = 10_000
_DELIMITERS = "\t,;|"


def read_txt(source: ByteSource, options: TableOptions) -> Table:
    """Read a text file: lines with fastText's labels, a table, or one text to a line.

    Parameters
    ----------
    source : ByteSource
    options : TableOptions

    Returns
    -------
    Table
        Lines that start with `__label__name` have the columns label (a list) and text. A file whose
        lines are no rows of one width has the column text alone.

    Raises
    ------
    CartographyError
        The file is not text, or passes a limit.
    """
    text = text_source(source, options)
    with text.open() as stream:
        sample = [line for line in islice(stream, _SAMPLE_LINES) if line.strip()]
    if sum(line.startswith(_PREFIX) for line in sample) >= _MOST * max(len(sample), 1) and sample:
        return _table(text, ("label", "text"), "lines of fastText")
    table = rank(sample, _DELIMITERS)[0] if sample else None
    if table is not None and table.width > 1 and not table.misfitting:
        return read_delimited(source, options, _DELIMITERS)
    return _table(text, ("text",), "one text to a line")


def _table(text: TextSource, columns: tuple[str, ...], form: str) -> Table:
    limits = Limits.current()
    numbers = array("q")
    blank = characters = last = 0
    with text.open() as stream:
        for last, line in enumerate(stream, 1):
            if not line.strip():
                blank += 1
                continue
            numbers.append(last)
            characters += len(line)
            limits.check("rows", len(numbers), text.location)
            limits.check("cell", len(line), f"{text.location}, line {last:,}")
            limits.check("characters", characters, text.location)
    parts = _labels_and_text if "label" in columns else _text_alone

    def batches(wanted: Sequence[str]) -> Iterator[Sequence[Sequence[Any]]]:
        with text.open() as stream:
            rows = (parts(line) for line in stream if line.strip())
            while batch := list(islice(rows, _BATCH_ROWS)):
                yield [[row[name] for row in batch] for name in wanted]

    return Table(
        location=text.location,
        name=text.name,
        columns=columns,
        rows=len(numbers),
        batches=batches,
        row_name=lambda i: f"row {i + 1} (line {numbers[i]})",
        notes=(*text.notes, f"{text.name} was read as {form}"),
        left_out=(LeftOut(blank, "blank line"),) if blank else (),
        lines=last,
    )


def _labels_and_text(line: str) -> dict[str, Any]:
    words = line.strip()
    if words.startswith(BYTE_ORDER_MARK):  # of a file that was joined to another
        words = words.lstrip(BYTE_ORDER_MARK)
    labels = []
    while words.startswith(_PREFIX):
        label, *rest = words.split(maxsplit=1)  # a tab or several spaces, too
        labels.append(label.removeprefix(_PREFIX))
        words = rest[0] if rest else ""
    # Lines that were divided into words have a comma behind the label.
    return {"label": labels, "text": words.removeprefix(", ") if labels else words}


def _text_alone(line: str) -> dict[str, Any]:
    return {"text": line.rstrip("\r\n")}
