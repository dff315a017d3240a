"""What `imported_maps` opens: a data map, or a table that holds none."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cartography.corpora.corpus import Corpus
from cartography.formatting import count_noun
from cartography.maps.data_map import REGIONS, DataMap
from cartography.maps.dynamics import TrainingDynamics

LISTED = 10
"""Number of ids in a summary."""


@dataclass(frozen=True, eq=False)
class OpenedMap:
    """A data map from a file.

    Attributes
    ----------
    name : str
        Name of the file or the folder.
    form : str
        The form of the file, in words.
    data_map : DataMap
        Of n items; an id is a string, or a whole number if the file has it so.
    dynamics : TrainingDynamics or None
        What the map was computed from; None if the file has the map alone.
    texts, labels, predicted : object array of str, shape (n,), or None
        The texts, the names of the gold labels and of the predicted ones, where they are known.
    notes : tuple of str
        What was inferred or left out.
    corpus : Corpus or None
        The texts that were joined.
    """

    name: str
    form: str
    data_map: DataMap
    dynamics: TrainingDynamics | None = None
    texts: NDArray[np.object_] | None = None
    labels: NDArray[np.object_] | None = None
    predicted: NDArray[np.object_] | None = None
    notes: tuple[str, ...] = ()
    corpus: Corpus | None = None

    @property
    def summary(self) -> tuple[str, ...]:
        """Counts, epochs, both kinds of regions and the ids of lowest confidence, as lines."""
        data_map = self.data_map
        statistics = data_map.statistics()
        lowest = data_map.top("hard", 1.0)[:LISTED]
        return (
            f"{self.form}: {count_noun(len(data_map), 'item')}, "
            f"{count_noun(data_map.epochs, 'epoch')}",
            f"means: confidence {statistics.confidence:.3f}, variability "
            f"{statistics.variability:.3f}, correctness {statistics.correctness:.3f}",
            "regions by thresholds: "
            + ", ".join(
                f"{name} {share:.1%}"
                for name, share in zip(REGIONS, statistics.region_shares, strict=True)
            ),
            f"regions as thirds (Dataset Cartography): {compare_thirds(data_map)}",
            f"lowest confidence: {', '.join(str(data_map.ids[row]) for row in lowest)}",
        )

    def take(self, rows: NDArray[np.int64]) -> OpenedMap:
        """Return the items at some positions, in their order."""
        dynamics = self.dynamics
        return replace(
            self,
            data_map=self.data_map.take(rows),
            dynamics=None if dynamics is None else dynamics.take(rows),
            texts=None if self.texts is None else self.texts[rows],
            labels=None if self.labels is None else self.labels[rows],
            predicted=None if self.predicted is None else self.predicted[rows],
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a table with a row per item: its id, its text where known, and its statistics.

        It has the other columns of the table of texts too.
        """
        table = self.data_map.to_frame()
        columns = {"text": self.texts, "label": self.labels, "predicted_label": self.predicted}
        known = {name: values for name, values in columns.items() if values is not None}
        for position, (name, values) in enumerate(known.items(), start=1):
            table.insert(position, name, values)
        if self.corpus is None or self.corpus.columns is None:
            return table
        rows = pd.Index(self.corpus.ids).get_indexer(pd.Index(table["id"].astype(str)))
        others = self.corpus.columns.take(rows.astype(np.int64)).to_frame(list(table.columns))
        others[rows < 0] = None
        return pd.concat([table, others.set_axis(table.index)], axis=1)


@dataclass(frozen=True, eq=False)
class OpenedTable:
    """A file of another tool that holds no data map.

    Attributes
    ----------
    name : str
    form : str
        The form of the file, in words.
    summary : tuple of str
        What is in it, as lines.
    """

    name: str
    form: str
    summary: tuple[str, ...]


def compare_thirds(data_map: DataMap) -> str:
    """Say how the regions as thirds differ from those by thresholds.

    Parameters
    ----------
    data_map : DataMap

    Returns
    -------
    str
        As it follows "regions as thirds:".
    """
    if data_map.epochs < 2:
        return "they need two epochs or more, since the ambiguous third is that of variability"
    thirds = data_map.top_regions()
    easy = [float((data_map.region[mask] == 0).mean()) for mask in thirds]
    times = thirds.sum(axis=0)
    return (
        f"{int(thirds[0].sum()):,} items each; {easy[1]:.1%} of the ambiguous third and "
        f"{easy[2]:.1%} of the hard third are easy-to-learn by thresholds; "
        f"{(times == 2).mean():.1%} of the items are in two thirds, {(times == 0).mean():.1%} in "
        "none"
    )
