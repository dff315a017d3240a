"""Projects of labels in one call: made of any source, and opened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from cartography.corpora.corpus import Corpus
from cartography.corpora.reading import align_classes, read_corpus, read_train_test
from cartography.errors import CartographyError
from cartography.labelling import project as projects
from cartography.labelling.project import Project, ProjectSettings
from cartography.labelling.store import LabelStore
from cartography.workflows.calls import Source


def create_project(
    name: str,
    source: Source,
    test: Source | None = None,
    *,
    text: str | None = None,
    label: str | None = None,
    id: str | None = None,
    features: str | None = None,
    vectors: str | Path | None = None,
    preset: str = "standard",
    annotators: Sequence[str] = (),
    overlap: int = 0,
    store: LabelStore | None = None,
) -> Project:
    """Create a project of texts to label.

    The texts are copied: the project does not need the source again.

    Parameters
    ----------
    name : str
    source : Corpus, str, Path or pandas.DataFrame
        The texts; some, all or none of them may have a label.
    test : Corpus, str, Path or pandas.DataFrame, optional
        The test set. Default: the source's own; without one, accuracy is by cross-validation.
    text, label, id, features, vectors
        As in `cartography.map`.
    preset : {"standard", "paper", "released"}, default "standard"
    annotators : sequence of str, optional
        Who shares the batches; by default everybody sees what nobody has labelled.
    overlap : int, default 0
        Texts of each batch that all annotators label.
    store : LabelStore, optional
        The default store if not given.

    Returns
    -------
    Project
        For `LabelSession`.

    Raises
    ------
    CartographyError
        A source cannot be read, or a setting is wrong.

    Examples
    --------
    >>> project = create_project("tickets", "tickets.csv")  # doctest: +SKIP
    >>> session = LabelSession(project, annotator="Ada")  # doctest: +SKIP
    """
    settings = ProjectSettings(
        features=features,
        vectors=None if vectors is None else str(vectors),
        preset=preset,
        annotators=tuple(annotators),
        overlap=overlap,
    )
    settings.feature_kind()
    columns = {"text": text, "label": label, "id": id}
    train: Corpus
    held_out: Corpus | None
    if not isinstance(source, Corpus) and not isinstance(test, Corpus):
        train, held_out = read_project_texts(source, test, **columns)
    else:
        train = source if isinstance(source, Corpus) else read_corpus(source, **columns)
        held_out = (
            test if isinstance(test, Corpus) or test is None else read_corpus(test, **columns)
        )
        if held_out is not None:
            held_out = align_classes(held_out, train.classes or None)
    return projects.create_project(store or LabelStore(), name, train, held_out, settings)


def read_project_texts(
    source: str | Path | pd.DataFrame,
    test: str | Path | pd.DataFrame | None = None,
    **options: Any,
) -> tuple[Corpus, Corpus | None]:
    """Read texts, of which none needs a label, and their test corpus.

    Parameters
    ----------
    source, test, **options
        As in `read_train_test`.

    Returns
    -------
    train : Corpus
    test : Corpus or None

    Raises
    ------
    CartographyError
        As in `read_train_test`, but not because the texts have no label and the test corpus has.
    """
    try:
        return read_train_test(source, test, **options)
    except CartographyError:
        # The classes of a test set cannot be compared with those of texts without a label.
        train = read_corpus(source, **options)
        if train.labelled.any():
            raise
        return train, None if test is None else read_corpus(test, **options)


def open_project(name: str, store: LabelStore | None = None) -> Project:
    """Open a project of texts to label by its name or its id.

    Parameters
    ----------
    name : str
    store : LabelStore, optional
        The default store if not given.

    Returns
    -------
    Project

    Raises
    ------
    CartographyError
        There is no such project, or several have this name.
    """
    return projects.open_project(store or LabelStore(), name)
