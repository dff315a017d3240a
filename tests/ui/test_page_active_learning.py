"""The Active learning page in all its states, its address, and a paused run."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from cartography.models.presets import SEEDS
from cartography.runs.active_runs import read_active_run
from tests.dashboard import EPOCHS, SEED_SIZE, carry_out, charts, labels, page, refuse
from ui import words
from ui.jobs import background, tasks
from ui.jobs.background import Task
from ui.jobs.methods import Method
from ui.panels.active_learning import settings as active_learning_settings
from ui.panels.active_learning import values as active_learning_values
from ui.state.session import DataChoice

pytestmark = pytest.mark.usefixtures("own_cache")

SETTINGS = {
    "learn_seed_size": SEED_SIZE,
    "learn_query_size": 3,
    "learn_iterations": 2,
    "learn_epochs": EPOCHS,
}
TIMES = ["train_seconds", "select_seconds"]


def run_of(choice: DataChoice, *seeds: int, strategy: str = "cal", **more: object) -> Task:
    sizes = {name.removeprefix("learn_"): value for name, value in SETTINGS.items()}
    options = {"t_cor": [0.8], "seeds": seeds or SEEDS[:1], **sizes, **more}
    return tasks.learning(choice, [strategy], **options)  # type: ignore[arg-type]


def learning(choice: DataChoice, **state: object) -> AppTest:
    return page("active_learning", choice, **SETTINGS, **state)


def open_link(task: Task, **more: str) -> AppTest:
    """Open the page by an address in a new browser."""
    app = page("active_learning")
    app.query_params["run"] = task.key
    for name, value in more.items():
        app.query_params[name] = value
    return app.run()


def slider(app: AppTest) -> int:
    return int(app.slider[0].value)


class TestSettings:
    def test_before_the_first_run(self, tiny: DataChoice) -> None:
        app = learning(tiny)

        assert not app.exception
        assert not app.error
        assert "There is no run on tiny.csv with these settings yet" in app.info[0].value
        assert labels(app.button) == ["Start", "Step once"]
        assert "run" not in app.query_params

    def test_t_cor_is_enabled_only_for_strategies_that_use_it(self, tiny: DataChoice) -> None:
        app = learning(tiny)
        assert not app.number_input(key="t_cor").disabled

        app.selectbox(key="strategy").select("lc").run()

        assert app.number_input(key="t_cor").disabled

    def test_a_run_needs_a_seed(self, tiny: DataChoice) -> None:
        app = learning(tiny)

        app.multiselect(key="learn_seeds").set_value([]).run()

        assert app.error[0].value.startswith("A run needs a seed")

    def test_the_order_of_seeds_does_not_matter(self) -> None:
        in_order = active_learning_settings.in_order

        assert in_order([7, SEEDS[1], 3, SEEDS[0], 7]) == [SEEDS[0], SEEDS[1], 3, 7]

    def test_an_invalid_seed_is_named(self, tiny: DataChoice) -> None:
        app = learning(tiny, learn_seeds=["398048", "-3"])

        assert app.error[0].value == "The seed '-3' is not a whole number of at least 0: remove it"


class TestTheMethod:
    def test_the_usual_method_is_written_out_but_not_named(self, tiny: DataChoice) -> None:
        options = dict(run_of(tiny).options)

        assert options["preset"] == "standard"
        assert "set" not in options
        app = learning(tiny)
        assert not any("Method:" in caption.value for caption in app.caption)

    def test_a_switch_is_explained(self, tiny: DataChoice) -> None:
        app = learning(tiny)

        app.selectbox(key="learn_preset").select("released").run()
        switches = app.multiselect(key="learn_changed_from_released")
        assert "dropout_at_test=off" in switches.options
        switches.set_value(["dropout_at_test=off"]).run()

        assert not app.exception
        captions = " ".join(caption.value for caption in app.caption)
        assert "Method: released, dropout_at_test=off" in captions
        assert "calls dropout without telling it" in captions

    def test_a_run_uses_the_method_and_its_address_restores_it(self, tiny: DataChoice) -> None:
        task = run_of(tiny, method=Method("released", ("hidden_layers=3", "padding=off")))
        carry_out(task)

        app = open_link(task)

        assert not app.exception
        assert not app.error
        assert app.query_params["run"] == task.key
        preset = read_active_run(task.folder).manifest["preset"]
        assert preset["classifier"]["hidden"] == [300, 300, 300]
        assert preset["switches"]["log_bald"] is True
        assert preset["switches"]["padding"] is False
        assert app.selectbox(key="learn_preset").value == "released"
        assert words.CARRIED_WEIGHTS in [caption.value for caption in app.caption]

        app.selectbox(key="learn_preset").select("paper").run()
        assert not app.exception
        assert "There is no run on tiny.csv with these settings yet" in app.info[0].value


class TestARun:
    def test_finished(self, tiny: DataChoice) -> None:
        task = run_of(tiny, method=Method("paper"), t_cor=[0.2])
        carry_out(task)

        app = learning(tiny, learn_preset="paper", t_cor=0.2)

        assert not app.exception
        assert not app.error
        assert charts(app) == 2
        assert not app.button
        assert app.query_params["run"] == task.key
        assert "iteration" not in app.query_params
        assert slider(app) == 2
        batch = app.dataframe[0].value
        assert list(batch["rank"]) == [1, 2, 3]
        assert batch["picked"].str.contains("from the boundary 0.5").all()
        assert batch["place"].str.match(r"Right in .* of 2 epochs|Right in all 2 epochs").all()

    def test_the_discriminator_of_the_strategy_is_explained(self, tiny: DataChoice) -> None:
        task = run_of(tiny, strategy="dal")
        carry_out(task)

        (metric,) = [m for m in open_link(task).metric if m.label == "discriminator"]

        assert "DAL: labelled or unlabelled" in metric.proto.help

    def test_all_files_are_offered(self, tiny: DataChoice) -> None:
        carry_out(run_of(tiny))

        app = learning(tiny)

        assert labels(app.get("download_button")) == [
            "This batch",
            "All batches",
            "Labelled set",
            "Selection card (JSON)",
        ]

    def test_the_figures_behind_tabs(self, tiny: DataChoice) -> None:
        carry_out(run_of(tiny))

        app = learning(tiny, learn_curves="Batch statistics", learn_maps="Trails of the picks")

        assert not app.exception
        assert not app.error
        assert charts(app) == 2

    def test_an_earlier_iteration_is_in_the_address(self, tiny: DataChoice) -> None:
        carry_out(run_of(tiny))
        app = learning(tiny)
        newest = set(app.dataframe[0].value["id"])

        app.slider[0].set_value(1).run()

        assert not newest & set(app.dataframe[0].value["id"])
        assert app.query_params["iteration"] == "1"
        app.slider[0].set_value(2).run()
        assert "iteration" not in app.query_params

    def test_the_training_on_the_seed_set_has_no_batch(self, tiny: DataChoice) -> None:
        carry_out(run_of(tiny))
        app = learning(tiny)

        app.slider[0].set_value(0).run()

        assert not app.error
        assert not app.dataframe
        assert "Iteration 0 is the training on the seed set" in app.info[0].value
        assert labels(app.get("download_button")) == ["Labelled set"]

    def test_advice_on_stopping_has_its_numbers(self, tiny: DataChoice) -> None:
        task = run_of(tiny)
        carry_out(task)

        app = learning(tiny)

        captions = " ".join(caption.value for caption in app.caption)
        assert "6 iterations are compared, and there are 3" in captions
        left = 40 - SEED_SIZE - 6
        assert f"{left} texts are left in the pool" in captions
        assert "A kappa of 0.99 may never be reached" in captions

    def test_the_test_texts_with_a_gold_label_are_counted(self, tiny: DataChoice) -> None:
        table = pd.read_csv(tiny.source)
        table.loc[:4, "label"] = ""
        table.to_csv(tiny.source, index=False)

        assert active_learning_values._labelled_test_texts(tiny, "now") == 35
        held_out = DataChoice(tiny.source, features="words", vectors=tiny.vectors)
        assert active_learning_values._labelled_test_texts(held_out, "now") is None

    def test_several_seeds(self, tiny: DataChoice) -> None:
        task = run_of(tiny, *SEEDS[:2])
        carry_out(task)

        app = learning(tiny, learn_seeds=[str(seed) for seed in SEEDS[:2]])
        first = list(app.dataframe[0].value["id"])
        groups = app.get("button_group")
        run_picker = next(group for group in groups if group.label.startswith("Show the run"))
        [other] = set(SEEDS[:2]) - {run_picker.value}
        run_picker.set_value(other).run()

        assert not app.exception
        assert not app.error
        assert list(app.dataframe[0].value["id"]) != first

    def test_near_duplicates_within_a_batch(self) -> None:
        table = pd.DataFrame(
            {
                "rank": [1, 2, 3, 4],
                "text": ["rain today", "sun", "Rain today", "snow"],
                "label": "wet",
                "region": "ambiguous",
                "id": list("abcd"),
            }
        )

        duplicates = active_learning_values.near_duplicates_of(table)

        assert list(duplicates["id"]) == ["a", "c"]
        assert list(duplicates["group"]) == [1, 1]
        assert active_learning_values.near_duplicates_of(table.iloc[:2]).empty

    def test_trails_end_at_the_chosen_iteration(self, tiny: DataChoice) -> None:
        task = run_of(tiny)
        carry_out(task)
        run = read_active_run(task.folder)

        trails = active_learning_values.trails(run, 2)

        assert len(trails) == 3 * 2 + 3
        last = trails[trails["iteration"] == 2].set_index("id")["confidence"]
        placed = run.maps[2].set_index("id")["confidence"]
        assert last.to_dict() == placed[last.index].to_dict()


class TestAWorker:
    def test_a_paused_run_can_be_resumed_or_deleted(self, tiny: DataChoice) -> None:
        task = run_of(tiny)
        carry_out(task, "--pause-after=1")

        app = learning(tiny)

        assert not app.exception
        assert labels(app.button) == ["Resume", "Step once", "Stop and delete"]
        assert not app.slider
        app.button(key="learn_give_up").click().run()
        assert not task.folder.exists()
        assert labels(app.button) == ["Start", "Step once"]
        assert "run" not in app.query_params

    def test_paused_during_the_first_training(self, tiny: DataChoice) -> None:
        task = run_of(tiny)
        carry_out(task, "--pause-after=1")
        for file in task.folder.glob("maps/*"):
            file.unlink()

        app = learning(tiny)

        assert "paused during the training on the seed set" in app.info[0].value
        assert "Resume" in labels(app.button)

    def test_the_error_of_a_worker_is_shown(self, tiny: DataChoice) -> None:
        refuse(run_of(tiny), "a seed set of 6 leaves no pool.")

        app = learning(tiny)

        assert app.error[0].value == "A seed set of 6 leaves no pool."
        assert labels(app.button) == ["Start", "Step once"]

    def test_a_damaged_file_is_reported(self, tiny: DataChoice) -> None:
        task = run_of(tiny)
        carry_out(task)
        (task.folder / "maps" / "iteration-001.parquet").write_bytes(b"no parquet")

        app = learning(tiny)

        assert not app.exception
        assert "cannot be read" in app.error[0].value

    def test_a_run_stepped_reloaded_and_resumed_equals_an_uninterrupted_run(
        self, tiny: DataChoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def start(task: Task, *, pause_after: int | None = None) -> None:
            carry_out(task, *([] if pause_after is None else [f"--pause-after={pause_after}"]))

        # A worker would take seconds to start.
        monkeypatch.setattr(background, "start", start)
        task = run_of(tiny)
        whole = replace(task, folder=tmp_path / "whole")
        carry_out(whole)
        learning(tiny).button(key="learn_step").click().run()
        assert len(read_active_run(task.folder).maps) == 1

        reloaded = open_link(task)
        reloaded.button(key="learn_run").click().run()

        assert background.task_state(task).phase == "finished"
        resumed, uninterrupted = read_active_run(task.folder), read_active_run(whole.folder)
        pd.testing.assert_frame_equal(
            resumed.iterations.drop(columns=TIMES), uninterrupted.iterations.drop(columns=TIMES)
        )
        for left, right in zip(resumed.maps, uninterrupted.maps, strict=True):
            pd.testing.assert_frame_equal(left, right)


class TestTheAddress:
    def test_settings_and_iteration_are_taken_over(self, tiny: DataChoice) -> None:
        task = run_of(tiny, SEEDS[1], 5, strategy="cal-dal", t_cor=[0.35], iterations=3)
        carry_out(task)

        app = open_link(task, iteration="1")

        assert not app.exception
        assert not app.error
        assert app.query_params["run"] == task.key
        assert app.selectbox(key="strategy").value == "cal-dal"
        assert app.number_input(key="t_cor").value == 0.35
        assert set(app.multiselect(key="learn_seeds").value) == {"5", str(SEEDS[1])}
        assert app.number_input(key="learn_iterations").value == 3
        assert slider(app) == 1

    def test_an_iteration_past_the_last_is_the_last(self, tiny: DataChoice) -> None:
        task = run_of(tiny)
        carry_out(task)

        app = open_link(task, iteration="77")

        assert slider(app) == 2
        assert "iteration" not in app.query_params

    def test_several_strategies_are_left_to_the_compare_page(self, tiny: DataChoice) -> None:
        task = tasks.learning(tiny, ["random", "lc"], seed_size=SEED_SIZE, epochs=EPOCHS)
        background._write_task(task)

        app = open_link(task)

        assert not app.exception
        assert "several strategies" in app.info[0].value
