from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cartography
from cartography import PAPER, CartographyError, Corpus, Simulation

COLOURS = {"red": "crimson scarlet ruby", "blue": "azure navy cobalt"}


def frame(rows: int, seed: int) -> pd.DataFrame:
    """Texts of three words of one colour, and a few of the other."""
    rng = np.random.default_rng(seed)
    labels = rng.choice([*COLOURS], rows)

    def words(label: str) -> str:
        own, other = COLOURS[label].split(), COLOURS["blue" if label == "red" else "red"].split()
        return " ".join([*rng.choice(own, 3), *rng.choice(other, 2)])

    return pd.DataFrame({"text": [words(label) for label in labels], "label": labels})


TRAIN, TEST = frame(120, 1), frame(40, 2)


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARTOGRAPHY_CACHE", str(tmp_path))


@pytest.fixture
def vectors(tmp_path: Path) -> str:
    words = " ".join(COLOURS.values()).split()
    path = tmp_path / "colours.vec"
    rows = [
        f"{word} {' '.join(str(value) for value in row)}"
        for word, row in zip(words, np.eye(6), strict=True)
    ]
    path.write_text("\n".join([f"{len(words)} 6", *rows]) + "\n", encoding="utf-8")
    return str(path)


class TestMap:
    def test_a_data_frame_becomes_a_map(self, vectors: str) -> None:
        unlabelled = pd.DataFrame({"text": ["navy"], "label": [None]})
        data_map = cartography.map(
            pd.concat([TRAIN, unlabelled]), vectors=vectors, epochs=3, progress=False
        )
        table = data_map.to_frame()
        assert list(table.columns) == [
            *("id", "text", "label", "confidence", "variability", "correctness", "region"),
            *("threshold_closeness", "forgetfulness"),
        ]
        assert table["text"].to_list() == TRAIN["text"].to_list()
        assert table["label"].to_list() == TRAIN["label"].to_list()
        assert table["confidence"].to_numpy() == pytest.approx(
            data_map.dynamics.gold_probability.mean(axis=0), abs=1e-6
        )
        assert data_map.dynamics.epochs == 3
        assert data_map.figure().data

    def test_a_corpus_a_frame_and_a_file_give_the_same_map(
        self, vectors: str, tmp_path: Path
    ) -> None:
        TRAIN.to_csv(tmp_path / "colours.csv", index=False)
        sources = (TRAIN, tmp_path / "colours.csv", cartography.read_corpus(TRAIN))
        tables = [
            cartography.map(source, vectors=vectors, epochs=2, progress=False).to_frame()
            for source in sources
        ]
        pd.testing.assert_frame_equal(tables[0], tables[1])
        pd.testing.assert_frame_equal(tables[0], tables[2])

    def test_a_seed_set(self, vectors: str) -> None:
        data_map = cartography.map(TRAIN, vectors=vectors, epochs=1, seed_size=20, progress=False)
        assert len(data_map.to_frame()) == 20

    def test_show_opens_the_figure(self, vectors: str, monkeypatch: pytest.MonkeyPatch) -> None:
        shown: list[object] = []
        monkeypatch.setattr("plotly.graph_objects.Figure.show", lambda figure: shown.append(figure))
        cartography.map(TRAIN, vectors=vectors, epochs=1, progress=False).show()
        assert len(shown) == 1

    @pytest.mark.parametrize(
        "labels",
        [
            pd.Series(TRAIN["label"] == "red", dtype=object),
            pd.Series([*map(np.int64, TRAIN["label"] == "red")], dtype=object),
            pd.Categorical(TRAIN["label"]),
            (TRAIN["label"] == "red").astype("Int64"),
        ],
        ids=["bool objects", "NumPy integers", "categories", "nullable integers"],
    )
    def test_labels_of_any_kind(self, vectors: str, labels: object) -> None:
        frame = pd.DataFrame({0: TRAIN["text"], 1: labels})
        data_map = cartography.map(
            frame,
            text=0,  # type: ignore[arg-type]
            label=1,  # type: ignore[arg-type]
            vectors=vectors,
            epochs=1,
            progress=False,
        )
        assert len(data_map.corpus.classes) == 2

    @pytest.mark.parametrize("source", [["a", "b"], None, 3, np.zeros(3)])
    def test_what_is_no_source(self, source: object) -> None:
        with pytest.raises(CartographyError, match="is not a source of texts"):
            cartography.map(source, progress=False)  # type: ignore[arg-type]

    def test_the_columns_there_are_stand_in_the_refusal(self) -> None:
        with pytest.raises(CartographyError, match=r"DataFrame.*'colour'"):
            cartography.map(TRAIN.rename(columns={"text": "colour"}), progress=False)
        with pytest.raises(CartographyError, match="the DataFrame has no rows"):
            cartography.map(TRAIN[:0], progress=False)


def simulated(vectors: str, seeds: Sequence[int] = (1, 2)) -> Simulation:
    return cartography.simulate(
        TRAIN,
        TEST,
        strategies=("random", "lc"),
        seeds=seeds,
        iterations=2,
        query_size=10,
        seed_size=20,
        vectors=vectors,
        epochs=2,
        progress=False,
    )


