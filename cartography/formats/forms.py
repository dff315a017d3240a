"""All forms in which a table of texts is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from cartography.errors import CartographyError
from cartography.formats import label_studio
from cartography.formats.export import TABLE_FORMS, Companion, Form, form_of, write_content
from cartography.formats.huggingface import write_dataset
from cartography.formats.tool_records import classes_of, items_of
from cartography.formats.tools import TOOLS


def _of_tool(key: str, name: str, companion: Companion | None = None) -> Form:
    tool = TOOLS[key]

    def write(items: pd.DataFrame, model_version: str, classes: Sequence[str]) -> str:
        offered = {"classes": classes} if tool.offers_classes else {}
        return tool.write(items, model_version=model_version, **offered)

    return Form(name, tool.suffix, write, companion)


def _labelling_config(tables: Sequence[pd.DataFrame], classes: Sequence[str]) -> str:
    items = [item for table in tables for item in items_of(table)]
    return label_studio.labelling_config(classes_of(items, classes))


FORMS: Mapping[str, Form] = {
    **TABLE_FORMS,
    "label-studio": _of_tool(
        "label-studio",
        "Label Studio",
        Companion("Labelling configuration", ".xml", _labelling_config),
    ),
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
    items: pd.DataFrame,
    path: Path,
    form: str | None = None,
    *,
    model_version: str = "",
    classes: Sequence[str] = (),
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
    classes : sequence of str
        All classes of the corpus, in their order, which the tools offer; by default those of
        `items`.

    Raises
    ------
    CartographyError
        The form is unknown, a column is missing, or the file cannot be written; for Label Studio,
        the file ends in .xml, or a class has a character that the configuration cannot contain.
    """
    chosen = form or form_of(path)
    if chosen is None:
        raise CartographyError(
            f"{path} ends in neither .csv, .jsonl nor .parquet: rename it, or name its form"
        )
    if chosen == HUGGING_FACE:
        write_dataset(items, path, classes)
        return
    if chosen not in FORMS:
        known = ", ".join((*FORMS, HUGGING_FACE))
        raise CartographyError(f"{chosen!r} is not a form of export; give one of {known}")
    files = {path: FORMS[chosen].content(items, model_version, classes)}
    companion = FORMS[chosen].companion
    if companion is not None:
        if path.suffix.lower() == companion.suffix:
            raise CartographyError(
                f"{path} would be replaced by the {companion.name.lower()}, which ends in "
                f"{companion.suffix}: name a file that ends in {FORMS[chosen].suffix}"
            )
        files[path.with_suffix(companion.suffix)] = companion.content([items], classes)
    for file, content in files.items():  # all are made before one is written
        write_content(content, file)
