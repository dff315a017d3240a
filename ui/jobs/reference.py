"""The full data map of a corpus, on which the picks of several strategies are compared."""

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
    """A finished full data map.

    Attributes
    ----------
    folder : Path
    data_map : DataMap
    method : Method
    accuracy : float or None
        Test accuracy; None if it cannot be compared with the accuracy of the runs.
    """

    folder: Path
    data_map: DataMap
    method: Method
    accuracy: float | None

    @property
    def shares(self) -> tuple[float, float, float]:
        """Shares of the regions among all texts, in the order of `REGIONS`."""
        return self.data_map.statistics().region_shares

    @property
    def description(self) -> str:
        """Size, epochs, method and region shares."""
        regions = ", ".join(
            f"{share:.0%} {name}" for name, share in zip(REGIONS, self.shares, strict=True)
        )
        size = f"{len(self.data_map):,} texts over {self.data_map.epochs} epochs"
        return f"{size}{self.method.suffix}: {regions}"


def find_reference_map(run: RunInfo, whole: str | None = None) -> ReferenceMap | None:
    """Find the full map of a run's corpus.

    Parameters
    ----------
    run : RunInfo
    whole : str, optional
        Fingerprint of a larger corpus that includes the run's.

    Returns
    -------
    ReferenceMap or None
        Of several maps, the one trained most like the run, then the newest.
    """
    candidates = [
        (folder, manifest)
        for folder, manifest in manifests()
        if manifest["kind"] == "map"
        and manifest["preset"]["seed_size"] is None
        and manifest["train"]["fingerprint"] in (run.corpus, whole)
        and (folder / SUMMARY).exists()
    ]
    if not candidates:
        return None
    folder, manifest = max(candidates, key=lambda pair: _likeness(pair[1], run))
    map_run = cached.map_run(folder)
    accuracy = map_run.summary.get("test_accuracy") if map_run.summary else None
    return ReferenceMap(
        folder=folder,
        data_map=results.data_map(map_run, Thresholds()),
        method=Method.of(manifest["preset"]),
        accuracy=accuracy if all(_likeness(manifest, run)) else None,
    )


def whole_fingerprint(run: RunInfo, choice: DataChoice) -> str | None:
    """Return the fingerprint of the whole corpus of `choice`, or None if `run` is not from it.

    The whole corpus includes texts without a gold label and a held-out test set.
    """
    try:
        if cached.learning_fingerprint(choice) != run.corpus:
            return None
        return cached.corpora(choice)[0].fingerprint
    except CartographyError:
        return None  # its files are gone, so its map cannot be drawn


def task_for(run: RunInfo, choice: DataChoice) -> Task:
    """Return the task that draws the full map of `choice`, with as many epochs as `run`.

    It uses the paper's method, so that runs of all methods share one map.
    """
    return tasks.maps(choice, epochs=run.epochs)


def _likeness(manifest: dict[str, Any], run: RunInfo) -> tuple[bool, bool, bool]:
    """Whether a map has the features, the classifier and the test set of `run`."""
    test = manifest["test"]
    return (
        manifest["train"]["features"] == run.manifest["train"]["features"],
        manifest["preset"]["classifier"] == run.manifest["preset"]["classifier"],
        test is not None and test["fingerprint"] == run.manifest["test"]["fingerprint"],
    )
