"""Synthetic threshold studies of any size, and the work of one t_cor change."""

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


def make_corpus(rows: int) -> Corpus:
    """A corpus of `rows` short texts of four classes."""
    ids = np.array([f"t{row}" for row in range(rows)], dtype=object)
    texts = np.array([f"text number {row} of a made-up corpus" for row in range(rows)], object)
    labels = np.random.default_rng(0).integers(4, size=rows)
    return Corpus(f"{rows:,} texts", ids, texts, labels, ("a", "b", "c", "d"))


def make_manifest(kind: Kind, corpus: Corpus, seed_size: int | None, seed: int) -> Manifest:
    """A manifest like that of the command line, with a placeholder as key of the features."""
    source = Source(corpus.name, corpus.fingerprint, len(corpus), corpus.classes, "0" * 32, "-")
    preset = replace(PAPER.for_corpus(len(corpus)), seed_size=seed_size)
    if kind == "map":
        preset = preset.with_classifier(epochs=EPOCHS)
    return Manifest(kind, source, None, preset, seed, "cpu")


def make_study(folder: Path, rows: int) -> ThresholdRun:
    """A complete study of a synthetic corpus of `rows` texts, written to `folder`."""
    corpus = make_corpus(rows)
    rng = np.random.default_rng(1)
    features = rng.normal(size=(rows, 300)).astype(np.float32)
    features += rng.normal(size=(4, 300)).astype(np.float32)[corpus.labels] * 0.15
    run = make_manifest("threshold", corpus, PAPER.for_corpus(rows).seed_size, rows)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "manifest.json", run.as_dict())
    labelled = seed_set(corpus, run.preset.seed_size or 0, rows)
    for _ in record_threshold(folder, run, corpus, features, labelled):
        pass
    return read_threshold(folder)


def middle_levels(run: ThresholdRun) -> list[float]:
    """The levels of t_cor without the extreme ones."""
    levels: list[float] = run.study.levels[5:25].tolist()
    return levels


def change_t_cor(run: ThresholdRun, t_cor: float) -> None:
    """The work of the server after a t_cor change: the new split, the batch and both figures."""
    study = run.study
    study.balance(t_cor)
    positions = next_batch(run, t_cor, BATCH).query.positions
    probability = study.probability(t_cor)
    assert probability is not None
    high_cor_histogram(probability, positions).to_json()
    data_map_figure(
        study.data_map, colouring=by_split(study.data_map, t_cor), t_cor=t_cor
    ).to_json()
