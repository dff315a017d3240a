"""Features that the user made: an array in the order of the texts, or a table with ids."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.features.kinds import BLOCK, Report, Transformed
from cartography.files import content_key, expand_home
from cartography.formatting import count_noun, join_names
from cartography.tables.reading import read_table
from cartography.tables.table import Table, value_kind

_METHOD = "given-1"
_NUMBERS = "fiub"  # NumPy's kinds: floats, integers and truth values
_ID_NAMES = ("id", "guid")
_LOOKED_AT = 20
_LISTED = 3
_SAVE = (
    "save the features as lists, in Parquet with row groups of 10,000 or in JSON lines, or as an "
    ".npy file"
)
_BY_ID = "give a table with a column of ids (Parquet or JSON lines)"


@dataclass(frozen=True)
class GivenFeatures:
    """The features in a file of the user's.

    Attributes
    ----------
    path : Path
        An .npy file of shape (n, d), or a table with a column of lists of numbers. A table with the
        id column of the corpus, or one named "id" or "guid", is matched by id. All others have a
        row for each row of the training texts, in that order; if there is a test set, its rows
        follow. (A test set that was held out has its rows among those of the training texts.)
    column : str, optional
        The column of a table; not needed if one column alone contains lists of numbers.
    """

    path: Path
    column: str | None = None

    @classmethod
    def of_name(cls, name: str) -> GivenFeatures:
        """Return the features that "PATH" or "PATH:COLUMN" names; a path may have a colon, too."""
        head, colon, column = name.rpartition(":")
        if not colon or not head or expand_home(name).exists():
            return cls(expand_home(name))
        return cls(expand_home(head), column)

    @staticmethod
    def of_array(features: Any, ids: Sequence[Any] | None = None) -> GivenArray:
        """Return the features of an array.

        Parameters
        ----------
        features : array of numbers, shape (n, d)
        ids : sequence of str or int, length n, optional
            The id of the text of each row. Without them, the rows are in the order of the texts, as
            those of a file.

        Returns
        -------
        GivenArray

        Raises
        ------
        CartographyError
            The array has no numbers or another shape; or its ids do not fit it.
        """
        try:
            array = np.asarray(features)
        except (TypeError, ValueError, RuntimeError) as error:
            raise CartographyError(
                "the features are no array of shape (n, d): give rows of numbers, all of one length"
            ) from error
        matrix = _require_matrix(array, "the array")
        if ids is None:
            return GivenArray(matrix, None)
        names = [_id_of(value, f"ids[{i}]") for i, value in enumerate(ids)]
        if len(names) != len(matrix):
            raise CartographyError(
                f"the array has {count_noun(len(matrix), 'row')}, but there are "
                f"{count_noun(len(names), 'id')}: give an id per row"
            )
        _number_ids(names, "the array")
        return GivenArray(matrix, tuple(names))

    def key(self, training: Corpus) -> str:
        """Return the cache key: the content of the file, and the ids of the training texts."""
        path = _require_file(self.path)
        try:
            with path.open("rb") as handle:
                digest = hashlib.file_digest(handle, lambda: hashlib.blake2b(digest_size=16))
        except OSError as error:
            raise CartographyError(f"{path} cannot be read: {error.strerror or error}") from error
        return _key(training, digest.hexdigest(), str(self.column))

    def describe(self, training: Corpus) -> str:  # noqa: ARG002
        """Return what the features are made of."""
        column = "" if self.column is None else f"column {self.column!r} of "
        return f"{column}the file {expand_home(self.path).name}"

    def fit(self, training: Corpus, report: Report) -> FittedGivenFeatures:
        """Read the features of a table, or map those of an .npy file into memory.

        Raises
        ------
        CartographyError
            The file contains no features.
        """
        path = _require_file(self.path)
        if path.suffix.lower() == ".npy":
            if self.column is not None:
                raise CartographyError(f"{path} has no columns: leave out the column")
            return FittedGivenFeatures(training, _Rows(_open_array(path), None, str(path)))
        report(f"reading features from {path.name}")
        return FittedGivenFeatures(training, _read_rows(path, self.column, training))


@dataclass(frozen=True, eq=False)
class GivenArray:
    """The features in an array of the user's; see `GivenFeatures.of_array`.

    Attributes
    ----------
    features : array of numbers, shape (n, d)
    ids : tuple of str, length n, or None
        None if the rows are in the order of the texts.
    """

    features: NDArray[Any]
    ids: tuple[str, ...] | None

    def key(self, training: Corpus) -> str:
        """Return the cache key: the content of the array, and the ids of the training texts."""
        content = np.ascontiguousarray(self.features)
        data = content.reshape(-1).view(np.uint8).data
        digest = hashlib.blake2b(data, digest_size=16).hexdigest()
        ids = ("in order",) if self.ids is None else ("by id", *self.ids)
        return _key(training, digest, str(content.dtype), str(content.shape), *ids)

    def describe(self, training: Corpus) -> str:  # noqa: ARG002
        """Return what the features are made of."""
        return "a given array"

    def fit(self, training: Corpus, report: Report) -> FittedGivenFeatures:  # noqa: ARG002
        """Return the features of this training corpus."""
        numbers = None if self.ids is None else _number_ids(self.ids, "the array")
        return FittedGivenFeatures(training, _Rows(self.features, numbers, "the array"))


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows of features, and how they are found.

    Attributes
    ----------
    matrix : array of numbers, shape (n, d)
    numbers : mapping of str to int, or None
        The row of each id; None if the rows are in the order of the texts.
    source : str
    row_name : callable
        The name of a row, from 0; both are for errors.
    """

    matrix: NDArray[Any]
    numbers: Mapping[str, int] | None
    source: str
    row_name: Callable[[int], str] = "row {:,} (from 0)".format


