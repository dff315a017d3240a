import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cartography.errors import CartographyError
from cartography.models.presets import PAPER
from cartography.reproduction.plan import MAP_KINDS, Method
from cartography.reproduction.results import (
    ACCURACY,
    ACCURACY_COLUMNS,
    CORPUS,
    FULL,
    FULL_COLUMNS,
    MAPS,
    MAPS_COLUMNS,
    PICKS,
    PICKS_COLUMNS,
    Results,
    add_results,
    format_ids,
    join_results,
    missing_from,
    read_results,
    write_results,
)

TABLES = ("accuracy", "full", "picks", "maps")
FILES = (CORPUS, ACCURACY, FULL, PICKS, MAPS)
NONE = float("nan")

Run = tuple[str, str, float, int]


def make_results(
    runs: Mapping[Run, Sequence[float]] | None = None,
    full: Mapping[tuple[str, int], float] | None = None,
    maps: Mapping[tuple[str, str], Sequence[float]] | None = None,
    **corpus: object,
) -> Results:
    """Results of invented runs, given as accuracies by method, strategy, t_cor and seed.

    Their batches are "a1", "a2" ..., except at t_cor 0.4. A table without rows has no dtypes.
    """
    accuracy = [
        {
            **dict(zip(("method", "strategy", "t_cor", "seed"), run, strict=True)),
            "iteration": number,
            "labelled": 10 + 2 * number,
            "accuracy": value,
            "macro_f1": value / 3,
        }
        for run, values in (runs or {}).items()
        for number, value in enumerate(values)
    ]
    picks = [
        (method, strategy, seed, number, f"a{number}")
        for (method, strategy, t_cor, seed), values in (runs or {}).items()
        for number in range(1, len(values))
        if t_cor != 0.4
    ]
    full_rows = [(*run, 30, value, value, 0.5, 0.3, 0.2) for run, value in (full or {}).items()]
    map_rows = [
        (*key, value, value / 2, value / 4)
        for key, values in (maps or {}).items()
        for value in values
    ]
    tables: list[pd.DataFrame] = []
    for rows, columns in (
        (accuracy, ACCURACY_COLUMNS),
        (full_rows, FULL_COLUMNS),
        (picks, PICKS_COLUMNS),
        (map_rows, MAPS_COLUMNS),
    ):
        tables.append(pd.DataFrame(rows, columns=list(columns)))
    defaults: dict[str, Any] = {
        "dataset": "trec",
        "train": 90,
        "test": 60,
        "classes": ["a", "b"],
        "vectors": "made up",
        "notes": ["A note."],
        "seeds": [1],
        "iterations": 2,
        "seed_size": 10,
        "query_size": 2,
        "machines": ["2 cores of 2"],
        "commands": ["cartography reproduce some.csv"],
    }
    return Results({**defaults, **corpus}, *tables)


def rows_of(table: pd.DataFrame) -> list[tuple[object, ...]]:
    """The rows in a fixed order, with None for NaN."""
    plain = table.astype(object).where(table.notna(), None)
    return sorted(plain.itertuples(index=False, name=None), key=repr)


def same(left: Results, right: Results, tables: Iterable[str] = TABLES) -> bool:
    return all(rows_of(getattr(left, name)) == rows_of(getattr(right, name)) for name in tables)


OTHERS: dict[Run, list[float]] = {
    ("paper", "random", NONE, 2): [0.1, 0.2, 0.3],
    ("paper", "cal", 0.2, 2): [0.2, 0.3, 0.4],
    ("paper", "cal", 0.4, 1): [0.3, 0.4, 0.5],
    ("paper", "cal-dal", 0.2, 1): [0.4, 0.5, 0.6],
    ("released", "random", NONE, 1): [0.5, 0.6, 0.7],
    ("released", "cal", 0.2, 1): [0.6, 0.7, 0.8],
}


@pytest.mark.parametrize("trial", [("random", NONE), ("cal", 0.2)], ids=["random", "cal"])
def test_a_later_run_replaces_all_of_the_earlier_run(trial: tuple[str, float]) -> None:
    run: Run = ("paper", *trial, 1)
    before = make_results({**OTHERS, run: np.linspace(0, 1, 31).tolist()})
    joined = join_results([before, make_results({run: [0.7, 0.8]})])
    assert same(joined, make_results({**OTHERS, run: [0.7, 0.8]}))
    assert same(join_results([joined, before]), before), "the later run counts, not the shorter"


