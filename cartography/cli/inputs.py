"""What commands read before they train: corpora, their features and the method."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from rich.console import Console

from cartography.cli import options
from cartography.corpora.corpus import Corpus, describe, require_classes
from cartography.corpora.reading import read_train_test
from cartography.features.embedding import Embedding, embed
from cartography.features.word_features import WordFeatures
from cartography.models.presets import PRESETS, STANDARD, Preset
from cartography.models.training import pick_device
from cartography.runs.manifest import Kind, Manifest, Source


@dataclass(frozen=True)
class Inputs:
    """A training and a test corpus with their features; the test side may be missing."""

    train: Corpus
    features: Embedding
    test: Corpus | None
    test_features: Embedding | None

    def manifest(
        self, kind: Kind, preset: Preset, seed: int, device: str, strategy: str = ""
    ) -> Manifest:
        """Return the manifest of a run on these corpora."""
        test = None
        if self.test is not None and self.test_features is not None:
            test = Source.of(self.test, self.test_features)
        return Manifest(
            kind=kind,
            train=Source.of(self.train, self.features),
            test=test,
            preset=preset,
            seed=seed,
            device=pick_device(device).type,
            strategy=strategy,
        )


def read_corpora(
    source: str, columns: options.Columns, console: Console
) -> tuple[Corpus, Corpus | None]:
    """Read the training and the test corpus to train on; see `read_texts`.

    Raises
    ------
    CartographyError
        A corpus that is needed has no gold labels, or fewer than two classes.
    """
    train, test = read_texts(source, columns, console)
    require_classes(train)
    if test is not None:
        require_classes(test, least=1)
    return train, test


def read_texts(
    source: str, columns: options.Columns, console: Console
) -> tuple[Corpus, Corpus | None]:
    """Read the texts and the test corpus, with or without labels, and print what they contain.

    A test part that comes with `source` but has no labels, as in many shared tasks, is left out.
    """
    console.print(f"reading {source} …")
    train, test = read_train_test(source, columns.test, **columns.reading())
    for corpus in (train, test):
        if corpus is not None:
            print_notes(corpus, console)
    if test is not None and columns.test is None and not test.labelled.any():
        console.print(f"{test.name} has no gold labels and is left out")
        test = None
    return train, test


def print_notes(corpus: Corpus, console: Console) -> None:
    """Print how a corpus was read and what it contains."""
    account = (corpus.account.summary,) if corpus.account else ()
    for line in (*corpus.notes, *account, describe(corpus).summary):
        console.print(f"{corpus.name}: {line}")


def embed_corpora(
    train: Corpus,
    test: Corpus | None,
    features: options.Features,
    console: Console,
    preset: Preset = STANDARD,
) -> Inputs:
    """Make the features of both corpora: of the kind that is named, else of that of `preset`."""
    kind = preset.feature_kind(
        features.features,
        vectors=features.vectors,
        pooling=features.pooling,
        max_length=features.max_length,
    )
    if preset.switches_of_words and not isinstance(kind, WordFeatures):
        console.print(
            "switches of word vectors have no effect on these features: "
            f"{', '.join(preset.switches_of_words)}"
        )
    embeddings = embed(
        [train] if test is None else [train, test],
        kind,
        scaled=preset.scaled_features,
        progress=lambda step: console.print(f"{step} …"),
    )
    console.print(embeddings[0].summary)
    return Inputs(train, embeddings[0], test, embeddings[1] if test is not None else None)


def chosen_preset(
    rows: int,
    training: options.Training,
    method: options.Method | None = None,
    **sizes: Any,
) -> Preset:
    """Return the preset that the options ask for, for a corpus of `rows` texts.

    The epochs are the main classifier's; the batch size is both classifiers'. Without `method` the
    preset is "standard".

    Raises
    ------
    CartographyError
        A switch or its value is unknown.
    """
    settings: Sequence[str] = method.settings if method else []
    preset = PRESETS[method.preset] if method else STANDARD
    preset = preset.with_switches(preset.switches.with_settings(settings))
    given = {"epochs": training.epochs, "batch_size": training.batch_size}
    given = {name: size for name, size in given.items() if size is not None}
    preset = preset.with_classifier(**given)
    if training.batch_size is not None:
        discriminator = replace(preset.discriminator, batch_size=training.batch_size)
        preset = replace(preset, discriminator=discriminator)
    return replace(preset, **sizes).for_corpus(rows)
