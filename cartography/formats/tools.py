"""The annotation tools whose files are read and written, and what a table needs before it is read.

To add one, write a module with `recognise`, `flatten` and `write`, and add it to `TOOLS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from cartography.formats import argilla, doccano, label_studio, prodigy, spacy
from cartography.formats.guard import unguard_table
from cartography.formats.tool_records import Record
from cartography.tables.reading import read_table
from cartography.tables.table import Table, TableOptions

_LOOKED_AT = 20


@dataclass(frozen=True)
class Tool:
    """The format of an annotation tool.

    Attributes
    ----------
    name : str
        As it follows "read as".
    recognise : callable
        `recognise(records)` returns whether the first records of a file are in this format.
    flatten : callable
        `flatten(record)` returns flat fields: `text`, `label` (a text, a list of texts or None),
        `id` where there is one, and others.
    write : callable
        `write(items, model_version=…)` returns the content of a file for the tool.
    suffix : str
        Of that file.
    offers_classes : bool
        Whether its records name the classes to choose from: `write` then also takes `classes`.
    columns : callable, optional
        `columns(records)` returns the names of the text and of the label among several fields and
        questions, which `flatten` then takes as `text` and `label`.
    """

    name: str
    recognise: Callable[[Sequence[Record]], bool]
    flatten: Callable[..., Record]
    write: Callable[..., str]
    suffix: str
    offers_classes: bool = False
    columns: Callable[[Sequence[Record]], tuple[str | None, str | None]] | None = None


# The most specific first: records of Prodigy may have the categories of spaCy.
TOOLS: Mapping[str, Tool] = {
    "label-studio": Tool(
        label_studio.NAME,
        label_studio.recognise,
        label_studio.flatten,
        label_studio.write,
        ".json",
        columns=label_studio.columns_of,
    ),
    "argilla": Tool(
        argilla.NAME_2,
        argilla.recognise_2,
        argilla.flatten_2,
        argilla.write_2,
        ".json",
        columns=argilla.columns_of,
    ),
    "argilla-1": Tool(
        argilla.NAME_1, argilla.recognise_1, argilla.flatten_1, argilla.write_1, ".jsonl"
    ),
    "prodigy": Tool(
        prodigy.NAME,
        prodigy.recognise,
        prodigy.flatten,
        prodigy.write,
        ".jsonl",
        offers_classes=True,
    ),
    "spacy": Tool(
        spacy.NAME, spacy.recognise, spacy.flatten, spacy.write, ".jsonl", offers_classes=True
    ),
    "doccano": Tool(doccano.NAME, doccano.recognise, doccano.flatten, doccano.write, ".jsonl"),
}
"""The annotation tools by the name of their format."""


def recognise_tool(records: Sequence[Record]) -> Tool | None:
    """Find the tool that wrote a file.

    Parameters
    ----------
    records : sequence of dict
        The first records of the file.

    Returns
    -------
    Tool or None
        None if it is no tool's format. If the records have several fields or questions, `flatten`
        reads the text and the label from those that these records show to be them, and `name`
        says which.
    """
    tool = next((tool for tool in TOOLS.values() if tool.recognise(records)), None)
    if tool is None or tool.columns is None:
        return tool
    text, label = tool.columns(records)
    named = [tool.name]
    named += [f"texts from {text!r}"] if text not in (None, "text") else []
    named += [f"labels from {label!r}"] if label not in (None, "label") else []
    name = ", ".join(named)
    return replace(tool, name=name, flatten=partial(tool.flatten, text=text, label=label))


def open_table(path: Path, options: TableOptions | None = None) -> Table:
    """Open a file of any known format, also one that a tool or a spreadsheet has changed.

    Parameters
    ----------
    path : Path
    options : TableOptions, optional
        Its `reshape` is not used.

    Returns
    -------
    Table
        The records of a tool are flat, and the cells are as `adapt_table` leaves them. A note says
        what was recognised.

    Raises
    ------
    CartographyError
        The file cannot be read (see `read_table`).
    """
    found: list[Tool] = []

    def reshape(records: list[Record]) -> tuple[Callable[[Record], Record], str] | None:
        tool = recognise_tool(records)
        if tool is None:
            return None
        found.append(tool)
        return tool.flatten, f"read as {tool.name}"

    table = read_table(path, replace(options or TableOptions(), reshape=reshape))
    # Flat records may have the columns of the same tool's CSV export.
    return table if found else adapt_table(table)


def adapt_table(table: Table) -> Table:
    """Return a table without what a spreadsheet's guard or a tool's CSV export put into its cells.

    Parameters
    ----------
    table : Table

    Returns
    -------
    Table
        Without the apostrophes of our own guard. In a CSV export of Label Studio, several labels
        that stand in a cell as JSON are a list, and the question of the label is also the column
        `label`. Any other table is returned as it is.
    """
    table = unguard_table(table)
    if not label_studio.is_csv(table.columns):
        return table
    head = table.head(_LOOKED_AT)
    records = [dict(zip(head, row, strict=True)) for row in zip(*head.values(), strict=True)]
    _, label = label_studio.columns_of(records)
    stored = {name: name for name in table.columns}
    if label is not None:
        stored.setdefault("label", label)

    def batches(columns: Sequence[str]) -> Iterator[Sequence[Sequence[Any]]]:
        for batch in table.batches([stored[column] for column in columns]):
            yield [list(map(label_studio.parse_cell, cells)) for cells in batch]

    return replace(
        table,
        columns=tuple(stored),
        batches=batches,
        notes=(*table.notes, f"read as {label_studio.NAME}"),
    )
