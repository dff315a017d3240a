"""How large a file may be: a file can be hostile, and a server is shared."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields

from cartography.errors import CartographyError

_PREFIX = "CARTOGRAPHY_MAX_"


@dataclass(frozen=True)
class Limits:
    """The largest table that is read; each limit is checked before memory is allocated for it.

    The environment variable `CARTOGRAPHY_MAX_` and the name of a limit in capitals sets that limit,
    such as `CARTOGRAPHY_MAX_ROWS=20000000`.

    Attributes
    ----------
    rows : int
        Rows of a table.
    columns : int
        Columns of a table.
    cell : int
        Characters of a cell.
    characters : int
        Characters of all cells of a table.
    unpacked : int
        Bytes of a compressed file after unpacking.
    nesting : int
        Levels of objects and lists in each other.
    """

    rows: int = 5_000_000
    columns: int = 2_000
    cell: int = 1_000_000
    characters: int = 500_000_000
    unpacked: int = 1_000_000_000
    nesting: int = 50

    @classmethod
    def current(cls) -> Limits:
        """Return the limits that the environment sets, else the defaults.

        Raises
        ------
        CartographyError
            A variable is not a whole number above 0.
        """
        values = {}
        for limit in fields(cls):
            name = f"{_PREFIX}{limit.name.upper()}"
            text = os.environ.get(name, "")
            if not text:
                continue
            if not (text.isascii() and text.isdecimal() and len(text) < 19 and int(text) > 0):
                raise CartographyError(f"{name}={text!r} is not a whole number above 0")
            values[limit.name] = int(text)
        return cls(**values)

    def check(self, name: str, value: int, location: str) -> None:
        """Check `value` against the limit `name`.

        Parameters
        ----------
        name : str
            The name of a limit, such as "rows".
        value : int
        location : str
            What has this value, for the error: the path of a file, or a row of it.

        Raises
        ------
        CartographyError
            `value` is above the limit.
        """
        limit: int = getattr(self, name)
        if value > limit:
            raise CartographyError(
                f"{location} has {value:,} {_UNITS[name]}, but at most {limit:,} are read: make it "
                f"smaller, or start with {_PREFIX}{name.upper()} set to a larger number"
            )


_UNITS = {
    "rows": "rows",
    "columns": "columns",
    "cell": "characters in a cell",
    "characters": "characters in all",
    "unpacked": "bytes when unpacked",
    "nesting": "levels of nesting",
}
