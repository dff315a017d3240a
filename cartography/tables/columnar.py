"""Columnar files: Parquet, and Arrow's own format, also called Feather."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cartography.errors import CartographyError
from cartography.tables.limits import Limits
from cartography.tables.source import ByteSource
from cartography.tables.table import Table, TableOptions, bounded

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS = 10_000
_ARROW_MARK = b"ARROW1"


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
        costs = _costs(file)
        texts = [field.name for field in schema if _is_text(field.type)]

    def record_batches(columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        # Repeated texts stay one object each: a small file can hold a long text millions of times.
        cost = sum(costs.get(column, 0.0) for column in columns)
        batch_rows = max(1, min(_BATCH_ROWS, int(_BATCH_BYTES / max(cost, 1.0))))
        with parquet.ParquetFile(path, read_dictionary=texts) as file:
            yield from file.iter_batches(batch_rows, columns=list(columns))

    kept = [field for field in schema if costs.get(field.name, 0.0) < math.inf]
    table = _table(source, "Parquet", schema.empty_table().select(
        [field.name for field in kept]).schema, rows, record_batches)
    left = [field.name for field in schema if field not in kept]
    return table


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
        is_file = handle.read(len(_ARROW_MARK)) == _ARROW_MARK

    def all_batches() -> Iterator[pa.RecordBatch]:
        with pa.memory_map(str(path)) as mapped:
            if is_file:
                reader = pa.ipc.open_file(mapped)
                for number in range(reader.num_record_batches):
                    yield reader.get_batch(number)
            else:
                yield from pa.ipc.open_stream(mapped)

    def record_batches(columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        for batch in all_batches():
            chosen = batch.select(list(columns))
            chosen.validate(full=True)  # a damaged file could point outside of its own memory
            for start in range(0, chosen.num_rows, _BATCH_ROWS):
                yield chosen.slice(start, _BATCH_ROWS)

    limits = Limits.current()
    with _damage(path, "Arrow"), pa.memory_map(str(path)) as mapped:
        opened = pa.ipc.open_file(mapped) if is_file else pa.ipc.open_stream(mapped)
        schema = opened.schema
        rows = 0
        for batch in all_batches():
            rows += batch.num_rows
            limits.check("rows", rows, str(path))
    return _table(source, "Arrow", schema, rows, record_batches)


def _require_path(source: ByteSource) -> Path:
    if source.path is None:
        raise CartographyError(f"{source.location} is a columnar file: unpack it first")
    return source.path


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


@contextmanager
def _damage(path: Path, kind: str) -> Iterator[None]:
    """Say in one line that a file cannot be read."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError, MemoryError, OverflowError) as error:
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
) -> Table:
    """The table of a file, whose columns are the leaves of its schema."""
    limits = Limits.current()
    limits.check("rows", rows, source.location)
    paths: dict[str, tuple[str, ...]] = {}
    for name in schema.names:
        if schema.get_field_index(name) < 0:  # the name of several fields
            raise CartographyError(
                f"{source.location} has several columns named {name!r}: rename all but one"
            )
    for field in schema:
        _add_leaves(paths, (field.name,), field.type, source.location, limits)
    limits.check("columns", len(paths), source.location)

    def batches(columns: Sequence[str]) -> Iterator[Sequence[Sequence[Any]]]:
        roots = list(dict.fromkeys(paths[column][0] for column in columns))
        with _damage(Path(source.location), kind):
            for batch in record_batches(roots):
                yield [
                    _values(_leaf(batch, paths[column]), source.location, column)
                    for column in columns
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
    else:
        paths.setdefault(".".join(path), path)


def _leaf(batch: pa.RecordBatch, path: tuple[str, ...]) -> pa.Array:
    """The values of a field of nested structs; null where an outer struct is null."""
    import pyarrow.compute as pc

    values = batch.column(path[0])
    for name in path[1:]:
        values = pc.struct_field(values, name)
    return values


def _values(array: pa.Array, location: str, column: str) -> list[Any]:
    """The cells of an array as plain Python values."""
    import pyarrow as pa

    if pa.types.is_dictionary(array.type):
        # Only the entries that occur: a dictionary may be far larger than a batch.
        encoded = array.indices.dictionary_encode()
        entries = _values(array.dictionary.take(encoded.dictionary), location, column)
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
