"""`cartography open` as a user meets it."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from cartography.cli import main
from cartography.maps.dynamics import DynamicsRecorder

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Run the command in a folder with map.jsonl, aum.csv and the dynamics of a model."""
    monkeypatch.chdir(tmp_path)
    Path("map.jsonl").write_text(
        "".join(
            json.dumps(
                {"guid": f"g{i}", "confidence": i / 10, "variability": i / 20, "correctness": i}
            )
            + "\n"
            for i in range(10)
        )
    )
    Path("aum.csv").write_text("sample_id,aum\nx,1\n")
    recorder = DynamicsRecorder()
    for scale in (1.0, 2.0):
        recorder.update(["a", "b"], [[scale, 0.0], [0.0, scale]], [0, 0])
        recorder.end_epoch()
    recorder.save("model", texts={"a": "a cat", "b": "a wolf"})

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["cartography", "open", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        captured = capsys.readouterr()
        return int(stopped.value.code or 0), captured.out, captured.err

    return run


def test_a_map_is_described(call: Call) -> None:
    code, out, err = call("map.jsonl")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "9 epochs, the largest correctness in the file",
        "coordinates of a data map: 10 items, 9 epochs",
        "means: confidence 0.450, variability 0.225, correctness 0.500",
        "regions by thresholds: easy-to-learn 0.0%, ambiguous 80.0%, hard-to-learn 20.0%",
        "regions as thirds (Dataset Cartography): 3 items each; 0.0% of the ambiguous third and "
        "0.0% of the hard third are easy-to-learn by thresholds; 30.0% of the items are in two "
        "thirds, 40.0% in none",
        "lowest confidence: g0, g1, g2, g3, g4, g5, g6, g7, g8, g9",
    ]


def test_the_number_of_epochs_changes_the_correctness(call: Call) -> None:
    _, out, _ = call("map.jsonl", "--epochs", 18)
    assert "10 items, 18 epochs" in out
    assert "correctness 0.250" in out


def test_a_run_and_files_are_written(call: Call) -> None:
    code, out, _ = call("model", "--out", "run", "--csv", "all.csv", "--aum", "values.csv")
    assert code == 0
    assert out.splitlines()[-3:] == [
        "all.csv: 2 items",
        "values.csv: 2 items",
        "run: written as a run, for the dashboard",
    ]
    assert (Path("run") / "run.json").exists()
    code, out, _ = call("run")
    assert "data map of Cartography: 2 items, 2 epochs" in out
    assert "lowest confidence: b, a" in out
    assert pd.read_csv("all.csv")["text"].tolist() == ["a cat", "a wolf"]


def test_the_first_share_of_a_ranking_is_written(call: Call) -> None:
    code, out, _ = call("map.jsonl", "--top", "ambiguous=0.33", "--csv", "top.csv")
    assert code == 0
    assert out.endswith("top.csv: 3 items\n")
    assert pd.read_csv("top.csv")["id"].tolist() == ["g9", "g8", "g7"]
    call("map.jsonl", "--top", "hard", "--coordinates", "top.jsonl")
    guids = [json.loads(line)["guid"] for line in Path("top.jsonl").read_text().splitlines()]
    assert guids == ["g0", "g1", "g2"]


def test_texts_are_joined(call: Call) -> None:
    Path("texts.csv").write_text("id,text,label\ng3,three,x\ng4,four,y\n")
    code, out, _ = call("map.jsonl", "--texts", "texts.csv", "--csv", "all.csv")
    assert code == 0
    assert "8 items without a text in texts.csv, such as 'g0'" in out
    table = pd.read_csv("all.csv", keep_default_na=False)
    assert table["text"].tolist()[2:6] == ["", "three", "four", ""]


def test_a_table_without_a_map(call: Call) -> None:
    code, out, _ = call("aum.csv")
    assert code == 0
    assert out.splitlines()[-1] == "lowest aum: x"
    code, _, err = call("aum.csv", "--out", "run")
    assert code == 2
    assert "aum.csv holds no data map to write (areas under the margin (AUM))" in err
    assert not Path("run").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            "id,body,topic\n1,a cat,pet\n2,a wolf,wild\n",
            "it is a table of 2 texts in 'body' with labels in 'topic': "
            "`cartography map 'my tickets.csv' --out DIR` draws a map of it",
        ),
        (
            "id,body\n1,a cat\n2,a wolf\n",
            "it is a table of 2 texts in 'body' without labels: "
            "`cartography map 'my tickets.csv' --label COLUMN --out DIR` draws a map of it",
        ),
    ],
)
def test_a_table_of_texts_is_told_as_one(call: Call, content: str, told: str) -> None:
    Path("my tickets.csv").write_text(content)
    code, _, err = call("my tickets.csv")
    assert code == 2
    assert "is no data map" in err
    assert err.endswith(f"; {told}\n")
    assert err.count("\n") == 1


def test_of_a_map_with_a_mistake_only_the_mistake_is_told(call: Call) -> None:
    Path("map.csv").write_text(
        "id,text,label,confidence,variability,correctness\na,a cat,x,2,0,1\n"
    )
    code, _, err = call("map.csv")
    assert code == 2
    assert "cartography map" not in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.jsonl"], "missing.jsonl does not exist"),
        (["map.jsonl", "--epochs", 3], "a correctness of 9, a count of epochs, but --epochs is 3"),
        (["map.jsonl", "--epochs", 10**20, "--out", "x"], "--epochs"),
        (
            ["map.jsonl", "--top", "best=0.5", "--csv", "x.csv"],
            "--top 'best=0.5' is not of the form",
        ),
        (["map.jsonl", "--top", "easy=2", "--csv", "x.csv"], "--top 'easy=2' is not of the form"),
        (["map.jsonl", "--top", "easy=nan", "--csv", "x.csv"], "--top 'easy=nan'"),
        (["map.jsonl", "--top", "easy=x", "--csv", "x.csv"], "--top 'easy=x'"),
        (["map.jsonl", "--top", "easy=0.5"], "--top chooses what is written: give --csv FILE too"),
        (["map.jsonl", "--top", "aum=0.5", "--csv", "x.csv"], "no aum: it takes the logits"),
        (["map.jsonl", "--csv", "model"], "--csv model is a folder"),
        (["map.jsonl", "--out", "map.jsonl"], "--out map.jsonl is a file"),
        (["map.jsonl", "--out", "model"], "is not empty"),
        (["map.jsonl", "--texts", "missing.csv"], "missing.csv"),
    ],
)
def test_mistakes_are_one_line(call: Call, arguments: list[object], message: str) -> None:
    code, _, err = call(*arguments)
    assert code == 2
    assert err.startswith("cartography: ")
    assert message in err
    assert err.count("\n") == 1
