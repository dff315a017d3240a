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
from cartography.reproduction.plan import MAP_EPOCHS, MAPPED, Method
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
    MAPPED,
)
SIZED = METHOD.preset.for_corpus(len(CORPUS))
HOME = Path("paper")
COVERAGE = Coverage(90, 90, 90, 90, 0)


def inputs(vectors: str = "made up", corpus: Corpus = CORPUS) -> CorpusFeatures:
    return CorpusFeatures(
        *(corpus, Embedding(FEATURES, COVERAGE, vectors, f"{vectors} 1")),
        *(TEST, Embedding(TEST_FEATURES, COVERAGE, vectors, f"{vectors} 2")),
    )


def parts(
    out: Path,
    seeds: Sequence[int] = (5, 6),
    given: CorpusFeatures | None = None,
    method: Method = METHOD,
    **sizes: Any,
) -> list[RunBatch]:
    preset = replace(method.preset, **sizes).for_corpus(len(CORPUS))
    return list(plan_batches(out, method, preset, given or inputs(), seeds, "cpu"))


def done(work: RunBatch) -> list[int]:
    return list(run_batch(work, inputs()))


Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]


def outcome(every: Sequence[RunBatch]) -> list[pd.DataFrame]:
    """The four tables of all parts, less what a clock says."""
    found: list[Tables] = [result_tables(work) for work in every]
    together = [pd.concat(each, ignore_index=True) for each in zip(*found, strict=True)]
    return [together[0].drop(columns=["train_seconds", "select_seconds"]), *together[1:]]


def require_same(one: Sequence[pd.DataFrame], other: Sequence[pd.DataFrame]) -> None:
    assert any(len(each) for each in one)
    for first, second in zip(one, other, strict=True):
        pd.testing.assert_frame_equal(first, second, check_exact=True, check_dtype=False)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of the method's runs with two seeds, never stopped; to be read alone."""
    out = tmp_path_factory.mktemp("whole")
    steps = [done(work) for work in parts(out)]
    assert steps == [
        [1, 2],
        list(range(1, MAP_EPOCHS + 1)),
        [0] * 4 + [1] * 4 + [2] * 4,
        [0, 0, 1, 1, 2, 2],
    ]
    return out


