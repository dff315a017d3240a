"""The full data map of a corpus, on which the picks of several strategies are placed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cartography.errors import CartographyError
from cartography.maps.data_map import REGIONS, DataMap, Thresholds
from cartography.runs.manifest import SUMMARY
from ui.jobs import cached, results, tasks
from ui.jobs.background import Task
from ui.jobs.found import RunInfo, manifests
from ui.jobs.methods import Method
from ui.state.session import DataChoice


@dataclass(frozen=True, eq=False)
class ReferenceMap:
    """A finished full data map; `accuracy` on the test set is None where the map has none that
    compares with that of the runs.
    """

    folder: Path
    data_map: DataMap
    method: Method
    accuracy: float | None

    @property
    def shares(self) -> tuple[float, float, float]:
        """The shares of the regions among all its texts, in the order of `REGIONS`."""
        return self.data_map.statistics().region_shares

    @property
    def described(self) -> str:
        """What it is a map of, in words."""
        regions = ", ".join(
            f"{share:.0%} {name}" for name, share in zip(REGIONS, self.shares, strict=True)
        )
        trained = f"{len(self.data_map):,} texts over {self.data_map.epochs} epochs"
        return f"{trained}{self.method.suffix}: {regions}"


def find_reference_map(run: RunInfo, whole: str | None = None) -> ReferenceMap | None:
    """The full map of the corpus that `run` learned from, the most like its trainings and then
    the newest; None if there is none. `whole` is the fingerprint of a corpus that holds it.
    """
    usable = [
        (folder, manifest)
        for folder, manifest in manifests()
        if manifest["kind"] == "map"
        and manifest["preset"]["seed_size"] is None
        and manifest["train"]["fingerprint"] in (run.corpus, whole)
        and (folder / SUMMARY).exists()
    ]
    if not usable:
        return None
    folder, manifest = max(usable, key=lambda each: _likeness(each[1], run))
    read = cached.map_run(folder)
    accuracy = read.summary.get("test_accuracy") if read.summary else None
    return ReferenceMap(
        folder=folder,
        data_map=results.data_map(read, Thresholds()),
        method=Method.of(manifest["preset"]),
        accuracy=accuracy if all(_likeness(manifest, run)) else None,
    )


def whole_fingerprint(run: RunInfo, choice: DataChoice) -> str | None:
    """The fingerprint of the whole corpus of `choice`, texts without label and a held-out test
    set included, if `run` learned from it; else None.
    """
    try:
        if cached.learning_fingerprint(choice) != run.corpus:
            return None
        return cached.corpora(choice)[0].fingerprint
    except CartographyError:
        return None  # its files are gone, and with them a way to draw it


def task_for(run: RunInfo, choice: DataChoice) -> Task:
    """The task that draws the full map of `choice`, in as many epochs as `run` trains. By the
    paper's method, whichever is the run's: one map for all.
    """
    return tasks.maps(choice, epochs=run.epochs)


def _likeness(manifest: dict[str, Any], run: RunInfo) -> tuple[bool, bool, bool]:
    """In what a map is trained and tested as `run` is: features, recipe, test set."""
    test = manifest["test"]
    return (
        manifest["train"]["features"] == run.manifest["train"]["features"],
        manifest["preset"]["classifier"] == run.manifest["preset"]["classifier"],
        test is not None and test["fingerprint"] == run.manifest["test"]["fingerprint"],
    )
