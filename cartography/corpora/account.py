"""The account of a reading: every line of a file is a text, or left out for a stated reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cartography.formatting import count_noun, join_names
from cartography.tables.table import LeftOut


@dataclass(frozen=True)
class Account:
    """What became of the contents of a file.

    Attributes
    ----------
    rows : int
        Rows that were read as texts.
    lines : int or None
        Lines of the file; None if it has none, as Parquet files.
    left_out : tuple of LeftOut
        Lines and rows that are not texts of the corpus, with the reason.
    text : str
        Name of the text column.
    label : tuple of str
        Name of the label column; several columns of 0 and 1; or none.
    id : str or None
        Name of the id column; None if the row numbers are the ids.
    others : tuple of str
        Names of the columns that stay with the texts for exports.
    marks : mapping of str to int
        The texts that were read as "no label", with the number of rows.
    several : int
        Rows with more than one label.
    """

    rows: int
    lines: int | None = None
    left_out: tuple[LeftOut, ...] = ()
    text: str = ""
    label: tuple[str, ...] = ()
    id: str | None = None
    others: tuple[str, ...] = ()
    marks: Mapping[str, int] = field(default_factory=dict)
    several: int = 0

    @property
    def summary(self) -> str:
        """What was read and left out: "9 lines in the file, 7 rows read; left out: 1 empty row"."""
        read = count_noun(self.rows, "row") + " read"
        if self.lines is not None:
            read = f"{count_noun(self.lines, 'line')} in the file, {read}"
        if not self.left_out:
            return f"{read}, nothing left out"
        parts = [
            count_noun(part.count, part.noun) + (f" ({part.where})" if part.where else "")
            for part in self.left_out
        ]
        return f"{read}; left out: {join_names(parts)}"
