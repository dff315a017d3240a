"""A round of a project: train on the labels, map them, evaluate, and choose what to label next."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from filelock import FileLock, Timeout

from cartography.errors import CartographyError
from cartography.features.embedding import embed
from cartography.features.kinds import Report
from cartography.files import atomic_write
from cartography.formats.export import to_parquet
from cartography.labelling.events import Act
from cartography.labelling.project import Project, batch_size
from cartography.labelling.round_model import (
    RoundModel,
    RoundRequest,
    RoundTexts,
    first_batch,
    with_duplicates,
)
from cartography.labelling.state import LabelState
from cartography.labelling.store import LabelStore
from cartography.maps.data_map import DataMap
from cartography.models.metrics import Evaluation
from cartography.models.training import Epoch
from cartography.runs.manifest import MANIFEST, SUMMARY, read_json, write_json
from cartography.strategies.table import get_strategy

FIRST = "diverse"
"""The name of what chooses a batch before there is a model: see `diverse_rows`."""

_MAP, _BATCH, _POOL = "map.parquet", "batch.parquet", "pool.parquet"
_LOCK = ".lock"


@dataclass(frozen=True, eq=False)
class Round:
    """A finished round on disk.

    Attributes
    ----------
    number : int
        From 1.
    folder : Path
    summary : dict
        `annotators` and `overlap` of the project then, `labelled`, `strategy`, `accuracy`,
        `macro_f1`, `evaluated` (on what), `texts` (how many), `events` (number of the last event
        that was read), `at`, `warning` and `fallback`; with a model `epochs`, too.
    """

    number: int
    folder: Path
    summary: dict[str, Any]

    @cached_property
    def batch(self) -> pd.DataFrame:
        """The batch by rank: id, rank, score, reason, predicted_label, probability, duplicates.

        Raises
        ------
        CartographyError
            Its file is missing or damaged.
        """
        return self._read(_BATCH)

    @cached_property
    def map(self) -> pd.DataFrame | None:
        """The map of the labelled texts with their labels and predictions; None without a model."""
        return self._read(_MAP) if (self.folder / _MAP).exists() else None

    @cached_property
    def data_map(self) -> DataMap | None:
        """The map of the labelled texts; None without a model."""
        if self.map is None:
            return None
        return DataMap(
            ids=self.map["id"].to_numpy(dtype=object),
            confidence=self.map["confidence"].to_numpy(),
            variability=self.map["variability"].to_numpy(),
            correctness=self.map["correctness"].to_numpy(),
            epochs=int(self.summary["epochs"]),
        )

    @cached_property
    def pool(self) -> pd.DataFrame | None:
        """id, predicted_label and max_probability of the pool; None without a model."""
        return self._read(_POOL) if (self.folder / _POOL).exists() else None

    def _read(self, name: str) -> pd.DataFrame:
        path = self.folder / name
        try:
            return pd.read_parquet(path)
        except (OSError, ValueError, pa.ArrowException) as error:
            reason = str(error).partition("\n")[0]
            raise CartographyError(
                f"{path} cannot be read: {reason}; to go on without round {self.number}, move its "
                "folder away"
            ) from error


def read_rounds(project: Project, known: Sequence[Round] = ()) -> list[Round]:
    """Return the finished rounds of a project in their order.

    Parameters
    ----------
    project : Project
    known : sequence of Round
        Rounds that were read before: they do not change, and are returned as they are.

    Raises
    ------
    CartographyError
        A file of a round cannot be read.
    """
    read = {each.number: each for each in known}
    numbers = sorted(
        int(path.parent.name)
        for path in project.rounds_folder.glob(f"*/{SUMMARY}")
        if path.parent.name.isdecimal()
    )
    return [read.get(number) or _read_round(project, number) for number in numbers]


def _read_round(project: Project, number: int) -> Round:
    folder = project.rounds_folder / f"{number:04d}"
    return Round(number, folder, read_json(folder / SUMMARY))


def next_folder(project: Project) -> Path:
    """Return the folder of the next round."""
    rounds = read_rounds(project)
    return project.rounds_folder / f"{rounds[-1].number + 1 if rounds else 1:04d}"


def run_round(
    store: LabelStore,
    project: Project,
    request: RoundRequest,
    folder: Path | None = None,
    report: Report = lambda _: None,
) -> Iterator[Epoch]:
    """Run the next round of a project on the labels of this moment.

    Parameters
    ----------
    store : LabelStore
    project : Project
    request : RoundRequest
    folder : Path, optional
        Where to write; the folder of the next round by default.
    report : callable, optional
        Called with a sentence before each long step.

    Yields
    ------
    Epoch
        Each epoch of the training; none as long as fewer than two classes have a label.

    Raises
    ------
    CartographyError
        Another round of the project is running, the strategy is unknown, nothing is left to label,
        or a file cannot be written.
    """
    get_strategy(request.strategy)
    folder = folder or next_folder(project)
    project.rounds_folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(project.rounds_folder / _LOCK, timeout=1)
    try:
        lock.acquire()
    except Timeout:
        raise CartographyError(
            f"another round of the project {project.name!r} is running: wait for it"
        ) from None
    try:
        _clear(folder)
        yield from _run(store, project, request, folder, report)
    finally:
        lock.release()


def _run(
    store: LabelStore, project: Project, request: RoundRequest, folder: Path, report: Report
) -> Iterator[Epoch]:
    corpus = project.corpus
    state = LabelState(corpus.ids.tolist(), corpus.labels, corpus.classes)
    state.read(store.events(project.id))
    number = int(folder.name)
    write_json(folder / MANIFEST, {"kind": "round", "round": number, **asdict(request)})
    waiting = (item for each in read_rounds(project) for item in each.batch["id"])
    texts = RoundTexts.of(corpus, state, waiting)
    size = request.size if request.size is not None else batch_size(*texts.counts)
    if size < 0:
        raise CartographyError(f"a batch has 0 texts or more, not {size}")
    if not len(texts.pool) and size:
        raise CartographyError(
            f"nothing is left to label in {project.name}: every text is labelled, set aside or in "
            "a batch already"
        )
    test = project.test
    preset = project.settings.chosen_preset()
    made = embed(
        [corpus, test] if test else [corpus],
        project.settings.feature_kind(),
        scaled=preset.scaled_features,
        progress=report,
    )
    features = made[0].features
    summary: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "events": state.last,
        "labelled": len(texts.labelled),
        "classes": len(texts.classes),
        "seed": request.seed,
        "annotators": list(project.settings.annotators),
        "overlap": project.settings.overlap,
        "accuracy": None,
        "macro_f1": None,
        "evaluated": "",
        "texts": 0,
        "warning": "",
        "fallback": "",
    }
    if texts.can_train:
        model = RoundModel(preset, request, texts, features)
        yield from model.train()
        report("evaluating")
        evaluation: Evaluation | None
        if test is not None:
            evaluation = model.evaluate(texts.test_labels(test), made[1].features)
            summary |= {"evaluated": "test set", "texts": len(test)}
        else:
            evaluation = model.cross_validate()
            if evaluation is not None:
                summary |= {"evaluated": "cross-validation", "texts": len(texts.labelled)}
        if evaluation is not None:
            summary |= {"accuracy": evaluation.accuracy, "macro_f1": evaluation.macro_f1}
        summary |= {
            "warning": model.warning,
            "strategy": request.strategy,
            "epochs": model.dynamics.epochs,
        }
        _write_parquet(folder / _MAP, model.map_table())
        report("choosing the batch")
        batch = model.batch(size)
        summary["fallback"] = model.fallback
        if len(texts.pool):
            _write_parquet(folder / _POOL, model.pool_table())
    else:
        report("choosing texts that are unlike each other")
        batch = first_batch(request, texts, features, size)
        summary |= {"strategy": FIRST}
    report("looking for near-duplicates of the batch")
    _write_parquet(folder / _BATCH, with_duplicates(batch, texts))
    write_json(folder / SUMMARY, summary)
    _tell(store, project, number, request, summary, len(batch))


def _tell(
    store: LabelStore,
    project: Project,
    number: int,
    request: RoundRequest,
    summary: dict[str, Any],
    size: int,
) -> None:
    """Store what happened as events, once."""
    story = f"{summary['labelled']:,} labels"
    if summary["accuracy"] is not None:
        story += f", accuracy {summary['accuracy']:.3f} by {summary['evaluated']}"
    acts = [
        Act(
            "trained",
            text=story,
            round=number,
            source="",
            token=f"trained {number} {summary['at']}",
        ),
        Act(
            "asked",
            request.annotator,
            text=f"{size} texts by {summary['strategy']}",
            round=number,
            source="",
            token=f"asked {number} {summary['at']}",
        ),
    ]
    store.append(project.id, acts if summary["strategy"] != FIRST else acts[1:])


def _write_parquet(path: Path, table: pd.DataFrame) -> None:
    with atomic_write(path) as temporary:
        temporary.write_bytes(to_parquet(table))


def _clear(folder: Path) -> None:
    """Remove what an interrupted round left, but not the files of the worker that runs this one."""
    if (folder / SUMMARY).exists():
        raise CartographyError(f"round {int(folder.name)} is finished already: ask for a new one")
    for path in folder.glob("[!.]*"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
