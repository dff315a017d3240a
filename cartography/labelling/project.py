"""A project: a corpus whose texts are being labelled, with its test set and settings."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cartography.corpora.corpus import Corpus
from cartography.corpora.reading import align_classes
from cartography.errors import CartographyError
from cartography.features.kinds import FeatureKind
from cartography.files import atomic_write, cache_folder
from cartography.labelling.events import Act
from cartography.labelling.store import LabelStore, ProjectRecord
from cartography.models.presets import PRESETS, Preset
from cartography.runs.user_columns import write_user_columns

ROUNDS = "rounds"
_TEXTS, _TEST = "texts.parquet", "test.parquet"
_CLASSES = b"cartography.classes"
_SMALLEST_BATCH, _LARGEST_BATCH = 20, 100
_ID_DIGITS = 16


@dataclass(frozen=True)
class ProjectSettings:
    """How the texts of a project are turned to features, learned and divided.

    Attributes
    ----------
    features, vectors, pooling, max_length : optional
        As in `Preset.feature_kind`.
    preset : str
        A key of `PRESETS`.
    annotators : tuple of str
        Who shares the batches; an annotator who is not named sees all that is left.
    overlap : int
        Number of texts of each batch that all annotators see.
    target : int
        Number of texts that a person wants to label in a day; 0 for none.
    """

    features: str | None = None
    vectors: str | None = None
    pooling: str | None = None
    max_length: int | None = None
    preset: str = "standard"
    annotators: tuple[str, ...] = ()
    overlap: int = 0
    target: int = 0

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> ProjectSettings:
        """Return the settings that were stored as JSON, where tuples are lists."""
        known = {field.name for field in fields(cls)}
        chosen = {name: value for name, value in values.items() if name in known}
        return cls(**{**chosen, "annotators": tuple(chosen.get("annotators", ()))})

    def chosen_preset(self) -> Preset:
        """Return the preset. Raises CartographyError if there is none of this name."""
        if self.preset not in PRESETS:
            raise CartographyError(f"preset {self.preset!r} is not one of {', '.join(PRESETS)}")
        return PRESETS[self.preset]

    def feature_kind(self) -> FeatureKind:
        """Return the kind of features."""
        return self.chosen_preset().feature_kind(
            self.features,
            vectors=self.vectors,
            pooling=self.pooling,  # type: ignore[arg-type]
            max_length=self.max_length,
        )


@dataclass(frozen=True, eq=False)
class Project:
    """A project with its texts.

    Attributes
    ----------
    id, name : str
    created : datetime
    settings : ProjectSettings
    folder : Path
        Its texts, its test set and its rounds.
    """

    id: str
    name: str
    created: datetime
    settings: ProjectSettings
    folder: Path

    @cached_property
    def corpus(self) -> Corpus:
        """The texts, with the labels that their file has.

        Raises
        ------
        CartographyError
            The file of the texts is missing or damaged.
        """
        return _read_corpus(self.folder / _TEXTS, self.name)

    @cached_property
    def test(self) -> Corpus | None:
        """The test set, None if there is none."""
        path = self.folder / _TEST
        return _read_corpus(path, f"{self.name} (test)") if path.exists() else None

    @property
    def rounds_folder(self) -> Path:
        """The folder of the rounds."""
        return self.folder / ROUNDS


def projects_folder() -> Path:
    """Return the folder of the projects' texts and rounds."""
    return cache_folder() / "projects"


def create_project(
    store: LabelStore,
    name: str,
    corpus: Corpus,
    test: Corpus | None = None,
    settings: ProjectSettings | None = None,
    annotator: str = "",
) -> Project:
    """Create a project.

    Parameters
    ----------
    store : LabelStore
    name : str
    corpus : Corpus
        Its texts are copied: the project does not need the file again.
    test : Corpus, optional
        The test set; texts without a label are left out. Its classes are classes of the project,
        too.
    settings : ProjectSettings, optional
    annotator : str, optional
        Who creates it.

    Returns
    -------
    Project

    Raises
    ------
    CartographyError
        The name is empty, there is no text, the settings are wrong (see `change_settings`), the
        test set has none of the classes of the texts, or the files cannot be written.
    """
    name = name.strip()
    if not name:
        raise CartographyError("a project needs a name")
    if not len(corpus):
        raise CartographyError(f"{corpus.name} has no texts to label")
    settings = settings or ProjectSettings()
    _check(settings)
    if test is not None:
        # By number, which a renamed or merged class keeps, and not by name.
        test = align_classes(test, corpus.classes or None)
        corpus = replace(corpus, classes=test.classes or corpus.classes)
    record = store.add_project(name, asdict(settings))
    project = _project_of(record)
    try:
        _write_corpus(project.folder / _TEXTS, corpus)
        write_user_columns([project.folder], corpus)
        if test is not None and test.labelled.any():
            _write_corpus(project.folder / _TEST, test.take(test.labelled))
        labelled = int(corpus.labelled.sum())
        story = f"{len(corpus):,} texts of {corpus.name}, {labelled:,} of them labelled"
        store.append(record.id, [Act("created", annotator, text=story, source="")])
    except BaseException:
        delete_project(store, record.id)
        raise
    return project