def test_a_later_training_on_all_texts_and_a_later_map_replace_earlier_ones() -> None:
    full = {("paper", 1): 0.5, ("paper", 2): 0.6, ("released", 1): 0.7}
    maps = {("paper", "seed"): [0.1] * 5, ("paper", "all"): [0.2], ("released", "seed"): [0.3]}
    later = make_results(full={("paper", 1): 0.9}, maps={("paper", "seed"): [0.4, 0.5]})
    results = join_results([make_results(full=full, maps=maps), later])
    expected = make_results(
        full={**full, ("paper", 1): 0.9}, maps={**maps, ("paper", "seed"): [0.4, 0.5]}
    )
    assert same(results, expected)


def test_lists_are_merged_in_order() -> None:
    first = make_results(seeds=[3, 1], machines=["x"], notes=["n", "m"], commands=["b", "a"])
    second = make_results(seeds=[1, 2, 3], machines=["x"], notes=[], commands=["a", "c"])
    third = make_results(seeds=[0], machines=["w"], notes=["k", "n"], commands=["b"])
    corpus = join_results([first, second, third]).corpus
    assert corpus == {
        **first.corpus,
        "seeds": [3, 1, 2, 0],
        "machines": ["x", "w"],
        "notes": ["n", "m", "k"],
        "commands": ["b", "a", "c"],
    }
    assert first.corpus["seeds"] == [3, 1], "the joined results are unchanged"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dataset", "agnews"),
        ("train", 91),
        ("test", 61),
        ("classes", ["a", "c"]),
        ("vectors", "others"),
        ("iterations", 3),
        ("seed_size", 11),
        ("query_size", 3),
    ],
)
def test_results_of_other_texts_vectors_or_sizes_are_refused(
    tmp_path: Path, name: str, value: object
) -> None:
    existing = make_results({("paper", "random", NONE, 1): [0.5, 0.6]})
    write_results(tmp_path, existing)
    files = {file: (tmp_path / file).read_bytes() for file in FILES}
    with pytest.raises(CartographyError) as error:
        add_results(tmp_path, replace(existing, corpus={**existing.corpus, name: value}))
    assert str(error.value) == (
        f"the existing results have {name} {existing.corpus[name]}, not {value}: choose another "
        "--results"
    )
    assert {file: (tmp_path / file).read_bytes() for file in FILES} == files


@pytest.mark.parametrize("empty_first", [True, False])
def test_numbers_stay_numbers_when_joined_with_empty_tables(
    tmp_path: Path, empty_first: bool
) -> None:
    some = make_results(
        {("paper", "random", NONE, 1): [1 / 3, 2 / 3]},
        {("paper", 1): 1 / 7},
        {("paper", "seed"): [1 / 3, 1 / 9]},
    )
    results = join_results([make_results(), some] if empty_first else [some, make_results()])
    for name in TABLES:
        assert getattr(results, name).dtypes.equals(getattr(some, name).dtypes)
    write_results(tmp_path, results)
    for file in (ACCURACY, FULL):
        text = (tmp_path / file).read_text()
        assert re.search(r"0\.\d{6}\b", text)
        assert not re.search(r"\d{7}", text)
    maps = pd.read_csv(tmp_path / MAPS, dtype=str)
    assert maps["confidence"].tolist() == ["0.333", "0.111"]
    assert maps["correctness"].tolist() == ["0.083", "0.028"]


def test_empty_results_are_joined() -> None:
    assert same(join_results([make_results(), make_results()]), make_results())


METHOD = Method("paper", PAPER, ("random", "cal"), (0.2, 0.4), MAP_KINDS)
RUNS: dict[Run, list[float]] = {
    ("paper", *variant, seed): [0.5, 0.6, 0.7]
    for variant in (("random", NONE), ("cal", 0.2), ("cal", 0.4))
    for seed in (1, 2)
}
FULL_RUNS = {("paper", 1): 0.8, ("paper", 2): 0.9}
MAP_RUNS = {("paper", "all"): [0.5], ("paper", "seed"): [0.5]}


