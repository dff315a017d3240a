import shutil
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from clouds import CORPUS, FEATURES, PRESET, TEST, TEST_FEATURES
from rich.console import Console

from cartography.active.simulation import seed_set
from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.features.embedding import Coverage, Embedding
from cartography.maps.data_map import REGIONS
from cartography.models.presets import Preset
from cartography.reproduction.experiments import Experiments, run_experiments
from cartography.reproduction.plan import MAP_EPOCHS, MAP_KINDS, Method
from cartography.reproduction.results import ACCURACY_COLUMNS, Results, read_results
from cartography.reproduction.work import (
    CorpusFeatures,
    RunBatch,
    plan_batches,
    result_tables,
    run_batch,
)
from cartography.runs.manifest import Manifest, read_json

METHOD = Method(
    "paper",
    replace(PRESET.with_classifier(epochs=2, hidden=(20, 20)), iterations=2),
    ("random", "cal"),
    (0.2, 0.4),
    MAP_KINDS,
)
SIZED = METHOD.preset.for_corpus(len(CORPUS))
HOME = Path("paper")
COVERAGE = Coverage(90, 90, 90, 90, 0)


def inputs(vectors: str = "made up", corpus: Corpus = CORPUS) -> CorpusFeatures:
    return CorpusFeatures(
        *(corpus, Embedding(FEATURES, COVERAGE, vectors, f"{vectors} 1")),
        *(TEST, Embedding(TEST_FEATURES, COVERAGE, vectors, f"{vectors} 2")),
    )


def batches(
    out: Path,
    seeds: Sequence[int] = (5, 6),
    corpus_features: CorpusFeatures | None = None,
    method: Method = METHOD,
    **sizes: Any,
) -> list[RunBatch]:
    preset = replace(method.preset, **sizes).for_corpus(len(CORPUS))
    return list(plan_batches(out, method, preset, corpus_features or inputs(), seeds, "cpu"))


def run_all(batch: RunBatch) -> list[int]:
    """Run a batch to its end; returns the numbers of its steps."""
    return list(run_batch(batch, inputs()))


Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]


def tables_of(run_batches: Sequence[RunBatch]) -> list[pd.DataFrame]:
    """The four tables of all batches, without times."""
    by_batch: list[Tables] = [result_tables(batch) for batch in run_batches]
    joined = [pd.concat(tables, ignore_index=True) for tables in zip(*by_batch, strict=True)]
    return [joined[0].drop(columns=["train_seconds", "select_seconds"]), *joined[1:]]


def require_same(left: Sequence[pd.DataFrame], right: Sequence[pd.DataFrame]) -> None:
    assert any(len(table) for table in left)
    for ours, theirs in zip(left, right, strict=True):
        pd.testing.assert_frame_equal(ours, theirs, check_exact=True, check_dtype=False)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of the method's runs with two seeds, never interrupted; read-only."""
    out = tmp_path_factory.mktemp("whole")
    steps = [run_all(batch) for batch in batches(out)]
    assert steps == [
        [1, 2],
        list(range(1, MAP_EPOCHS + 1)),
        [0] * 4 + [1] * 4 + [2] * 4,
        [0, 0, 1, 1, 2, 2],
    ]
    return out


def test_the_planned_batches_of_a_method(tmp_path: Path) -> None:
    planned = batches(tmp_path)
    assert [(batch.label, batch.total) for batch in planned] == [
        ("paper: all texts", 2),
        ("paper: maps of all and seed", 10),
        ("paper: random, cal-t_cor-0.2", 2),
        ("paper: cal-t_cor-0.4", 2),
    ]
    all_texts, ten = replace(SIZED, seed_size=None), SIZED.with_classifier(epochs=10)
    runs_by_folder: list[dict[str, tuple[str, str, int, Preset]]] = [
        {
            folder.relative_to(tmp_path / HOME).as_posix(): (
                *(run.kind, run.strategy, run.seed, run.preset),
            )
            for folder, run in batch.runs.items()
        }
        for batch in planned
    ]
    low, high = replace(SIZED, t_cor=0.2), replace(SIZED, t_cor=0.4)
    assert runs_by_folder == [
        {"full/seed-5": ("map", "", 5, all_texts), "full/seed-6": ("map", "", 6, all_texts)},
        {
            "map/all-seed-5": ("map", "", 5, replace(ten, seed_size=None)),
            "map/seed-seed-5": ("map", "", 5, ten),
        },
        {
            "random/seed-5": ("learn", "random", 5, SIZED),
            "random/seed-6": ("learn", "random", 6, SIZED),
            "cal-t_cor-0.2/seed-5": ("learn", "cal", 5, low),
            "cal-t_cor-0.2/seed-6": ("learn", "cal", 6, low),
        },
        {
            "cal-t_cor-0.4/seed-5": ("learn", "cal", 5, high),
            "cal-t_cor-0.4/seed-6": ("learn", "cal", 6, high),
        },
    ]
    runs: list[Manifest] = [run for batch in planned for run in batch.runs.values()]
    assert {run.train.fingerprint for run in runs} == {CORPUS.fingerprint}
    assert {(run.train.features, run.test and run.test.features) for run in runs} == {
        ("made up 1", "made up 2")
    }
    assert {run.device for run in runs} == {"cpu"}
    unmapped = batches(tmp_path, method=replace(METHOD, maps=()))
    assert [batch.label for batch in unmapped] == [planned[number].label for number in (0, 2, 3)]


