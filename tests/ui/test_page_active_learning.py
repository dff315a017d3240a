"""The Active learning page in every state, its address, and a run that was paused."""

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
    options = {"t_cor": [0.2], "seeds": seeds or SEEDS[:1], **sizes, **more}
    return tasks.learning(choice, [strategy], **options)  # type: ignore[arg-type]


def learning(choice: DataChoice, **state: object) -> AppTest:
    return page("active_learning", choice, **SETTINGS, **state)


def at(task: Task, **more: str) -> AppTest:
    """The page, opened by an address in a browser that was never here."""
    opened = page("active_learning")
    opened.query_params["run"] = task.key
    for name, value in more.items():
        opened.query_params[name] = value
    return opened.run()


def slider(opened: AppTest) -> int:
    return int(opened.slider[0].value)


class TestSettings:
    def test_before_the_first_run(self, tiny: DataChoice) -> None:
        opened = learning(tiny)

        assert not opened.exception
        assert not opened.error
        assert "No run on tiny.csv with these settings yet" in opened.info[0].value
        assert labels(opened.button) == ["Start", "Step once"]
        assert "run" not in opened.query_params

    def test_t_cor_is_asked_for_where_it_is_used(self, tiny: DataChoice) -> None:
        opened = learning(tiny)
        assert not opened.number_input(key="t_cor").disabled

        opened.selectbox(key="strategy").select("lc").run()

        assert opened.number_input(key="t_cor").disabled

    def test_a_run_needs_a_seed(self, tiny: DataChoice) -> None:
        opened = learning(tiny)

        opened.multiselect(key="learn_seeds").set_value([]).run()

        assert opened.error[0].value.startswith("A run needs a seed")

    def test_the_order_of_seeds_makes_no_other_run(self) -> None:
        in_order = active_learning_settings.in_order

        assert in_order([7, SEEDS[1], 3, SEEDS[0], 7]) == [SEEDS[0], SEEDS[1], 3, 7]

    def test_a_seed_that_is_none_is_named(self, tiny: DataChoice) -> None:
        opened = learning(tiny, learn_seeds=["398048", "-3"])

        assert opened.error[0].value == "The seed '-3' is no whole number from 0 on: remove it"


class TestTheMethod:
    def test_the_paper_s_makes_no_other_task(self, tiny: DataChoice) -> None:
        asked = {name for name, _ in run_of(tiny).options}

        assert not asked & {"preset", "set"}
        opened = learning(tiny)
        assert not any("Method:" in caption.value for caption in opened.caption)

    def test_a_switch_is_told_with_what_it_is(self, tiny: DataChoice) -> None:
        opened = learning(tiny)

        opened.selectbox(key="learn_preset").select("released").run()
        switches = opened.multiselect(key="learn_changed_from_released")
        assert "dropout_at_test=off" in switches.options
        switches.set_value(["dropout_at_test=off"]).run()

        assert not opened.exception
        said = " ".join(caption.value for caption in opened.caption)
        assert "Method: released, dropout_at_test=off" in said
        assert "calls dropout without saying" in said

    def test_a_run_is_made_by_it_and_opened_with_it(self, tiny: DataChoice) -> None:
        task = run_of(tiny, method=Method("released", ("hidden_layers=3", "padding=off")))
        carry_out(task)

        opened = at(task)

        assert not opened.exception
        assert not opened.error
        assert opened.query_params["run"] == task.key
        made = read_active_run(task.folder).manifest["preset"]
        assert made["classifier"]["hidden"] == [300, 300, 300]
        assert made["switches"]["log_bald"] is True
        assert made["switches"]["padding"] is False
        assert opened.selectbox(key="learn_preset").value == "released"
        assert words.CARRIED_WEIGHTS in [caption.value for caption in opened.caption]

        opened.selectbox(key="learn_preset").select("paper").run()
        assert not opened.exception
        assert "No run on tiny.csv with these settings yet" in opened.info[0].value


