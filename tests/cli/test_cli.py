"""The command line as a user meets it: files in, files and one line out."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cartography.cli import main
from cartography.formats.export import BATCH_COLUMNS

WORDS = {
    "goal": ["sport", "match", "ball", "team", "score", "win", "league"],
    "bank": ["money", "stock", "market", "trade", "profit", "price", "fund"],
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """train.csv (120 texts), test.csv (40), some.csv (unlabelled rows) and words.vec."""
    folder = tmp_path_factory.mktemp("files")
    rng = np.random.default_rng(0)
    every = [word for words in WORDS.values() for word in words] + ["the", "of", "and"]

    def texts(rows: int) -> pd.DataFrame:
        labels = rng.choice(list(WORDS), rows)
        return pd.DataFrame(
            {
                "id": [f"t{row}" for row in range(rows)],
                "text": [
                    " ".join([*rng.choice(WORDS[label], 2), *rng.choice(every, 4)])
                    for label in labels
                ],
                "label": labels,
            }
        )

    texts(120).to_csv(folder / "train.csv", index=False)
    texts(40).to_csv(folder / "test.csv", index=False)
    some = texts(60)
    some.loc[:9, "label"] = ""
    some.to_csv(folder / "some.csv", index=False)
    vectors = rng.normal(size=(len(every), 12))
    lines = [
        f"{word} {' '.join(f'{value:.4f}' for value in vector)}"
        for word, vector in zip(every, vectors, strict=True)
    ]
    (folder / "words.vec").write_text(f"{len(every)} 12\n" + "\n".join(lines) + "\n")
    huge = [f"{word}{' 3e38' * 12}" for word in every]
    (folder / "huge.vec").write_text(f"{len(every)} 12\n" + "\n".join(huge) + "\n")
    (folder / "one.csv").write_text("text,label\n" + "the team,a\n" * 30)
    (folder / "none.csv").write_text("text\n" + "the team\n" * 30)
    return folder


@pytest.fixture
def cartography(files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run the command line in the folder of the files: (exit code, stdout, stderr)."""
    monkeypatch.chdir(files)

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["cartography", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        captured = capsys.readouterr()
        return int(stopped.value.code or 0), captured.out, captured.err

    return run


MAP = ["map", "train.csv", "--test", "test.csv", "--vectors", "words.vec", "--epochs", 3]
LEARN = [
    *["learn", "train.csv", "--test", "test.csv", "--vectors", "words.vec", "--epochs", 3],
    *["--seed-size", 20, "--query-size", 5, "--iterations", 2],
]


def test_map(cartography, tmp_path: Path) -> None:
    code, out, err = cartography(*MAP, "--out", tmp_path / "map")
    assert code == 0
    assert "120 texts: easy-to-learn" in out
    assert re.search(r"train\.csv: 120 texts \(0 unlabelled, 0 empty, \d+ duplicates\)", err)
    assert re.search(r"2 classes: (goal|bank) \d\d\.\d%, (goal|bank) \d\d\.\d%", err)
    assert "test.csv: 40 texts" in err
    assert "3/3" in err
    summary = json.loads((tmp_path / "map" / "run.json").read_text())
    assert f"test accuracy {summary['test_accuracy']:.3f}" in out
    table = pd.read_csv(tmp_path / "map" / "data_map.csv")
    assert table["id"].tolist() == [f"t{row}" for row in range(120)]
    assert summary["preset"]["classifier"]["batch_size"] == 32
    assert (tmp_path / "map" / "data_map.html").stat().st_size > 1_000_000


def test_map_of_a_seed_set_and_of_unlabelled_texts(cartography, tmp_path: Path) -> None:
    code, _, err = cartography(
        *["map", "some.csv", "--vectors", "words.vec", "--epochs", 2, "--quiet"],
        *["--seed-size", 15, "--seed", 1, "--seed", 2, "--out", tmp_path],
    )
    assert (code, err) == (0, "")
    tables = [pd.read_csv(tmp_path / f"seed-{seed}" / "data_map.csv") for seed in (1, 2)]
    for table in tables:
        assert len(table) == 60
        assert table["confidence"].notna().sum() == 15
        assert table["confidence"][:10].isna().all()
        assert table["predicted_label"].notna().all()
    assert tables[0]["confidence"].notna().tolist() != tables[1]["confidence"].notna().tolist()


def test_the_released_seed_set_of_unlabelled_texts(cartography, tmp_path: Path) -> None:
    code, _, err = cartography(
        *["map", "some.csv", "--vectors", "words.vec", "--epochs", 1, "--quiet"],
        *["--preset", "released", "--seed-size", 50, "--out", tmp_path],
    )
    assert (code, err) == (0, "")
    table = pd.read_csv(tmp_path / "data_map.csv")
    assert table["confidence"].isna().tolist() == [True] * 10 + [False] * 50


def test_the_seed_set_is_a_share_of_the_labelled_texts(cartography, tmp_path: Path) -> None:
    """Of 30 texts with a label among 5,000, not the 500 that 5,000 texts would have."""
    table = tmp_path / "mostly.csv"
    lines = [f"the team {i},{'goal' if i % 2 else 'bank'}" for i in range(30)]
    table.write_text("text,label\n" + "\n".join(lines) + "\n" + "the market,\n" * 4_970)

    vectors = ["--vectors", "words.vec", "--epochs", 1]
    code, _, error = cartography(
        *["map", table, *vectors, "--seed-size", "auto", "--out", tmp_path / "map", "--quiet"]
    )

    assert code == 0, error
    mapped = pd.read_csv(tmp_path / "map" / "data_map.csv")
    assert mapped["confidence"].notna().sum() == 10


def test_maps_side_by_side_have_the_numbers_of_maps_alone(cartography, tmp_path: Path) -> None:
    sizes = ["--seed-size", "auto", "--seed-size", "all"]
    assert cartography(*MAP, *sizes, "--out", tmp_path / "both", "--quiet")[0] == 0
    assert cartography(*MAP, "--seed-size", 12, "--out", tmp_path / "seed", "--quiet")[0] == 0
    assert cartography(*MAP, "--out", tmp_path / "full", "--quiet")[0] == 0
    for together, alone in (("size-12", "seed"), ("all", "full")):
        with (
            np.load(tmp_path / "both" / together / "dynamics.npz") as one,
            np.load(tmp_path / alone / "dynamics.npz") as other,
        ):
            np.testing.assert_allclose(
                one["gold_probability"], other["gold_probability"], atol=1e-5
            )


def test_flipped_labels_are_what_is_trained_on(cartography, tmp_path: Path) -> None:
    assert cartography(*MAP, "--flip", 0.25, "--out", tmp_path / "map", "--quiet")[0] == 0
    trained = pd.read_csv(tmp_path / "map" / "data_map.csv")["label"]
    assert (trained != pd.read_csv("train.csv")["label"]).sum() == 30
    manifest = json.loads((tmp_path / "map" / "manifest.json").read_text())
    assert "25% of the labels flipped" in manifest["train"]["name"]


def test_several_strategies_and_thresholds_each_have_a_folder(cartography, tmp_path: Path) -> None:
    arms = ["--strategy", "random", "--strategy", "cal", "--t-cor", 0.2, "--t-cor", 0.5]
    code, out, err = cartography(*LEARN, *arms, "--out", tmp_path, "--quiet")
    assert (code, err) == (0, "")
    assert out.count("30 labels") == 3
    manifests = {
        folder.name: json.loads((folder / "manifest.json").read_text())
        for folder in tmp_path.iterdir()
        if folder.is_dir()
    }
    assert {name: each["strategy"] for name, each in manifests.items()} == {
        "random": "random",
        "cal-t_cor-0.2": "cal",
        "cal-t_cor-0.5": "cal",
    }
    assert manifests["cal-t_cor-0.5"]["preset"]["t_cor"] == 0.5


def test_a_threshold_study_of_texts_without_labels(cartography, tmp_path: Path) -> None:
    code, out, err = cartography(
        *["threshold", "some.csv", "--vectors", "words.vec", "--epochs", 3],
        *["--out", tmp_path / "study", "--quiet"],
    )
    assert (code, err) == (0, "")
    assert re.search(r"\d+ high-cor and \d+ low-cor texts at t_cor 0\.8", out)
    assert len(pd.read_parquet(tmp_path / "study" / "labelled.parquet")) == 50
    assert len(pd.read_parquet(tmp_path / "study" / "pool.parquet")) == 10


def test_embed_says_what_is_covered(cartography, tmp_path: Path) -> None:
    code, out, _ = cartography(
        *["embed", "train.csv", "--vectors", "words.vec", "--out", tmp_path / "embed", "--quiet"]
    )
    assert code == 0
    assert "17 of 17 words (100.0 %) have a vector" in out
    summary = json.loads((tmp_path / "embed" / "run.json").read_text())
    assert summary["coverage"]["known_words"] == 17
    assert summary["summary"] in out
    code, _, err = cartography("embed", "train.csv", "--out", tmp_path / "embed", "--quiet")
    assert code == 2
    assert "is not empty (it contains run.json)" in err


def test_learn_and_export(cartography, tmp_path: Path) -> None:
    run = tmp_path / "run"
    code, out, err = cartography(*LEARN, "--strategy", "cal", "--out", run, "--quiet")
    assert (code, err) == (0, "")
    assert re.search(r"30 labels, accuracy 0\.\d{3} at first, .*test accuracy 0\.\d{3}", out)
    iterations = pd.read_csv(run / "iterations.csv")
    assert iterations["labelled"].tolist() == [20, 25, 30]
    assert len(list((run / "maps").glob("*.parquet"))) == 3
    code, out, err = cartography("export", run, "--iteration", 2, "--csv", tmp_path / "b.csv")
    assert (code, out, err) == (0, "", "")
    batch = pd.read_csv(tmp_path / "b.csv")
    assert list(batch.columns) == list(BATCH_COLUMNS)
    assert batch["iteration"].tolist() == [2] * 5
    card = json.loads((tmp_path / "b.card.json").read_text())
    assert card["counts"]["batch"] == 5
    assert card["run_id"] == batch["run_id"][0]
    before = (run / "batches.csv").read_text()
    code, _, err = cartography("export", run, "--iteration", 2, "--csv", run / "batches.csv")
    assert code == 2
    assert "is in the run's own folder" in err
    assert (run / "batches.csv").read_text() == before
    assert cartography("export", run, "--iteration", 2, "--csv", tmp_path)[0] == 2


def test_an_export_offers_all_classes_of_the_run(cartography, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert cartography(*LEARN, "--strategy", "cal", "--out", run, "--quiet")[0] == 0
    for path in [run / "manifest.json", run / "run.json"]:
        value = json.loads(path.read_text())
        value["train"]["classes"].append("weather")  # a class of which no batch has a text
        path.write_text(json.dumps(value))
    ask = ["export", run, "--iteration", 1, "--as"]
    assert cartography(*ask, "prodigy", "--out", tmp_path / "p.jsonl") == (0, "", "")
    task = json.loads((tmp_path / "p.jsonl").read_text().split("\n")[0])
    assert [option["id"] for option in task["options"]] == ["bank", "goal", "weather"]
    assert cartography(*ask, "label-studio", "--out", tmp_path / "l.json") == (0, "", "")
    assert '<Choice value="weather"/>' in (tmp_path / "l.xml").read_text()


def test_the_next_batch_of_a_threshold_run_is_exported(cartography, tmp_path: Path) -> None:
    study = tmp_path / "my study"
    code, out, _ = cartography(
        *["threshold", "some.csv", "--vectors", "words.vec", "--epochs", 3],
        *["--out", study, "--quiet"],
    )
    assert code == 0
    assert out.endswith(f"; the next batch: cartography export '{study}' --out batch.csv\n")

    code, _, _ = cartography("export", study, "--out", tmp_path / "b.csv")
    assert code == 0
    batch = pd.read_csv(tmp_path / "b.csv")
    assert sorted(batch["id"]) == sorted(f"t{row}" for row in range(10)), "the unlabelled texts"
    assert batch["rank"].tolist() == list(range(1, 11))
    assert batch["label"].isna().all()
    assert set(batch["t_cor"]) == {0.8}
    card = json.loads((tmp_path / "b.card.json").read_text())
    assert card["preset"]["t_cor"] == 0.8

    ask = ["export", study, "--t-cor", 0.5, "--query-size", 4, "--as"]
    assert cartography(*ask, "label-studio", "--out", tmp_path / "l.json")[0] == 0
    tasks = json.loads((tmp_path / "l.json").read_text())
    assert len(tasks) == 4
    assert tasks[0]["annotations"] == []
    assert tasks[0]["predictions"][0]["model_version"] == card["run_id"]
    assert '<Choice value="bank"/>' in (tmp_path / "l.xml").read_text()
    card = json.loads((tmp_path / "l.card.json").read_text())
    assert (card["preset"]["t_cor"], card["preset"]["query_size"]) == (0.5, 4)

    code, _, err = cartography("export", study, "--iteration", 1, "--out", tmp_path / "c.csv")
    assert (code, err.count("\n")) == (2, 1)
    assert "leave out --iteration" in err


def test_the_batch_of_a_learn_run_is_named_by_its_iteration(cartography, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert cartography(*LEARN, "--strategy", "lc", "--out", run, "--quiet")[0] == 0
    for arguments, message in (
        ([], "has a batch for each iteration: name one by --iteration"),
        (["--iteration", 1, "--t-cor", 0.2], "--t-cor and --query-size are for a threshold run"),
    ):
        code, _, err = cartography("export", run, *arguments, "--out", tmp_path / "b.csv")
        assert (code, err.count("\n")) == (2, 1)
        assert message in err
    assert not (tmp_path / "b.csv").exists()


def test_learn_holds_out_a_tenth_without_a_test_set(cartography, tmp_path: Path) -> None:
    code, _, err = cartography(
        *["learn", "some.csv", "--vectors", "words.vec", "--epochs", 2, "--seed-size", 10],
        *["--query-size", 5, "--iterations", 1, "--strategy", "lc", "--out", tmp_path / "run"],
    )
    assert code == 0
    assert "10 texts without a gold label are left out" in err
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert (manifest["train"]["rows"], manifest["test"]["rows"]) == (45, 5)


def test_a_paused_run_goes_on_with_the_same_command(cartography, tmp_path: Path) -> None:
    code, out, _ = cartography(*LEARN, "--out", tmp_path / "run", "--pause-after", 2)
    assert code == 0
    assert "paused after 2 trainings" in out
    assert not (tmp_path / "run" / "run.json").exists()
    assert cartography(*LEARN, "--out", tmp_path / "run")[0] == 0
    assert cartography(*LEARN, "--out", tmp_path / "whole")[0] == 0
    batches = [(tmp_path / name / "batches.csv").read_text() for name in ("run", "whole")]
    assert batches[0] == batches[1]
    code, _, err = cartography(*LEARN, "--out", tmp_path / "run", "--quiet")
    assert code == 2
    assert "contains this run, finished" in err


def test_a_killed_run_is_resumed(files: Path, tmp_path: Path) -> None:
    """A worker stopped in the middle leaves a shorter run that the same command finishes."""
    command = [sys.executable, "-m", "cartography", *map(str, LEARN), "--epochs", "40"]
    command += ["--iterations", "4", "--quiet", "--out", str(tmp_path / "run")]
    worker = subprocess.Popen(command, cwd=files, stdout=subprocess.DEVNULL)
    third = tmp_path / "run" / "maps" / "iteration-002.parquet"
    while not third.exists():
        assert worker.poll() is None
        try:
            worker.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
    worker.kill()
    worker.wait()
    assert not (tmp_path / "run" / "run.json").exists()
    subprocess.run(command, cwd=files, check=True, stdout=subprocess.DEVNULL)
    command[-1] = str(tmp_path / "whole")
    subprocess.run(command, cwd=files, check=True, stdout=subprocess.DEVNULL)
    batches = [(tmp_path / name / "batches.csv").read_text() for name in ("run", "whole")]
    assert batches[0] == batches[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["map", "nothing.csv", "--out", "o"], "nothing.csv does not exist"),
        (["map", "~nobody-here/x.csv", "--out", "o"], "~nobody-here/x.csv does not exist"),
        (["map", "train.csv", "--out", "o", "--vectors", "~nobody-here/x.vec"], "x.vec"),
        (["map", "train.csv", "--out", "o", "--text", "words"], "words"),
        (["map", "train.csv", "--out", "o", "--vectors", "none.vec"], "none.vec"),
        (["map", "train.csv", "--out", "train.csv", "--vectors", "words.vec"], "is a file"),
        ([*LEARN, "--out", "o", "--seed-size", 120], "seed set of 120 leaves no pool"),
        (
            ["map", "some.csv", "--out", "o", "--preset", "released", "--seed-size", 60],
            "cannot draw 60 labelled texts: there are 50",
        ),
        ([*LEARN, "--out", "o", "--seed", 1, "--seed", 1], "given twice"),
        ([*LEARN, "--out", "o", "--strategy", "kal"], "'kal' is not one of 'random'"),
        ([*LEARN, "--out", "o", "--device", "tpu"], "'tpu' is not one of"),
        ([*LEARN, "--out", "o", "--t-cor", 2], "--t-cor"),
        (["learn", "train.csv"], "--out"),
        (["map", "one.csv", "--out", "o"], "all gold labels of one.csv are 'a'"),
        (
            ["map", "train.csv", "--out", "o", "--vectors", "huge.vec"],
            "with numbers beyond ±1,000 a map is worthless",
        ),
        (["map", "none.csv", "--out", "o"], "none.csv has no gold labels"),
        ([], "name a command: app, map, open, learn"),
        (["chart"], "No such command 'chart'"),
        (
            ["export", "nowhere", "--iteration", 1, "--csv", "b.csv"],
            "nowhere is not the folder of a run",
        ),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(
    cartography, files: Path, arguments: list[object], message: str
) -> None:
    quiet = ["--quiet"] if arguments and arguments[0] in ("map", "learn") else []
    before = visible(files)
    code, out, err = cartography(*arguments, *quiet)
    assert code == 2
    assert out == ""
    assert err.startswith("cartography: ")
    assert err.count("\n") == 1
    assert message in err
    assert visible(files) == before


def visible(folder: Path) -> list[str]:
    """Files below a folder, but for those that start with a dot."""
    return sorted(str(path) for path in folder.rglob("[!.]*") if path.is_file())


def test_a_preset_and_its_switches(cartography, tmp_path: Path) -> None:
    code, _, err = cartography(
        *LEARN, "--preset", "released", "--set", "dropout_at_test=off", "--out", tmp_path
    )
    assert code == 0, err
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    preset = manifest["preset"]
    assert (preset["name"], preset["padded_to"]) == ("released", 42)
    assert preset["switches"]["dropout_at_test"] is False
    assert preset["switches"]["weight_reset"] is False
    assert preset["classifier"]["hidden"] == [300, 300]
    plain = tmp_path.parent / "plain"
    code, _, _ = cartography(*MAP, "--out", plain)
    assert code == 0
    features = json.loads((plain / "manifest.json").read_text())["train"]["features"]
    assert manifest["train"]["features"] != features, "padding and tokens are in the features"


def test_switches_are_listed_and_a_wrong_one_is_named(cartography, tmp_path: Path) -> None:
    code, out, _ = cartography("switches")
    assert code == 0
    assert "weight_reset" in out
    code, _, err = cartography(*MAP, "--set", "shuffle=maybe", "--out", tmp_path / "map")
    assert (code, err.splitlines()[-1]) == (
        2,
        "cartography: --set shuffle=maybe: shuffle must be on or off",
    )
    assert not (tmp_path / "map").exists()


def test_reproduce_runs_reports_and_does_not_run_again(cartography, tmp_path: Path) -> None:
    asked = [
        *["reproduce", "train.csv", "--test", "test.csv", "--vectors", "words.vec", "--quick"],
        *["--preset", "paper", "--strategy", "random", "--strategy", "cal", "--iterations", 1],
        *["--note", "The words are made up.", "--out", tmp_path / "runs"],
        *["--results", tmp_path / "results"],
    ]
    code, out, err = cartography(*asked)
    assert code == 0, err
    assert "paper: random, cal" in err
    assert "**A small version**" in out
    assert "The words are made up." in out
    accuracy = pd.read_csv(tmp_path / "results" / "accuracy.csv")
    # Two seeds, Random and five t_cor of CAL, before the first batch and after it.
    assert len(accuracy) == 2 * 6 * 2
    run = tmp_path / "runs" / "paper" / "cal-t_cor-0.2" / "seed-398048"
    iterations = pd.read_csv(run / "iterations.csv")
    mine = accuracy[(accuracy["seed"] == 398048) & (accuracy["t_cor"] == 0.2)]
    np.testing.assert_allclose(mine["accuracy"], iterations["accuracy"], atol=1e-6)
    picks = pd.read_csv(tmp_path / "results" / "picks.csv")
    picked = picks[(picks["strategy"] == "cal") & (picks["seed"] == 398048)]["ids"].iloc[0]
    assert picked.split(" ") == pd.read_csv(run / "batches.csv")["id"].tolist()

    code, again, err = cartography(*asked)
    assert code == 0
    assert "paper: already in" in err
    assert again == out
    code, told, _ = cartography("reproduce", "--report", tmp_path / "results")
    assert (code, told) == (0, out)
    made_by = (
        "    cartography reproduce train.csv --test test.csv --dataset trec --vectors words.vec "
        "--preset paper --strategy random --strategy cal --iterations 1 --quick"
    )
    assert made_by in out.splitlines()
    folder = tmp_path / "results"
    code, _, err = cartography("reproduce", "--report", folder, folder)
    assert (code, err) == (
        2,
        f"cartography: --report takes one folder; write --report {folder} too\n",
    )
