"""Texts with ids and gold labels: the `Corpus`, its statistics, and stratified draws."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cartography.corpora.account import Account
from cartography.corpora.other_columns import OtherColumns
from cartography.errors import CartographyError
from cartography.files import content_key

_HOLD_OUT_SEED = 20220701
_FLIP_SEED = 20220702


@dataclass(frozen=True, eq=False)
class Corpus:
    """n texts with their ids and gold labels.

    Attributes
    ----------
    name : str
    ids : object array of str, shape (n,)
        Distinct. An id stays with its text in every corpus made from this one.
    texts : object array of str, shape (n,)
    labels : int64 array, shape (n,)
        Positions in `classes`; -1 where there is no gold label.
    classes : tuple of str
    notes : tuple of str
        What the user should know about how the corpus was read.
    account : Account, optional
        What became of the contents of the file; None if the corpus does not come from a table.
    columns : OtherColumns, optional
        The other columns of the user's table, which exports contain; None if there are none.
    """

    name: str
    ids: NDArray[np.object_]
    texts: NDArray[np.object_]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()
    account: Account | None = None
    columns: OtherColumns | None = None

    def __post_init__(self) -> None:
        if not len(self.ids) == len(self.texts) == len(self.labels):
            raise ValueError(
                f"{len(self.ids)} ids, {len(self.texts)} texts and {len(self.labels)} labels"
            )

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the ids, texts, labels and classes, but not the name: 32 hexadecimal digits."""
        return content_key(
            *_key_parts(self.ids),
            *_key_parts(self.texts),
            np.ascontiguousarray(self.labels, dtype="<i8").tobytes(),
            *_key_parts(self.classes),
        )

    @cached_property
    def texts_key(self) -> str:
        """Hash of the texts in their order, on which features depend: 32 hexadecimal digits."""
        return content_key(*_key_parts(self.texts))

    @cached_property
    def labelled(self) -> NDArray[np.bool_]:
        """Mask of the rows that have a gold label, shape (n,)."""
        return self.labels >= 0

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Corpus:
        """Return the corpus of some rows.

        Parameters
        ----------
        rows : int64 array, shape (k,), or bool array, shape (n,)
            Positions, in the order of the new corpus, or a mask.

        Returns
        -------
        Corpus
        """
        return replace(
            self,
            ids=self.ids[rows],
            texts=self.texts[rows],
            labels=self.labels[rows],
            columns=None if self.columns is None else self.columns.take(rows),
        )

    def label_names(self, labels: NDArray[np.int64]) -> NDArray[np.object_]:
        """Return the class names of `labels` (any shape); the empty string for -1."""
        return np.array([*self.classes, ""], dtype=object)[labels]


@dataclass(frozen=True)
class CorpusReport:
    """Statistics of a corpus.

    Attributes
    ----------
    rows : int
    classes : tuple of str, length C
    class_counts : tuple of int, length C
        Labelled rows per class.
    empty_texts : int
        Texts without a token. Tokens are separated by white space.
    duplicate_texts : int
        Texts that an earlier row has too.
    tokens_min, tokens_max : int
        Tokens of the shortest and of the longest text.
    tokens_median, tokens_p95 : float
        Median and 95th percentile of the tokens per text.
    """

    rows: int
    classes: tuple[str, ...]
    class_counts: tuple[int, ...]
    empty_texts: int
    duplicate_texts: int
    tokens_min: int
    tokens_median: float
    tokens_p95: float
    tokens_max: int

    @property
    def labelled(self) -> int:
        """Number of rows with a gold label."""
        return sum(self.class_counts)

    @property
    def unlabelled(self) -> int:
        """Number of rows without a gold label."""
        return self.rows - self.labelled

    @property
    def class_shares(self) -> tuple[float, ...]:
        """Share of each class in the labelled rows; 0 if no row is labelled."""
        return tuple(count / max(self.labelled, 1) for count in self.class_counts)

    @property
    def summary(self) -> str:
        """One sentence for display, with the shares of the twelve largest classes."""
        largest = sorted(zip(self.class_shares, self.classes, strict=True), reverse=True)
        shares = ", ".join(f"{name} {share:.1%}" for share, name in largest[:12])
        others = f" and {len(largest) - 12} more" if len(largest) > 12 else ""
        return (
            f"{self.rows:,} texts ({self.unlabelled:,} unlabelled, {self.empty_texts:,} empty, "
            f"{self.duplicate_texts:,} duplicates) of {self.tokens_min:,} to {self.tokens_max:,} "
            f"words (median {self.tokens_median:g}); {len(self.classes):,} classes"
            + (f": {shares}{others}" if shares else "")
        )


