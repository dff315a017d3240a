"""Test accuracy by features and recipe, and where flipped labels lie on the map.

    python benchmarks/accuracy.py [trec agnews sms clinc150 sample | FILE.csv ...]
        [--data FOLDER] [--sizes 100 500 2000 all] [--features corpus words ppmi lsa]
        [--encoder MODEL]

One line for each corpus, size and kind of features: the mean accuracy of the presets standard and
paper and of scikit-learn's logistic regression, whose C is chosen by cross-validation on the same
labels. The lead is that of standard over regression in points, with its standard error over the
draws of labels: 10 up to 200 labels, 5 up to 1,000, then 2. Then, with a tenth of the labels
flipped, how well low confidence finds the flipped ones (area under the curve) on the map of either
preset. ppmi and lsa are the two halves of the features corpus. A size of all is at most 6,000
texts, drawn once. The settings of the preset standard were chosen on trec, clinc150, sample and
German and Russian package descriptions.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold
from threadpoolctl import threadpool_limits

from cartography.active.simulation import seed_set
from cartography.corpora.corpus import Corpus, hold_out
from cartography.corpora.reading import read_train_test
from cartography.features.embedding import embed
from cartography.features.scaling import PrincipalScaling
from cartography.features.table import feature_kind
from cartography.models.mlp import probabilities
from cartography.models.presets import PAPER, STANDARD, Preset
from cartography.models.trainer import TrainingSet
from cartography.models.training import as_tensor, train_epochs

FILES = {
    "trec": ("trec_train.csv", "trec_test.csv"),
    "agnews": ("agnews_train.csv", "agnews_test.csv"),
    "sms": ("sms_spam.csv", None),
    "clinc150": ("clinc150.csv", None),
    "sample": ("sample", None),
}
_MOST_TEXTS, _MOST_TEST, _ALL = 16_000, 4_000, 6_000
_FLIPPED = 0.1
_DRAWS = ((200, 10), (1_000, 5), (4_000, 2), (np.inf, 1))
_STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
_CPU = torch.device("cpu")


@dataclass(frozen=True, eq=False)
class Task:
    """A corpus, its test set, and the features of both by recipe: scaled and as they are."""

    train: Corpus
    test: Corpus
    features: Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]]


def load(name: str, data: Path) -> tuple[Corpus, Corpus]:
    """Read a corpus by name or path, at most 16,000 texts of it."""
    source, test_source = FILES.get(name, (name, None))
    is_file = name in FILES and source != "sample"
    train, test = read_train_test(
        data / source if is_file else source, data / test_source if test_source else None
    )
    train = train.take(train.labelled)
    if test is None:
        train, test = hold_out(train)
    rng = np.random.default_rng(0)
    if len(train) > _MOST_TEXTS:
        train = train.take(np.sort(rng.permutation(len(train))[:_MOST_TEXTS]))
    if len(test) > _MOST_TEST:
        test = test.take(np.sort(rng.permutation(len(test))[:_MOST_TEST]))
    return train, test


def make_features(train: Corpus, test: Corpus, kind: str) -> Task:
    """The features of a kind; "ppmi" and "lsa" are halves of "corpus"."""
    choice = "corpus" if kind in ("ppmi", "lsa") else kind
    plain = [part.features for part in embed([train, test], feature_kind(choice), scaled=False)]
    if choice != kind:
        middle = plain[0].shape[1] // 2
        columns = slice(None, middle) if kind == "ppmi" else slice(middle, None)
        plain = [np.array(part[:, columns]) for part in plain]
    scaling = PrincipalScaling.fit(plain[0])
    scaled = [scaling(part) for part in plain]
    return Task(train, test, {"standard": (scaled[0], scaled[1]), "paper": (plain[0], plain[1])})


def draw_sets(corpus: Corpus, size: str) -> list[NDArray[np.int64]]:
    """Stratified draws of labelled rows: many of few labels, since these differ more."""
    count = min(_ALL, len(corpus)) if size == "all" else int(size)
    if count >= len(corpus):
        return [np.arange(len(corpus))]
    draws = next(draws for most, draws in _DRAWS if count <= most)
    return [seed_set(corpus, count, seed, stratified=True) for seed in range(draws)]


def flip(
    labels: NDArray[np.int64], classes: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Labels of which a tenth are another class, and which these are."""
    rng = np.random.default_rng(seed)
    flipped = rng.random(len(labels)) < _FLIPPED
    shift = rng.integers(1, classes, len(labels))
    return np.where(flipped, (labels + shift) % classes, labels), flipped


