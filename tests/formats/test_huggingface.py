import sys
from pathlib import Path

import pandas as pd
import pytest

from cartography.errors import CartographyError
from cartography.formats.huggingface import write_dataset

ITEMS = pd.DataFrame(
    {
        "id": ["-35", "b", "c"],
        "text": ["@user", "", "x"],
        "label": ["spam", None, "ham"],
        "predicted_label": ["ham", "eggs", None],
        "score": [0.5, 0.25, 1.0],
    }
)


def test_a_data_set_has_class_labels(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    folder = tmp_path / "set"
    write_dataset(ITEMS, folder)
    loaded = datasets.load_from_disk(str(folder))
    assert loaded.features["label"].names == ["eggs", "ham", "spam"]
    assert loaded[:] == {
        "id": ["-35", "b", "c"],
        "text": ["@user", "", "x"],
        "label": [2, -1, 1],
        "predicted_label": [1, 0, -1],
        "score": [0.5, 0.25, 1.0],
    }
    with pytest.raises(CartographyError, match="set is not empty; name a new folder"):
        write_dataset(ITEMS, folder)


def test_the_package_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(CartographyError, match=r"needs the package `datasets`: pip install"):
        write_dataset(ITEMS, tmp_path / "set")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    (tmp_path / "file").write_text("")
    with pytest.raises(CartographyError, match="is not empty"):
        write_dataset(ITEMS, tmp_path / "file")