@dataclass(frozen=True, eq=False)
class FittedGivenFeatures:
    """Given features, and the training corpus that their order is about."""

    training: Corpus
    rows: _Rows

    def transform(self, corpora: Sequence[Corpus], report: Report) -> Iterator[Transformed]:
        """Take the rows of each corpus.

        Raises
        ------
        CartographyError
            The rows do not fit the texts, or are not finite.
        """
        for corpus in corpora:
            report(f"taking the features of {count_noun(len(corpus), 'text')} of {corpus.name}")
            found = self._by_order(corpus) if self.rows.numbers is None else self._by_id(corpus)
            yield Transformed(self.rows.matrix.shape[1], self._blocks(corpus, found), None)

    def _blocks(self, corpus: Corpus, found: NDArray[np.int64]) -> Iterator[NDArray[np.float32]]:
        for start in range(0, len(found), BLOCK):
            part = found[start : start + BLOCK]
            with np.errstate(over="ignore"):
                block = np.asarray(self.rows.matrix[part], dtype=np.float32)
            finite = np.isfinite(block).all(axis=1)
            if not finite.all():
                first = int(np.argmin(finite))
                where = f"{self.rows.source}, {self.rows.row_name(int(part[first]))}"
                raise CartographyError(
                    f"{where}: the features of the text with id {corpus.ids[start + first]!r} are "
                    "not finite (NaN, infinite, or too large for 32 bits): replace them"
                )
            yield block

    def _by_id(self, corpus: Corpus) -> NDArray[np.int64]:
        numbers = self.rows.numbers or {}
        if corpus is not self.training:
            self._require_own_ids(corpus)
        missing = [name for name in corpus.ids if name not in numbers]
        if missing:
            raise CartographyError(
                f"{self.rows.source} has no row for {count_noun(len(missing), 'id')} of "
                f"{corpus.name}, such as {_quoted(missing)}; its ids are such as "
                f"{_quoted(list(numbers))}: add the rows, or name the id column of the texts with "
                "--id"
            )
        return np.fromiter((numbers[name] for name in corpus.ids), np.int64, count=len(corpus))

    def _require_own_ids(self, corpus: Corpus) -> None:
        """Refuse ids that stand for one text of the training corpus and another of `corpus`."""
        texts = dict(zip(self.training.ids, self.training.texts, strict=True))
        own = zip(corpus.ids, corpus.texts, strict=True)
        shared = [name for name, text in own if texts.get(name, text) != text]
        if shared:
            raise CartographyError(
                f"{count_noun(len(shared), 'id')} of {corpus.name} are those of other texts of "
                f"{self.training.name}, such as {_quoted(shared)}, so {self.rows.source} cannot be "
                "matched by id: give the texts of both distinct ids, and name their column with "
                "--id"
            )

    def _by_order(self, corpus: Corpus) -> NDArray[np.int64]:
        """The rows of a corpus where rows are in the order of the texts."""
        training, total = self.training, len(self.rows.matrix)
        has = f"{self.rows.source} has {count_noun(total, 'row')}"
        rows, size = _training_rows(training, total, has)
        if _are_same(corpus, training):
            return rows
        account = corpus.account
        whole = _rows_of_divided_file(corpus)
        if whole and whole == total:
            return _required_numbers(corpus, total, has)
        if _are_of_one_file(corpus, training):
            numbers = _row_numbers(corpus, total)
            if account and total == account.rows and numbers is not None:
                return numbers
            raise CartographyError(
                f"{has}, of which those of {corpus.name} are not known, as its texts were taken "
                f"from those of {training.name}: {_BY_ID}"
            )
        left = total - size
        if left == len(corpus):
            return size + np.arange(left)
        numbers = _row_numbers(corpus, left)
        if account and left == account.rows and numbers is not None:
            return size + numbers
        both = size + (account.rows if account else len(corpus))
        raise CartographyError(
            f"{has}, but {training.name} has {size:,} and with {corpus.name} there are {both:,}: "
            f"give the rows of the training texts, then those of the test texts; or {_BY_ID}"
        )