def describe(corpus: Corpus) -> CorpusReport:
    """Compute the statistics of a corpus.

    Parameters
    ----------
    corpus : Corpus

    Returns
    -------
    CorpusReport
    """
    tokens = token_counts(corpus)
    counts = np.bincount(corpus.labels[corpus.labelled], minlength=len(corpus.classes))
    lengths = tokens if len(tokens) else np.zeros(1, dtype=np.int64)
    return CorpusReport(
        rows=len(corpus),
        classes=corpus.classes,
        class_counts=tuple(int(count) for count in counts),
        empty_texts=int((tokens == 0).sum()),
        duplicate_texts=len(corpus) - len(set(corpus.texts)),
        tokens_min=int(lengths.min()),
        tokens_median=float(np.median(lengths)),
        tokens_p95=float(np.quantile(lengths, 0.95)),
        tokens_max=int(lengths.max()),
    )


def token_counts(corpus: Corpus) -> NDArray[np.int64]:
    """Return the number of tokens, separated by white space, of each text, shape (n,)."""
    return np.array([len(text.split()) for text in corpus.texts], dtype=np.int64)


def find_repeated_texts(corpus: Corpus) -> tuple[NDArray[np.int64], ...]:
    """Find the texts that occur more than once.

    Parameters
    ----------
    corpus : Corpus

    Returns
    -------
    tuple of int64 arrays
        The ascending rows of each repeated text, the most frequent text first.
    """
    rows: dict[str, list[int]] = {}
    for row, text in enumerate(corpus.texts):
        rows.setdefault(text, []).append(row)
    repeated = (
        np.array(positions, dtype=np.int64) for positions in rows.values() if len(positions) > 1
    )
    return tuple(sorted(repeated, key=len, reverse=True))


def require_classes(corpus: Corpus, least: int = 2) -> None:
    """Check that the gold labels of a corpus are of enough classes.

    Parameters
    ----------
    corpus : Corpus
    least : {2, 1}, default 2
        The smallest number of classes.

    Raises
    ------
    CartographyError
        The gold labels are of fewer classes.
    """
    present = np.unique(corpus.labels[corpus.labelled])
    if not len(present):
        raise CartographyError(
            f"{corpus.name} has no gold labels, which are needed here: name the label column "
            "with --label"
        )
    if len(present) < least:
        raise CartographyError(
            f"all gold labels of {corpus.name} are {corpus.classes[int(present[0])]!r}, but a "
            "classifier needs at least two classes: name another column with --label"
        )