class TestARun:
    def test_finished(self, tiny: DataChoice) -> None:
        task = run_of(tiny)
        carry_out(task)

        opened = learning(tiny)

        assert not opened.exception
        assert not opened.error
        assert charts(opened) == 2
        assert not opened.button
        assert opened.query_params["run"] == task.key
        assert "iteration" not in opened.query_params
        assert slider(opened) == 2
        batch = opened.dataframe[0].value
        assert list(batch["rank"]) == [1, 2, 3]
        assert batch["picked"].str.contains("from the boundary 0.5").all()
        assert batch["place"].str.match(r"Right in .* of 2 epochs|Right in all 2 epochs").all()

    def test_the_discriminator_is_told_as_the_strategy_s_own(self, tiny: DataChoice) -> None:
        task = run_of(tiny, strategy="dal")
        carry_out(task)

        (told,) = [each for each in at(task).metric if each.label == "discriminator"]

        assert "DAL: labelled or unlabelled" in told.proto.help

    def test_all_files_are_offered(self, tiny: DataChoice) -> None:
        carry_out(run_of(tiny))

        opened = learning(tiny)

        assert labels(opened.get("download_button")) == [
            "This batch (CSV)",
            "Selection card (JSON)",
            "All batches (CSV)",
            "Labelled set (CSV)",
        ]

    def test_the_figures_behind_tabs(self, tiny: DataChoice) -> None:
        carry_out(run_of(tiny))

        opened = learning(tiny, learn_curves="Batch statistics", learn_maps="Trails of the picks")

        assert not opened.exception
        assert not opened.error
        assert charts(opened) == 2

    def test_an_earlier_iteration_stands_in_the_address(self, tiny: DataChoice) -> None:
        carry_out(run_of(tiny))
        opened = learning(tiny)
        newest = set(opened.dataframe[0].value["id"])

        opened.slider[0].set_value(1).run()

        assert not newest & set(opened.dataframe[0].value["id"])
        assert opened.query_params["iteration"] == "1"
        opened.slider[0].set_value(2).run()
        assert "iteration" not in opened.query_params

    def test_the_training_on_the_seed_set_has_no_batch(self, tiny: DataChoice) -> None:
        carry_out(run_of(tiny))
        opened = learning(tiny)

        opened.slider[0].set_value(0).run()

        assert not opened.error
        assert not opened.dataframe
        assert "Iteration 0 is the training on the seed set" in opened.info[0].value
        assert labels(opened.get("download_button")) == ["Labelled set (CSV)"]

    def test_when_to_stop_is_told_with_its_numbers(self, tiny: DataChoice) -> None:
        task = run_of(tiny)
        carry_out(task)

        opened = learning(tiny)

        said = " ".join(caption.value for caption in opened.caption)
        assert "6 iterations are compared, and there are 3" in said
        left = 40 - SEED_SIZE - 6
        assert f"{left} texts are left in the pool" in said
        assert "A kappa of 0.99 may never be reached" in said

    def test_the_test_texts_with_a_gold_label_are_counted(self, tiny: DataChoice) -> None:
        table = pd.read_csv(tiny.source)
        table.loc[:4, "label"] = ""
        table.to_csv(tiny.source, index=False)

        assert active_learning_values._labelled_test_texts(tiny, "now") == 35
        held_out = DataChoice(tiny.source, vectors=tiny.vectors)
        assert active_learning_values._labelled_test_texts(held_out, "now") is None

    def test_several_seeds(self, tiny: DataChoice) -> None:
        task = run_of(tiny, *SEEDS[:2])
        carry_out(task)

        opened = learning(tiny, learn_seeds=[str(seed) for seed in SEEDS[:2]])
        first = list(opened.dataframe[0].value["id"])
        groups = opened.get("button_group")
        looked_into = next(group for group in groups if group.label.startswith("Look into"))
        [other] = set(SEEDS[:2]) - {looked_into.value}
        looked_into.set_value(other).run()

        assert not opened.exception
        assert not opened.error
        assert list(opened.dataframe[0].value["id"]) != first

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

        alike = active_learning_values.near_duplicates_of(table)

        assert list(alike["id"]) == ["a", "c"]
        assert list(alike["group"]) == [1, 1]
        assert active_learning_values.near_duplicates_of(table.iloc[:2]).empty

    def test_trails_lead_from_the_batch_to_the_iteration(self, tiny: DataChoice) -> None:
        task = run_of(tiny)
        carry_out(task)
        run = read_active_run(task.folder)

        trails = active_learning_values.trails(run, 2)

        assert len(trails) == 3 * 2 + 3
        last = trails[trails["iteration"] == 2].set_index("id")["confidence"]
        placed = run.maps[2].set_index("id")["confidence"]
        assert last.to_dict() == placed[last.index].to_dict()


