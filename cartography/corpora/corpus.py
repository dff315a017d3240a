"""A corpus: texts with ids and gold labels, what is in it, and stratified draws from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cartography.errors import CartographyError
from cartography.files import content_key

_HOLD_OUT_SEED = 20220701
_FLIP_SEED = 20220702


@dataclass(frozen=True, eq=False)
class Corpus:
    """Texts, their ids and their gold labels, row by row.

    `ids` (n,) are distinct strings and stay with their texts through everything; `labels` (n,)
    are positions in `classes`, -1 where there is no gold label; `notes` say what the reader did
    that the user should know.
    """

    name: str
    ids: NDArray[np.object_]
    texts: NDArray[np.object_]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not len(self.ids) == len(self.texts) == len(self.labels):
            raise ValueError(
                f"{len(self.ids)} ids, {len(self.texts)} texts and {len(self.labels)} labels"
            )

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def fingerprint(self) -> str:
        """32 hexadecimal digits that change with any id, text, label or class, not the name."""
        return content_key(
            *_key_parts(self.ids),
            *_key_parts(self.texts),
            np.ascontiguousarray(self.labels, dtype="<i8").tobytes(),
            *_key_parts(self.classes),
        )

    @cached_property
    def texts_key(self) -> str:
        """32 hexadecimal digits of the texts in their order alone: what features depend on."""
        return content_key(*_key_parts(self.texts))

    @cached_property
    def labelled(self) -> NDArray[np.bool_]:
        """Which rows have a gold label (n,)."""
        return self.labels >= 0

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Corpus:
        """The corpus of these rows, by position or by mask, in the order given."""
        return replace(self, ids=self.ids[rows], texts=self.texts[rows], labels=self.labels[rows])

    def label_names(self, labels: NDArray[np.int64]) -> NDArray[np.object_]:
        """The class names of `labels` (any shape), the empty string for -1."""
        return np.array([*self.classes, ""], dtype=object)[labels]


@dataclass(frozen=True)
class CorpusReport:
    """What a corpus holds. Tokens are runs of characters between white space."""

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
        """Rows that have a gold label."""
        return sum(self.class_counts)

    @property
    def unlabelled(self) -> int:
        """Rows that have no gold label."""
        return self.rows - self.labelled

    @property
    def class_shares(self) -> tuple[float, ...]:
        """Each class's share of the labelled rows, 0 when no row is labelled."""
        return tuple(count / max(self.labelled, 1) for count in self.class_counts)

    @property
    def summary(self) -> str:
        """One sentence for a reader, the twelve largest classes named with their shares."""
        largest = sorted(zip(self.class_shares, self.classes, strict=True), reverse=True)
        named = ", ".join(f"{name} {share:.1%}" for share, name in largest[:12])
        more = f" and {len(largest) - 12} more" if len(largest) > 12 else ""
        return (
            f"{self.rows:,} texts ({self.unlabelled:,} unlabelled, {self.empty_texts:,} empty, "
            f"{self.duplicate_texts:,} duplicates) of {self.tokens_min:,} to {self.tokens_max:,} "
            f"words, {self.tokens_median:g} in the middle; {len(self.classes):,} classes"
            + (f": {named}{more}" if named else "")
        )


def describe(corpus: Corpus) -> CorpusReport:
    """Count what `corpus` holds.

    A text is empty if it has no token; it is a duplicate if an earlier row has the same text.
    """
    tokens = token_counts(corpus)
    counts = np.bincount(corpus.labels[corpus.labelled], minlength=len(corpus.classes))
    spread = tokens if len(tokens) else np.zeros(1, dtype=np.int64)
    return CorpusReport(
        rows=len(corpus),
        classes=corpus.classes,
        class_counts=tuple(int(count) for count in counts),
        empty_texts=int((tokens == 0).sum()),
        duplicate_texts=len(corpus) - len(set(corpus.texts)),
        tokens_min=int(spread.min()),
        tokens_median=float(np.median(spread)),
        tokens_p95=float(np.quantile(spread, 0.95)),
        tokens_max=int(spread.max()),
    )


def token_counts(corpus: Corpus) -> NDArray[np.int64]:
    """How many tokens, runs of characters between white space, each text has (n,)."""
    return np.array([len(text.split()) for text in corpus.texts], dtype=np.int64)


