"""Columnar files: Parquet, and Arrow's own format, also called Feather.

A few bytes of such a file can stand for gigabytes, so sizes are read from its metadata and compared
with the limits before anything is unpacked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from struct import error as StructError  # noqa: N812
from struct import unpack_from
from typing import TYPE_CHECKING, Any

from cartography.errors import CartographyError
from cartography.tables.limits import Limits
from cartography.tables.nested import arrow_parts, is_listed, python_size
from cartography.tables.source import ByteSource
from cartography.tables.table import Table, TableOptions, bounded

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS = 10_000
_CODED_ROWS = 50
_MOST_LISTED = 20_000_000
_MOST_UNPACKED = 400_000_000
_FILE_MARK, _STREAM_MARK = b"ARROW1", b"\xff\xff\xff\xff"
_LATEST_START = 64
_DICTIONARY_BATCH = 2


def read_parquet(source: ByteSource, options: TableOptions) -> Table:
    """Read a Parquet file; fields of structs become columns with dotted names.

    Parameters
    ----------
    source : ByteSource
    options : TableOptions
        Not used.

    Returns
    -------
    Table
        Without columns of lists that hold too many values; a note names them.

    Raises
    ------
    CartographyError
        The file is damaged or compressed, or passes a limit.
    """
    from pyarrow import parquet

    del options
    path = _require_path(source)
    with _damage(path, "Parquet"), parquet.ParquetFile(path) as file:
        schema, rows = file.schema_arrow, file.metadata.num_rows
        Limits.current().check("rows", rows, source.location)
        shared, coded, too_long = _parquet_layout(file, source.location)

    def record_batches(columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        # Repeated texts stay one object each: a small file can hold a long text millions of times.
        batch_rows = _BATCH_ROWS if coded.isdisjoint(columns) else _CODED_ROWS
        with parquet.ParquetFile(path, read_dictionary=shared) as file:
            yield from file.iter_batches(batch_rows, columns=list(columns))

    table = _table(source, "Parquet", schema, rows, record_batches, too_long)
    notes = [f"column {name!r} is left out: its lists hold too many values" for name in too_long]
    return replace(table, notes=tuple(notes))


def _parquet_layout(file: Any, location: str) -> tuple[list[str], set[str], list[str]]:
    """What the metadata of a `ParquetFile` says about its columns.

    Returns
    -------
    shared : list of str
        Paths of texts of which repeated ones can be read as one object.
    coded : set of str
        Columns of texts that are stored as differences, so a few bytes can be a long text.
    too_long : list of str
        Columns of lists with more values in a row group than fit in memory.
    """
    limits = Limits.current()
    roots = [field.name for field in file.schema_arrow for _ in range(_leaf_count(field.type))]
    leaves = [file.schema.column(position) for position in range(len(file.schema))]
    shared: list[str] = []
    coded: set[str] = set()
    too_long: set[str] = set()
    for position, (root, leaf) in enumerate(zip(roots, leaves, strict=True)):
        size, is_coded = 0, False
        for number in range(file.metadata.num_row_groups):
            chunk = file.metadata.row_group(number).column(position)
            if leaf.max_repetition_level and chunk.num_values > _MOST_LISTED:
                too_long.add(root)
            is_coded |= any(name.startswith("DELTA") for name in chunk.encodings)
            size += max(chunk.total_uncompressed_size, chunk.num_values * leaf.length)
        if leaf.physical_type.endswith("BYTE_ARRAY") and root not in too_long:
            limits.check("unpacked", size, f"{location}, column {leaf.path!r}")
        if leaf.physical_type == "BYTE_ARRAY":
            if is_coded:
                coded.add(root)
            else:
                shared.append(leaf.path)
    return shared, coded, sorted(too_long)


def _leaf_count(kind: pa.DataType) -> int:
    return sum(_leaf_count(kind.field(i).type) for i in range(kind.num_fields)) or 1


def read_arrow(source: ByteSource, options: TableOptions) -> Table:
    """Read a file or a stream in Arrow's format (.arrow, .feather).

    Parameters
    ----------
    source : ByteSource
    options : TableOptions
        Not used.

    Returns
    -------
    Table

    Raises
    ------
    CartographyError
        The file is damaged or compressed, or passes a limit.
    """
    import pyarrow as pa

    del options
    path = _require_path(source)
    with path.open("rb") as handle:
        head = handle.read(_LATEST_START + len(_STREAM_MARK))
    # A file in this format is a stream in a frame, whose index could name other batches.
    starts = range(8, _LATEST_START + 1, 8) if head.startswith(_FILE_MARK) else [0]
    start = next((at for at in starts if head[at : at + 4] == _STREAM_MARK), 0)

    def record_batches(columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        with pa.memory_map(str(path)) as mapped:
            mapped.seek(start)
            for batch in pa.ipc.open_stream(mapped):
                chosen = batch.select(list(columns))
                chosen.validate(full=True)  # a damaged file could point outside of its own memory
                for first in range(0, chosen.num_rows, _BATCH_ROWS):
                    yield chosen.slice(first, _BATCH_ROWS)

    with _damage(path, "Arrow"), pa.memory_map(str(path)) as mapped:
        mapped.seek(start)
        rows = _arrow_rows(pa.ipc.MessageReader.open_stream(mapped), source.location)
        mapped.seek(start)
        schema = pa.ipc.open_stream(mapped).schema
        if start and pa.ipc.open_file(mapped).count_rows() != rows:
            raise CartographyError(f"{path} is not a complete Arrow file: save it again")
    return _table(source, "Arrow", schema, rows, record_batches)


def _arrow_rows(messages: Any, location: str) -> int:
    """The number of rows of a stream; its compressed buffers are checked on the way."""
    limits = Limits.current()
    rows = unpacked = 0
    while True:
        try:
            message = messages.read_next_message()
        except StopIteration:
            return rows
        if message.type not in ("record batch", "dictionary"):
            continue
        length, size = _batch_sizes(memoryview(message.metadata), memoryview(message.body))
        rows += length if message.type == "record batch" else 0
        unpacked += size
        limits.check("rows", rows, location)
        limits.check("unpacked", unpacked, location)
        if size > _MOST_UNPACKED:
            raise CartographyError(
                f"{location} has a record batch of {size:,} bytes when unpacked, but at most "
                f"{_MOST_UNPACKED:,} are read at once: save it with smaller batches"
            )


def _batch_sizes(metadata: memoryview, body: memoryview) -> tuple[int, int]:
    """The rows of a record batch, and the bytes of its compressed buffers when unpacked.

    pyarrow does not tell them. The metadata is a FlatBuffer: a `Message` of the Arrow format, which
    pyarrow has verified.
    """

    def place(table: int, field: int) -> int:
        """Where a field of a table is; 0 if the table does not have it."""
        fields = table - unpack_from("<i", metadata, table)[0]
        entry = 4 + 2 * field
        if entry >= unpack_from("<H", metadata, fields)[0]:
            return 0
        offset: int = unpack_from("<H", metadata, fields + entry)[0]
        return table + offset if offset else 0

    def follow(at: int) -> int:
        return at + int(unpack_from("<I", metadata, at)[0])

    message = follow(0)
    batch = follow(place(message, 2))
    if unpack_from("<B", metadata, place(message, 1))[0] == _DICTIONARY_BATCH:
        batch = follow(place(batch, 1))
    length, buffers, compression = (place(batch, field) for field in (0, 2, 3))
    rows: int = unpack_from("<q", metadata, length)[0] if length else 0
    if not (buffers and compression):
        return rows, 0
    vector, unpacked = follow(buffers), 0
    for number in range(unpack_from("<I", metadata, vector)[0]):
        # A buffer begins with its unpacked size; -1 says that it is not compressed.
        offset, size = unpack_from("<qq", metadata, vector + 4 + 16 * number)
        if size >= 8:
            unpacked += max(0, unpack_from("<q", body, offset)[0])
    return rows, unpacked


def _require_path(source: ByteSource) -> Path:
    if source.path is None:
        raise CartographyError(f"{source.location} is a columnar file: unpack it first")
    return source.path


@contextmanager
def _damage(path: Path, kind: str) -> Iterator[None]:
    """Say in one line that a file cannot be read."""
    import pyarrow as pa

    failures = (pa.ArrowException, OSError, ValueError, MemoryError, OverflowError, StructError)
    try:
        yield
    except failures as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise CartographyError(
            f"{path} is not a complete {kind} file ({lines[0][:200]})"
        ) from error


def _table(
    source: ByteSource,
    kind: str,
    schema: pa.Schema,
    rows: int,
    record_batches: Callable[[Sequence[str]], Iterator[pa.RecordBatch]],
    left_out: Collection[str] = (),
) -> Table:
    """The table of a file, whose columns are the leaves of its schema."""
    limits = Limits.current()
    paths: dict[str, tuple[str, ...]] = {}
    for name in schema.names:
        if schema.get_field_index(name) < 0:  # the name of several fields
            raise CartographyError(
                f"{source.location} has several columns named {name!r}: rename all but one"
            )
    for field in schema:
        if field.name not in left_out:
            _add_leaves(paths, (field.name,), field.type, source.location, limits)
    limits.check("columns", len(paths), source.location)

    def batches(columns: Sequence[str]) -> Iterator[Sequence[Sequence[Any]]]:
        roots = list(dict.fromkeys(paths[column][0] for column in columns))
        listed = 0
        with _damage(Path(source.location), kind):
            for batch in record_batches(roots):
                leaves = [_leaf(batch, paths[column]) for column in columns]
                listed += sum(python_size(leaf) for leaf in leaves if is_listed(leaf.type))
                Limits.current().check("characters", listed, source.location)
                for part in arrow_parts(leaves, source.location):
                    yield [
                        _values(array, source.location, column)
                        for array, column in zip(part, columns, strict=True)
                    ]

    return Table(
        location=source.location,
        name=source.name,
        columns=tuple(paths),
        rows=rows,
        batches=bounded(source.location, batches),
        row_name=lambda i: f"row {i + 1}",
        class_names=_class_names(schema.metadata or {}),
    )


def _add_leaves(
    paths: dict[str, tuple[str, ...]],
    path: tuple[str, ...],
    kind: pa.DataType,
    location: str,
    limits: Limits,
) -> None:
    import pyarrow as pa

    limits.check("nesting", len(path), location)
    if pa.types.is_struct(kind) and kind.num_fields:
        for field in kind:
            _add_leaves(paths, (*path, field.name), field.type, location, limits)
        return
    name = ".".join(path)
    if name in paths:
        raise CartographyError(
            f"{location} has two columns named {name!r}, one of them a field of a struct: rename it"
        )
    if "union" in str(kind) or "run_end_encoded" in str(kind):
        raise CartographyError(
            f"{location}, column {name!r} is of a type that is not read: {str(kind)[:80]}"
        )
    paths[name] = path


def _leaf(batch: pa.RecordBatch, path: tuple[str, ...]) -> pa.Array:
    """The values of a field of nested structs; null where an outer struct is null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values = batch.column(path[0])
    for name in path[1:]:
        values = pc.struct_field(values, name)
    return values.storage if isinstance(values, pa.ExtensionArray) else values


