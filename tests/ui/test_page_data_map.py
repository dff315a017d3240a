"""The Data map page: empty, drawing, finished, replayed, filtered, picked from, and failing."""

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from dashboard import EPOCHS, SEED_SIZE, carry_out, charts, labels, learn_task, page, refuse
from streamlit.testing.v1 import AppTest

from cartography.maps.data_map import REGIONS, DataMap, Thresholds
from cartography.runs.manifest import MANIFEST, SUMMARY
from cartography.runs.map_runs import EPOCHS as EPOCH_FILES
from cartography.runs.map_runs import map_table
from ui.jobs import background, results, tasks
from ui.jobs.background import Task
from ui.panels.data_map import panel, values
from ui.panels.data_map.values import FULL_MAP, SEED_MAP, MapStyle, TextFilters
from ui.state import session
from ui.state.session import DataChoice

pytestmark = pytest.mark.usefixtures("own_cache")


def maps_of(choice: DataChoice, flip: float | None = None) -> Task:
    return tasks.maps(choice, SEED_SIZE, EPOCHS, flip)


def finished(choice: DataChoice) -> Task:
    task = maps_of(choice)
    carry_out(task)
    return task


def opened(choice: DataChoice, **state: object) -> AppTest:
    return page("data_map", choice, map_seed_size=SEED_SIZE, map_epochs=EPOCHS, **state)


def folder_of(task: Task, name: str) -> Path:
    return next(each for each in values.maps(task, Thresholds()) if each.name == name).run.folder


def unbroken(shown: AppTest) -> bool:
    return not shown.exception and not shown.error


def said(shown: AppTest) -> str:
    return " ".join(each.value for each in shown.markdown)