def without(entries: dict[Any, Any], key: object) -> dict[Any, Any]:
    # Compared as text, since NaN is not equal to itself.
    return {name: value for name, value in entries.items() if repr(name) != repr(key)}


@pytest.mark.parametrize(
    ("runs", "full", "maps", "missing"),
    [
        (RUNS, FULL_RUNS, MAP_RUNS, []),
        (without(RUNS, ("paper", "random", NONE, 2)), FULL_RUNS, MAP_RUNS, ["Random"]),
        (without(RUNS, ("paper", "cal", 0.4, 1)), FULL_RUNS, MAP_RUNS, ["CAL at t_cor 0.4"]),
        ({**RUNS, ("paper", "cal", 0.2, 2): [0.5, 0.6]}, FULL_RUNS, MAP_RUNS, ["CAL at t_cor 0.2"]),
        (RUNS, without(FULL_RUNS, ("paper", 2)), MAP_RUNS, ["a training on all texts"]),
        (RUNS, FULL_RUNS, without(MAP_RUNS, ("paper", "all")), ["the map of all texts"]),
        (RUNS, FULL_RUNS, without(MAP_RUNS, ("paper", "seed")), ["the map of the seed set"]),
    ],
    ids=["nothing", "a seed", "a t_cor", "an iteration", "all texts", "a map", "the other map"],
)
def test_missing_runs_are_named(
    runs: Any, full: Any, maps: Any, missing: list[str], tmp_path: Path
) -> None:
    # Runs of another method do not count.
    other = {("released", *key[1:]): values for key, values in RUNS.items()}
    more = {("released", seed): 0.5 for seed in (1, 2)}
    results = make_results(
        {**other, **runs},
        {**more, **full},
        {("released", kind): [0.5] for kind in MAP_KINDS} | maps,
    )
    assert missing_from(results, METHOD, (1, 2), 2) == missing
    write_results(tmp_path, results)
    assert missing_from(read_results(tmp_path), METHOD, (1, 2), 2) == missing


def test_everything_is_missing_from_empty_results(tmp_path: Path) -> None:
    write_results(tmp_path, make_results())
    for results in (make_results(), read_results(tmp_path)):
        assert missing_from(results, METHOD, (1,), 2) == [
            *("Random", "CAL at t_cor 0.2", "CAL at t_cor 0.4"),
            *("a training on all texts", "the map of all texts", "the map of the seed set"),
        ]
        assert missing_from(results, replace(METHOD, maps=()), (1,), 2)[3:] == [
            "a training on all texts"
        ]


def test_complete_results_are_complete_for_fewer_seeds_and_iterations() -> None:
    results = make_results(RUNS, FULL_RUNS, MAP_RUNS)
    assert missing_from(results, METHOD, (2,), 1) == []
    assert missing_from(results, METHOD, (2,), 3)[0] == "Random"
    assert missing_from(results, METHOD, (2, 3), 2)[-1] == "a training on all texts"


def test_a_run_that_labelled_all_texts_is_complete() -> None:
    # A seed set of 10 and two batches of two are all 14 texts.
    results = make_results(RUNS, FULL_RUNS, MAP_RUNS, train=14)
    assert missing_from(results, METHOD, (1, 2), 30) == []
    results = make_results(RUNS, FULL_RUNS, MAP_RUNS, train=15)
    assert "Random" in missing_from(results, METHOD, (1,), 30)


@pytest.mark.parametrize(
    "ids",
    [
        ["a b", "a", "b"],
        ["50%", "%20", "a%20b", "100% of it"],
        ["naïve", "文本", "🙂 smile"],
        ["1,2", 'say "x"', "a\nb", "c\td", "https://x.org/?q=1&r=2#3"],
        ["007"],
        ["NA"],
        ["None"],
    ],
    ids=["space", "percent", "letters", "marks", "number", "na", "none"],
)
def test_ids_survive_writing_and_reading(tmp_path: Path, ids: list[str]) -> None:
    picks = [("paper", "random", 1, number, format_ids(ids)) for number in (1, 2)]
    results = make_results({("paper", "random", NONE, 1): [0.5, 0.6, 0.7]})
    write_results(
        tmp_path, replace(results, picks=pd.DataFrame(picks, columns=list(PICKS_COLUMNS)))
    )
    (curve,) = read_results(tmp_path).learning_curves("paper")
    assert [batch.tolist() for batch in curve.batches] == [ids, ids]