def _values(array: pa.Array, location: str, column: str) -> list[Any]:
    """The cells of an array as plain Python values."""
    import pyarrow as pa

    if pa.types.is_dictionary(array.type):
        # Only the entries that occur: a dictionary may be far larger than a batch.
        encoded = array.indices.dictionary_encode()
        entries = _values(_taken(array.dictionary, encoded.dictionary), location, column)
        return [None if i is None else entries[i] for i in encoded.indices.to_pylist()]
    try:
        cells = array.to_pylist()
    except (UnicodeDecodeError, OverflowError, ValueError) as error:
        raise CartographyError(
            f"{location}, column {column!r} has a value that cannot be read ({error})"
        ) from error
    kind = array.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return [_decoded(cell, location, column) for cell in cells]
    if pa.types.is_decimal(kind):
        return [_plain_number(cell) for cell in cells]
    if pa.types.is_temporal(kind):
        return [None if cell is None else _as_text(cell) for cell in cells]
    return cells


def _taken(entries: pa.Array, indices: pa.Array) -> pa.Array:
    """The entries at some positions; pyarrow cannot take views."""
    import pyarrow as pa

    if pa.types.is_string_view(entries.type):
        return pa.array([entries[i.as_py()].as_py() for i in indices], pa.large_string())
    return entries.take(indices)


def _decoded(cell: bytes | None, location: str, column: str) -> str | None:
    try:
        return None if cell is None else cell.decode()
    except UnicodeDecodeError as error:
        raise CartographyError(
            f"{location}, column {column!r} contains bytes that are not UTF-8 text"
        ) from error


def _plain_number(cell: Decimal | None) -> Decimal | int | None:
    return int(cell) if cell is not None and cell == cell.to_integral_value() else cell


def _as_text(cell: Any) -> str:
    return str(cell.isoformat() if hasattr(cell, "isoformat") else cell)


def _class_names(metadata: Mapping[bytes, bytes]) -> dict[str, tuple[str, ...]]:
    """The class names that the `datasets` library stores; anything else there is ignored."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        items = {name: _item(feature) for name, feature in features.items()}
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return {}
    return {name: classes for name, classes in items.items() if classes}


def _item(feature: Any) -> tuple[str, ...]:
    """The class names of a column of classes, or of lists of classes; else none."""
    for _ in range(2):
        if not isinstance(feature, dict):
            return ()
        if feature.get("_type") == "ClassLabel":
            names = feature.get("names")
            if not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
                return ()
            return tuple(names) if len(set(names)) == len(names) else ()
        feature = feature.get("feature")
    return ()
