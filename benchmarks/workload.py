"""Workloads of the CPU benchmarks: texts, their features and their token numbers.

    python benchmarks/workload.py --data FOLDER --out FOLDER

Uses the real corpora if `--data` or CARTOGRAPHY_DATA names their folder, and synthetic texts of the
same shape otherwise; the `origin` of a workload says which. Run as a command, it writes the
features of the real corpora in half precision, as the small files that `gpu.py` reads.
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
from problems import AG_NEWS, DIMENSIONS, TREC, Problem, Shape, describe_sample, sample_rows
from reference import Tokens

from cartography import Corpus, embed, read_train_test
from cartography.features.vector_files import read_vectors
from cartography.features.word_features import WordFeatures
from cartography.features.word_vectors import tokenise

_FILES = {
    "TREC": ("trec_train.csv", "trec_test.csv"),
    "AG News": ("agnews_train.csv", "agnews_test.csv"),
}
# Fraction of the words of a synthetic text that are typical of its class.
_CLASS_WORD_SHARE = 0.4


@dataclass(frozen=True, eq=False)
class Workload:
    """A problem, and the file of word vectors that its features were computed from."""

    shape: Shape
    problem: Problem
    vectors: Path

    @property
    def origin(self) -> str:
        """A description of the source of the texts."""
        return self.problem.origin

    def tokens(self) -> tuple[Tokens, Tokens, NDArray[np.float32]]:
        """Both corpora as token numbers (n, L), and the vectors (V + 1, d); row 0 is zero.

        The vectors of a text sum to its features, which is checked on a sample of each corpus.
        """
        corpora = (self.problem.corpus, self.problem.test)
        tokenised = [
            [tokenise(text)[: self.shape.max_length] for text in corpus.texts] for corpus in corpora
        ]
        words = tuple(dict.fromkeys(word for texts in tokenised for text in texts for word in text))
        number_of = {word: number for number, word in enumerate(words, 1)}
        vectors = read_vectors(self.vectors, words).matrix
        matrix = np.vstack([np.zeros_like(vectors[:1]), vectors])
        results = []
        for corpus, texts, features in zip(
            corpora, tokenised, (self.problem.features, self.problem.test_features), strict=True
        ):
            numbers = np.zeros((len(texts), self.shape.max_length), dtype=np.int64)
            for row, text in enumerate(texts):
                numbers[row, : len(text)] = [number_of[word] for word in text]
            sample = np.linspace(0, len(texts) - 1, 500).astype(np.int64)
            np.testing.assert_allclose(
                matrix[numbers[sample]].sum(axis=1), features[sample], rtol=1e-4, atol=1e-2
            )
            results.append(Tokens(numbers, corpus.labels))
        return results[0], results[1], matrix


def shrink(shape: Shape, rows: int, max_length: int) -> Shape:
    """`shape` for a smoke run: fewer and shorter texts."""
    return replace(
        shape,
        rows=rows,
        test_rows=500,
        labelled=min(shape.labelled, 320),
        vocabulary=4_000,
        median_length=min(shape.median_length, max_length // 4),
        max_length=max_length,
    )


def data_folder(option: Path | None) -> Path | None:
    """The folder of the real corpora: the `option`, else CARTOGRAPHY_DATA, else None."""
    variable = os.environ.get("CARTOGRAPHY_DATA")
    return option or (Path(variable) if variable else None)


@contextmanager
def temporary_cache() -> Iterator[Path]:
    """A temporary folder that also contains the engine's cache while the block runs.

    So a benchmark finds nothing cached by earlier runs, and leaves nothing.
    """
    previous = os.environ.get("CARTOGRAPHY_CACHE")
    with tempfile.TemporaryDirectory(prefix="cartography-benchmark-") as name:
        os.environ["CARTOGRAPHY_CACHE"] = str(Path(name) / "cache")
        try:
            yield Path(name)
        finally:
            del os.environ["CARTOGRAPHY_CACHE"]
            if previous is not None:
                os.environ["CARTOGRAPHY_CACHE"] = previous


def load_workload(shape: Shape, data: Path | None, folder: Path) -> Workload:
    """The workload of `shape` from the real corpora in `data`, or a synthetic one for None.

    The vector file is written to `folder`.
    """
    rng = np.random.default_rng(0)
    train, test, vectors, origin = (
        _synthetic_corpora(shape, rng) if data is None else _real_corpora(shape, data, rng)
    )
    path = folder / f"{shape.name.lower().replace(' ', '-')}.bin"
    _write_vectors(path, *vectors)
    embedded = embed((train, test), WordFeatures(path, max_length=shape.max_length), scaled=False)
    problem = Problem(origin, train, embedded[0].features, test, embedded[1].features)
    return Workload(shape, problem, path)


_Vectors = tuple[Sequence[str], NDArray[np.float32]]


def _real_corpora(
    shape: Shape, data: Path, rng: np.random.Generator
) -> tuple[Corpus, Corpus, _Vectors, str]:
    train_file, test_file = _FILES[shape.name]
    train, test = read_train_test(data / train_file, data / test_file)
    assert test is not None
    available = len(train)
    if available < shape.rows:
        train = train.take(sample_rows(available, shape.rows, rng))
        ids = np.array([str(row) for row in range(shape.rows)], dtype=object)
        train = replace(train, ids=ids)
    with np.load(data / "english_300d.npz") as archive:
        words = bytes(archive["words_utf8"]).decode().split("\n")
        row_of = dict(zip(words, archive["row"].tolist(), strict=True))
        matrix = archive["matrix"]
    texts = (*train.texts, *test.texts)
    tokens = {word for text in texts for word in tokenise(text)}
    vocabulary = sorted(row_of.keys() & (tokens | {word.lower() for word in tokens}))
    vectors = matrix[[row_of[word] for word in vocabulary]].astype(np.float32)
    origin = (
        f"{shape.name}, {describe_sample(available, shape.rows)}; English vectors of "
        f"{vectors.shape[1]} dimensions (not Facebook's fastText)"
    )
    return train, test, (vocabulary, vectors), origin


def _synthetic_corpora(
    shape: Shape, rng: np.random.Generator
) -> tuple[Corpus, Corpus, _Vectors, str]:
    """Texts with Zipf-distributed words, some of which are typical of the class."""
    words = [f"w{number}" for number in range(shape.vocabulary)]
    frequency = 1 / np.arange(1, shape.vocabulary + 1)
    cumulative = np.cumsum(frequency / frequency.sum())
    corpora = []
    for split, rows in (("train", shape.rows), ("test", shape.test_rows)):
        labels = rng.integers(shape.classes, size=rows)
        lengths = np.clip(
            rng.lognormal(np.log(shape.median_length), 0.4, rows), 1, shape.max_length
        )
        ends = np.cumsum(lengths.astype(np.int64))
        tokens = np.searchsorted(cumulative, rng.random(ends[-1]))
        tokens = np.minimum(tokens, shape.vocabulary - 1)
        token_labels = np.repeat(labels, np.diff(ends, prepend=0))
        typical = rng.random(len(tokens)) < _CLASS_WORD_SHARE
        # Word numbers that leave the remainder c, divided by the number of classes, belong to c.
        tokens[typical] += (token_labels - tokens)[typical] % shape.classes
        tokens = np.minimum(tokens, shape.vocabulary - 1)
        texts = np.array(
            [" ".join(map(words.__getitem__, text)) for text in np.split(tokens, ends[:-1])],
            dtype=object,
        )
        ids = np.array([f"{split} {row}" for row in range(rows)], dtype=object)
        classes = tuple(f"class {label}" for label in range(shape.classes))
        corpora.append(Corpus(shape.name, ids, texts, labels, classes))
    vectors = rng.standard_normal((shape.vocabulary, DIMENSIONS), dtype=np.float32)
    return *corpora, (words, vectors), f"synthetic texts in the shape of {shape.name}"


def _write_vectors(path: Path, words: Sequence[str], matrix: NDArray[np.float32]) -> None:
    """Write a fastText model without subwords: exact float32 values, and no text to parse."""
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
    arguments = parser.parse_args()
    data = data_folder(arguments.data)
    if data is None:
        parser.error("set the folder of the real corpora with --data or CARTOGRAPHY_DATA")
    arguments.out.mkdir(parents=True, exist_ok=True)
    with temporary_cache() as folder:
        for shape in (TREC, AG_NEWS):
            full = replace(shape, rows=_count_rows(data, shape))
            problem = load_workload(full, data, folder).problem
            path = arguments.out / f"{shape.name.lower().replace(' ', '_')}.npz"
            np.savez_compressed(
                path,
                features=problem.features.astype(np.float16),
                labels=problem.corpus.labels,
                test_features=problem.test_features.astype(np.float16),
                test_labels=problem.test.labels,
            )
            print(f"{path}: {problem.origin}, {path.stat().st_size / 1e6:.1f} MB")


def _count_rows(data: Path, shape: Shape) -> int:
    train, _ = read_train_test(data / _FILES[shape.name][0], data / _FILES[shape.name][1])
    return len(train)


if __name__ == "__main__":
    main()