def find_repeated_texts(corpus: Corpus) -> tuple[NDArray[np.int64], ...]:
    """The ascending positions of each text that more than one row has, the most frequent first."""
    rows: dict[str, list[int]] = {}
    for row, text in enumerate(corpus.texts):
        rows.setdefault(text, []).append(row)
    repeated = (np.array(each, dtype=np.int64) for each in rows.values() if len(each) > 1)
    return tuple(sorted(repeated, key=len, reverse=True))


def require_classes(corpus: Corpus, least: int = 2) -> None:
    """Raise CartographyError unless the gold labels of `corpus` are of `least` classes, 1 or 2."""
    present = np.unique(corpus.labels[corpus.labelled])
    if not len(present):
        raise CartographyError(
            f"{corpus.name} has no gold labels, and they are needed here: name the label "
            "column with --label"
        )
    if len(present) < least:
        raise CartographyError(
            f"all gold labels of {corpus.name} are {corpus.classes[int(present[0])]!r}, and a "
            "classifier needs at least two classes: name another column with --label"
        )


def stratified_draw(
    labels: NDArray[np.int64], size: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """`size` distinct sorted positions in `labels` (n,), each class in proportion to its share.

    Shares are rounded by largest remainder; if `size` allows one item for each class, every class
    gets at least one. Only labelled items (>= 0) are drawn. A `size` below 1 or above their
    number raises `CartographyError`.
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
        rng.choice(np.flatnonzero(labels == label), size=share, replace=False)
        for label, share in zip(present, _shares(counts, size), strict=True)
    ]
    return np.sort(np.concatenate(drawn)).astype(np.int64)


def hold_out(corpus: Corpus, fraction: float = 0.1) -> tuple[Corpus, Corpus]:
    """Split `corpus` into a training corpus and a stratified test corpus of `fraction` of it.

    The seed is fixed: every run on the same corpus has the same test set. Rows without a label,
    and classes of a single row, stay in the training corpus. A fraction outside (0, 0.5], or a
    corpus in which no class has two rows, raises `CartographyError`.
    """
    if not 0 < fraction <= 0.5:
        raise CartographyError(f"cannot hold out {fraction:g} of a corpus: give 0 to 0.5 of it")
    # A class of one row in the test set would be a class that training never sees.
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
    """`corpus` with this fraction of its gold labels changed to another class, drawn at random.

    The seed is fixed, and a larger fraction flips the same texts and more. Raises
    CartographyError for a fraction outside [0, 0.5] and for fewer than two classes.
    """
    if not 0 <= fraction <= 0.5:
        raise CartographyError(f"cannot flip {fraction:g} of the labels: give 0 to 0.5 of them")
    if len(corpus.classes) < 2:
        raise CartographyError(f"{corpus.name} has one class, so no label can be flipped")
    rng = np.random.default_rng(_FLIP_SEED)
    labelled = rng.permutation(np.flatnonzero(corpus.labelled))
    steps = rng.integers(1, len(corpus.classes), size=len(labelled))
    flipped = slice(round(fraction * len(labelled)))
    labels = corpus.labels.copy()
    labels[labelled[flipped]] += steps[flipped]
    labels[labelled[flipped]] %= len(corpus.classes)
    name = f"{corpus.name} ({fraction:.0%} of the labels flipped)" if fraction else corpus.name
    return replace(corpus, name=name, labels=labels)


def _shares(counts: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """How many of `size` items each class gets (C,), at most its count."""
    quota = size * counts / counts.sum()  # (C,)
    shares: NDArray[np.int64] = np.floor(quota).astype(np.int64)
    by_remainder = np.argsort(shares - quota, kind="stable")
    shares[by_remainder[: size - shares.sum()]] += 1
    if size >= len(counts):
        for empty in np.flatnonzero(shares == 0):
            # The giver is the class most above its quota that keeps one item itself.
            giver = np.argmax(np.where(shares > 1, shares - quota, -np.inf))
            shares[[giver, empty]] += (-1, 1)
    return shares


def _key_parts(values: Iterable[str]) -> tuple[bytes, str]:
    """The lengths and the joined characters of `values`: as telling as each, and far faster."""
    strings = list(values)
    lengths = np.fromiter(map(len, strings), dtype="<i8", count=len(strings))
    return lengths.tobytes(), "".join(strings)
