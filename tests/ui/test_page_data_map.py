"""The Data map page in all its states, its controls and its picks."""

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


def open_page(choice: DataChoice, **state: object) -> AppTest:
    return page("data_map", choice, map_seed_size=SEED_SIZE, map_epochs=EPOCHS, **state)


def folder_of(task: Task, name: str) -> Path:
    return next(view for view in values.maps(task, Thresholds()) if view.name == name).run.folder


def has_no_error(app: AppTest) -> bool:
    return not app.exception and not app.error


def markdown(app: AppTest) -> str:
    return " ".join(element.value for element in app.markdown)


class TestStates:
    def test_before_the_first_map_the_page_says_what_to_do(self, tiny: DataChoice) -> None:
        app = open_page(tiny)

        assert has_no_error(app)
        assert "Draw the maps" in app.info[0].value
        assert app.button(key="map_start").label == "Draw the maps"
        assert "run" not in app.query_params

    def test_a_started_worker_can_be_cancelled(self, tiny: DataChoice) -> None:
        task = tasks.maps(tiny, SEED_SIZE, 200)
        app = page("data_map", tiny, map_seed_size=SEED_SIZE, map_epochs=200)

        app.button(key="map_start").click().run()
        assert background.task_state(task).busy
        assert app.query_params["run"] == task.key
        app.button(key="map_stop").click().run()

        assert has_no_error(app)
        assert not background.task_state(task).busy
        assert "map_start" in [button.key for button in app.button]

    def test_maps_grow_while_they_train(
        self, tiny: DataChoice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        unfinish(finished(tiny))
        monkeypatch.setattr(background, "task_state", lambda task: background.TaskState("running"))

        app = open_page(tiny)

        assert has_no_error(app)
        assert charts(app) == 2
        assert "map_stop" in [button.key for button in app.button]

    def test_a_stopped_training_can_be_started_again(self, tiny: DataChoice) -> None:
        unfinish(finished(tiny))

        app = open_page(tiny)

        assert has_no_error(app)
        assert "stopped" in app.info[0].value
        assert "map_start" in [button.key for button in app.button]

    def test_finished_maps_are_side_by_side(self, tiny: DataChoice) -> None:
        finished(tiny)

        app = open_page(tiny)

        assert has_no_error(app)
        assert charts(app) == 2
        assert labels(app.metric) == [*REGIONS, "test accuracy"] * 2
        assert "The seed map of 6 texts" in markdown(app)
        assert "of the 6 texts on both maps" in markdown(app)
        assert "Drag a box" in app.info[0].value

    def test_the_error_of_a_worker_is_shown(self, tiny: DataChoice) -> None:
        refuse(maps_of(tiny), "the table has no rows.")

        app = open_page(tiny)

        assert app.error[0].value == "The table has no rows."
        assert "map_start" in [button.key for button in app.button]

    def test_a_damaged_map_is_reported(self, tiny: DataChoice) -> None:
        task = finished(tiny)
        (task.folder / "all" / "dynamics.npz").write_bytes(b"not an archive")

        app = open_page(tiny)

        assert not app.exception
        assert "cannot be read" in app.error[0].value

    def test_the_address_restores_the_run_and_its_settings(self, tiny: DataChoice) -> None:
        task = maps_of(tiny, flip=0.1)
        carry_out(task)

        app = open_link(task)

        assert has_no_error(app)
        assert charts(app) == 2
        assert app.session_state[session.CHOICE] == tiny
        assert app.number_input(key="map_seed_size").value == SEED_SIZE
        assert app.number_input(key="map_flip").value == 10

    def test_maps_of_a_changed_file_are_shown_as_on_disk(self, tiny: DataChoice) -> None:
        task = finished(tiny)
        Path(tiny.source).touch()
        app = open_link(task)

        for _ in range(2):  # they stay when something else is clicked
            assert has_no_error(app)
            assert "on tiny.csv, as it is on disk" in app.info[0].value
            assert charts(app) == 2
            assert app.query_params["run"] == task.key
            app.run()
        assert app.session_state[session.CHOICE] == DataChoice(), "the settings stay"

        app.button(key="address_close").click().run()

        assert has_no_error(app)
        assert charts(app) == 0
        assert "run" not in app.query_params

    def test_maps_of_a_changed_file_are_shown_while_they_train(
        self, tiny: DataChoice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        task = finished(tiny)
        unfinish(task)
        Path(tiny.source).touch()
        monkeypatch.setattr(background, "task_state", lambda task: background.TaskState("running"))

        app = open_link(task)

        assert has_no_error(app)
        assert "Training" in app.get("progress")[0].proto.text
        assert charts(app) == 2

    def test_a_stopped_training_of_a_changed_file_is_reported(self, tiny: DataChoice) -> None:
        task = finished(tiny)
        unfinish(task)
        Path(tiny.source).touch()

        app = open_link(task)

        assert has_no_error(app)
        assert "cannot be continued here" in app.info[0].value
        assert "There is no map of Offline sample" in app.info[1].value

    def test_the_address_restores_many_epochs(self, tiny: DataChoice) -> None:
        task = tasks.maps(tiny, SEED_SIZE, 300)
        background._write_task(task)
        refuse(task, "the table has no rows.")

        app = open_link(task)

        assert app.number_input(key="map_epochs").value == 300
        assert app.error[0].value == "The table has no rows."
        assert app.query_params["run"] == task.key

    def test_maps_deleted_elsewhere_leave_an_empty_page(
        self, tiny: DataChoice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        task = finished(tiny)
        read_state = background.task_state

        def read_state_and_delete(other: Task) -> background.TaskState:
            state = read_state(other)
            shutil.rmtree(task.folder, ignore_errors=True)
            return state

        monkeypatch.setattr(background, "task_state", read_state_and_delete)

        app = open_page(tiny)

        assert has_no_error(app)
        assert "There is no map" in app.info[0].value


def open_link(task: Task) -> AppTest:
    """The page, opened by a link to `task`."""
    app = page("runs")
    app.query_params["run"] = task.key
    return app.switch_page("pages/data_map.py").run()


def unfinish(task: Task) -> None:
    """Turn finished maps into what a worker has on disk after its first epoch."""
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

        app = open_page(tiny, map_shown=SEED_MAP)

        assert has_no_error(app)
        assert charts(app) == 1

    @pytest.mark.parametrize("colour", values.COLOURS)
    def test_each_colouring(self, tiny: DataChoice, colour: str) -> None:
        finished(tiny)

        app = open_page(tiny, map_colour=colour, map_words="rain")

        assert has_no_error(app)
        assert charts(app) == 2

    def test_batches_of_a_run_on_the_corpus(self, tiny: DataChoice) -> None:
        finished(tiny)
        carry_out(learn_task(tiny, "random"))

        app = open_page(tiny, map_colour="batch")

        assert has_no_error(app)
        assert app.selectbox(key="map_batches").options[0].startswith("Random, seed")

    def test_of_runs_with_equal_settings_the_most_complete_is_offered(
        self, tiny: DataChoice
    ) -> None:
        finished(tiny)
        learning = learn_task(tiny, "random")
        carry_out(learning, "--pause-after=1")
        shutil.copytree(learning.folder, learning.folder.with_name("earlier"))
        carry_out(learning)

        app = open_page(tiny, map_colour="batch")

        (name,) = app.selectbox(key="map_batches").options
        assert name.endswith("(2 batches)")

    def test_thresholds_recount_and_keep_the_picks(self, tiny: DataChoice) -> None:
        task = finished(tiny)
        app = open_page(tiny, **{session.PICKED: {str(folder_of(task, FULL_MAP)): [3, 5]}})
        before = markdown(app)

        app.slider(key="region_variability").set_value(0.05).run()

        assert has_no_error(app)
        assert markdown(app) != before
        assert list(app.dataframe[0].value["text"]) == ["rain day 3", "rain day 5"]

    def test_equal_thresholds_are_refused(self, tiny: DataChoice) -> None:
        finished(tiny)

        app = open_page(tiny, region_correctness=(0.5, 0.5))

        assert not app.exception
        assert "move them apart" in app.error[0].value

    def test_replay_shows_an_earlier_epoch_and_puts_it_in_the_address(
        self, tiny: DataChoice
    ) -> None:
        task = finished(tiny)
        app = open_page(tiny, **{session.PICKED: {str(folder_of(task, FULL_MAP)): [3]}})

        app.slider(key=f"map_epoch_of_{EPOCHS}").set_value(1).run()

        assert has_no_error(app)
        assert app.query_params["epoch"] == "1"
        row = app.dataframe[0].value.iloc[0]
        assert len(row["curve"]) == 1
        assert "of 1 epoch " in row["reason"]
        assert row["confidence"] == pytest.approx(row["curve"][0], abs=6e-4)


class TestPicks:
    def test_picked_texts_have_a_curve_and_a_reason(self, tiny: DataChoice) -> None:
        task = finished(tiny)
        picks = {str(folder_of(task, FULL_MAP)): [3, 5]}

        app = open_page(tiny, **{session.PICKED: picks})

        assert "2 texts picked on the full map" in headings(app)
        table = app.dataframe[0].value
        assert list(table["text"]) == ["rain day 3", "rain day 5"]
        assert [len(curve) for curve in table["curve"]] == [EPOCHS, EPOCHS]
        assert all(reason.startswith("Right in") for reason in table["reason"])
        assert set(table["seed map"]) <= {*REGIONS, "not on it"}

    def test_all_matches_can_be_picked_without_a_mouse(self, tiny: DataChoice) -> None:
        finished(tiny)
        app = open_page(tiny)
        assert app.button(key="pick_matches").disabled

        app.text_input(key="map_words").set_value("RAIN day 1").run()
        assert app.button(key="pick_matches").label == "Pick all 6 matches"
        app.button(key="pick_matches").click().run()

        texts = list(app.dataframe[0].value["text"])
        assert texts == [f"rain day {day}" for day in (1, 11, 13, 15, 17, 19)]
        app.button(key="clear_picks").click().run()
        assert not app.dataframe

    def test_matches_of_a_search_not_yet_sent_are_picked(self, tiny: DataChoice) -> None:
        finished(tiny)
        app = open_page(tiny, map_words="sun")
        app.text_input(key="map_words").set_value("rain day 11")

        app.button(key="pick_matches").click().run()

        assert list(app.dataframe[0].value["text"]) == ["rain day 11"]

    def test_the_table_can_be_limited_to_matches(self, tiny: DataChoice) -> None:
        task = finished(tiny)
        picks = {str(folder_of(task, FULL_MAP)): [3, 4, 5]}
        app = open_page(tiny, map_classes=["dry"], **{session.PICKED: picks})
        assert len(app.dataframe[0].value) == 3

        app.toggle(key="only_matches").set_value(True).run()

        assert list(app.dataframe[0].value["label"]) == ["dry"]


def headings(app: AppTest) -> list[str]:
    return [heading.value for heading in app.subheader]


class TestValues:
    def test_filters_combine(self, tiny: DataChoice) -> None:
        task = finished(tiny)
        full = values.maps(task, Thresholds())[-1]
        texts = full.run.items["text"]

        dry = values.matches(full, TextFilters(classes=("dry",), words="day 1"))
        assert list(texts[dry]) == [f"sun day {day}" for day in (10, 12, 14, 16, 18)]
        regions = [values.matches(full, TextFilters(regions=(name,))) for name in REGIONS]
        assert np.array_equal(np.sum(regions, axis=0), np.ones(40))
        of_id = full.run.items["id"].iloc[7]
        assert values.search_matches(full, of_id)[7]

    def test_a_map_after_some_epochs_uses_only_those(self, tiny: DataChoice) -> None:
        task = finished(tiny)

        first, last = (values.maps(task, Thresholds(), epoch)[-1] for epoch in (1, EPOCHS))

        dynamics = last.run.dynamics
        assert dynamics is not None
        np.testing.assert_allclose(first.placed.confidence, dynamics.gold_probability[0], rtol=1e-6)
        assert (first.placed.variability == 0).all()
        assert np.array_equal(last.placed.confidence, DataMap.of(dynamics).confidence)

    def test_the_figure_key_changes_with_everything_shown(self, tiny: DataChoice) -> None:
        task = finished(tiny)
        strict = Thresholds(hard=0.0, easy=1.0)
        all_bright = np.ones(40, dtype=np.bool_)
        full = values.maps(task, Thresholds())[-1]
        keys = {
            values.figure_key(full, MapStyle(), all_bright),
            values.figure_key(full, MapStyle("class"), all_bright),
            values.figure_key(full, MapStyle(), ~all_bright),
            values.figure_key(values.maps(task, strict)[-1], MapStyle(), all_bright),
            values.figure_key(values.maps(task, Thresholds(), 1)[-1], MapStyle(), all_bright),
        }

        assert len(keys) == 5
        again = values.maps(task, Thresholds())[-1]
        assert values.figure_key(again, MapStyle(), all_bright) in keys

    def test_colours_by_batch_show_when_texts_were_labelled(self, tiny: DataChoice) -> None:
        task, learning = finished(tiny), learn_task(tiny, "random")
        carry_out(learning)
        full = values.maps(task, Thresholds())[-1]

        figure = values.figure(full, MapStyle("batch", batches=learning.folder), np.ones(40, bool))

        groups = [trace for trace in figure.data if trace.type == "scattergl" and trace.legendgroup]
        sizes = {trace.name: len(trace.x) for trace in groups}
        assert sizes == {"batch 1": 3, "batch 2": 3, "seed set": 6, "never picked": 28}

    def test_the_file_has_every_text_with_the_regions_of_the_page(self, tiny: DataChoice) -> None:
        task = finished(tiny)
        seed = values.maps(task, Thresholds(hard=0.0, easy=1.0, ambiguous=0.01))[0]

        content = results.csv_bytes(map_table(seed.run, seed.placed))

        table = pd.read_csv(io.BytesIO(content), dtype={"id": "str"}).set_index("id")
        assert len(table) == 40
        on_map = table.loc[seed.placed.ids]
        assert list(on_map["region"]) == list(seed.placed.region_names)
        assert table["region"].isna().sum() == 34


class TestPickedMask:
    def test_picks_are_highlighted_on_both_maps(self, tiny: DataChoice, picked: Callable) -> None:
        task = finished(tiny)
        seed, full = views = values.maps(task, Thresholds())
        row = int(values.rows_between(seed, full)[2])

        picked(seed.run.folder, [2])

        masks = [panel._picks_on(view, views) for view in views]
        assert np.flatnonzero(masks[0]).tolist() == [2]
        assert np.flatnonzero(masks[1]).tolist() == [row]

    def test_a_text_only_on_the_other_map_is_not_highlighted(
        self, tiny: DataChoice, picked: Callable
    ) -> None:
        task = finished(tiny)
        seed, full = views = values.maps(task, Thresholds())
        only_on_full = int(np.setdiff1d(np.arange(40), values.rows_between(seed, full))[0])

        picked(full.run.folder, [only_on_full])

        mask = panel._picks_on(seed, views)
        assert mask is not None
        assert not mask.any()


@pytest.fixture
def picked(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, list[int]], None]:
    """Pick texts without a session."""
    positions: dict[Path, list[int]] = {}
    monkeypatch.setattr(session, "picked", lambda folder: positions.get(folder, []))
    return positions.__setitem__


def test_a_click_selects_the_position_in_its_data() -> None:
    data_map = DataMap(np.array(["a", "b"]), np.ones(2), np.ones(2), np.ones(2), epochs=1)

    event = {"points": [{"customdata": 1}, {"x": 0.1}]}

    assert results.positions_in(event, data_map) == [1]
