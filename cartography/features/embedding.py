"""Features of corpora, cached by content."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.features.corpus_features import CorpusFeatures
from cartography.features.kinds import BLOCK, Coverage, FeatureKind, Report, Transformed
from cartography.features.scaling import PrincipalScaling
from cartography.files import atomic_write, cache_folder, content_key

_SCALED = "scaled-1"


@dataclass(frozen=True, eq=False)
class Embedding:
    """Features of a corpus and their origin.

    Attributes
    ----------
    features : float32 array, shape (n, d)
        A read-only memory map of the cached file.
    coverage : Coverage or None
        None for features that are not made from words.
    description : str
        What the features are made of.
    key : str
        Cache key, 32 hexadecimal digits. It depends on the texts, their ids (by which features
        of a file are found) and on all that the features depend on.
    """

    features: NDArray[np.float32]
    coverage: Coverage | None
    description: str
    key: str

    @property
    def summary(self) -> str:
        """The features in one sentence."""
        made = f"{self.features.shape[1]} numbers per text from {self.description}"
        return f"{made}: {self.coverage.summary}" if self.coverage else made


def embed(
    corpora: Sequence[Corpus],
    kind: FeatureKind | None = None,
    *,
    scaled: bool = True,
    progress: Report | None = None,
) -> tuple[Embedding, ...]:
    """Compute the features of one or more corpora, or read them from the cache.

    Parameters
    ----------
    corpora : sequence of Corpus
        The training corpus first: features are fitted on it alone, labels unseen.
    kind : FeatureKind, default CorpusFeatures()
        See `feature_kind`.
    scaled : bool, default True
        Whether features get the scale of `PrincipalScaling`, fitted on the training corpus.
    progress : callable, optional
        Called with a sentence before each long step.

    Returns
    -------
    tuple of Embedding
        One per corpus.

    Raises
    ------
    CartographyError
        The features cannot be made. The message says what to change.
    """
    kind = CorpusFeatures() if kind is None else kind
    report = progress or (lambda _: None)
    return _embed(corpora, _Scaled(kind) if scaled else kind, report)


def _embed(corpora: Sequence[Corpus], kind: FeatureKind, report: Report) -> tuple[Embedding, ...]:
    training = corpora[0]
    fitted_key, description = kind.key(training), kind.describe(training)
    keys = [content_key(fitted_key, corpus.texts_key, *corpus.ids) for corpus in corpora]
    missing = [
        i for i, key in enumerate(keys) if _read_cache(key, len(corpora[i]), description) is None
    ]
    if missing:
        fitted = kind.fit(training, report)
        made = fitted.transform([corpora[i] for i in missing], report)
        for i, transformed in zip(missing, made, strict=True):
            _write_cache(keys[i], len(corpora[i]), transformed)
    return tuple(
        _require_cached(key, len(corpus), description)
        for key, corpus in zip(keys, corpora, strict=True)
    )


@dataclass(frozen=True)
class _Scaled:
    """A kind of features in the scale of `PrincipalScaling`."""

    kind: FeatureKind

    def key(self, training: Corpus) -> str:
        return content_key(_SCALED, self.kind.key(training))

    def describe(self, training: Corpus) -> str:
        return self.kind.describe(training)

    def fit(self, training: Corpus, report: Report) -> _FittedScaled:
        path = cache_folder() / "features" / f"{self.key(training)}.npz"
        scaling = PrincipalScaling.load(path)
        if scaling is None:
            [unscaled] = _embed([training], self.kind, report)
            report(f"scaling {unscaled.features.shape[1]} features")
            scaling = PrincipalScaling.fit(unscaled.features)
            scaling.save(path)
        return _FittedScaled(self.kind, training, scaling)


@dataclass(frozen=True, eq=False)
class _FittedScaled:
    kind: FeatureKind
    training: Corpus
    scaling: PrincipalScaling

    def transform(self, corpora: Sequence[Corpus], report: Report) -> Iterator[Transformed]:
        _, *unscaled = _embed([self.training, *corpora], self.kind, report)
        for embedding in unscaled:
            blocks = map(self.scaling, _blocks(embedding.features))
            yield Transformed(self.scaling.matrix.shape[1], blocks, embedding.coverage)


def _blocks(features: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    return (features[start : start + BLOCK] for start in range(0, len(features), BLOCK))


def _write_cache(key: str, texts: int, made: Transformed) -> None:
    """Write coverage, then features: a pair is complete once its features exist."""
    features_path, coverage_path = _paths(key)
    with atomic_write(coverage_path) as temporary:
        coverage = asdict(made.coverage) if made.coverage else None
        temporary.write_text(json.dumps(coverage), encoding="utf-8")
    with atomic_write(features_path) as temporary, temporary.open("wb") as handle:
        shape = (texts, made.dimensions)
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(handle, header)
        for block in made.blocks:
            handle.write(np.ascontiguousarray(block, dtype=np.float32).data)


def _paths(key: str) -> tuple[Path, Path]:
    folder = cache_folder() / "embeddings"
    return folder / f"{key}.npy", folder / f"{key}.json"


def _read_cache(key: str, texts: int, description: str) -> Embedding | None:
    """The embedding cached under `key`; None if a file is missing or damaged."""
    features_path, coverage_path = _paths(key)
    try:
        features = np.load(features_path, mmap_mode="r")
        values = json.loads(coverage_path.read_text(encoding="utf-8"))
        coverage = None if values is None else Coverage(**values)
    except (OSError, ValueError, TypeError, EOFError):
        return None
    if features.dtype != np.float32 or features.ndim != 2 or len(features) != texts:
        return None
    return Embedding(features, coverage, description, key)


def _require_cached(key: str, texts: int, description: str) -> Embedding:
    embedding = _read_cache(key, texts, description)
    if embedding is None:
        raise CartographyError(
            f"the features just written to {_paths(key)[0]} cannot be read; "
            "check the free space of that disk"
        )
    return embedding