def train(
    task: Task, preset: Preset, sets: Sequence[TrainingSet]
) -> tuple[NDArray[np.float64], list[NDArray[np.float32]]]:
    """The test accuracy of models side by side, and the confidence of their texts."""
    features, test_features = task.features[preset.name]
    recipe = preset.for_corpus(len(task.train)).classifier
    gold = []
    for epoch in train_epochs(as_tensor(features, _CPU), sets, len(task.train.classes), recipe):
        gold.append(epoch.gold_probability)
    test = as_tensor(test_features, _CPU)
    rows = torch.arange(len(test)).unsqueeze(0)
    right = [
        (probabilities(model, test, rows)[0].argmax(1).numpy() == task.test.labels).mean()
        for model in epoch.classifiers
    ]
    return np.array(right), [np.mean(each, axis=0) for each in zip(*gold, strict=True)]


def regression(task: Task, rows: NDArray[np.int64]) -> float:
    """The test accuracy of logistic regression, with C by three-fold cross-validation."""
    features, test_features = (part.astype(np.float64) for part in task.features["standard"])
    inputs, labels = features[rows], task.train.labels[rows]

    def score(strength: float, fitted: NDArray[np.int64], held: NDArray[np.int64]) -> float:
        if len(np.unique(labels[fitted])) < 2:
            return 0.0
        model = LogisticRegression(C=strength, tol=1e-3, max_iter=200)
        return float(model.fit(inputs[fitted], labels[fitted]).score(inputs[held], labels[held]))

    folds = list(KFold(3, shuffle=True, random_state=0).split(inputs))
    best = max(_STRENGTHS, key=lambda strength: np.mean([score(strength, *fold) for fold in folds]))
    model = LogisticRegression(C=best, max_iter=500).fit(inputs, labels)
    return float(model.score(test_features, task.test.labels))


def measure(task: Task, size: str) -> Iterator[str]:
    """The cells of a line."""
    drawn = draw_sets(task.train, size)
    labels, classes = task.train.labels, len(task.train.classes)
    areas, accuracies = [], []
    for preset in (STANDARD, PAPER):
        clean = [TrainingSet(rows, labels[rows], seed) for seed, rows in enumerate(drawn)]
        accuracies.append(train(task, preset, clean)[0])
        yield f"{accuracies[-1].mean():.3f}"
        noisy, found = [], []
        for seed, rows in enumerate(drawn):
            wrong, flipped = flip(labels[rows], classes, seed)
            noisy.append(TrainingSet(rows, wrong, seed))
            found.append(flipped)
        confidences = train(task, preset, noisy)[1]
        areas.append(np.mean([*map(roc_auc_score, found, map(np.negative, confidences))]))
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        anchor = np.array([regression(task, rows) for rows in drawn])
    yield f"{anchor.mean():.3f}"
    lead = 100 * (accuracies[0] - anchor)
    error = f" ± {lead.std(ddof=1) / np.sqrt(len(lead)):.1f}" if len(lead) > 2 else ""
    yield f"{lead.mean():+.1f}{error}"
    yield from (f"{area:.3f}" for area in areas)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("corpora", nargs="*", default=[*FILES], metavar="CORPUS")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("CARTOGRAPHY_DATA", ".")))
    parser.add_argument("--sizes", nargs="+", default=["100", "500", "2000", "all"])
    parser.add_argument("--features", nargs="*", default=["corpus", "words"])
    parser.add_argument("--encoder", action="append", default=[], metavar="MODEL")
    options = parser.parse_args()
    torch.set_num_threads(1)
    names = ("corpus", "labels", "features", "standard", "paper", "regression", "lead")
    header = [*names, "flipped", "flipped, paper"]
    print(f"| {' | '.join(header)} |\n|{' --- |' * len(header)}")
    for name in options.corpora:
        corpus, test = load(name, options.data)
        for kind in [*options.features, *(f"encoder:{model}" for model in options.encoder)]:
            start = time.process_time()
            task = make_features(corpus, test, kind)
            seconds = time.process_time() - start
            for size in options.sizes:
                if size != "all" and int(size) > len(corpus):
                    continue
                cells = " | ".join(measure(task, size))
                print(f"| {Path(name).name} | {size} | {kind} | {cells} |", flush=True)
            print(f"<!-- {name}, {kind}: {seconds:.1f} s of CPU time for the features -->")


if __name__ == "__main__":
    main()