def _training_rows(training: Corpus, total: int, has: str) -> tuple[NDArray[np.int64], int]:
    """The rows of the training texts among `total`, and how many rows their file has.

    Further rows are those of a test set. No row must ever be taken for another text's: where the
    texts are a part of their file, they have to be numbered by it.
    """
    texts, account = len(training), training.account
    in_order = np.arange(texts)
    if total == texts:
        return in_order, texts
    whole = _rows_of_divided_file(training)
    if whole and whole == total:
        return _required_numbers(training, total, has), total
    size = texts if account is None else account.rows
    if total < size:
        among = "" if size == texts else f", {texts:,} of them in use"
        raise CartographyError(
            f"{has}, but {training.name} has {size:,}{among}: give a row per text, or {_BY_ID}"
        )
    if not whole:
        numbers = _row_numbers(training, total)
        if size > texts and numbers is not None:
            return numbers, size
        # Ids of a corpus without a file can be row numbers too, of one that it was taken from.
        is_whole = account is not None or numbers is None or numbers.max(initial=-1) < texts
        if size == texts and is_whole:
            return in_order, texts
    raise CartographyError(
        f"{has}, but {training.name} has {texts:,}, which are a part of a larger file: give a row "
        f"for each of them, or {_BY_ID}"
    )


def _rows_of_divided_file(corpus: Corpus) -> int:
    """The rows of a file of which a column of splits gave this corpus a part; else 0.

    The ids of such a corpus are row numbers of the whole file.
    """
    if corpus.account is None:
        return 0
    others = [part.count for part in corpus.account.left_out if " column " in f" {part.where} "]
    return corpus.account.rows + sum(others) if others else 0


def _required_numbers(corpus: Corpus, total: int, has: str) -> NDArray[np.int64]:
    numbers = _row_numbers(corpus, total)
    if numbers is None:
        raise CartographyError(
            f"{has}, as many as the file of {corpus.name}, whose ids are of a column: {_BY_ID}"
        )
    return numbers


def _row_numbers(corpus: Corpus, below: int) -> NDArray[np.int64] | None:
    """The ids as row numbers; None if they are not, or not below `below`."""
    if corpus.account is not None and corpus.account.id is not None:
        return None
    if not all(name.isascii() and name.isdecimal() and len(name) < 16 for name in corpus.ids):
        return None
    numbers = np.array([int(name) for name in corpus.ids], dtype=np.int64)
    return numbers if numbers.max(initial=-1) < below else None


def _are_same(corpus: Corpus, training: Corpus) -> bool:
    if corpus is training:
        return True
    return np.array_equal(corpus.ids, training.ids) and corpus.texts_key == training.texts_key


def _are_of_one_file(corpus: Corpus, training: Corpus) -> bool:
    """Whether the texts were read together, as those that are held out."""
    if training.account is not None:
        return corpus.account is training.account
    return corpus.account is None and corpus.name == f"{training.name} (held out)"


def _key(training: Corpus, *content: str) -> str:
    account = training.account
    told = (str(account.rows), str(account.id)) if account else ()
    return content_key(_METHOD, *content, *told, "ids", *training.ids)


def _require_file(path: Path) -> Path:
    path = expand_home(path)
    if not path.is_file():
        raise CartographyError(
            f"no features at {path}; give an .npy file, or a table with a column of lists of "
            "numbers"
        )
    return path


