"""Runs on disk that look for the label suspects of a project, or measure how well that works."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from cartography.errors import CartographyError
from cartography.features.embedding import embed
from cartography.features.kinds import Report
from cartography.files import atomic_write, content_key
from cartography.formats.export import to_parquet
from cartography.labelling.cross_validation import FOLDS
from cartography.labelling.planted_noise import NoiseReport, measure_rankings
from cartography.labelling.project import Project
from cartography.labelling.round_model import RoundTexts
from cartography.labelling.state import LabelState
from cartography.labelling.store import LabelStore
from cartography.labelling.suspects import RANKINGS, Progress, Suspects, search_sets
from cartography.maps.data_map import REGIONS, DataMap
from cartography.models.presets import SEEDS
from cartography.models.training import as_tensor, pick_device
from cartography.runs.manifest import MANIFEST, SUMMARY, read_json, versions, write_json

SUSPECTS = "suspects"
NEIGHBOURS = 5

Work = Literal["find", "noise"]

_TABLE = "table.parquet"
_LOCK = ".lock"
_BLOCK = 512  # texts whose neighbours are looked for at a time


@dataclass(frozen=True)
class SuspectRequest:
    """What a run is asked for.

    Attributes
    ----------
    work : {"find", "noise"}
        Rank the labels, or plant noise in them and measure how well each ranking finds it.
    seed : int
    device : str
    fraction : float
        Of the labels that are flipped; for "noise" only.
    seeds : tuple of int
        Of the planted noise.
    """

    work: Work = "find"
    seed: int = SEEDS[0]
    device: str = "auto"
    fraction: float = 0.1
    seeds: tuple[int, ...] = SEEDS[:3]


@dataclass(frozen=True, eq=False)
class SuspectRun:
    """A finished run on disk.

    Attributes
    ----------
    number : int
        From 1.
    folder : Path
    manifest : dict
        Everything that decides the result.
    summary : dict
        `at`, `events` (number of the last event that was read) and `texts`; of a search `epochs`
        and `issues`, of planted noise `flipped`, too.
    """

    number: int
    folder: Path
    manifest: dict[str, Any]
    summary: dict[str, Any]

    @property
    def work(self) -> Work:
        """What the run did."""
        work: Work = self.manifest["work"]
        return work

    @cached_property
    def table(self) -> pd.DataFrame:
        """Of a search a row per labelled text, in the order of the file; else the noise report.

        Of a search: `id`, `label` (its name at that time), the score of each of `RANKINGS`,
        `predicted_label` and `max_probability` (by the model that was not trained on the text),
        `other_label` and `other_probability` (the most probable class that is not the label),
        `confidence`, `variability`, `correctness`, `region`, `single`, `issue`, `nearest` (ids of
        labelled texts) and `curve` (the label's probability by epoch). Of planted noise: as
        `NoiseReport.to_frame`.
        """
        try:
            return pd.read_parquet(self.folder / _TABLE)
        except (OSError, ValueError) as error:
            raise CartographyError(f"{self.folder / _TABLE} cannot be read: {error}") from error

    @cached_property
    def classes(self) -> dict[str, int]:
        """The number of each class by the name that it had at that time."""
        return {name: number for number, name in self.manifest["classes"]}

    @cached_property
    def data_map(self) -> DataMap:
        """The map of the labelled texts; of a search only."""
        return DataMap(
            ids=self.table["id"].to_numpy(dtype=object),
            confidence=self.table["confidence"].to_numpy(),
            variability=self.table["variability"].to_numpy(),
            correctness=self.table["correctness"].to_numpy(),
            epochs=int(self.summary["epochs"]),
        )

    def order(self, ranking: str) -> NDArray[np.int64]:
        """Return the rows of `table`, the most suspect first; of a search only.

        Raises
        ------
        CartographyError
            `ranking` is not one of `RANKINGS`.
        """
        require_ranking(ranking)
        return np.argsort(-self.table[ranking].to_numpy(), kind="stable")


def require_ranking(ranking: str) -> None:
    """Raise CartographyError if `ranking` is not one of `RANKINGS`."""
    if ranking not in RANKINGS:
        raise CartographyError(
            f"there is no ranking {ranking!r}: give one of {', '.join(RANKINGS)}"
        )


def suspects_folder(project: Project) -> Path:
    """Return the folder of the runs of a project."""
    return project.folder / SUSPECTS


def read_suspect_runs(project: Project, work: Work | None = None) -> list[SuspectRun]:
    """Return the finished runs of a project in their order.

    Parameters
    ----------
    project : Project
    work : {"find", "noise"}, optional
        Only runs that did this.

    Raises
    ------
    CartographyError
        A file of a run cannot be read.
    """
    folders = sorted(
        path.parent
        for path in suspects_folder(project).glob(f"*/{SUMMARY}")
        if path.parent.name.isdecimal()
    )
    runs = [read_suspect_run(folder) for folder in folders]
    return [run for run in runs if work in (None, run.work)]


def read_suspect_run(folder: Path) -> SuspectRun:
    """Return the finished run in a folder.

    Raises
    ------
    CartographyError
        A file cannot be read.
    """
    return SuspectRun(
        int(folder.name), folder, read_json(folder / MANIFEST), read_json(folder / SUMMARY)
    )


def next_suspect_folder(project: Project) -> Path:
    """Return the folder of the next run; that of an unfinished one is used again."""
    runs = read_suspect_runs(project)
    return suspects_folder(project) / f"{runs[-1].number + 1 if runs else 1:04d}"


def same_run(store: LabelStore, project: Project, request: SuspectRequest) -> SuspectRun | None:
    """Return the last finished run on the labels of this moment that a request would repeat."""
    manifest = _manifest(project, request, *_present_texts(store, project))
    runs = [run for run in read_suspect_runs(project) if run.manifest == manifest]
    return runs[-1] if runs else None


def run_suspects(
    store: LabelStore,
    project: Project,
    request: SuspectRequest,
    folder: Path | None = None,
    report: Report = lambda _: None,
) -> Iterator[Progress]:
    """Rank the labels of this moment by how doubtful they are, or measure the rankings on them.

    Parameters
    ----------
    store : LabelStore
    project : Project
    request : SuspectRequest
    folder : Path, optional
        Where to write; the folder of the next run by default.
    report : callable, optional
        Called with a sentence before each long step.

    Yields
    ------
    Progress
        After each epoch.

    Raises
    ------
    CartographyError
        Another run of the project is under way, fewer than two classes have a labelled text, or a
        file cannot be written.
    """
    with _lock(project):
        folder = folder or next_suspect_folder(project)
        _clear(folder)
        state, texts = _present_texts(store, project)
        if not texts.can_train:
            raise CartographyError(
                f"label texts of two classes in {project.name} first: label suspects are found by "
                "training on the labels"
            )
        write_json(folder / MANIFEST, _manifest(project, request, state, texts))
        summary = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "events": state.last,
            "texts": len(texts.labelled),
        }
        preset = project.settings.chosen_preset()
        (made,) = embed(
            [texts.corpus],
            project.settings.feature_kind(),
            scaled=preset.scaled_features,
            progress=report,
        )
        features = as_tensor(made.features, pick_device(request.device))
        given = (texts.labelled, texts.labels)
        if request.work == "find":
            (found,) = yield from search_sets(
                features, [(*given, request.seed)], len(texts.classes), preset
            )
            report("looking for similar texts")
            table = suspect_table(found, texts)
            summary |= {"epochs": found.dynamics.epochs, "issues": int(found.issues.sum())}
        else:
            measured: NoiseReport = yield from measure_rankings(
                features, *given, len(texts.classes), preset, request.fraction, request.seeds
            )
            table = measured.to_frame()
            summary |= {"flipped": measured.flipped}
        with atomic_write(folder / _TABLE) as temporary:
            temporary.write_bytes(to_parquet(table))
        write_json(folder / SUMMARY, summary)


def suspect_table(found: Suspects, texts: RoundTexts) -> pd.DataFrame:
    """Return label suspects as a table; see `SuspectRun.table`."""
    ids = texts.corpus.ids[texts.labelled]
    classes = np.array(texts.classes, dtype=object)
    every = np.arange(len(ids))
    others = found.out_of_fold.copy()
    others[every, found.labels] = -1
    other = others.argmax(axis=1)
    blocks = np.split(every, range(_BLOCK, len(every), _BLOCK))
    nearest = np.concatenate([found.nearest(block, NEIGHBOURS) for block in blocks])
    data_map = found.data_map
    return pd.DataFrame(
        {
            "id": pd.Series(ids.tolist(), dtype="str"),
            "label": classes[found.labels],
            **found.scores,
            "predicted_label": classes[found.predicted],
            "max_probability": found.out_of_fold.max(axis=1),
            "other_label": classes[other],
            "other_probability": others[every, other],
            "confidence": data_map.confidence,
            "variability": data_map.variability,
            "correctness": data_map.correctness,
            "region": np.array(REGIONS, dtype=object)[data_map.region],
            "single": found.single,
            "issue": found.issues,
            "nearest": pd.Series([ids[row].tolist() for row in nearest], dtype="object"),
            "curve": pd.Series(found.dynamics.gold_probability.T.tolist(), dtype="object"),
        }
    )


def _present_texts(store: LabelStore, project: Project) -> tuple[LabelState, RoundTexts]:
    corpus = project.corpus
    state = LabelState(corpus.ids.tolist(), corpus.labels, corpus.classes)
    state.read(store.events(project.id))
    return state, RoundTexts.of(corpus, state, ())


def _manifest(
    project: Project, request: SuspectRequest, state: LabelState, texts: RoundTexts
) -> dict[str, Any]:
    """Everything that decides the result of a run, as JSON gives it back."""
    settings = asdict(project.settings)
    made_by = ("features", "vectors", "pooling", "max_length", "preset")
    values: dict[str, Any] = {
        "kind": SUSPECTS,
        "work": request.work,
        "labels": content_key(texts.labelled.tobytes(), texts.labels.tobytes()),
        "classes": [[number, name] for number, name in state.classes.items()],
        "settings": {name: settings[name] for name in made_by},
        "folds": FOLDS,
        "device": pick_device(request.device).type,
        "versions": versions(),
    }
    if request.work == "find":
        return {**values, "seed": request.seed}
    return {**values, "seeds": list(request.seeds), "fraction": request.fraction}


@contextmanager
def _lock(project: Project) -> Iterator[None]:
    folder = suspects_folder(project)
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / _LOCK, timeout=1)
    try:
        lock.acquire()
    except Timeout:
        raise CartographyError(
            f"another search for label suspects in {project.name!r} is running: wait for it"
        ) from None
    try:
        yield
    finally:
        lock.release()


def _clear(folder: Path) -> None:
    """Remove what an interrupted run left, but not the files of the worker that runs this one."""
    if (folder / SUMMARY).exists():
        raise CartographyError(f"run {folder.name} is finished already: ask for a new one")
    for path in folder.glob("[!.]*"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
