"""Values of JSON and Arrow that become Python values piece by piece, in bounded memory."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from cartography.errors import CartographyError
from cartography.tables.decoding import TextSource
from cartography.tables.limits import Limits

if TYPE_CHECKING:
    import pyarrow as pa

_PIECE = 1 << 20
_LONGEST_RECORD_IN_CELLS = 10
_DOCUMENT_SHARE = 5
_MOST_VALUES = 5_000_000
_MOST_AT_ONCE = 16_000_000
# An error this near to the end of what was read may come from the cut: the longest word of JSON is
# -Infinity, the longest escape twelve characters.
_CUT = 16
_WHITE = " \t\r\n\ufeff"  # the mark is where a file was joined to another
_WHITE_SPACE = re.compile(f"[{_WHITE}]*")


def decode(text: str, start: int = 0) -> tuple[Any, int]:
    """Decode the JSON value that starts at a position.

    Returns
    -------
    value : object
    end : int
        The position behind the value.

    Raises
    ------
    json.JSONDecodeError
        The value is malformed, or an object has a key twice.
    ValueError
        The value has a number of thousands of digits.
    RecursionError
        The value is nested too deeply.
    """
    try:
        return _DECODER.raw_decode(text, start)
    except _RepeatedKeyError as error:
        raise json.JSONDecodeError(str(error), text, start) from error


def explain(error: Exception, at: str) -> str:
    """Return what is wrong with a JSON value, for an error message; `at` is where."""
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON ({error.msg.removesuffix(' at')} at {at})"
    problem = "a number of thousands of digits"
    if isinstance(error, RecursionError):
        problem = f"more than {Limits.current().nesting} levels of nesting"
    return f"JSON that cannot be read ({problem})"


def only_value(text: TextSource) -> Any:
    """Return the value of a text that is one object or scalar; else None.

    Raises
    ------
    CartographyError
        The first value is not JSON, or too large to be read whole.
    """
    limits = Limits.current()
    with text.open() as stream:
        scanner = _Scanner(text.location, stream, limits.characters // _DOCUMENT_SHARE)
        if scanner.peek() in ("", "["):
            return None
        value = scanner.value()
        while scanner.peek() == ",":
            scanner.skip()
        return None if scanner.peek() else value


def stream_values(text: TextSource) -> Iterator[tuple[int, Any]]:
    """Yield the values of a text, which may be separated by commas, and the items of its lists.

    Yields
    ------
    line : int
        The line in which the value starts, from 1.
    value : object

    Raises
    ------
    CartographyError
        A value is not JSON, or too large.
    """
    most = Limits.current().cell * _LONGEST_RECORD_IN_CELLS
    with text.open() as stream:
        scanner = _Scanner(text.location, stream, most)
        while mark := scanner.peek():
            if mark == ",":
                scanner.skip()
            elif mark == "[":
                yield from scanner.items()
            else:
                yield scanner.line, scanner.value()


def check_nesting(value: Any, location: str, depth: int = 1) -> None:
    """Check the levels of lists and objects in a value; `depth` is its own level."""
    limits = Limits.current()
    stack = [(value, depth)]
    while stack:
        value, depth = stack.pop()
        inner = value.values() if isinstance(value, dict) else value
        limits.check("nesting", depth, location)
        stack.extend((item, depth + 1) for item in inner if isinstance(item, dict | list))


class _RepeatedKeyError(Exception):
    """An object has a key twice: one of its values would be lost."""


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        ((name, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise _RepeatedKeyError(f"the key {name[:40]!r} occurs twice in an object")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_distinct)


class _Scanner:
    """Reads a text in pieces, of which it keeps those that a value needs."""

    def __init__(self, location: str, stream: TextIO, most: int) -> None:
        self._location, self._stream, self._most = location, stream, most
        self._text, self._at, self._is_whole = "", 0, False
        self._column = 0  # of the first character kept, from 0
        self.line = 1

    def peek(self) -> str:
        """Return the next character that is no white space; "" at the end."""
        while True:
            if self._text[self._at : self._at + 1] in _WHITE:
                match = _WHITE_SPACE.match(self._text, self._at)
                self._advance(match.end() if match else self._at)
            if self._at < len(self._text) or self._is_whole:
                return self._text[self._at : self._at + 1]
            self._read(_PIECE)

    def skip(self) -> None:
        """Pass over the character that `peek` returned."""
        self._at += 1

    def items(self) -> Iterator[tuple[int, Any]]:
        """Yield the line and the value of each item of the list that starts here."""
        self.skip()
        mark = self.peek()
        while mark != "]":
            yield self.line, self.value()
            mark = self.peek()
            if mark not in ("]", ","):
                problem = "Expecting ',' delimiter" if mark else "the list is never closed"
                raise self._malformed(problem)
            if mark == ",":
                self.skip()
                if self.peek() == "]":
                    raise self._malformed("a comma before the end of the list")
        self.skip()

    def value(self) -> Any:
        """Return the value that starts here, and pass over it."""
        while True:
            try:
                value, end = decode(self._text, self._at)
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated") or error.pos >= len(self._text) - _CUT
                if self._is_whole or not cut:
                    raise self._error(error) from error
            except (ValueError, RecursionError) as error:
                raise self._error(error) from error
            else:
                # A number may go on behind the piece: of 1e+5, this may have been 1e+.
                if end < len(self._text) - 2 or isinstance(value, dict | list) or self._is_whole:
                    self._advance(end)
                    return value
            self._grow()

    def _grow(self) -> None:
        """Read twice as much of a value, within the limits of what one value may be."""
        size = len(self._text) - self._at
        if size > self._most:
            raise CartographyError(
                f"{self._location}, line {self.line:,}: a JSON value of more than {self._most:,} "
                f"characters, which are not read at once: {_ADVICE}"
            )
        self._read(max(_PIECE, size))
        values = sum(self._text.count(mark, self._at) for mark in ",[{")
        if values > _MOST_VALUES:
            raise CartographyError(
                f"{self._location}, line {self.line:,}: a JSON value with more than "
                f"{_MOST_VALUES:,} values in it, which are not read at once: {_ADVICE}"
            )

    def _read(self, size: int) -> None:
        piece = self._stream.read(size)
        self._is_whole = not piece
        self._column = self._column_of(self._at)
        self._text = self._text[self._at :] + piece
        self._at = 0

    def _column_of(self, position: int) -> int:
        line_end = self._text.rfind("\n", 0, position)
        return self._column + position if line_end < 0 else position - line_end - 1

    def _advance(self, end: int) -> None:
        self.line += self._text.count("\n", self._at, end)
        self._at = end

    def _malformed(self, problem: str) -> CartographyError:
        return self._error(json.JSONDecodeError(problem, self._text, self._at))

    def _error(self, error: Exception) -> CartographyError:
        position = error.pos if isinstance(error, json.JSONDecodeError) else self._at
        line = self.line + self._text.count("\n", self._at, position)
        at = f"column {self._column_of(position) + 1:,}"
        return CartographyError(f"{self._location}, line {line:,}: {explain(error, at)}")


_ADVICE = "save the file as JSON lines, an object per line"


def is_listed(kind: pa.DataType) -> bool:
    """Return whether the values of an Arrow type are lists."""
    return "list" in str(kind) or "map" in str(kind)


def arrow_parts(columns: Sequence[pa.Array], location: str) -> Iterator[Sequence[pa.Array]]:
    """Yield the columns of a batch in parts of rows that are small enough to become Python values.

    Raises
    ------
    CartographyError
        A single cell is larger than a cell may be.
    """
    rows = len(columns[0]) if columns else 0
    size = sum(map(python_size, columns))
    if size <= _MOST_AT_ONCE or rows < 2:
        if rows == 1:
            Limits.current().check("cell", max(map(python_size, columns)), location)
        yield columns
        return
    half = rows // 2
    for start, length in ((0, half), (half, rows - half)):
        yield from arrow_parts([column.slice(start, length) for column in columns], location)


def python_size(array: pa.Array, is_shared: bool = True) -> int:
    """Return the bytes of the texts and the number of listed values in an array, at all depths."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind, types = array.type, pa.types
    if types.is_dictionary(kind):
        used = array.indices.unique() if is_shared else array.indices
        sizes = _text_sizes(array.dictionary)
        return 0 if sizes is None else int(pc.sum(sizes.take(used)).as_py() or 0)
    if types.is_struct(kind):
        return sum(python_size(field, is_shared) for field in array.flatten())
    if types.is_list_view(kind) or types.is_large_list_view(kind):
        count = int(pc.sum(array.sizes).as_py() or 0)
        return count if count > _MOST_AT_ONCE else count + python_size(array.flatten(), False)
    if types.is_fixed_size_list(kind):
        first, count = array.offset * kind.list_size, len(array) * kind.list_size
        return count + python_size(array.values.slice(first, count), False)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_map(kind):
        first, last = array.offsets[0].as_py(), array.offsets[-1].as_py()
        return int(last - first) + python_size(array.values.slice(first, last - first), False)
    sizes = _text_sizes(array)
    return 0 if sizes is None else int(pc.sum(sizes).as_py() or 0)


def _text_sizes(array: pa.Array) -> pa.Array | None:
    """The bytes of each text of an array; None for other values."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string_view(array.type) or pa.types.is_binary_view(array.type):
        # A view is of 16 bytes, of which the first four are its length; several may be of one text.
        views = np.frombuffer(array.buffers()[1] or b"", dtype=np.int32).reshape(-1, 4)
        return pa.array(views[array.offset : array.offset + len(array), 0].astype(np.int64))
    try:
        return pc.binary_length(array).cast(pa.int64())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return None
