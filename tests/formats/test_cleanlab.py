import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cartography.errors import CartographyError
from cartography.formats.cleanlab import (
    PredictedLabels,
    read_cleanlab,
    read_label_issues,
    write_cleanlab,
)

LABELS = np.array([0, 1, 1, 0])
PROBABILITIES = np.array([[0.9, 0.1], [0.25, 0.75], [0.6, 0.4], [1.0, 0.0]])
# Made up in the form of Datalab.get_issues("label") and of CleanLearning.get_label_issues().
DATALAB = pd.DataFrame(
    {
        "is_label_issue": [False, True, False],
        "label_score": [0.98, 0.0312, 0.5],
        "given_label": ["pet", "wild", "pet"],
        "predicted_label": ["pet", "pet", "wild"],
    }
)
CLEAN_LEARNING = DATALAB.rename(columns={"label_score": "label_quality"}).assign(
    given_label=[0, 1, 0], predicted_label=[0, 0, 1]
)


class TestPredictedLabels:
    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    def test_what_is_written_is_read_back_equal(self, tmp_path: Path, dtype: str) -> None:
        path = tmp_path / "for_cleanlab.npz"
        write_cleanlab(path, PredictedLabels(LABELS, PROBABILITIES.astype(dtype)))
        found = read_cleanlab(path)
        np.testing.assert_array_equal(found.labels, LABELS)
        np.testing.assert_array_equal(found.pred_probs, PROBABILITIES.astype(dtype))
        with np.load(path) as stored:
            assert sorted(stored) == ["labels", "pred_probs"]

    @pytest.mark.parametrize(
        ("labels", "probabilities", "message"),
        [
            (LABELS[:3], PROBABILITIES, "labels must be whole numbers"),
            (LABELS.astype(float), PROBABILITIES, "they are float64"),
            (LABELS + 1, PROBABILITIES, "from 0 to 1.*there is a label 2"),
            (LABELS - 1, PROBABILITIES, "there is a label -1"),
            (LABELS, PROBABILITIES * 2, "probabilities with the sum 1"),
            (LABELS, PROBABILITIES * np.nan, "probabilities with the sum 1"),
            (LABELS, PROBABILITIES[:, 0], "pred_probs floats"),
        ],
    )
    def test_what_does_not_fit(
        self, tmp_path: Path, labels: np.ndarray, probabilities: np.ndarray, message: str
    ) -> None:
        path = tmp_path / "data.npz"
        np.savez(path, labels=labels, pred_probs=probabilities)
        with pytest.raises(CartographyError, match=f"data.npz: .*{message}"):
            read_cleanlab(path)

    def test_damaged_archives(self, tmp_path: Path) -> None:
        path = tmp_path / "data.npz"
        write_cleanlab(path, PredictedLabels(LABELS, PROBABILITIES))
        intact = path.read_bytes()
        pickled = io.BytesIO()
        np.savez(pickled, labels=np.array([{}], dtype=object), pred_probs=PROBABILITIES)
        huge = io.BytesIO()
        with zipfile.ZipFile(huge, "w") as archive:
            header = io.BytesIO()
            np.lib.format.write_array_header_1_0(
                header, {"descr": "<i8", "fortran_order": False, "shape": (10**14,)}
            )
            archive.writestr("labels.npy", header.getvalue())
            archive.writestr("pred_probs.npy", header.getvalue())
        damaged = (b"", b"PK", intact[:-40], intact[:100], pickled.getvalue(), huge.getvalue())
        for content in damaged:
            path.write_bytes(content)
            with pytest.raises(
                CartographyError, match=r"data\.npz is not a complete NumPy archive"
            ):
                read_cleanlab(path)
        np.savez(path, labels=LABELS)
        with pytest.raises(CartographyError, match=r"has no labels\.npy or no pred_probs\.npy"):
            read_cleanlab(path)

    def test_a_bomb_is_refused_before_it_is_unpacked(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CARTOGRAPHY_MAX_UNPACKED", "1000000")
        path = tmp_path / "data.npz"
        np.savez_compressed(path, labels=np.zeros(10**6, np.int64), pred_probs=PROBABILITIES)
        assert path.stat().st_size < 100_000
        with pytest.raises(CartographyError, match="CARTOGRAPHY_MAX_UNPACKED"):
            read_cleanlab(path)


class TestIssues:
    @pytest.mark.parametrize("frame", [DATALAB, CLEAN_LEARNING], ids=["datalab", "clean learning"])
    @pytest.mark.parametrize("form", ["csv", "csv without index", "jsonl", "parquet"])
    def test_both_tables_in_each_form(self, tmp_path: Path, frame: pd.DataFrame, form: str) -> None:
        path = tmp_path / f"issues.{form.split()[0]}"
        if form == "csv":
            frame.to_csv(path)
        elif form == "csv without index":
            frame.to_csv(path, index=False)
        elif form == "jsonl":
            frame.to_json(path, orient="records", lines=True)
        else:
            frame.to_parquet(path)
        found = read_label_issues(path)
        assert [str(name) for name in found["id"]] == ["0", "1", "2"]
        assert found["is_label_issue"].tolist() == [False, True, False]
        assert found["label_score"].tolist() == [0.98, 0.0312, 0.5]
        for name in ("given_label", "predicted_label"):
            assert found[name].tolist() == [str(label) for label in frame[name]]

    def test_a_column_of_ids(self, tmp_path: Path) -> None:
        path = tmp_path / "issues.csv"
        DATALAB.assign(id=["x", "y", "z"]).drop(columns="given_label").to_csv(path, index=False)
        found = read_label_issues(path)
        assert found["id"].tolist() == ["x", "y", "z"]
        columns = ["id", "is_label_issue", "label_score", "predicted_label"]
        assert list(found.columns) == columns

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (
                {"is_label_issue": ["no", "yes", "no"]},
                "row 1 .*'is_label_issue' has 'no': give True",
            ),
            ({"is_label_issue": [None, True, True]}, "row 1 .*'is_label_issue' has "),
            ({"label_score": [0.5, 1.5, 0.5]}, "row 2 .*'label_score' has 1.5, but .* from 0 to 1"),
            ({"label_score": ["a", "b", "c"]}, "row 1 .*'label_score' has 'a'"),
            ({"id": ["x", "y", "x"]}, "row 3 .*has the id 'x' of row 1 .*again"),
        ],
    )
    def test_errors_name_the_row(
        self, tmp_path: Path, change: dict[str, list[object]], message: str
    ) -> None:
        path = tmp_path / "issues.csv"
        DATALAB.assign(**change).to_csv(path, index=False)
        with pytest.raises(CartographyError, match=message):
            read_label_issues(path)
