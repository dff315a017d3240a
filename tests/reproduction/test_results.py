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
from cartography.reproduction.plan import MAPPED, Method
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


def made(
    runs: Mapping[Run, Sequence[float]] | None = None,
    full: Mapping[tuple[str, int], float] | None = None,
    maps: Mapping[tuple[str, str], Sequence[float]] | None = None,
    **corpus: object,
) -> Results:
    """Results of `runs`, by method, strategy, t_cor and seed their accuracies, in whose iterations
    "a1", "a2" ... were picked under preset paper; a table without a row has no types.
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
    whole = [(*run, 30, value, value, 0.5, 0.3, 0.2) for run, value in (full or {}).items()]
    places = [
        (*mapped, value, value / 2, value / 4)
        for mapped, values in (maps or {}).items()
        for value in values
    ]
    found: list[pd.DataFrame] = []
    for rows, columns in (
        (accuracy, ACCURACY_COLUMNS),
        (whole, FULL_COLUMNS),
        (picks, PICKS_COLUMNS),
        (places, MAPS_COLUMNS),
    ):
        found.append(pd.DataFrame(rows, columns=list(columns)))
    told: dict[str, Any] = {
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
    return Results({**told, **corpus}, *found)


def rows_of(table: pd.DataFrame) -> list[tuple[object, ...]]:
    """The rows in some order of their own, each NaN as None."""
    plain = table.astype(object).where(table.notna(), None)
    return sorted(plain.itertuples(index=False, name=None), key=repr)


def same(one: Results, other: Results, tables: Iterable[str] = TABLES) -> bool:
    return all(rows_of(getattr(one, name)) == rows_of(getattr(other, name)) for name in tables)


OTHERS: dict[Run, list[float]] = {
    ("paper", "random", NONE, 2): [0.1, 0.2, 0.3],
    ("paper", "cal", 0.2, 2): [0.2, 0.3, 0.4],
    ("paper", "cal", 0.4, 1): [0.3, 0.4, 0.5],
    ("paper", "cal-dal", 0.2, 1): [0.4, 0.5, 0.6],
    ("released", "random", NONE, 1): [0.5, 0.6, 0.7],
    ("released", "cal", 0.2, 1): [0.6, 0.7, 0.8],
}


@pytest.mark.parametrize("arm", [("random", NONE), ("cal", 0.2)], ids=["random", "cal"])
def test_a_later_run_takes_the_place_of_the_whole_run_before_it(arm: tuple[str, float]) -> None:
    run: Run = ("paper", *arm, 1)
    before = made({**OTHERS, run: np.linspace(0, 1, 31).tolist()})
    alone = join_results([before, made({run: [0.7, 0.8]})])
    assert same(alone, made({**OTHERS, run: [0.7, 0.8]}))
    assert same(join_results([alone, before]), before), "the later one counts, not the shorter"


def test_so_does_a_later_training_on_all_texts_and_a_later_map() -> None:
    full = {("paper", 1): 0.5, ("paper", 2): 0.6, ("released", 1): 0.7}
    maps = {("paper", "seed"): [0.1] * 5, ("paper", "all"): [0.2], ("released", "seed"): [0.3]}
    later = made(full={("paper", 1): 0.9}, maps={("paper", "seed"): [0.4, 0.5]})
    found = join_results([made(full=full, maps=maps), later])
    expected = made(full={**full, ("paper", 1): 0.9}, maps={**maps, ("paper", "seed"): [0.4, 0.5]})
    assert same(found, expected)


def test_what_each_has_of_its_own_is_united_in_order() -> None:
    first = made(seeds=[3, 1], machines=["x"], notes=["n", "m"], commands=["b", "a"])
    second = made(seeds=[1, 2, 3], machines=["x"], notes=[], commands=["a", "c"])
    third = made(seeds=[0], machines=["w"], notes=["k", "n"], commands=["b"])
    corpus = join_results([first, second, third]).corpus
    assert corpus == {
        **first.corpus,
        "seeds": [3, 1, 2, 0],
        "machines": ["x", "w"],
        "notes": ["n", "m", "k"],
        "commands": ["b", "a", "c"],
    }
    assert first.corpus["seeds"] == [3, 1], "what was joined is as it was"


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
    there = made({("paper", "random", NONE, 1): [0.5, 0.6]})
    write_results(tmp_path, there)
    files = {file: (tmp_path / file).read_bytes() for file in FILES}
    with pytest.raises(CartographyError) as refused:
        add_results(tmp_path, replace(there, corpus={**there.corpus, name: value}))
    assert str(refused.value) == (
        f"the results that are there are of other {name} ({there.corpus[name]}) than those asked "
        f"for ({value}): choose another --results"
    )
    assert {file: (tmp_path / file).read_bytes() for file in FILES} == files


@pytest.mark.parametrize("empty_first", [True, False])
def test_joined_with_empty_tables_figures_are_written_as_figures(
    tmp_path: Path, empty_first: bool
) -> None:
    some = made(
        {("paper", "random", NONE, 1): [1 / 3, 2 / 3]},
        {("paper", 1): 1 / 7},
        {("paper", "seed"): [1 / 3, 1 / 9]},
    )
    found = join_results([made(), some] if empty_first else [some, made()])
    for name in TABLES:
        assert getattr(found, name).dtypes.equals(getattr(some, name).dtypes)
    write_results(tmp_path, found)
    for file in (ACCURACY, FULL):
        text = (tmp_path / file).read_text()
        assert re.search(r"0\.\d{6}\b", text)
        assert not re.search(r"\d{7}", text)
    maps = pd.read_csv(tmp_path / MAPS, dtype=str)
    assert maps["confidence"].tolist() == ["0.333", "0.111"]
    assert maps["correctness"].tolist() == ["0.083", "0.028"]


def test_nothing_joined_with_nothing() -> None:
    assert same(join_results([made(), made()]), made())


METHOD = Method("paper", PAPER, ("random", "cal"), (0.2, 0.4), MAPPED)
WHOLE: dict[Run, list[float]] = {
    ("paper", *variant, seed): [0.5, 0.6, 0.7]
    for variant in (("random", NONE), ("cal", 0.2), ("cal", 0.4))
    for seed in (1, 2)
}
FULLY = {("paper", 1): 0.8, ("paper", 2): 0.9}
MAPPED_PLACES = {("paper", "all"): [0.5], ("paper", "seed"): [0.5]}


def less(part: dict[Any, Any], key: object) -> dict[Any, Any]:
    # By its words, since NaN is unlike itself.
    return {name: value for name, value in part.items() if repr(name) != repr(key)}


@pytest.mark.parametrize(
    ("runs", "full", "maps", "missing"),
    [
        (WHOLE, FULLY, MAPPED_PLACES, []),
        (less(WHOLE, ("paper", "random", NONE, 2)), FULLY, MAPPED_PLACES, ["Random"]),
        (less(WHOLE, ("paper", "cal", 0.4, 1)), FULLY, MAPPED_PLACES, ["CAL at t_cor 0.4"]),
        (
            {**WHOLE, ("paper", "cal", 0.2, 2): [0.5, 0.6]},
            FULLY,
            MAPPED_PLACES,
            ["CAL at t_cor 0.2"],
        ),
        (WHOLE, less(FULLY, ("paper", 2)), MAPPED_PLACES, ["a training on all texts"]),
        (WHOLE, FULLY, less(MAPPED_PLACES, ("paper", "all")), ["the map of all texts"]),
        (WHOLE, FULLY, less(MAPPED_PLACES, ("paper", "seed")), ["the map of the seed set"]),
    ],
    ids=["nothing", "a seed", "a t_cor", "an iteration", "all texts", "a map", "the other map"],
)
def test_what_is_missing_is_named(
    runs: Any, full: Any, maps: Any, missing: list[str], tmp_path: Path
) -> None:
    # What another method has is none of this one's.
    other = {("released", *key[1:]): values for key, values in WHOLE.items()}
    more = {("released", seed): 0.5 for seed in (1, 2)}
    found = made(
        {**other, **runs}, {**more, **full}, {("released", each): [0.5] for each in MAPPED} | maps
    )
    assert missing_from(found, METHOD, (1, 2), 2) == missing
    write_results(tmp_path, found)
    assert missing_from(read_results(tmp_path), METHOD, (1, 2), 2) == missing


def test_of_nothing_all_is_missing(tmp_path: Path) -> None:
    write_results(tmp_path, made())
    for found in (made(), read_results(tmp_path)):
        assert missing_from(found, METHOD, (1,), 2) == [
            *("Random", "CAL at t_cor 0.2", "CAL at t_cor 0.4"),
            *("a training on all texts", "the map of all texts", "the map of the seed set"),
        ]
        assert missing_from(found, replace(METHOD, mapped=()), (1,), 2)[3:] == [
            "a training on all texts"
        ]


def test_what_is_there_is_whole_for_fewer_seeds_and_iterations() -> None:
    found = made(WHOLE, FULLY, MAPPED_PLACES)
    assert missing_from(found, METHOD, (2,), 1) == []
    assert missing_from(found, METHOD, (2,), 3)[0] == "Random"
    assert missing_from(found, METHOD, (2, 3), 2)[-1] == "a training on all texts"


def test_a_run_that_labelled_all_texts_is_whole() -> None:
    # Two batches of two are all that 14 texts less a seed set of 10 hold.
    assert missing_from(made(WHOLE, FULLY, MAPPED_PLACES, train=14), METHOD, (1, 2), 30) == []
    assert "Random" in missing_from(made(WHOLE, FULLY, MAPPED_PLACES, train=15), METHOD, (1,), 30)


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
def test_ids_are_read_back_as_they_were(tmp_path: Path, ids: list[str]) -> None:
    picks = [("paper", "random", 1, number, format_ids(ids)) for number in (1, 2)]
    found = made({("paper", "random", NONE, 1): [0.5, 0.6, 0.7]})
    write_results(tmp_path, replace(found, picks=pd.DataFrame(picks, columns=list(PICKS_COLUMNS))))
    [run] = read_results(tmp_path).learned("paper")
    assert [batch.tolist() for batch in run.batches] == [ids, ids]


def test_runs_are_compared_at_the_papers_t_cor_with_what_they_picked(tmp_path: Path) -> None:
    write_results(tmp_path, made({**OTHERS, ("paper", "lc", NONE, 7): [0.25]}))
    runs = {(run.strategy, run.seed): run for run in read_results(tmp_path).learned("paper")}
    assert set(runs) == {("random", 2), ("cal", 2), ("cal-dal", 1), ("lc", 7)}
    assert runs["cal", 2].name == "CAL"
    assert runs["cal", 2].accuracy.tolist() == [0.2, 0.3, 0.4]
    assert runs["cal", 2].labelled.tolist() == [10, 12, 14]
    assert [each.tolist() for each in runs["cal", 2].batches] == [["a1"], ["a2"]]
    assert runs["lc", 7].batches == ()


def test_a_map_is_read_back(tmp_path: Path) -> None:
    write_results(tmp_path, made(maps={("paper", "seed"): [0.5, 0.25], ("paper", "all"): [1.0]}))
    results = read_results(tmp_path)
    found = results.data_map("paper", "seed")
    assert found is not None
    assert found.confidence.tolist() == [0.5, 0.25]
    assert found.variability.tolist() == [0.25, 0.125]
    assert found.correctness.tolist() == [0.125, 0.062]
    assert results.data_map("released", "seed") is None
    assert results.folder == tmp_path.as_posix()


@pytest.mark.parametrize("name", FILES)
def test_results_that_lack_a_file_are_refused_in_one_line(tmp_path: Path, name: str) -> None:
    write_results(tmp_path, made(WHOLE, FULLY, MAPPED_PLACES))
    (tmp_path / name).unlink()
    with pytest.raises(CartographyError) as refused:
        read_results(tmp_path)
    assert str(refused.value) == (
        f"{tmp_path} holds no results of a reproduction: it has no {name}"
    )


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    write_results(tmp_path, made(WHOLE, FULLY, MAPPED_PLACES))
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(CartographyError, match=re.escape(name)):
        read_results(tmp_path)


def test_the_same_results_are_the_same_files(tmp_path: Path) -> None:
    values = np.random.default_rng(0).random(500).tolist()
    results = made(WHOLE, FULLY, {("paper", "all"): values})
    write_results(tmp_path / "one", results)
    write_results(tmp_path / "two", results)
    # Read, joined with themselves and written again they stay what they are.
    write_results(tmp_path / "three", read_results(tmp_path / "one"))
    add_results(tmp_path / "three", read_results(tmp_path / "two"))
    for name in FILES:
        first = (tmp_path / "one" / name).read_bytes()
        assert (tmp_path / "two" / name).read_bytes() == first, name
        assert (tmp_path / "three" / name).read_bytes() == first, name
    # A second is the finest time that a gzip file can hold: both may be of the same.
    assert (tmp_path / "one" / MAPS).read_bytes()[4:8] == bytes(4)


def test_two_that_add_at_once_lose_nothing(tmp_path: Path) -> None:
    together = Barrier(2)

    def add(first: int) -> None:
        together.wait()
        for seed in range(first, first + 6):
            run: Run = ("paper", "random", NONE, seed)
            new = made({run: [0.5, 0.6]}, {("paper", seed): 0.7}, seeds=[seed])
            add_results(tmp_path, new)

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(add, first) for first in (0, 100)]:
            done.result()
    found = read_results(tmp_path)
    everyone = [*range(6), *range(100, 106)]
    assert sorted(found.corpus["seeds"]) == everyone
    assert sorted(found.full["seed"]) == everyone
    assert sorted(found.accuracy["seed"]) == sorted(everyone * 2)
    assert sorted(found.picks["seed"]) == everyone
