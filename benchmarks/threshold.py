"""A threshold study of any size on disk, and one move of t_cor on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from cartography.active.simulation import seed_set
from cartography.corpora.corpus import Corpus
from cartography.figures import by_split, data_map_figure, high_cor_histogram
from cartography.models.presets import PAPER
from cartography.runs.manifest import Kind, Manifest, Source, write_json
from cartography.runs.next_batch import next_batch
from cartography.runs.threshold_runs import ThresholdRun, read_threshold, record_threshold

EPOCHS = 10
BATCH = 50


def made_up(rows: int) -> Corpus:
    """`rows` short texts of four classes."""
    ids = np.array([f"t{row}" for row in range(rows)], dtype=object)
    texts = np.array([f"text number {row} of a made-up corpus" for row in range(rows)], object)
    labels = np.random.default_rng(0).integers(4, size=rows)
    return Corpus(f"{rows:,} texts", ids, texts, labels, ("a", "b", "c", "d"))


def manifest(kind: Kind, corpus: Corpus, seed_size: int | None, seed: int) -> Manifest:
    """A manifest as the command line would write it, but for the features' key."""
    source = Source(corpus.name, corpus.fingerprint, len(corpus), corpus.classes, "0" * 32, "-")
    preset = replace(PAPER.for_corpus(len(corpus)), seed_size=seed_size)
    if kind == "map":
        preset = preset.with_classifier(epochs=EPOCHS)
    return Manifest(kind, source, None, preset, seed, "cpu")


def studied(folder: Path, rows: int) -> ThresholdRun:
    """A finished study of a made-up corpus of `rows` texts, written to `folder`."""
    corpus = made_up(rows)
    rng = np.random.default_rng(1)
    features = rng.normal(size=(rows, 300)).astype(np.float32)
    features += rng.normal(size=(4, 300)).astype(np.float32)[corpus.labels] * 0.15
    run = manifest("threshold", corpus, PAPER.for_corpus(rows).seed_size, rows)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "manifest.json", run.as_dict())
    labelled = seed_set(corpus, run.preset.seed_size or 0, rows)
    for _ in record_threshold(folder, run, corpus, features, labelled):
        pass
    return read_threshold(folder)


def middle_levels(run: ThresholdRun) -> list[float]:
    """The levels of t_cor to move between, the outermost left out."""
    levels: list[float] = run.study.levels[5:25].tolist()
    return levels


def move(run: ThresholdRun, t_cor: float) -> None:
    """All that a server does when t_cor moves: the new split, the batch, and both figures."""
    study = run.study
    study.balance(t_cor)
    picked = next_batch(run, t_cor, BATCH).query.positions
    probability = study.probability(t_cor)
    assert probability is not None
    high_cor_histogram(probability, picked).to_json()
    data_map_figure(
        study.data_map, colouring=by_split(study.data_map, t_cor), t_cor=t_cor
    ).to_json()