def open_project(store: LabelStore, name: str) -> Project:
    """Open a project by its id or, if only one has it, by its name.

    Raises
    ------
    CartographyError
        There is no such project, or several have this name.
    """
    records = store.projects()
    found = [record for record in records if record.id == name]
    found = found or [record for record in records if record.name == name]
    if not found:
        known = ", ".join(repr(record.name) for record in records[:6])
        raise CartographyError(
            f"there is no project {name!r}" + (f"; there are {known}" if known else "")
        )
    if len(found) > 1:
        ids = ", ".join(record.id for record in found)
        raise CartographyError(f"{len(found)} projects are named {name!r}: give an id ({ids})")
    return _project_of(found[0])


def list_projects(store: LabelStore) -> list[Project]:
    """Return all projects, the newest first."""
    return [_project_of(record) for record in store.projects()]


def change_settings(store: LabelStore, project: Project, **changes: Any) -> Project:
    """Return the project with changed settings, which are stored.

    Raises
    ------
    CartographyError
        The overlap or the target is below 0, or two annotators have one name.
    """
    settings = replace(project.settings, **changes)
    _check(settings)
    store.change(project.id, settings=asdict(settings))
    return replace(project, settings=settings)


def delete_project(store: LabelStore, id: str) -> None:
    """Delete a project: its events, texts and rounds."""
    store.delete_project(id)
    shutil.rmtree(projects_folder() / id, ignore_errors=True)


def batch_size(labelled: int, pool: int) -> int:
    """Return the number of texts of a batch: a tenth of the labelled ones, 20 to 100.

    Parameters
    ----------
    labelled, pool : int
        Numbers of texts with and without a label.
    """
    return min(max(_SMALLEST_BATCH, min(_LARGEST_BATCH, labelled // 10)), max(pool, 1))


def _check(settings: ProjectSettings) -> None:
    if settings.overlap < 0 or settings.target < 0:
        raise CartographyError("the overlap and the target are 0 or more")
    if len(set(settings.annotators)) < len(settings.annotators):
        raise CartographyError("two annotators have the same name: give each their own")


def _project_of(record: ProjectRecord) -> Project:
    return Project(
        record.id,
        record.name,
        record.created,
        ProjectSettings.of_json(record.settings),
        projects_folder() / record.id,
    )


def _write_corpus(path: Path, corpus: Corpus) -> None:
    classes = pa.array(corpus.classes, pa.string())
    labels = pa.array([int(label) if label >= 0 else None for label in corpus.labels], pa.int32())
    table = pa.table(
        {
            "id": pa.array(corpus.ids.tolist(), pa.string()),
            "text": pa.array(corpus.texts.tolist(), pa.large_string()),
            "label": labels,
        }
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, pa.schema([("class", pa.string())])) as writer:
        writer.write_table(pa.table({"class": classes}))
    table = table.replace_schema_metadata({_CLASSES: sink.getvalue().to_pybytes()})
    with atomic_write(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def _read_corpus(path: Path, name: str) -> Corpus:
    try:
        table = pq.read_table(path)
        with pa.ipc.open_stream(table.schema.metadata[_CLASSES]) as reader:
            classes = tuple(reader.read_all()["class"].to_pylist())
    except (OSError, pa.ArrowException, KeyError, TypeError) as error:
        raise CartographyError(
            f"the texts of the project {name!r} cannot be read from {path}: {error}"
        ) from error
    return Corpus(
        name=name,
        ids=np.array([*table["id"].to_pylist(), None], dtype=object)[:-1],
        texts=np.array([*table["text"].to_pylist(), None], dtype=object)[:-1],
        labels=table["label"].fill_null(-1).to_numpy().astype(np.int64),
        classes=classes,
    )