class TestAWorker:
    def test_a_paused_run_can_be_gone_on_with_or_given_up(self, tiny: DataChoice) -> None:
        task = run_of(tiny)
        carry_out(task, "--pause-after=1")

        opened = learning(tiny)

        assert not opened.exception
        assert labels(opened.button) == ["Resume", "Step once", "Stop and delete"]
        assert not opened.slider
        opened.button(key="learn_give_up").click().run()
        assert not task.folder.exists()
        assert labels(opened.button) == ["Start", "Step once"]
        assert "run" not in opened.query_params

    def test_paused_before_the_first_training_was_finished(self, tiny: DataChoice) -> None:
        task = run_of(tiny)
        carry_out(task, "--pause-after=1")
        for file in task.folder.glob("maps/*"):
            file.unlink()

        opened = learning(tiny)

        assert "Paused before the training on the seed set" in opened.info[0].value
        assert "Resume" in labels(opened.button)

    def test_a_worker_s_mistake_is_said_in_place(self, tiny: DataChoice) -> None:
        refuse(run_of(tiny), "a seed set of 6 leaves no pool.")

        opened = learning(tiny)

        assert opened.error[0].value == "A seed set of 6 leaves no pool."
        assert labels(opened.button) == ["Start", "Step once"]

    def test_a_damaged_file_is_said_in_place(self, tiny: DataChoice) -> None:
        task = run_of(tiny)
        carry_out(task)
        (task.folder / "maps" / "iteration-001.parquet").write_bytes(b"no parquet")

        opened = learning(tiny)

        assert not opened.exception
        assert "cannot be read" in opened.error[0].value

    def test_stepped_reloaded_and_resumed_it_is_the_run_that_was_never_paused(
        self, tiny: DataChoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def start(task: Task, *, pause_after: int | None = None) -> None:
            carry_out(task, *([] if pause_after is None else [f"--pause-after={pause_after}"]))

        # A worker would need seconds to begin.
        monkeypatch.setattr(background, "start", start)
        task = run_of(tiny)
        whole = replace(task, folder=tmp_path / "whole")
        carry_out(whole)
        learning(tiny).button(key="learn_step").click().run()
        assert len(read_active_run(task.folder).maps) == 1

        again = at(task)
        again.button(key="learn_run").click().run()

        assert background.task_state(task).phase == "finished"
        one, other = read_active_run(task.folder), read_active_run(whole.folder)
        pd.testing.assert_frame_equal(
            one.iterations.drop(columns=TIMES), other.iterations.drop(columns=TIMES)
        )
        for left, right in zip(one.maps, other.maps, strict=True):
            pd.testing.assert_frame_equal(left, right)


class TestTheAddress:
    def test_settings_and_iteration_are_taken_over(self, tiny: DataChoice) -> None:
        task = run_of(tiny, SEEDS[1], 5, strategy="cal-dal", t_cor=[0.35], iterations=3)
        carry_out(task)

        opened = at(task, iteration="1")

        assert not opened.exception
        assert not opened.error
        assert opened.query_params["run"] == task.key
        assert opened.selectbox(key="strategy").value == "cal-dal"
        assert opened.number_input(key="t_cor").value == 0.35
        assert set(opened.multiselect(key="learn_seeds").value) == {"5", str(SEEDS[1])}
        assert opened.number_input(key="learn_iterations").value == 3
        assert slider(opened) == 1

    def test_an_iteration_past_the_last_is_the_last(self, tiny: DataChoice) -> None:
        task = run_of(tiny)
        carry_out(task)

        opened = at(task, iteration="77")

        assert slider(opened) == 2
        assert "iteration" not in opened.query_params

    def test_several_strategies_are_for_the_comparison(self, tiny: DataChoice) -> None:
        task = tasks.learning(tiny, ["random", "lc"], seed_size=SEED_SIZE, epochs=EPOCHS)
        background._write_task(task)

        opened = at(task)

        assert not opened.exception
        assert "several strategies" in opened.info[0].value
