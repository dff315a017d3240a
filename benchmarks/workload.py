"""What the CPU is measured on: texts, their features by the engine, and their token numbers.

    python benchmarks/workload.py --data FOLDER --out FOLDER

Real corpora where `--data` or CARTOGRAPHY_DATA names their folder, else texts of the same shape
made up on the spot; a workload's `origin` says which. As a command, writes the features of the
real ones, rounded to half precision, as the small files that `gpu.py` reads.
"""

from __future__ import annotations

import argparse
import os
import struct
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from problems import AG_NEWS, DIMENSIONS, TREC, Problem, Shape, drawn_words, sized
from reference import Tokens

from cartography import Corpus, embed, read_train_test
from cartography.features.vector_files import read_vectors
from cartography.features.word_vectors import tokenise

_FILES = {
    "TREC": ("trec_train.csv", "trec_test.csv"),
    "AG News": ("agnews_train.csv", "agnews_test.csv"),
}
# Of the words of a made-up text this share belongs to its class.
_TELLING = 0.4


@dataclass(frozen=True, eq=False)
class Workload:
    """A problem with the texts it was made from: what the engine and the reference start from.

    `vectors` is the file that the features were made with.
    """

    shape: Shape
    problem: Problem
    vectors: Path

    @property
    def origin(self) -> str:
        """What it was made from, in words."""
        return self.problem.origin

    def tokens(self) -> tuple[Tokens, Tokens, NDArray[np.float32]]:
        """Both corpora as token numbers (n, L), and the vectors (V + 1, d), row 0 all zeros.

        Summed, the vectors of a text are its features; a sample of each corpus is looked at.
        """
        corpora = (self.problem.corpus, self.problem.test)
        split = [[tokenise(text)[: self.shape.length] for text in each.texts] for each in corpora]
        words = tuple(dict.fromkeys(word for texts in split for text in texts for word in text))
        number = {word: place for place, word in enumerate(words, 1)}
        found = read_vectors(self.vectors, words)
        matrix = np.vstack([np.zeros_like(found.matrix[:1]), found.matrix])
        both = []
        for corpus, texts, features in zip(
            corpora, split, (self.problem.features, self.problem.test_features), strict=True
        ):
            numbers = np.zeros((len(texts), self.shape.length), dtype=np.int64)
            for place, text in enumerate(texts):
                numbers[place, : len(text)] = [number[word] for word in text]
            looked_at = np.linspace(0, len(texts) - 1, 500).astype(np.int64)
            np.testing.assert_allclose(
                matrix[numbers[looked_at]].sum(axis=1), features[looked_at], rtol=1e-4, atol=1e-2
            )
            both.append(Tokens(numbers, corpus.labels))
        return both[0], both[1], matrix