def _open_array(path: Path) -> NDArray[Any]:
    """Map an .npy file into memory; objects in it, which are pickled, are refused unread."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise CartographyError(
            f"{path} is not an array of numbers ({lines[0][:200]}): save one with numpy.save"
        ) from error
    if not isinstance(array, np.ndarray):
        array.close()
        raise CartographyError(f"{path} is an archive of arrays: save one with numpy.save")
    return _require_matrix(array, str(path))


def _require_matrix(array: NDArray[Any], source: str) -> NDArray[Any]:
    if array.dtype.kind == "c":
        raise CartographyError(f"{source} has complex numbers: give real ones")
    if array.dtype.kind not in _NUMBERS:
        raise CartographyError(f"{source} has values of type {array.dtype}: give numbers")
    if array.ndim != 2 or not array.size:
        advice = "; for one number per text, (n, 1)" if array.ndim == 1 else ""
        raise CartographyError(
            f"{source} has the shape {array.shape}: give (n, d), a row of numbers per text{advice}"
        )
    return array


def _read_rows(path: Path, column: str | None, training: Corpus) -> _Rows:
    """Read the features of a table, and the ids if it has any."""
    table = read_table(path)
    column = _require_column(table, column)
    id_column = _id_column(table, column, training)
    matrix: NDArray[np.float32] | None = None
    ids: list[str] = []
    start = 0
    for batch in table.batches([column] if id_column is None else [column, id_column]):
        width = None if matrix is None else matrix.shape[1]
        part = _as_matrix(table, column, batch[0], start, width)
        if matrix is None:
            matrix = np.empty((table.rows, part.shape[1]), dtype=np.float32)
        with np.errstate(over="ignore"):
            matrix[start : start + len(part)] = part
        if id_column is not None:
            where = f"column {id_column!r}"
            ids += [
                _id_of(value, f"{table.location}, {table.row_name(start + i)}, {where}")
                for i, value in enumerate(batch[1])
            ]
        start += len(part)
    if matrix is None:
        raise CartographyError(f"{table.location} has no rows: give a row per text")
    numbers = None if id_column is None else _number_ids(ids, table.location)
    return _Rows(matrix, numbers, table.location, table.row_name)


def _require_column(table: Table, column: str | None) -> str:
    """The column of features: the one that is named, else the only one with lists of numbers."""
    left_out = "".join(f" ({note})" for note in table.notes if "left out" in note)
    if column is not None:
        if column not in table.columns:
            others = f", but {_quoted(table.columns)}" if table.columns else ""
            raise CartographyError(
                f"{table.location} has no column {column!r}{left_out}{others}: {_SAVE}"
            )
        return column
    head = table.head(_LOOKED_AT)
    found = [name for name, cells in head.items() if any(map(_is_list_of_numbers, cells))]
    if not found:
        raise CartographyError(
            f"{table.location} has no column of lists of numbers{left_out}: {_SAVE}"
        )
    if len(found) > 1:
        raise CartographyError(
            f"{table.location} has {len(found)} columns of lists of numbers: name one of "
            f"{_quoted(found)}"
        )
    return found[0]


def _id_column(table: Table, column: str, training: Corpus) -> str | None:
    """The column of ids: that of the training texts, else one that is named like one."""
    own = training.account.id if training.account else None
    if own is not None and own != column and own in table.columns:
        return own
    named = {name.casefold(): name for name in reversed(table.columns) if name != column}
    return next((named[name] for name in _ID_NAMES if name in named), None)


def _as_matrix(
    table: Table, column: str, cells: Sequence[Any], start: int, width: int | None
) -> NDArray[Any]:
    """The lists of a batch as an array, whose rows have `width` numbers."""
    try:
        array = np.array(cells)
    except ValueError:  # of different lengths
        array = np.empty(0)
    fits = array.ndim == 2 and array.dtype.kind in _NUMBERS and array.shape[1] > 0
    if fits and width in (None, array.shape[1]):
        return array
    for i, cell in enumerate(cells):
        where = f"{table.location}, {table.row_name(start + i)}, column {column!r}"
        if not isinstance(cell, list | tuple):
            raise CartographyError(
                f"{where} contains {value_kind(cell)} instead of a list of numbers"
            )
        wrong = [value for value in cell if not _is_number(value)]
        if wrong or not cell:
            inside = f"{value_kind(wrong[0])} in its list" if wrong else "an empty list"
            raise CartographyError(f"{where} contains {inside}: give a list of numbers")
        width = width or len(cell)
        if len(cell) != width:
            raise CartographyError(
                f"{where} has {count_noun(len(cell), 'number')}, the rows before it have "
                f"{width:,}: give lists of one length"
            )
    return np.array(cells, dtype=np.float64)  # with integers beyond 64 bits


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def _is_list_of_numbers(cell: object) -> bool:
    return isinstance(cell, list | tuple) and bool(cell) and all(map(_is_number, cell))


def _id_of(value: object, where: str) -> str:
    """An id as a corpus has it."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # of a file whose numbers are all floats
    if not isinstance(value, str | int) or value == "":
        raise CartographyError(f"{where} contains {value_kind(value)}, which cannot be an id")
    return str(value)


def _number_ids(ids: Sequence[str], source: str) -> dict[str, int]:
    """The row of each id; ids that occur twice are refused."""
    numbers: dict[str, int] = {}
    twice = [name for i, name in enumerate(ids) if numbers.setdefault(name, i) != i]
    if twice:
        raise CartographyError(
            f"{source} has {count_noun(len(set(twice)), 'id')} more than once, such as "
            f"{_quoted(list(dict.fromkeys(twice)))}: keep one row for each"
        )
    return numbers


def _quoted(names: Sequence[str]) -> str:
    """The first three names."""
    return join_names([repr(name[:40]) for name in names[:_LISTED]])