def test_active_learning_tables_equal_the_runs_on_disk(whole: Path) -> None:
    by_batch = [result_tables(batch) for batch in batches(whole)[2:]]
    accuracy, full, picks, maps = (pd.concat(tables) for tables in zip(*by_batch, strict=True))
    assert len(full) == len(maps) == 0
    assert accuracy["method"].unique() == picks["method"].unique() == METHOD.name
    for name, strategy, t_cor in (
        ("random", "random", None),
        ("cal-t_cor-0.2", "cal", 0.2),
        ("cal-t_cor-0.4", "cal", 0.4),
    ):
        at = accuracy["t_cor"].isna() if t_cor is None else accuracy["t_cor"] == t_cor
        rows = accuracy[at & (accuracy["strategy"] == strategy)]
        assert len(rows) == 2 * 3
        for seed in (5, 6):
            folder = whole / HOME / name / f"seed-{seed}"
            stored = pd.read_csv(folder / "iterations.csv")[list(ACCURACY_COLUMNS[4:])]
            run = rows.loc[rows["seed"] == seed, list(stored)].reset_index(drop=True)
            assert run.pop("fallback").isna().equals(stored.pop("fallback").isna())
            pd.testing.assert_frame_equal(run, stored, rtol=1e-12)
            assert run["accuracy"].iloc[-1] == read_json(folder / "run.json")["test_accuracy"]
            if t_cor == 0.4:
                continue  # picks are stored only at the preset's t_cor
            stored_picks = pd.read_csv(folder / "batches.csv", dtype={"id": str})
            picked = picks[(picks["strategy"] == strategy) & (picks["seed"] == seed)]
            pairs = zip(picked["iteration"], picked["ids"], strict=True)
            ids = [(number, text_id) for number, cell in pairs for text_id in cell.split(" ")]
            assert ids == list(zip(stored_picks["iteration"], stored_picks["id"], strict=True))
    assert len(picks) == 2 * 2 * 2


def test_the_table_of_trainings_on_all_texts_equals_the_runs_on_disk(whole: Path) -> None:
    accuracy, full, picks, maps = result_tables(batches(whole)[0])
    assert len(accuracy) == len(picks) == len(maps) == 0
    expected = []
    for seed in (5, 6):
        run = read_json(whole / HOME / "full" / f"seed-{seed}" / "run.json")
        assert run["items"] == 90
        shares = [run["region_shares"][name] for name in REGIONS]
        assert len(set(shares)) == 3, "equal shares would not show their order"
        expected.append([METHOD.name, seed, 2, run["test_accuracy"], run["test_macro_f1"], *shares])
    assert full.to_numpy().tolist() == expected
    assert list(full)[-3:] == [name.split("-")[0] for name in REGIONS]


def test_the_table_of_maps_equals_the_runs_on_disk(whole: Path) -> None:
    accuracy, full, picks, maps = result_tables(batches(whole)[1])
    assert len(accuracy) == len(full) == len(picks) == 0
    assert maps["method"].unique() == METHOD.name
    rows = {"all": np.arange(90), "seed": seed_set(CORPUS, 20, 5)}
    assert maps["mapped"].tolist() == [name for name in MAP_KINDS for _ in rows[name]]
    for name in MAP_KINDS:
        with np.load(whole / HOME / "map" / f"{name}-seed-5" / "dynamics.npz") as stored:
            gold, right = stored["gold_probability"].astype(float), stored["correct"]
            assert stored["ids"].tolist() == CORPUS.ids[rows[name]].tolist()
        assert len(gold) == 10
        points = maps[maps["mapped"] == name]
        np.testing.assert_allclose(points["confidence"], gold.mean(axis=0), rtol=1e-6)
        np.testing.assert_allclose(points["variability"], gold.std(axis=0), rtol=1e-5)
        assert points["correctness"].tolist() == (right.sum(axis=0) / 10).tolist()


