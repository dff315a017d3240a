"""Every page in its empty and normal state, and with a mistake shown in place."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from cartography.cli import app
from cartography.data_map import DataMap
from cartography.figures import MOST_POINTS
from ui import background, results, session
from ui.background import State, Task
from ui.session import DataChoice

ROOT = Path(__file__).resolve().parent.parent
EPOCHS = 2


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of one test are not seen by another."""
    monkeypatch.setenv("CARTOGRAPHY_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def tiny(tmp_path: Path) -> DataChoice:
    """Forty texts of two classes, and vectors that tell them apart."""
    rng = np.random.default_rng(0)
    texts = [f"{['sun', 'rain'][i % 2]} day {i}" for i in range(40)]
    table = tmp_path / "tiny.csv"
    table.write_text(
        "text,label\n" + "".join(f"{t},{['dry', 'wet'][i % 2]}\n" for i, t in enumerate(texts))
    )
    words = sorted({word for text in texts for word in text.split()})
    vectors = tmp_path / "tiny.vec"
    vectors.write_text(
        f"{len(words)} 8\n"
        + "".join(f"{w} {' '.join(f'{x:.3f}' for x in rng.normal(size=8))}\n" for w in words)
    )
    return DataChoice(source=str(table), test=str(table), vectors=str(vectors))


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Wait for something that another process does."""

    def wait(happened: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not happened():
            assert time.monotonic() < deadline, "waited a minute in vain"
            time.sleep(0.1)

    return wait


def page(name: str, choice: DataChoice | None = None, **state: object) -> AppTest:
    """The dashboard, opened at a page."""
    opened = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    opened.session_state[session.OFFERED] = True  # no worker for the sample
    if choice is not None:
        opened.session_state[session.CHOICE] = choice
    for key, value in state.items():
        opened.session_state[key] = value
    opened.run()
    if name != "data_map":
        opened.switch_page(f"pages/{name}.py").run()
    return opened


def carry_out(task: Task, *more: str) -> None:
    """Do in this process what a worker would do."""
    done = CliRunner().invoke(
        app, [task.kind, f"--out={task.folder}", "--quiet", *more, *task.arguments]
    )
    assert done.exit_code == 0, done.output


def map_task(choice: DataChoice) -> Task:
    return background.task("map", choice, {"seed-size": None, "epochs": EPOCHS})


def learn_task(choice: DataChoice, strategy: str = "cal", seed: int = 398048) -> Task:
    options = {
        "strategy": strategy,
        "t-cor": 0.2 if strategy == "cal" else None,
        "seed-size": 6,
        "query-size": 3,
        "iterations": 2,
        "epochs": EPOCHS,
        "seed": seed,
    }
    return background.task("learn", choice, options, strategy)


LEARN_STATE = {
    "learn_seed_size": 6,
    "learn_query_size": 3,
    "learn_iterations": 2,
    "learn_epochs": EPOCHS,
}


def charts(opened: AppTest) -> int:
    return len(opened.get("plotly_chart"))


def labels(elements: object) -> list[str]:
    return [element.label for element in elements]  # type: ignore[attr-defined]


def test_no_page_has_an_exception_when_nothing_is_there(tiny: DataChoice) -> None:
    for name in ("data_map", "active_learning", "compare"):
        opened = page(name, tiny)

        assert not opened.exception
        assert not opened.error
        assert len(opened.info) == 1, "an empty state says what to do next"


class TestDataset:
    def test_what_was_found_is_shown(self, tiny: DataChoice) -> None:
        opened = page("dataset", None, source_kind="Local path", source_path=tiny.source)

        assert not opened.exception
        assert not opened.error
        counts = {metric.label: metric.value for metric in opened.metric}
        assert counts["texts"] == "40"
        assert counts["classes"] == "2"
        assert any("column 'text'" in caption.value for caption in opened.caption)
        assert charts(opened) == 1

    def test_an_embedded_corpus_can_be_used(self, tiny: DataChoice) -> None:
        opened = page(
            "dataset",
            None,
            source_kind="Local path",
            source_path=tiny.source,
            vectors_kind="Local path",
            vectors_path=tiny.vectors,
        )

        opened.button(key="embed").click().run()
        assert "have a vector" in opened.success[0].value
        opened.button(key="use").click().run()

        assert not opened.exception
        assert not opened.error
        used = opened.session_state[session.CHOICE]
        assert (used.source, used.vectors) == (tiny.source, tiny.vectors)

    def test_a_missing_file_is_said_in_place_and_the_corpus_stays(self, tiny: DataChoice) -> None:
        opened = page("dataset", tiny, source_kind="Local path", source_path="/no/such.csv")

        assert not opened.exception
        assert "does not exist" in opened.error[0].value
        assert opened.session_state[session.CHOICE] == tiny

    def test_vectors_that_cannot_be_read_are_said_in_place(self, tiny: DataChoice) -> None:
        opened = page(
            "dataset",
            None,
            source_kind="Local path",
            source_path=tiny.source,
            vectors_kind="Local path",
            vectors_path=tiny.source,
        )

        opened.button(key="embed").click().run()

        assert not opened.exception
        assert len(opened.error) == 1
        assert "Traceback" not in opened.error[0].value

    def test_nothing_uploaded_yet(self) -> None:
        opened = page("dataset", None, source_kind="Upload")

        assert not opened.exception
        assert "Parquet" in opened.info[0].value


class TestDataMap:
    def test_a_finished_map_with_its_accuracy_and_table(self, tiny: DataChoice) -> None:
        carry_out(map_task(tiny))

        opened = page("data_map", tiny, map_epochs=EPOCHS)

        assert not opened.exception
        assert not opened.error
        assert "test accuracy" in labels(opened.metric)
        assert charts(opened) == 1
        everything = opened.dataframe[0].value
        assert len(everything) == 40
        assert set(everything["predicted_label"]) <= {"dry", "wet"}
        assert set(everything.columns) >= {"text", "confidence", "variability", "region"}

    def test_picked_texts_stand_in_a_table(self, tiny: DataChoice) -> None:
        task = map_task(tiny)
        carry_out(task)
        picks = {str(task.folder): [3, 5]}

        opened = page("data_map", tiny, map_epochs=EPOCHS, **{session.PICKED: picks})

        assert list(opened.dataframe[0].value["text"]) == ["rain day 3", "rain day 5"]

    def test_thresholds_that_meet_are_refused_in_place(self, tiny: DataChoice) -> None:
        carry_out(map_task(tiny))

        opened = page("data_map", tiny, map_epochs=EPOCHS, region_correctness=(0.5, 0.5))

        assert not opened.exception
        assert "move them apart" in opened.error[0].value

    def test_a_worker_s_mistake_is_said_in_place(self, tiny: DataChoice) -> None:
        task = map_task(tiny)
        task.log.parent.mkdir(parents=True)
        task.log.write_text("reading …\ncartography: the table has no rows.\n")

        opened = page("data_map", tiny, map_epochs=EPOCHS)

        assert opened.error[0].value == "The table has no rows."
        assert "map_start" in [button.key for button in opened.button]

    def test_a_seed_set_map_has_its_own_folder(self, tiny: DataChoice) -> None:
        small = background.task("map", tiny, {"seed-size": 6, "epochs": EPOCHS}, "seed set 6")
        carry_out(small)

        opened = page("data_map", tiny, map_epochs=EPOCHS, map_kind="A seed set", map_seed_size=6)

        assert not opened.exception
        assert len(opened.dataframe[0].value) == 6
        assert small.folder != map_task(tiny).folder


class TestActiveLearning:
    def test_a_finished_run(self, tiny: DataChoice) -> None:
        carry_out(learn_task(tiny))

        opened = page("active_learning", tiny, **LEARN_STATE)

        assert not opened.exception
        assert not opened.error
        assert charts(opened) == 3
        batch = opened.dataframe[-1].value
        assert len(batch) == 3
        assert set(batch.columns) >= {"text", "score", "region", "label", "predicted_label"}
        assert opened.slider(key="iteration_2").value == 2

    def test_an_earlier_iteration(self, tiny: DataChoice) -> None:
        carry_out(learn_task(tiny))
        opened = page("active_learning", tiny, **LEARN_STATE)
        newest = list(opened.dataframe[-1].value["id"])

        opened.slider(key="iteration_2").set_value(1).run()

        assert list(opened.dataframe[-1].value["id"]) != newest

    def test_a_paused_run_can_be_gone_on_with(self, tiny: DataChoice) -> None:
        carry_out(learn_task(tiny), "--pause-after=1")

        opened = page("active_learning", tiny, **LEARN_STATE)

        assert not opened.exception
        assert labels(opened.button) == ["Step once", "Resume"]

    def test_a_worker_s_mistake_is_said_in_place(self, tiny: DataChoice) -> None:
        task = learn_task(tiny)
        task.log.parent.mkdir(parents=True)
        task.log.write_text("cartography: a seed set of 6 leaves no pool.\n")

        opened = page("active_learning", tiny, **LEARN_STATE)

        assert opened.error[0].value == "A seed set of 6 leaves no pool."


class TestCompare:
    def test_two_runs(self, tiny: DataChoice) -> None:
        carry_out(learn_task(tiny))
        carry_out(learn_task(tiny, "random"), "--pause-after=2")

        opened = page("compare", tiny)

        assert not opened.exception
        assert not opened.error
        assert charts(opened) == 3
        table = opened.dataframe[0].value
        assert set(table["run"]) == {"cal", "random"}
        assert any("stopped" in option for option in opened.multiselect[0].options)

    def test_seeds_of_one_strategy_share_a_name(self, tiny: DataChoice) -> None:
        carry_out(learn_task(tiny, seed=1))
        carry_out(learn_task(tiny, seed=2))

        opened = page("compare", tiny)

        assert list(opened.dataframe[0].value["run"]) == ["cal", "cal"]

    def test_none_chosen(self, tiny: DataChoice) -> None:
        carry_out(learn_task(tiny))
        opened = page("compare", tiny)

        opened.multiselect[0].set_value([]).run()

        assert "Choose at least one run" in opened.info[0].value

    def test_a_damaged_run_is_said_in_place(self, tiny: DataChoice) -> None:
        task = learn_task(tiny)
        carry_out(task)
        next(task.folder.glob("maps/*.parquet")).write_bytes(b"not parquet")

        opened = page("compare", tiny)

        assert not opened.exception
        assert "cannot be read" in opened.error[0].value


class TestWorkers:
    def test_a_worker_is_started_watched_and_found_again(
        self, tiny: DataChoice, until: Callable[[Callable[[], bool]], None]
    ) -> None:
        task = background.task("map", tiny, {"epochs": EPOCHS})
        assert background.state(task) == State("absent")

        background.start(task)
        assert background.state(task).busy
        child = background._children.pop(task.folder)
        assert background.state(task).busy, "found by its process number alone"
        child.wait()
        until(lambda: background.state(task).phase == "finished")

    def test_a_stopped_worker_leaves_no_process(self, tiny: DataChoice) -> None:
        task = background.task("map", tiny, {"epochs": 200})
        background.start(task)

        background.stop(task)

        assert background.state(task).phase in ("absent", "stopped")

    def test_a_mistake_is_kept(
        self, tiny: DataChoice, until: Callable[[Callable[[], bool]], None]
    ) -> None:
        task = background.task("map", DataChoice("/no/such.csv"), {})
        background.start(task)
        until(lambda: not background.state(task).busy)

        assert background.state(task).phase == "refused"
        assert "/no/such.csv" in background.state(task).said

    def test_a_changed_file_is_another_task(self, tiny: DataChoice) -> None:
        before = map_task(tiny)
        assert map_task(tiny) == before

        with Path(tiny.source).open("a") as table:
            table.write("one more,dry\n")

        assert map_task(tiny).folder != before.folder


def test_a_selection_on_a_sample_acts_on_all() -> None:
    n = MOST_POINTS + 10
    placed = DataMap(
        ids=np.arange(n).astype(object),
        confidence=np.linspace(0, 1, n),
        variability=np.full(n, 0.2),
        correctness=np.ones(n),
        epochs=10,
    )

    boxed = results.positions_in({"box": [{"x": [0.3, 0.1], "y": [0.5, 1.0]}]}, placed)
    assert boxed == list(range(n // 2, n))
    triangle = [{"x": [0.0, 0.5, 0.5], "y": [0.0, 0.0, 1.0]}]
    assert len(results.positions_in({"lasso": triangle}, placed)) == pytest.approx(0.4 * n, abs=2)


def test_a_click_gives_the_position_it_carries() -> None:
    placed = DataMap(np.array(["a", "b"]), np.ones(2), np.ones(2), np.ones(2), epochs=1)

    event = {"points": [{"customdata": [1]}, {"x": 0.1}]}

    assert results.positions_in(event, placed) == [1]