class TestStates:
    def test_nothing_drawn_yet_says_what_to_do(self, tiny: DataChoice) -> None:
        shown = opened(tiny)

        assert unbroken(shown)
        assert "Draw the maps" in shown.info[0].value
        assert shown.button(key="map_start").label == "Draw the maps"
        assert "run" not in shown.query_params

    def test_drawing_starts_a_worker_that_can_be_cancelled(self, tiny: DataChoice) -> None:
        task = tasks.maps(tiny, SEED_SIZE, 200)
        shown = page("data_map", tiny, map_seed_size=SEED_SIZE, map_epochs=200)

        shown.button(key="map_start").click().run()
        assert background.task_state(task).busy
        assert shown.query_params["run"] == task.key
        shown.button(key="map_stop").click().run()

        assert unbroken(shown)
        assert not background.task_state(task).busy
        assert "map_start" in [button.key for button in shown.button]

    def test_maps_grow_while_they_train(
        self, tiny: DataChoice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        unfinish(finished(tiny))
        monkeypatch.setattr(background, "state", lambda task: background.TaskState("running"))

        shown = opened(tiny)

        assert unbroken(shown)
        assert charts(shown) == 2
        assert "map_stop" in [button.key for button in shown.button]

    def test_a_stopped_training_can_be_started_anew(self, tiny: DataChoice) -> None:
        unfinish(finished(tiny))

        shown = opened(tiny)

        assert unbroken(shown)
        assert "stopped" in shown.info[0].value
        assert "map_start" in [button.key for button in shown.button]

    def test_finished_maps_stand_side_by_side(self, tiny: DataChoice) -> None:
        finished(tiny)

        shown = opened(tiny)

        assert unbroken(shown)
        assert charts(shown) == 2
        assert labels(shown.metric) == [*REGIONS, "test accuracy"] * 2
        assert "The seed map of 6 texts" in said(shown)
        assert "of the 6 texts on both maps" in said(shown)
        assert "Drag a box" in shown.info[0].value

    def test_a_worker_s_mistake_is_said_in_place(self, tiny: DataChoice) -> None:
        refuse(maps_of(tiny), "the table has no rows.")

        shown = opened(tiny)

        assert shown.error[0].value == "The table has no rows."
        assert "map_start" in [button.key for button in shown.button]

    def test_a_damaged_map_is_said_in_place(self, tiny: DataChoice) -> None:
        task = finished(tiny)
        (task.folder / "all" / "dynamics.npz").write_bytes(b"not an archive")

        shown = opened(tiny)

        assert not shown.exception
        assert "cannot be read" in shown.error[0].value

    def test_the_address_brings_back_the_run_with_its_settings(self, tiny: DataChoice) -> None:
        task = maps_of(tiny, flip=0.1)
        carry_out(task)

        shown = led_to(task)

        assert unbroken(shown)
        assert charts(shown) == 2
        assert shown.session_state[session.CHOICE] == tiny
        assert shown.number_input(key="map_seed_size").value == SEED_SIZE
        assert shown.number_input(key="map_flip").value == 10

    def test_maps_of_a_file_that_was_saved_again_are_shown_as_they_are(
        self, tiny: DataChoice
    ) -> None:
        task = finished(tiny)
        Path(tiny.source).touch()
        shown = led_to(task)

        for _ in range(2):  # they stay when something else on the page is clicked
            assert unbroken(shown)
            assert "on tiny.csv, as it is on disk" in shown.info[0].value
            assert charts(shown) == 2
            assert shown.query_params["run"] == task.key
            shown.run()
        assert shown.session_state[session.CHOICE] == DataChoice(), "nothing is taken over"

        shown.button(key="address_close").click().run()

        assert unbroken(shown)
        assert charts(shown) == 0
        assert "run" not in shown.query_params

    def test_they_are_followed_while_they_train(
        self, tiny: DataChoice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        task = finished(tiny)
        unfinish(task)
        Path(tiny.source).touch()
        monkeypatch.setattr(background, "state", lambda task: background.TaskState("running"))

        shown = led_to(task)

        assert unbroken(shown)
        assert "Training" in shown.get("progress")[0].proto.text
        assert charts(shown) == 2

    def test_a_training_that_cannot_be_gone_on_with_is_said(self, tiny: DataChoice) -> None:
        task = finished(tiny)
        unfinish(task)
        Path(tiny.source).touch()

        shown = led_to(task)

        assert unbroken(shown)
        assert "cannot be gone on with here" in shown.info[0].value
        assert "There is no map of Offline sample" in shown.info[1].value

    def test_maps_of_many_epochs_are_opened_as_they_were_asked(self, tiny: DataChoice) -> None:
        task = tasks.maps(tiny, SEED_SIZE, 300)
        background._write_task(task)
        refuse(task, "the table has no rows.")

        shown = led_to(task)

        assert shown.number_input(key="map_epochs").value == 300
        assert shown.error[0].value == "The table has no rows."
        assert shown.query_params["run"] == task.key

    def test_maps_that_were_deleted_elsewhere_give_way_to_the_page(
        self, tiny: DataChoice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        task = finished(tiny)
        real = background.task_state

        def just_deleted(asked: Task) -> background.TaskState:
            found = real(asked)
            shutil.rmtree(task.folder, ignore_errors=True)
            return found

        monkeypatch.setattr(background, "state", just_deleted)

        shown = opened(tiny)

        assert unbroken(shown)
        assert "There is no map" in shown.info[0].value


def led_to(task: Task) -> AppTest:
    """The page, opened by a link to `task`."""
    shown = page("runs")
    shown.query_params["run"] = task.key
    return shown.switch_page("pages/data_map.py").run()


def unfinish(task: Task) -> None:
    """Leave of finished maps what a worker has on disk after its first epoch."""
    for manifest in task.folder.glob(f"*/{MANIFEST}"):
        folder = manifest.parent
        (folder / SUMMARY).unlink()
        with np.load(folder / "dynamics.npz") as stored:
            (folder / EPOCH_FILES).mkdir()
            np.savez(
                folder / EPOCH_FILES / "0001.npz",
                gold_probability=stored["gold_probability"][0],
                correct=stored["correct"][0],
            )


class TestControls:
    def test_one_map_alone(self, tiny: DataChoice) -> None:
        finished(tiny)

        shown = opened(tiny, map_shown=SEED_MAP)

        assert unbroken(shown)
        assert charts(shown) == 1

    @pytest.mark.parametrize("colour", values.COLOURS)
    def test_each_colouring(self, tiny: DataChoice, colour: str) -> None:
        finished(tiny)

        shown = opened(tiny, map_colour=colour, map_words="rain")

        assert unbroken(shown)
        assert charts(shown) == 2

    def test_batches_of_a_run_on_the_corpus(self, tiny: DataChoice) -> None:
        finished(tiny)
        carry_out(learn_task(tiny, "random"))

        shown = opened(tiny, map_colour="batch")

        assert unbroken(shown)
        assert shown.selectbox(key="map_batches").options[0].startswith("Random, seed")

    def test_of_equal_runs_the_one_that_came_further_is_offered(self, tiny: DataChoice) -> None:
        finished(tiny)
        learning = learn_task(tiny, "random")
        carry_out(learning, "--pause-after=1")
        shutil.copytree(learning.folder, learning.folder.with_name("earlier"))
        carry_out(learning)

        shown = opened(tiny, map_colour="batch")

        (name,) = shown.selectbox(key="map_batches").options
        assert name.endswith("(2 batches)")

    def test_thresholds_recount_and_keep_the_picks(self, tiny: DataChoice) -> None:
        task = finished(tiny)
        shown = opened(tiny, **{session.PICKED: {str(folder_of(task, FULL_MAP)): [3, 5]}})
        before = said(shown)

        shown.slider(key="region_correctness").set_value((0.5, 1.0)).run()

        assert unbroken(shown)
        assert said(shown) != before
        assert list(shown.dataframe[0].value["text"]) == ["rain day 3", "rain day 5"]

    def test_thresholds_that_meet_are_refused_in_place(self, tiny: DataChoice) -> None:
        finished(tiny)

        shown = opened(tiny, region_correctness=(0.5, 0.5))

        assert not shown.exception
        assert "move them apart" in shown.error[0].value

    def test_replay_shows_an_earlier_epoch_and_tells_the_address(self, tiny: DataChoice) -> None:
        task = finished(tiny)
        shown = opened(tiny, **{session.PICKED: {str(folder_of(task, FULL_MAP)): [3]}})

        shown.slider(key=f"map_epoch_of_{EPOCHS}").set_value(1).run()

        assert unbroken(shown)
        assert shown.query_params["epoch"] == "1"
        row = shown.dataframe[0].value.iloc[0]
        assert len(row["curve"]) == 1
        assert "of 1 epoch " in row["reason"]
        assert row["confidence"] == pytest.approx(row["curve"][0], abs=6e-4)


class TestPicks:
    def test_picked_texts_stand_with_curve_and_reason(self, tiny: DataChoice) -> None:
        task = finished(tiny)
        picks = {str(folder_of(task, FULL_MAP)): [3, 5]}

        shown = opened(tiny, **{session.PICKED: picks})

        assert "2 texts picked on the full map" in labels_of_headings(shown)
        table = shown.dataframe[0].value
        assert list(table["text"]) == ["rain day 3", "rain day 5"]
        assert [len(curve) for curve in table["curve"]] == [EPOCHS, EPOCHS]
        assert all(reason.startswith("Right in") for reason in table["reason"])
        assert set(table["seed map"]) <= {*REGIONS, "not on it"}

    def test_all_matches_are_picked_without_a_mouse(self, tiny: DataChoice) -> None:
        finished(tiny)
        shown = opened(tiny)
        assert shown.button(key="pick_matches").disabled

        shown.text_input(key="map_words").set_value("RAIN day 1").run()
        assert shown.button(key="pick_matches").label == "Pick all 6 matches"
        shown.button(key="pick_matches").click().run()

        texts = list(shown.dataframe[0].value["text"])
        assert texts == [f"rain day {day}" for day in (1, 11, 13, 15, 17, 19)]
        shown.button(key="clear_picks").click().run()
        assert not shown.dataframe

    def test_the_matches_of_what_was_typed_a_moment_before_are_picked(
        self, tiny: DataChoice
    ) -> None:
        finished(tiny)
        shown = opened(tiny, map_words="sun")
        shown.text_input(key="map_words").set_value("rain day 11")

        shown.button(key="pick_matches").click().run()

        assert list(shown.dataframe[0].value["text"]) == ["rain day 11"]

    def test_the_table_can_be_limited_to_what_matches(self, tiny: DataChoice) -> None:
        task = finished(tiny)
        picks = {str(folder_of(task, FULL_MAP)): [3, 4, 5]}
        shown = opened(tiny, map_classes=["dry"], **{session.PICKED: picks})
        assert len(shown.dataframe[0].value) == 3

        shown.toggle(key="only_matches").set_value(True).run()

        assert list(shown.dataframe[0].value["label"]) == ["dry"]


def labels_of_headings(shown: AppTest) -> list[str]:
    return [heading.value for heading in shown.subheader]


class TestValues:
    def test_filters_meet(self, tiny: DataChoice) -> None:
        task = finished(tiny)
        full = values.maps(task, Thresholds())[-1]
        texts = full.run.items["text"]

        dry = values.matches(full, TextFilters(classes=("dry",), words="day 1"))
        assert list(texts[dry]) == [f"sun day {day}" for day in (10, 12, 14, 16, 18)]
        regions = [values.matches(full, TextFilters(regions=(name,))) for name in REGIONS]
        assert np.array_equal(np.sum(regions, axis=0), np.ones(40))
        of_id = full.run.items["id"].iloc[7]
        assert values.search_matches(full, of_id)[7]

    def test_epochs_are_those_of_the_dynamics(self, tiny: DataChoice) -> None:
        task = finished(tiny)

        first, last = (values.maps(task, Thresholds(), epoch)[-1] for epoch in (1, EPOCHS))

        dynamics = last.run.dynamics
        assert dynamics is not None
        np.testing.assert_allclose(first.placed.confidence, dynamics.gold_probability[0], rtol=1e-6)
        assert (first.placed.variability == 0).all()
        assert np.array_equal(last.placed.confidence, DataMap.of(dynamics).confidence)

    def test_the_figure_changes_its_key_with_all_that_it_shows(self, tiny: DataChoice) -> None:
        task = finished(tiny)
        strict = Thresholds(hard=0.0, easy=1.0)
        every = np.ones(40, dtype=np.bool_)
        full = values.maps(task, Thresholds())[-1]
        keys = {
            values.figure_key(full, MapStyle(), every),
            values.figure_key(full, MapStyle("class"), every),
            values.figure_key(full, MapStyle(), ~every),
            values.figure_key(values.maps(task, strict)[-1], MapStyle(), every),
            values.figure_key(values.maps(task, Thresholds(), 1)[-1], MapStyle(), every),
        }

        assert len(keys) == 5
        again = values.maps(task, Thresholds())[-1]
        assert values.figure_key(again, MapStyle(), every) in keys

    def test_a_colouring_by_batch_names_when_texts_joined(self, tiny: DataChoice) -> None:
        task, learning = finished(tiny), learn_task(tiny, "random")
        carry_out(learning)
        full = values.maps(task, Thresholds())[-1]

        drawn = values.figure(full, MapStyle("batch", batches=learning.folder), np.ones(40, bool))

        sizes = {trace.name: len(trace.x) for trace in drawn.data if trace.showlegend}
        assert sizes == {"batch 1": 3, "batch 2": 3, "seed set": 6, "never picked": 28}

    def test_the_file_has_every_text_under_the_thresholds_of_the_page(
        self, tiny: DataChoice
    ) -> None:
        task = finished(tiny)
        seed = values.maps(task, Thresholds(hard=0.0, easy=1.0, ambiguous=0.01))[0]

        content = results.csv_bytes(map_table(seed.run, seed.placed))

        table = pd.read_csv(io.BytesIO(content), dtype={"id": "str"}).set_index("id")
        assert len(table) == 40
        on_map = table.loc[seed.placed.ids]
        assert list(on_map["region"]) == list(seed.placed.region_names)
        assert table["region"].isna().sum() == 34


class TestMarks:
    def test_picks_are_marked_on_both_maps(self, tiny: DataChoice, picked: Callable) -> None:
        task = finished(tiny)
        seed, full = shown = values.maps(task, Thresholds())
        row = int(values.rows_between(seed, full)[2])

        picked(seed.run.folder, [2])

        marks = [panel._marks(each, shown) for each in shown]
        assert np.flatnonzero(marks[0]).tolist() == [2]
        assert np.flatnonzero(marks[1]).tolist() == [row]

    def test_a_text_of_the_other_map_alone_is_marked_nowhere(
        self, tiny: DataChoice, picked: Callable
    ) -> None:
        task = finished(tiny)
        seed, full = shown = values.maps(task, Thresholds())
        alone = int(np.setdiff1d(np.arange(40), values.rows_between(seed, full))[0])

        picked(full.run.folder, [alone])

        marks = panel._marks(seed, shown)
        assert marks is not None
        assert not marks.any()


@pytest.fixture
def picked(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, list[int]], None]:
    """Pick texts without a session."""
    positions: dict[Path, list[int]] = {}
    monkeypatch.setattr(session, "picked", lambda folder: positions.get(folder, []))
    return positions.__setitem__


def test_a_click_gives_the_position_it_carries() -> None:
    placed = DataMap(np.array(["a", "b"]), np.ones(2), np.ones(2), np.ones(2), epochs=1)

    event = {"points": [{"customdata": 1}, {"x": 0.1}]}

    assert results.positions_in(event, placed) == [1]
