"""What commands read before they train, and how they say what was wrong with it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import typer
from rich.console import Console

from cartography.corpora.corpus import Corpus, describe, require_classes
from cartography.corpora.reading import read_train_test
from cartography.errors import CartographyError
from cartography.features.embedding import Embedding, Pooling, embed
from cartography.models.presets import PAPER, Preset
from cartography.models.training import pick_device
from cartography.runs.manifest import Kind, Manifest, Source


@dataclass(frozen=True)
class CorpusFeatures:
    """A training and a test corpus with their features; the test side may be missing."""

    train: Corpus
    features: Embedding
    test: Corpus | None
    test_features: Embedding | None

    def manifest(
        self, kind: Kind, preset: Preset, seed: int, device: str, strategy: str = ""
    ) -> Manifest:
        """The manifest of a run on these corpora."""
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
    data: str,
    test: str | None,
    text: str | None,
    label: str | None,
    id: str | None,
    console: Console,
) -> tuple[Corpus, Corpus | None]:
    """The training and the test corpus, both with gold labels, and what was found in them.

    A test part that comes with `data` but has no labels, as those of shared tasks often do, is
    passed over. Raises CartographyError when a corpus that is needed has no gold labels, or
    fewer than two classes.
    """
    console.print(f"reading {data} …")
    corpus, held_out = read_train_test(data, test, text=text, label=label, id=id)
    for each in (corpus, held_out):
        if each is not None:
            for line in (*each.notes, describe(each).summary):
                console.print(f"{each.name}: {line}")
    if held_out is not None and test is None and not held_out.labelled.any():
        console.print(f"{held_out.name} has no gold labels and is passed over")
        held_out = None
    require_classes(corpus)
    if held_out is not None:
        require_classes(held_out, least=1)
    return corpus, held_out


def embed_corpora(
    train: Corpus,
    test: Corpus | None,
    vectors: str,
    pooling: Pooling,
    max_length: int | None,
    console: Console,
    preset: Preset = PAPER,
) -> CorpusFeatures:
    """Features of the training corpus, and of the test corpus where there is one, as the switches
    of `preset` have them.
    """
    corpora = [train] if test is None else [train, test]
    found = embed(
        corpora,
        vectors,
        pooling=pooling,
        max_length=max_length,
        tokens=preset.switches.tokens,
        padded_to=preset.padded_to if preset.switches.padding else None,
        progress=lambda step: console.print(f"{step} …"),
    )
    console.print(found[0].coverage.summary)
    return CorpusFeatures(train, found[0], test, found[1] if test is not None else None)


@contextmanager
def report_errors() -> Iterator[None]:
    """Turn a user's mistake into one line on standard error and exit code 2."""
    try:
        yield
    except CartographyError as error:
        typer.echo(f"cartography: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        typer.echo("cartography: interrupted; what is on disk is whole.", err=True)
        sys.exit(130)