def stamps(folder: Path) -> dict[Path, int]:
    """Modification time of each file below `folder`."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_finished_runs_are_not_repeated(whole: Path) -> None:
    before = stamps(whole)
    for batch in batches(whole):
        assert batch.unfinished == {}
        assert run_all(batch) == []
    assert stamps(whole) == before


def interrupt(batch: RunBatch, steps: int) -> None:
    running = run_batch(batch, inputs())
    for _ in range(steps):
        next(running)
    running.close()
    assert set(batch.unfinished) == set(batch.runs)


@pytest.mark.parametrize("number", [0, 1])
def test_interrupted_maps_restart(tmp_path: Path, whole: Path, number: int) -> None:
    batch = batches(tmp_path)[number]
    interrupt(batch, 1)
    assert run_all(batch) == list(range(1, batch.total + 1))
    require_same(tables_of([batch]), tables_of([batches(whole)[number]]))


# Four runs side by side resume after the last iteration that all of them have.
@pytest.mark.parametrize(
    ("steps", "rest"),
    [(1, [0] * 4 + [1] * 4 + [2] * 4), (9, [2] * 4), (12, [])],
)
def test_interrupted_active_learning_resumes_to_the_same_rows(
    tmp_path: Path, whole: Path, steps: int, rest: list[int]
) -> None:
    batch = batches(tmp_path)[2]
    interrupt(batch, steps)
    assert run_all(batch) == rest
    assert batch.unfinished == {}
    require_same(tables_of([batch]), tables_of([batches(whole)[2]]))


def test_seeds_can_be_added_and_left_out(tmp_path: Path, whole: Path) -> None:
    both = tables_of(batches(whole))
    # The maps are of the first seed.
    first = [table[table["seed"] == 5] if "seed" in table else table for table in both]
    steps = []
    for seeds, expected in (((5,), first), ((5, 6), both), ((5,), first)):
        before = stamps(tmp_path)
        steps.append([run_all(batch) for batch in batches(tmp_path, seeds)])
        require_same(
            [sorted_rows(table) for table in tables_of(batches(tmp_path, seeds))],
            [sorted_rows(table) for table in expected],
        )
        assert before.items() <= stamps(tmp_path).items(), "a finished run was written again"
    # The second call runs only the second seed, the third call nothing.
    assert steps[1] == [[1, 2], [], [0, 0, 1, 1, 2, 2], [0, 1, 2]]
    assert steps[2] == [[], [], [], []]


def sorted_rows(table: pd.DataFrame) -> pd.DataFrame:
    keys = [key for key in ("strategy", "t_cor", "seed", "iteration") if key in table]
    return (table.sort_values(keys) if keys else table).reset_index(drop=True)


@pytest.mark.parametrize(
    ("changes", "different"),
    [
        ({"corpus_features": inputs("others")}, "test.features"),
        ({"iterations": 3}, "preset.iterations"),
        ({"query_size": 7}, "preset.query_size"),
    ],
    ids=["vectors", "iterations", "query size"],
)
def test_a_finished_run_of_another_manifest_is_refused(
    whole: Path, changes: dict[str, Any], different: str
) -> None:
    before = stamps(whole)
    for batch in batches(whole, **changes):
        first = next(iter(batch.runs))
        for call in (lambda batch=batch: batch.unfinished, lambda batch=batch: run_all(batch)):
            with pytest.raises(CartographyError) as error:
                call()
            assert str(error.value) == (
                f"{first} contains another run (its {different} is different): choose another --out"
            )
    assert stamps(whole) == before


OTHER = Method("paper, shuffle=off", METHOD.preset, ("random",), ())


def experiments(folder: Path, *methods: Method, **changes: Any) -> Experiments:
    defaults = Experiments(
        dataset="trec",
        methods=methods,
        seeds=(5, 6),
        iterations=2,
        command="first",
        notes=("A note.",),
        device="cpu",
        out=folder / "runs",
        results=folder / "results",
    )
    return replace(defaults, **changes)


def run_and_log(
    planned: Experiments, corpus_features: CorpusFeatures | None = None
) -> tuple[Results, list[str]]:
    """The results, and the lines printed to the console."""
    output = StringIO()
    console = Console(file=output, width=1000)
    corpus_features = corpus_features or inputs()
    results = run_experiments(planned, corpus_features.train, lambda _: corpus_features, console)
    return results, output.getvalue().splitlines()


def test_results_are_added_and_existing_ones_are_not_run_again(tmp_path: Path, whole: Path) -> None:
    # All runs are finished, so only the result tables are made.
    first = experiments(tmp_path, METHOD, out=whole)
    before = stamps(whole)
    old, lines = run_and_log(first)
    assert lines == []
    assert stamps(whole) == before
    accuracy = old.accuracy.drop(columns=["train_seconds", "select_seconds"])
    expected = tables_of(batches(whole))
    for table, other in zip([accuracy, old.full, old.picks], expected[:3], strict=True):
        pd.testing.assert_frame_equal(table, other, rtol=1e-5, check_dtype=False)
    pd.testing.assert_frame_equal(old.maps, expected[3], atol=6e-4, rtol=0, check_dtype=False)
    assert [old.corpus[name] for name in ("train", "test", "seed_size", "iterations")] == [
        *(90, 60, 20, 2)
    ]

    # The runs of the second call are in a new folder; only the results exist.
    both = experiments(tmp_path, METHOD, OTHER, seeds=(6,), command="second", notes=("Another.",))
    more, lines = run_and_log(both)
    assert [line for line in lines if line.startswith(f"{METHOD.name}: ")] == [
        f"{METHOD.name}: already in {both.results}"
    ]
    assert [path.name for path in both.out.iterdir()] == ["paper-shuffle-off"]
    assert more.methods == [METHOD.name, OTHER.name]
    assert set(more.picks["method"]) == {METHOD.name}
    for name in ("accuracy", "full", "picks", "maps"):
        table, old_table = getattr(more, name), getattr(old, name)
        kept = table[table["method"] == METHOD.name].reset_index(drop=True)
        pd.testing.assert_frame_equal(kept, old_table, check_exact=True)
    new = more.accuracy[more.accuracy["method"] == OTHER.name]
    assert new[["strategy", "seed"]].drop_duplicates().to_numpy().tolist() == [["random", 6]]
    assert new["iteration"].tolist() == [0, 1, 2]
    assert more.corpus == {
        **old.corpus,
        "seeds": [5, 6],
        "notes": ["A note.", "Another."],
        "commands": ["first", "second"],
    }
    on_disk = read_results(both.results)
    assert on_disk.accuracy.equals(more.accuracy)

    # A third call runs neither method.
    shutil.rmtree(both.out)
    again, lines = run_and_log(both)
    assert [line.split(": ")[1].split(" ")[0] for line in lines] == ["already", "already"]
    assert not both.out.exists()
    assert again.accuracy.equals(more.accuracy)


def test_quick_batches_of_all_methods_come_first(tmp_path: Path) -> None:
    plain = replace(METHOD, maps=(), strategies=("random",))
    _, lines = run_and_log(experiments(tmp_path, plain, OTHER, seeds=(5,), iterations=1))
    assert [line for line in lines if line.startswith("paper")] == [
        "paper: all texts",
        "paper, shuffle=off: all texts",
        "paper: random",
        "paper, shuffle=off: random",
    ]


@pytest.mark.parametrize(
    ("changes", "corpus_features", "name"),
    [
        ({"iterations": 3}, inputs(), "iterations"),
        ({}, inputs("others"), "vectors"),
        ({}, inputs(corpus=CORPUS.take(np.arange(80))), "train"),
        ({"dataset": "agnews"}, inputs(), "dataset"),
    ],
    ids=["iterations", "vectors", "train", "dataset"],
)
def test_other_sizes_are_refused_before_anything_is_trained(
    tmp_path: Path, whole: Path, changes: dict[str, Any], corpus_features: CorpusFeatures, name: str
) -> None:
    run_and_log(experiments(tmp_path, METHOD, out=whole))
    before = stamps(tmp_path)
    other = experiments(tmp_path, METHOD, OTHER, **changes)
    with pytest.raises(CartographyError, match=f"the existing results have {name} "):
        run_and_log(other, corpus_features)
    assert not other.out.exists()
    assert stamps(tmp_path) == before