def test_learning_curves_are_at_the_papers_t_cor_and_have_picks(tmp_path: Path) -> None:
    write_results(tmp_path, make_results({**OTHERS, ("paper", "lc", NONE, 7): [0.25]}))
    runs = {
        (run.strategy, run.seed): run for run in read_results(tmp_path).learning_curves("paper")
    }
    assert set(runs) == {("random", 2), ("cal", 2), ("cal-dal", 1), ("lc", 7)}
    assert runs["cal", 2].name == "CAL"
    assert runs["cal", 2].accuracy.tolist() == [0.2, 0.3, 0.4]
    assert runs["cal", 2].labelled.tolist() == [10, 12, 14]
    assert [batch.tolist() for batch in runs["cal", 2].batches] == [["a1"], ["a2"]]
    assert runs["lc", 7].batches == ()


def test_a_map_survives_writing_and_reading(tmp_path: Path) -> None:
    maps = {("paper", "seed"): [0.5, 0.25], ("paper", "all"): [1.0]}
    write_results(tmp_path, make_results(maps=maps))
    results = read_results(tmp_path)
    data_map = results.data_map("paper", "seed")
    assert data_map is not None
    assert data_map.confidence.tolist() == [0.5, 0.25]
    assert data_map.variability.tolist() == [0.25, 0.125]
    assert data_map.correctness.tolist() == [0.125, 0.062]
    assert results.data_map("released", "seed") is None
    assert results.folder == tmp_path.as_posix()


@pytest.mark.parametrize("name", FILES)
def test_results_without_a_file_are_refused_in_one_line(tmp_path: Path, name: str) -> None:
    write_results(tmp_path, make_results(RUNS, FULL_RUNS, MAP_RUNS))
    (tmp_path / name).unlink()
    with pytest.raises(CartographyError) as error:
        read_results(tmp_path)
    assert str(error.value) == (f"{tmp_path} contains no reproduction results: it has no {name}")


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    write_results(tmp_path, make_results(RUNS, FULL_RUNS, MAP_RUNS))
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(CartographyError, match=re.escape(name)):
        read_results(tmp_path)


def test_equal_results_give_equal_files(tmp_path: Path) -> None:
    values = np.random.default_rng(0).random(500).tolist()
    results = make_results(RUNS, FULL_RUNS, {("paper", "all"): values})
    write_results(tmp_path / "one", results)
    write_results(tmp_path / "two", results)
    # Reading, joining with equal results and writing changes nothing.
    write_results(tmp_path / "three", read_results(tmp_path / "one"))
    add_results(tmp_path / "three", read_results(tmp_path / "two"))
    for name in FILES:
        first = (tmp_path / "one" / name).read_bytes()
        assert (tmp_path / "two" / name).read_bytes() == first, name
        assert (tmp_path / "three" / name).read_bytes() == first, name
    # gzip stores time in seconds, so both files could have the same: check that it is 0.
    assert (tmp_path / "one" / MAPS).read_bytes()[4:8] == bytes(4)


def test_adding_from_two_threads_loses_nothing(tmp_path: Path) -> None:
    start = Barrier(2)

    def add(first: int) -> None:
        start.wait()
        for seed in range(first, first + 6):
            run: Run = ("paper", "random", NONE, seed)
            new = make_results({run: [0.5, 0.6]}, {("paper", seed): 0.7}, seeds=[seed])
            add_results(tmp_path, new)

    with ThreadPoolExecutor(2) as threads:
        for future in [threads.submit(add, first) for first in (0, 100)]:
            future.result()
    results = read_results(tmp_path)
    seeds = [*range(6), *range(100, 106)]
    assert sorted(results.corpus["seeds"]) == seeds
    assert sorted(results.full["seed"]) == seeds
    assert sorted(results.accuracy["seed"]) == sorted(seeds * 2)
    assert sorted(results.picks["seed"]) == seeds
