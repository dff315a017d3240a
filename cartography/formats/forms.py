"""All forms in which a table of texts is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cartography.errors import CartographyError
from cartography.formats import label_studio
from cartography.formats.export import (
    to_csv,
    to_jsonl,
    to_parquet,
    to_spreadsheet_csv,
    write_content,
)
from cartography.formats.huggingface import write_dataset
from cartography.formats.tool_records import classes_of, items_of
from cartography.formats.tools import TOOLS

_MIME = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".parquet": "application/vnd.apache.parquet",
}
_OF_SUFFIX = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}


@dataclass(frozen=True)
class Form:
    """A form of a file.

    Attributes
    ----------
    name : str
        What it is, for a list of forms.
    suffix : str
        Of the file.
    write : callable
        `write(items, model_version)` returns the content of the file.
    """

    name: str
    suffix: str
    write: Callable[[pd.DataFrame, str], str | bytes]

    @property
    def mime(self) -> str:
        """The MIME type of the file."""
        return _MIME[self.suffix]

    def content(self, items: pd.DataFrame, model_version: str = "") -> bytes:
        """Return the content of the file of a table."""
        content = self.write(items, model_version)
        return content.encode("utf-8") if isinstance(content, str) else content


def _of_tool(key: str, name: str) -> Form:
    tool = TOOLS[key]
    return Form(name, tool.suffix, lambda items, model: tool.write(items, model_version=model))


FORMS: Mapping[str, Form] = {
    "csv": Form("CSV", ".csv", lambda items, _: to_csv(items)),
    "spreadsheet": Form(
        "CSV for a spreadsheet", ".csv", lambda items, _: to_spreadsheet_csv(items)
    ),
    "jsonl": Form("JSON lines", ".jsonl", lambda items, _: to_jsonl(items)),
    "parquet": Form("Parquet", ".parquet", lambda items, _: to_parquet(items)),
    "label-studio": _of_tool("label-studio", "Label Studio"),
    "doccano": _of_tool("doccano", "doccano"),
    "argilla": _of_tool("argilla", "Argilla"),
    "argilla-1": _of_tool("argilla-1", "Argilla 1"),
    "prodigy": _of_tool("prodigy", "Prodigy"),
    "spacy": _of_tool("spacy", "spaCy"),
}
"""The forms of a file by their short names."""

HUGGING_FACE = "huggingface"
"""The form of a data set saved by the library `datasets`, which is a folder."""


def write_items(
    items: pd.DataFrame, path: Path, form: str | None = None, *, model_version: str = ""
) -> None:
    """Write texts for an annotation tool, for a spreadsheet or for another program.

    Parameters
    ----------
    items : pandas.DataFrame
        With `id` and `text`, and perhaps `label`, `predicted_label`, `score` and others.
    path : Path
        The file; for "huggingface" a new folder. A Label Studio project also needs a labelling
        configuration, which is written next to the file, with the suffix `.xml`.
    form : str, optional
        A key of `FORMS`, or `HUGGING_FACE`; by default that of the suffix .csv, .jsonl or
        .parquet.
    model_version : str
        Name of the model or run that predicted, for the tools.

    Raises
    ------
    CartographyError
        The form is unknown, a column is missing, or the file cannot be written.
    """
    chosen = form or _OF_SUFFIX.get(path.suffix.lower())
    if chosen is None:
        raise CartographyError(
            f"{path} ends in neither .csv, .jsonl nor .parquet: rename it, or name its form"
        )
    if chosen == HUGGING_FACE:
        write_dataset(items, path)
        return
    if chosen not in FORMS:
        known = ", ".join((*FORMS, HUGGING_FACE))
        raise CartographyError(f"{chosen!r} is not a form of export; give one of {known}")
    write_content(FORMS[chosen].content(items, model_version), path)
    if chosen == "label-studio":
        config = label_studio.labelling_config(classes_of(items_of(items)))
        write_content(config, path.with_suffix(".xml"))