def small(shape: Shape, rows: int, length: int) -> Shape:
    """`shape` with fewer rows of at most `length` words, for a smoke run."""
    return replace(
        shape,
        rows=rows,
        test_rows=500,
        labelled=min(shape.labelled, 320),
        words=4_000,
        middle=min(shape.middle, length // 4),
        length=length,
    )


def data_folder(named: Path | None) -> Path | None:
    """The folder of real corpora: the one `named`, else that of CARTOGRAPHY_DATA, else none."""
    told = os.environ.get("CARTOGRAPHY_DATA")
    return named or (Path(told) if told else None)


@contextmanager
def workshop() -> Iterator[Path]:
    """A folder of our own while the block runs, in which the engine caches as well.

    So nothing is found that an earlier run has left, and nothing is left.
    """
    before = os.environ.get("CARTOGRAPHY_CACHE")
    with tempfile.TemporaryDirectory(prefix="cartography-benchmark-") as name:
        os.environ["CARTOGRAPHY_CACHE"] = str(Path(name) / "cache")
        try:
            yield Path(name)
        finally:
            del os.environ["CARTOGRAPHY_CACHE"]
            if before is not None:
                os.environ["CARTOGRAPHY_CACHE"] = before


def load(shape: Shape, data: Path | None, folder: Path) -> Workload:
    """The workload of `shape`, from the real corpora in `data` or, where that is None, made up.

    The vector file is written to `folder`.
    """
    rng = np.random.default_rng(0)
    train, test, vectors, origin = _made_up(shape, rng) if data is None else _real(shape, data, rng)
    path = folder / f"{shape.name.lower().replace(' ', '-')}.bin"
    _write_vectors(path, *vectors)
    embedded = embed((train, test), path, max_length=shape.length)
    problem = Problem(origin, train, embedded[0].features, test, embedded[1].features)
    return Workload(shape, problem, path)


_Vectors = tuple[Sequence[str], NDArray[np.float32]]


def _real(
    shape: Shape, data: Path, rng: np.random.Generator
) -> tuple[Corpus, Corpus, _Vectors, str]:
    train_file, test_file = _FILES[shape.name]
    train, test = read_train_test(data / train_file, data / test_file)
    assert test is not None
    held = len(train)
    if held < shape.rows:
        train = train.take(sized(held, shape.rows, rng))
        ids = np.array([str(row) for row in range(shape.rows)], dtype=object)
        train = replace(train, ids=ids)
    with np.load(data / "english_300d.npz") as archive:
        words = bytes(archive["words_utf8"]).decode().split("\n")
        row_of = dict(zip(words, archive["row"].tolist(), strict=True))
        matrix = archive["matrix"]
    texts = (*train.texts, *test.texts)
    tokens = {word for text in texts for word in tokenise(text)}
    known = sorted(row_of.keys() & (tokens | {word.lower() for word in tokens}))
    vectors = matrix[[row_of[word] for word in known]].astype(np.float32)
    origin = (
        f"{shape.name}, {drawn_words(held, shape.rows)}; English vectors of "
        f"{vectors.shape[1]} dimensions (not Facebook's fastText)"
    )
    return train, test, (known, vectors), origin


def _made_up(shape: Shape, rng: np.random.Generator) -> tuple[Corpus, Corpus, _Vectors, str]:
    """Texts of words as frequent as in any language (Zipf), some of which belong to a class."""
    words = [f"w{number}" for number in range(shape.words)]
    frequency = 1 / np.arange(1, shape.words + 1)
    cumulative = np.cumsum(frequency / frequency.sum())
    corpora = []
    for part, rows in (("train", shape.rows), ("test", shape.test_rows)):
        labels = rng.integers(shape.classes, size=rows)
        lengths = np.clip(rng.lognormal(np.log(shape.middle), 0.4, rows), 1, shape.length)
        ends = np.cumsum(lengths.astype(np.int64))
        drawn = np.searchsorted(cumulative, rng.random(ends[-1]))
        drawn = np.minimum(drawn, shape.words - 1)
        of_class = np.repeat(labels, np.diff(ends, prepend=0))
        telling = rng.random(len(drawn)) < _TELLING
        # A word belongs to the class that its number leaves as a remainder.
        drawn[telling] += (of_class - drawn)[telling] % shape.classes
        drawn = np.minimum(drawn, shape.words - 1)
        texts = np.array(
            [" ".join(map(words.__getitem__, each)) for each in np.split(drawn, ends[:-1])],
            dtype=object,
        )
        ids = np.array([f"{part} {row}" for row in range(rows)], dtype=object)
        classes = tuple(f"class {label}" for label in range(shape.classes))
        corpora.append(Corpus(shape.name, ids, texts, labels, classes))
    vectors = rng.standard_normal((shape.words, DIMENSIONS), dtype=np.float32)
    return *corpora, (words, vectors), f"made-up texts in the shape of {shape.name}"


def _write_vectors(path: Path, words: Sequence[str], matrix: NDArray[np.float32]) -> None:
    """Write a fastText model without subwords: it keeps its numbers whole and needs no parsing."""
    size, dimensions = matrix.shape
    options = [dimensions, 5, 5, 1, 5, 1, 1, 2, 0, 0, 0, 100]
    with path.open("wb") as handle:
        handle.write(struct.pack("<2i12id", 793712314, 12, *options, 1e-4))
        handle.write(struct.pack("<3i2q", size, size, 0, size, -1))
        for word in words:
            handle.write(word.encode() + b"\0" + struct.pack("<qb", 1, 0))
        handle.write(struct.pack("<?2q", False, size, dimensions))
        handle.write(np.ascontiguousarray(matrix).tobytes())
        handle.write(struct.pack("<?2q", False, 0, dimensions))


def main() -> None:
    """Write the features of the real corpora for `gpu.py`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    data = data_folder(asked.data)
    if data is None:
        parser.error("name the folder of the real corpora: --data, or CARTOGRAPHY_DATA")
    asked.out.mkdir(parents=True, exist_ok=True)
    with workshop() as folder:
        for shape in (TREC, AG_NEWS):
            whole = replace(shape, rows=_held(data, shape))
            made = load(whole, data, folder).problem
            path = asked.out / f"{shape.name.lower().replace(' ', '_')}.npz"
            np.savez_compressed(
                path,
                features=made.features.astype(np.float16),
                labels=made.corpus.labels,
                test_features=made.test_features.astype(np.float16),
                test_labels=made.test.labels,
            )
            print(f"{path}: {made.origin}, {path.stat().st_size / 1e6:.1f} MB")


def _held(data: Path, shape: Shape) -> int:
    train, _ = read_train_test(data / _FILES[shape.name][0], data / _FILES[shape.name][1])
    return len(train)


if __name__ == "__main__":
    main()
