"""Projects of labels in one call: made of any source, and opened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

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
        A source cannot be read, a setting is wrong, or there is a project of this name.

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
    store = store or LabelStore()
    same = [each.id for each in projects.list_projects(store) if each.name == name.strip()]
    if same:
        raise CartographyError(
            f"there is a project {name!r} already ({same[0]}): open it with open_project, or "
            "choose another name"
        )
    columns: dict[str, Any] = {"text": text, "label": label, "id": id}
    train: Corpus
    held_out: Corpus | None
    if not isinstance(source, Corpus) and not isinstance(test, Corpus):
        train, held_out = read_train_test(source, test, **columns)
    else:
        train = source if isinstance(source, Corpus) else read_corpus(source, **columns)
        held_out = (
            test if isinstance(test, Corpus) or test is None else read_corpus(test, **columns)
        )
        if held_out is not None:
            held_out = align_classes(held_out, train.classes or None)
    return projects.create_project(store, name, train, held_out, settings)


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