def stratified_draw(
    labels: NDArray[np.int64], size: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw labelled items at random, each class in proportion to its frequency.

    The class sizes are rounded by largest remainder. If `size` is at least the number of classes,
    every class gets at least one item.

    Parameters
    ----------
    labels : int64 array, shape (n,)
        Items with a label below 0 are not drawn.
    size : int
        Number of items to draw.
    rng : numpy.random.Generator

    Returns
    -------
    int64 array, shape (size,)
        Distinct positions in `labels`, ascending.

    Raises
    ------
    CartographyError
        `size` is below 1 or above the number of labelled items.
    """
    # scikit-learn's StratifiedShuffleSplit refuses classes of one item, which real corpora have.
    available = np.flatnonzero(labels >= 0)
    if not 1 <= size <= len(available):
        raise CartographyError(
            f"cannot draw {size:,} labelled texts: there are {len(available):,}; "
            "give a size between 1 and that number"
        )
    present, counts = np.unique(labels[available], return_counts=True)
    drawn = [
        rng.choice(np.flatnonzero(labels == label), size=class_size, replace=False)
        for label, class_size in zip(present, _allocate(counts, size), strict=True)
    ]
    return np.sort(np.concatenate(drawn)).astype(np.int64)


def hold_out(corpus: Corpus, fraction: float = 0.1) -> tuple[Corpus, Corpus]:
    """Split a corpus into a training corpus and a stratified test corpus.

    The seed is fixed: every run on the same corpus has the same test set. Rows without a label,
    and classes of a single row, stay in the training corpus.

    Parameters
    ----------
    corpus : Corpus
    fraction : float in (0, 0.5], default 0.1
        Share of the test corpus.

    Returns
    -------
    train, test : Corpus

    Raises
    ------
    CartographyError
        `fraction` is out of range, or no class has two labelled rows.
    """
    if not 0 < fraction <= 0.5:
        raise CartographyError(
            f"cannot hold out {fraction:g} of a corpus: give a fraction above 0, at most 0.5"
        )
    # With its only row in the test set, a class would be missing from training.
    counts = np.bincount(corpus.labels[corpus.labelled], minlength=len(corpus.classes))
    divisible = corpus.labelled & np.append(counts >= 2, False)[corpus.labels]
    if not divisible.any():
        raise CartographyError(
            f"{corpus.name}: no class has two labelled rows, so no test set can be held out; "
            "give one with --test"
        )
    size = max(1, round(fraction * int(divisible.sum())))
    rng = np.random.default_rng(_HOLD_OUT_SEED)
    rows = stratified_draw(np.where(divisible, corpus.labels, -1), size, rng)
    kept = np.ones(len(corpus), dtype=np.bool_)
    kept[rows] = False
    test = replace(corpus.take(rows), name=f"{corpus.name} (held out)")
    return corpus.take(kept), test


def flip_labels(corpus: Corpus, fraction: float) -> Corpus:
    """Change a fraction of the gold labels to another class at random.

    The seed is fixed. A larger fraction flips the same texts and more.

    Parameters
    ----------
    corpus : Corpus
    fraction : float in [0, 0.5]
        Share of the labelled texts.

    Returns
    -------
    Corpus

    Raises
    ------
    CartographyError
        `fraction` is out of range, or there are fewer than two classes.
    """
    if not 0 <= fraction <= 0.5:
        raise CartographyError(
            f"cannot flip {fraction:g} of the labels: give a fraction from 0 to 0.5"
        )
    if len(corpus.classes) < 2:
        raise CartographyError(
            f"{corpus.name} has fewer than two classes, so no label can be flipped"
        )
    rng = np.random.default_rng(_FLIP_SEED)
    labelled = rng.permutation(np.flatnonzero(corpus.labelled))
    steps = rng.integers(1, len(corpus.classes), size=len(labelled))
    flipped = slice(round(fraction * len(labelled)))
    labels = corpus.labels.copy()
    labels[labelled[flipped]] += steps[flipped]
    labels[labelled[flipped]] %= len(corpus.classes)
    name = f"{corpus.name} ({fraction:.0%} of the labels flipped)" if fraction else corpus.name
    return replace(corpus, name=name, labels=labels)


def _allocate(counts: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Divide `size` items among C classes (C,); no class gets more than its count."""
    quota = size * counts / counts.sum()  # (C,)
    sizes: NDArray[np.int64] = np.floor(quota).astype(np.int64)
    by_remainder = np.argsort(sizes - quota, kind="stable")
    sizes[by_remainder[: size - sizes.sum()]] += 1
    if size >= len(counts):
        for empty in np.flatnonzero(sizes == 0):
            # The donor is the class furthest above its quota that has more than one item.
            donor = np.argmax(np.where(sizes > 1, sizes - quota, -np.inf))
            sizes[[donor, empty]] += (-1, 1)
    return sizes


def _key_parts(values: Iterable[str]) -> tuple[bytes, str]:
    """Return the lengths and the joined text of `values`: hashing these two is much faster."""
    strings = list(values)
    lengths = np.fromiter(map(len, strings), dtype="<i8", count=len(strings))
    return lengths.tobytes(), "".join(strings)