def test_what_a_method_has_to_do(tmp_path: Path) -> None:
    every = parts(tmp_path)
    assert [(work.label, work.total) for work in every] == [
        ("paper: all texts", 2),
        ("paper: maps of all and seed", 10),
        ("paper: random, cal-t_cor-0.2", 2),
        ("paper: cal-t_cor-0.4", 2),
    ]
    whole, ten = replace(SIZED, seed_size=None), SIZED.with_classifier(epochs=10)
    told: list[dict[str, tuple[str, str, int, Preset]]] = [
        {
            folder.relative_to(tmp_path / HOME).as_posix(): (
                *(run.kind, run.strategy, run.seed, run.preset),
            )
            for folder, run in work.runs.items()
        }
        for work in every
    ]
    low, high = replace(SIZED, t_cor=0.2), replace(SIZED, t_cor=0.4)
    assert told == [
        {"full/seed-5": ("map", "", 5, whole), "full/seed-6": ("map", "", 6, whole)},
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
    runs: list[Manifest] = [run for work in every for run in work.runs.values()]
    assert {run.train.fingerprint for run in runs} == {CORPUS.fingerprint}
    assert {(run.train.features, run.test and run.test.features) for run in runs} == {
        ("made up 1", "made up 2")
    }
    assert {run.device for run in runs} == {"cpu"}
    unmapped = parts(tmp_path, method=replace(METHOD, mapped=()))
    assert [work.label for work in unmapped] == [every[each].label for each in (0, 2, 3)]


def test_learning_is_told_as_it_is_on_disk(whole: Path) -> None:
    learnt = [result_tables(work) for work in parts(whole)[2:]]
    accuracy, full, picks, maps = (pd.concat(each) for each in zip(*learnt, strict=True))
    assert len(full) == len(maps) == 0
    assert accuracy["method"].unique() == picks["method"].unique() == METHOD.name
    for name, strategy, t_cor in (
        ("random", "random", None),
        ("cal-t_cor-0.2", "cal", 0.2),
        ("cal-t_cor-0.4", "cal", 0.4),
    ):
        at = accuracy["t_cor"].isna() if t_cor is None else accuracy["t_cor"] == t_cor
        arm = accuracy[at & (accuracy["strategy"] == strategy)]
        assert len(arm) == 2 * 3
        for seed in (5, 6):
            folder = whole / HOME / name / f"seed-{seed}"
            stored = pd.read_csv(folder / "iterations.csv")[list(ACCURACY_COLUMNS[4:])]
            mine = arm.loc[arm["seed"] == seed, list(stored)].reset_index(drop=True)
            assert mine.pop("fallback").isna().equals(stored.pop("fallback").isna())
            pd.testing.assert_frame_equal(mine, stored, rtol=1e-12)
            assert mine["accuracy"].iloc[-1] == read_json(folder / "run.json")["test_accuracy"]
            if t_cor == 0.4:
                continue  # picks are kept at the preset's t_cor alone
            batches = pd.read_csv(folder / "batches.csv", dtype={"id": str})
            picked = picks[(picks["strategy"] == strategy) & (picks["seed"] == seed)]
            pairs = zip(picked["iteration"], picked["ids"], strict=True)
            told = [(number, one) for number, ids in pairs for one in ids.split(" ")]
            assert told == list(zip(batches["iteration"], batches["id"], strict=True))
    assert len(picks) == 2 * 2 * 2


def test_trainings_on_all_texts_are_told_as_they_are_on_disk(whole: Path) -> None:
    accuracy, full, picks, maps = result_tables(parts(whole)[0])
    assert len(accuracy) == len(picks) == len(maps) == 0
    expected = []
    for seed in (5, 6):
        run = read_json(whole / HOME / "full" / f"seed-{seed}" / "run.json")
        assert run["items"] == 90
        shares = [run["region_shares"][name] for name in REGIONS]
        assert len(set(shares)) == 3, "else their order would not be seen"
        expected.append([METHOD.name, seed, 2, run["test_accuracy"], run["test_macro_f1"], *shares])
    assert full.to_numpy().tolist() == expected
    assert list(full)[-3:] == [name.split("-")[0] for name in REGIONS]


def test_maps_are_told_as_they_are_on_disk(whole: Path) -> None:
    accuracy, full, picks, maps = result_tables(parts(whole)[1])
    assert len(accuracy) == len(full) == len(picks) == 0
    assert maps["method"].unique() == METHOD.name
    rows = {"all": np.arange(90), "seed": seed_set(CORPUS, 20, 5)}
    assert maps["mapped"].tolist() == [name for name in MAPPED for _ in rows[name]]
    for name in MAPPED:
        with np.load(whole / HOME / "map" / f"{name}-seed-5" / "dynamics.npz") as stored:
            gold, right = stored["gold_probability"].astype(float), stored["correct"]
            assert stored["ids"].tolist() == CORPUS.ids[rows[name]].tolist()
        assert len(gold) == 10
        mine = maps[maps["mapped"] == name]
        np.testing.assert_allclose(mine["confidence"], gold.mean(axis=0), rtol=1e-6)
        np.testing.assert_allclose(mine["variability"], gold.std(axis=0), rtol=1e-5)
        assert mine["correctness"].tolist() == (right.sum(axis=0) / 10).tolist()


def stamps(folder: Path) -> dict[Path, int]:
    """When each file below `folder` was last written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_what_is_finished_is_not_done_again(whole: Path) -> None:
    before = stamps(whole)
    for work in parts(whole):
        assert work.unfinished == {}
        assert done(work) == []
    assert stamps(whole) == before


def stopped(work: RunBatch, steps: int) -> None:
    under_way = run_batch(work, inputs())
    for _ in range(steps):
        next(under_way)
    under_way.close()
    assert set(work.unfinished) == set(work.runs)


@pytest.mark.parametrize("part", [0, 1])
def test_interrupted_maps_begin_again(tmp_path: Path, whole: Path, part: int) -> None:
    work = parts(tmp_path)[part]
    stopped(work, 1)
    assert done(work) == list(range(1, work.total + 1))
    require_same(outcome([work]), outcome([parts(whole)[part]]))


# Four runs side by side go on from the last iteration that all of them have.
@pytest.mark.parametrize(
    ("steps", "rest"),
    [(1, [0] * 4 + [1] * 4 + [2] * 4), (9, [2] * 4), (12, [])],
)
def test_interrupted_learning_goes_on_to_the_same_rows(
    tmp_path: Path, whole: Path, steps: int, rest: list[int]
) -> None:
    work = parts(tmp_path)[2]
    stopped(work, steps)
    assert done(work) == rest
    assert work.unfinished == {}
    require_same(outcome([work]), outcome([parts(whole)[2]]))


def test_seeds_may_be_added_and_left_out(tmp_path: Path, whole: Path) -> None:
    both = outcome(parts(whole))
    # The maps are of the first seed.
    one = [each[each["seed"] == 5] if "seed" in each else each for each in both]
    steps = []
    for seeds, expected in (((5,), one), ((5, 6), both), ((5,), one)):
        before = stamps(tmp_path)
        steps.append([done(work) for work in parts(tmp_path, seeds)])
        require_same(
            [sorted_rows(each) for each in outcome(parts(tmp_path, seeds))],
            [sorted_rows(each) for each in expected],
        )
        assert before.items() <= stamps(tmp_path).items(), "a finished run was written again"
    # Of the second call the runs of the second seed, of the third none.
    assert steps[1] == [[1, 2], [], [0, 0, 1, 1, 2, 2], [0, 1, 2]]
    assert steps[2] == [[], [], [], []]


def sorted_rows(table: pd.DataFrame) -> pd.DataFrame:
    keys = [key for key in ("strategy", "t_cor", "seed", "iteration") if key in table]
    return (table.sort_values(keys) if keys else table).reset_index(drop=True)


@pytest.mark.parametrize(
    ("other", "different"),
    [
        ({"given": inputs("others")}, "test.features"),
        ({"iterations": 3}, "preset.iterations"),
        ({"query_size": 7}, "preset.query_size"),
    ],
    ids=["vectors", "iterations", "query size"],
)
def test_a_finished_run_of_another_manifest_is_refused(
    whole: Path, other: dict[str, Any], different: str
) -> None:
    before = stamps(whole)
    for work in parts(whole, **other):
        first = next(iter(work.runs))
        for refused in (lambda work=work: work.unfinished, lambda work=work: done(work)):
            with pytest.raises(CartographyError) as told:
                refused()
            assert str(told.value) == (
                f"{first} holds another run (its {different} is different): choose another --out"
            )
    assert stamps(whole) == before


OTHER = Method("paper, shuffle=off", METHOD.preset, ("random",), ())


def asked(folder: Path, *methods: Method, **changes: Any) -> Experiments:
    plain = Experiments(
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
    return replace(plain, **changes)


def carry(what: Experiments, given: CorpusFeatures | None = None) -> tuple[Results, list[str]]:
    """The results, and the lines that were told."""
    lines = StringIO()
    console = Console(file=lines, width=1000)
    given = given or inputs()
    found = run_experiments(what, given.train, lambda _: given, console)
    return found, lines.getvalue().splitlines()


def test_results_are_added_and_what_is_there_is_not_run_again(tmp_path: Path, whole: Path) -> None:
    # Its runs are there, finished: their tables alone are left to make.
    first = asked(tmp_path, METHOD, out=whole)
    before = stamps(whole)
    found, told = carry(first)
    assert told == []
    assert stamps(whole) == before
    got = [found.accuracy.drop(columns=["train_seconds", "select_seconds"])]
    expected = outcome(parts(whole))
    for one, other in zip([*got, found.full, found.picks], expected[:3], strict=True):
        pd.testing.assert_frame_equal(one, other, rtol=1e-5, check_dtype=False)
    pd.testing.assert_frame_equal(found.maps, expected[3], atol=6e-4, rtol=0, check_dtype=False)
    assert [found.corpus[name] for name in ("train", "test", "seed_size", "iterations")] == [
        *(90, 60, 20, 2)
    ]

    # Elsewhere nothing is there but the results.
    both = asked(tmp_path, METHOD, OTHER, seeds=(6,), command="second", notes=("Another.",))
    more, told = carry(both)
    assert [line for line in told if line.startswith(f"{METHOD.name}: ")] == [
        f"{METHOD.name}: already in {both.results}"
    ]
    assert [path.name for path in both.out.iterdir()] == ["paper-shuffle-off"]
    assert more.methods == [METHOD.name, OTHER.name]
    assert set(more.picks["method"]) == {METHOD.name}
    for name in ("accuracy", "full", "picks", "maps"):
        table, old = getattr(more, name), getattr(found, name)
        kept = table[table["method"] == METHOD.name].reset_index(drop=True)
        pd.testing.assert_frame_equal(kept, old, check_exact=True)
    new = more.accuracy[more.accuracy["method"] == OTHER.name]
    assert new[["strategy", "seed"]].drop_duplicates().to_numpy().tolist() == [["random", 6]]
    assert new["iteration"].tolist() == [0, 1, 2]
    assert more.corpus == {
        **found.corpus,
        "seeds": [5, 6],
        "notes": ["A note.", "Another."],
        "commands": ["first", "second"],
    }
    on_disk = read_results(both.results)
    assert on_disk.accuracy.equals(more.accuracy)

    # And once more: of neither is anything run.
    shutil.rmtree(both.out)
    again, told = carry(both)
    assert [line.split(": ")[1].split(" ")[0] for line in told] == ["already", "already"]
    assert not both.out.exists()
    assert again.accuracy.equals(more.accuracy)


def test_what_is_quick_of_all_methods_comes_first(tmp_path: Path) -> None:
    plain = replace(METHOD, mapped=(), strategies=("random",))
    _, told = carry(asked(tmp_path, plain, OTHER, seeds=(5,), iterations=1))
    assert [line for line in told if line.startswith("paper")] == [
        "paper: all texts",
        "paper, shuffle=off: all texts",
        "paper: random",
        "paper, shuffle=off: random",
    ]


@pytest.mark.parametrize(
    ("changes", "given", "name"),
    [
        ({"iterations": 3}, inputs(), "iterations"),
        ({}, inputs("others"), "vectors"),
        ({}, inputs(corpus=CORPUS.take(np.arange(80))), "train"),
        ({"dataset": "agnews"}, inputs(), "dataset"),
    ],
    ids=["iterations", "vectors", "train", "dataset"],
)
def test_other_sizes_are_refused_before_anything_is_trained(
    tmp_path: Path, whole: Path, changes: dict[str, Any], given: CorpusFeatures, name: str
) -> None:
    carry(asked(tmp_path, METHOD, out=whole))
    before = stamps(tmp_path)
    other = asked(tmp_path, METHOD, OTHER, **changes)
    with pytest.raises(CartographyError, match=f"results that are there are of other {name} "):
        carry(other, given)
    assert not other.out.exists()
    assert stamps(tmp_path) == before