class TestSimulate:
    def test_a_row_per_iteration_of_every_trial(self, vectors: str) -> None:
        table = simulated(vectors).to_frame()
        assert len(table) == 2 * 2 * 3
        one = table[(table["strategy"] == "lc") & (table["seed"] == 2)]
        assert one["labelled"].to_list() == [20, 30, 40]
        assert one["batch_confidence"].isna().to_list() == [True, False, False]
        assert one["accuracy"].between(0, 1).all()

    def test_a_test_set_is_held_out_where_there_is_none(self, vectors: str) -> None:
        simulation = cartography.simulate(
            TRAIN,
            strategies=("random",),
            iterations=0,
            seed_size=20,
            vectors=vectors,
            epochs=1,
            progress=False,
        )
        assert len(simulation.test) == 12
        assert len(simulation.corpus) == 108

    def test_the_figure_has_a_line_per_strategy(self, vectors: str) -> None:
        names = [trace.name for trace in simulated(vectors, (1,)).figure().data]
        assert names == ["Random", "LC"]

    def test_the_test_set_has_the_classes_of_the_training_corpus(self, vectors: str) -> None:
        corpus: Corpus = cartography.read_corpus(TRAIN)
        foreign = TEST.assign(label="green")
        with pytest.raises(CartographyError, match="'green'"):
            cartography.simulate(corpus, foreign, vectors=vectors, progress=False)

    def test_a_test_corpus_is_matched_by_class_names(self, vectors: str) -> None:
        options = {
            "strategies": "random",
            "seeds": 1,
            "iterations": 0,
            "seed_size": 20,
            "vectors": vectors,
            "epochs": 2,
            "progress": False,
        }
        test = cartography.read_corpus(TEST)
        swapped = replace(test, classes=test.classes[::-1], labels=1 - test.labels)
        accuracies = [
            cartography.simulate(TRAIN, corpus, **options).to_frame()["accuracy"][0]
            for corpus in (TEST, test, swapped)
        ]
        assert accuracies[0] == accuracies[1] == accuracies[2]

    def test_the_preset_s_t_cor_is_used(self, vectors: str) -> None:
        preset = replace(PAPER, t_cor=0.7, iterations=0)
        simulation = cartography.simulate(
            TRAIN, TEST, strategies="cal", preset=preset, vectors=vectors, epochs=1, progress=False
        )
        assert simulation.to_frame()["t_cor"].to_list() == [0.7]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"strategies": ["best"]}, "strategy 'best' is not one of"),
            ({"seeds": (1, 1)}, "is given twice"),
            ({"strategies": ("lc", "lc")}, "is given twice"),
            ({"t_cor": 2.0, "strategies": "cal"}, "t_cor is a fraction of the epochs"),
            ({"iterations": -1}, "iterations are 0 or more"),
            ({"query_size": 0}, "query size is 1 or more"),
            ({"seed_size": 0}, "seed size is 1 or more"),
            ({"seeds": -1}, "a seed is 0 or more"),
            ({"preset": "mine"}, "preset 'mine' is not one of standard, paper, released"),
            ({"epochs": 0}, "the epochs must be 1 to 10,000, not 0"),
        ],
    )
    def test_a_mistake_is_one_line(
        self, vectors: str, options: dict[str, object], message: str
    ) -> None:
        with pytest.raises(CartographyError, match=message):
            cartography.simulate(TRAIN, TEST, vectors=vectors, progress=False, **options)  # type: ignore[arg-type]

    def test_a_test_set_without_labels_is_refused(self, vectors: str) -> None:
        with pytest.raises(CartographyError, match="no gold labels"):
            cartography.simulate(TRAIN, TEST[["text"]], vectors=vectors, progress=False)


class TestCompare:
    def test_a_verdict_on_each_strategy(self, vectors: str) -> None:
        comparison = cartography.compare(simulated(vectors))
        assert comparison.to_frame()["strategy"].to_list() == ["LC"]
        assert comparison.verdict == comparison.verdicts.sentence
        assert comparison.to_frame()["epsilon_min"].between(0, 1).all()

    def test_a_source_is_simulated_first(self, vectors: str) -> None:
        options = {"iterations": 1, "query_size": 10, "seed_size": 20, "vectors": vectors}
        comparison = cartography.compare(
            TRAIN,
            TEST,
            strategies=("random", "cal"),
            seeds=(1,),
            epochs=1,
            **options,
            progress=False,
        )
        assert {trial.strategy for trial in comparison.simulation.trials} == {"random", "cal"}

    def test_a_simulation_takes_no_options(self, vectors: str) -> None:
        with pytest.raises(CartographyError, match="has its test set and options already"):
            cartography.compare(simulated(vectors), seeds=(1, 2, 3))

    def test_random_alone_gives_an_empty_table(self, vectors: str) -> None:
        simulation = replace(
            simulated(vectors),
            iterations=tuple(
                step for step in simulated(vectors).iterations if step.trial.strategy == "random"
            ),
        )
        assert "verdict" in cartography.compare(simulation).to_frame().columns

    def test_random_is_needed(self, vectors: str) -> None:
        with pytest.raises(CartographyError, match="Random is not among the runs"):
            cartography.compare(
                TRAIN,
                TEST,
                strategies=("lc", "margin"),
                seeds=(1,),
                iterations=1,
                query_size=10,
                seed_size=20,
                vectors=vectors,
                epochs=1,
                progress=False,
            )
