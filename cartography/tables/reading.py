"""The readers of all formats, by the suffix of a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from cartography.errors import CartographyError
from cartography.tables.columnar import read_arrow, read_parquet
from cartography.tables.containers import COMPRESSED, open_container
from cartography.tables.delimited import read_csv, read_tsv
from cartography.tables.excel import read_excel
from cartography.tables.label_lines import read_txt
from cartography.tables.records import read_records
from cartography.tables.source import ByteSource
from cartography.tables.table import Table, TableOptions

READERS: Mapping[str, Callable[[ByteSource, TableOptions], Table]] = {
    ".csv": read_csv,
    ".tsv": read_tsv,
    ".txt": read_txt,
    ".jsonl": read_records,
    ".ndjson": read_records,
    ".json": read_records,
    ".parquet": read_parquet,
    ".arrow": read_arrow,
    ".feather": read_arrow,
    ".xlsx": read_excel,
}
"""The reader of each file suffix."""

SUFFIXES = (*READERS, *COMPRESSED)
"""The suffixes of files that can be read."""

TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".json")
"""The suffixes of text files, whose encoding can be chosen."""

_ADVICE = {
    ".xls": "save it as .xlsx or as CSV UTF-8",
    ".xlsb": "save it as .xlsx or as CSV UTF-8",
    ".ods": "save it as .xlsx or as CSV UTF-8",
    ".pdf": "give a table of texts",
    ".docx": "give a table of texts",
    ".pkl": "save the data frame as Parquet",
    ".pickle": "save the data frame as Parquet",
}


def is_table(name: str) -> bool:
    """Return whether a file of this name is read as a table."""
    path = Path(name.lower())
    if path.suffix in COMPRESSED:
        path = path.with_suffix("")
        return path.suffix in READERS or path.suffix == ""
    return path.suffix in READERS


def read_table(path: Path, options: TableOptions | None = None) -> Table:
    """Read a table from a file of any known format.

    Parameters
    ----------
    path : Path
        Its suffix decides the format. A file in .gz, .bz2 or .xz, or alone in a .zip, is unpacked
        while it is read.
    options : TableOptions, optional

    Returns
    -------
    Table

    Raises
    ------
    CartographyError
        The file is missing, empty or malformed, its suffix is unknown, or it passes a limit.
    """
    try:
        if path.stat().st_size == 0:
            raise CartographyError(f"{path} is empty; give a file with a header and rows")
        source = open_container(path, is_table)
        suffix = Path(source.name).suffix.lower()
        reader = READERS.get(suffix)
        if reader is None:
            advice = _ADVICE.get(suffix, f"give one of {', '.join(SUFFIXES)}")
            raise CartographyError(
                f"{source.location}: the suffix {suffix!r} is not that of a known format; {advice}"
            )
        options = options or TableOptions()
        if options.sheet is not None and suffix != ".xlsx":
            raise CartographyError(f"{source.location} is no workbook: leave out --sheet")
        table = reader(source, options)
    except OSError as error:
        raise CartographyError(f"{path} cannot be read: {error.strerror or error}") from error
    if table.rows == 0:
        below = " below its header" if table.lines is not None else ""
        raise CartographyError(f"{path} has no rows{below}; give a file with rows")
    return table
