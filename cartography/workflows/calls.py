"""Whole workflows in one call: map a corpus, simulate active learning, compare strategies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console

from cartography.active.simulation import seed_set, trials_of
from cartography.active.simulation import simulate as simulate_trials
from cartography.corpora.corpus import Corpus, hold_out, require_classes
from cartography.corpora.reading import align_classes, read_corpus, read_train_test
from cartography.errors import CartographyError
from cartography.evaluation.comparison import pooled_accuracies
from cartography.evaluation.significance import epsilon_min_table
from cartography.evaluation.verdict import verdicts
from cartography.features.embedding import embed
from cartography.features.kinds import FeatureKind
from cartography.maps.data_map import DataMap
from cartography.maps.dynamics import TrainingDynamics
from cartography.maps.under_training import under_training
from cartography.models.presets import PRESETS, SEEDS, STANDARD, Preset
from cartography.models.trainer import TrainingSet
from cartography.models.training import as_tensor, pick_device, train_epochs
from cartography.progress import make_console, track_progress
from cartography.strategies.table import get_strategy
from cartography.workflows.results import CorpusMap, Simulation, StrategyComparison

Source = Corpus | str | Path | pd.DataFrame

_BOOTSTRAP_SEED = 0


def map(
    source: Source,
    *,
    text: str | None = None,
    label: str | None = None,
    id: str | None = None,
    features: str | None = None,
    vectors: str | Path | None = None,
    preset: Preset | str = STANDARD,
    epochs: int | None = None,
    seed_size: int | None = None,
    seed: int = SEEDS[0],
    device: str = "auto",
    progress: bool = True,
) -> CorpusMap:
    """Train a classifier on a corpus and return its data map.

    Parameters
    ----------
    source : Corpus, str, Path or pandas.DataFrame
        A corpus, a table in memory, a path, "hub:owner/name[:split]" or "sample". Unlabelled texts
        are left out.
    text, label, id : str, optional
        Columns; guessed by default.
    features : str, optional
        "corpus", "words", "encoder:MODEL" or "file:PATH[:COLUMN]"; the preset's by default.
    vectors : str or Path, optional
        A file of word vectors for the features "words", which are trained on the corpus without it.
    preset : Preset or str, default STANDARD
        A preset or the name of one.
    epochs : int, optional
        Epochs of the training; the preset's by default.
    seed_size : int, optional
        Map a stratified seed set of this size; by default all texts.
    seed : int, default 398048
    device : {"auto", "cpu", "cuda"}, default "auto"
    progress : bool, default True
        Whether to print what is done, with a bar, to standard error.

    Returns
    -------
    CorpusMap

    Raises
    ------
    CartographyError
        The source cannot be read, or has fewer than two classes.

    Examples
    --------
    >>> data_map = cartography.map("sample", epochs=5)  # doctest: +SKIP
    >>> data_map.to_frame().sort_values("confidence").head()  # doctest: +SKIP
    """
    console = make_console(not progress)
    corpus = (
        source if isinstance(source, Corpus) else read_corpus(source, text=text, label=label, id=id)
    )
    _print_notes(console, corpus)
    require_classes(corpus)
    preset = _sized(preset, epochs).for_corpus(len(corpus))
    where = pick_device(device)
    kind = preset.feature_kind(features, vectors=vectors)
    (embedding,) = _embed([corpus], kind, preset, console)
    rows = (
        np.flatnonzero(corpus.labelled)
        if seed_size is None
        else seed_set(corpus, seed_size, seed, preset.switches.stratified_seed)
    )
    training = train_epochs(
        as_tensor(embedding, where),
        [TrainingSet(rows, corpus.labels[rows], seed)],
        len(corpus.classes),
        preset.classifier,
    )
    total = preset.classifier.epochs
    steps = list(track_progress(training, total, lambda step: step.number, "epoch", console))
    mapped = corpus.take(rows)
    dynamics = TrainingDynamics(
        mapped.ids,
        np.stack([step.gold_probability[0] for step in steps]),
        np.stack([step.correct[0] for step in steps]),
    )
    if warning := under_training(dynamics, corpus.labels[rows]):
        console.print(f"{corpus.name}: {warning}")
    return CorpusMap(mapped, dynamics, DataMap.of(dynamics))


def simulate(
    source: Source,
    test: Source | None = None,
    *,
    strategies: str | Sequence[str] = ("random", "cal"),
    seeds: int | Sequence[int] = SEEDS[:1],
    t_cor: float | Sequence[float] | None = None,
    iterations: int | None = None,
    query_size: int | None = None,
    seed_size: int | None = None,
    text: str | None = None,
    label: str | None = None,
    id: str | None = None,
    features: str | None = None,
    vectors: str | Path | None = None,
    preset: Preset | str = STANDARD,
    epochs: int | None = None,
    device: str = "auto",
    progress: bool = True,
) -> Simulation:
    """Simulate active learning on a labelled corpus (Algorithm 1; Zhang & Plank 2021).

    Every strategy is run with every seed, all side by side; CAL also at every t_cor.

    Parameters
    ----------
    source : Corpus, str, Path or pandas.DataFrame
        As in `map`.
    test : Corpus, str, Path or pandas.DataFrame, optional
        The test set. Default: the source's own, else a stratified tenth of the texts.
    strategies : str or sequence of str, default ("random", "cal")
        Names of `STRATEGIES`.
    seeds : int or sequence of int, default the first of the paper's five
    t_cor : float or sequence of float, optional
        The preset's by default, 0.8 for `STANDARD`.
    iterations, query_size, seed_size : int, optional
        Batches to ask for, labels per batch, labels to start from; the preset's by default.
    text, label, id, features, vectors, preset, epochs, device, progress
        As in `map`.

    Returns
    -------
    Simulation

    Raises
    ------
    CartographyError
        A source cannot be read, a strategy is unknown, or the seed set leaves no pool.

    Examples
    --------
    >>> simulation = cartography.simulate("sample", iterations=3)  # doctest: +SKIP
    >>> simulation.to_frame()[["strategy", "labelled", "accuracy"]]  # doctest: +SKIP
    """
    console = make_console(not progress)
    preset = _sized(preset, epochs)
    levels = _several(preset.t_cor if t_cor is None else t_cor)
    trials = trials_of(_several(strategies), levels, _several(seeds))
    for trial in trials:
        get_strategy(trial.strategy)
    if len(set(trials)) < len(trials):
        raise CartographyError("a strategy, a seed or a t_cor is given twice: give each once")
    where = pick_device(device)
    train, held_out = _train_and_test(source, test, text=text, label=label, id=id)
    _print_notes(console, train, held_out)
    sizes = {"iterations": iterations, "query_size": query_size, "seed_size": seed_size}
    given: dict[str, Any] = {name: size for name, size in sizes.items() if size is not None}
    preset = replace(preset, **given).for_corpus(len(train))
    kind = preset.feature_kind(features, vectors=vectors)
    matrices = _embed([train, held_out], kind, preset, console)
    steps = simulate_trials(
        train,
        matrices[0],
        held_out,
        matrices[1],
        trials,
        preset=preset,
        device=where.type,
    )
    tracked = track_progress(
        steps, preset.iterations, lambda step: step.number, "iteration", console
    )
    return Simulation(train, held_out, tuple(tracked))


def compare(
    source: Source | Simulation, test: Source | None = None, **options: Any
) -> StrategyComparison:
    """Compare strategies with Random over several seeds.

    Parameters
    ----------
    source : Simulation, Corpus, str, Path or pandas.DataFrame
        A simulation that has Random among its strategies; anything else is simulated first, with
        the paper's five seeds unless `seeds` is given.
    test : Corpus, str, Path or pandas.DataFrame, optional
    **options
        As in `simulate`.

    Returns
    -------
    StrategyComparison

    Raises
    ------
    CartographyError
        As in `simulate`; or Random is not among the strategies.

    Examples
    --------
    >>> comparison = cartography.compare("sample", iterations=5)  # doctest: +SKIP
    >>> print(comparison.verdict)  # doctest: +SKIP
    """
    if isinstance(source, Simulation):
        if test is not None or options:
            raise CartographyError("a simulation has its test set and options already: leave them")
        simulation = source
    else:
        simulation = simulate(source, test, **{"seeds": SEEDS, **options})
    rng = np.random.default_rng(_BOOTSTRAP_SEED)
    epsilon = epsilon_min_table(pooled_accuracies(simulation.curves), rng=rng)
    return StrategyComparison(simulation, epsilon, verdicts(simulation.curves, epsilon))


def _sized(preset: Preset | str, epochs: int | None) -> Preset:
    """The preset, or the one of that name, with its epochs."""
    if isinstance(preset, str):
        if preset not in PRESETS:
            raise CartographyError(f"preset {preset!r} is not one of {', '.join(PRESETS)}")
        preset = PRESETS[preset]
    return preset if epochs is None else preset.with_classifier(epochs=epochs)


def _several(values: Any) -> Sequence[Any]:
    """A single value as a sequence of one."""
    return [values] if isinstance(values, str | int | float) else [*values]


def _print_notes(console: Console, *corpora: Corpus) -> None:
    for corpus in corpora:
        for note in corpus.notes:
            console.print(f"{corpus.name}: {note}")


def _embed(
    corpora: Sequence[Corpus], kind: FeatureKind, preset: Preset, console: Console
) -> list[np.ndarray[Any, np.dtype[np.float32]]]:
    """The features of each corpus, in the scale that `preset` asks for."""
    embeddings = embed(
        corpora,
        kind,
        scaled=preset.scaled_features,
        progress=lambda step: console.print(f"{step} …"),
    )
    return [embedding.features for embedding in embeddings]


def _train_and_test(source: Source, test: Source | None, **columns: Any) -> tuple[Corpus, Corpus]:
    """The labelled texts of `source`, and the test set."""
    held_out: Corpus | None
    if isinstance(source, Corpus) or isinstance(test, Corpus):
        train = source if isinstance(source, Corpus) else read_corpus(source, **columns)
        if test is None:
            held_out = None
        elif isinstance(test, Corpus):
            held_out = align_classes(test, train.classes)
        else:
            held_out = read_corpus(test, **columns, classes=train.classes)
    else:
        train, held_out = read_train_test(source, test, **columns)
    require_classes(train)
    if test is not None and held_out is not None:
        require_classes(held_out, least=1)
    train = train.take(train.labelled)
    if held_out is None or not held_out.labelled.any():
        train, held_out = hold_out(train)
    return train, held_out
