"""The Compare page in every state."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from dashboard import EPOCHS, SEED, SEED_SIZE, carry_out, charts, labels, page, refuse
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from cartography.cli import app as cli
from cartography.models.presets import SEEDS
from cartography.runs import manifest as runs
from cartography.runs.manifest import MANIFEST
from ui.jobs import background, compared, found, groups, tasks
from ui.jobs.background import Task
from ui.jobs.found import RunInfo
from ui.jobs.methods import USUAL, Method
from ui.panels.compare.panel import NEW, ON_DISK
from ui.panels.compare.settings import Settings, of_task
from ui.state.session import DataChoice

pytestmark = pytest.mark.usefixtures("own_cache")

SETTINGS = {"seed_size": SEED_SIZE, "query_size": 3, "iterations": 2, "epochs": EPOCHS}
STATE = {
    "compare_strategy": ["cal"],
    "compare_seed": list(SEEDS[:2]),
    **{f"compare_{name}": value for name, value in SETTINGS.items()},
}


def comparison(
    choice: DataChoice,
    strategies: tuple[str, ...] = ("random", "cal"),
    seeds: tuple[int, ...] = SEEDS[:2],
    method: Method = USUAL,
    **settings: int,
) -> Task:
    sizes = {**SETTINGS, **settings}
    return tasks.learning(choice, strategies, t_cor=(0.8,), seeds=seeds, method=method, **sizes)


def opened(choice: DataChoice, section: str = "Accuracy", **state: object) -> AppTest:
    return page("compare", choice, **{"compare_section": section, **STATE, **state})


def on_disk(choice: DataChoice, section: str = "Accuracy", **state: object) -> AppTest:
    return opened(choice, section, compare_source=ON_DISK, **state)


def sentences(app: AppTest) -> str:
    """Return all sentences on the page."""
    kinds = (app.info, app.success, app.warning, app.error, app.caption, app.markdown)
    return "\n".join(element.value for kind in kinds for element in kind)


class TestRunning:
    def test_the_empty_state_says_what_to_do(self, tiny: DataChoice) -> None:
        app = opened(tiny)

        assert not app.exception
        assert not app.error
        assert "There is no comparison" in app.info[0].value
        assert labels(app.button) == ["Run the comparison"]
        assert "Random, CAL: 4 runs in parallel, 3 trainings each" in sentences(app)

    def test_random_is_always_included_and_seeds_are_sorted(self) -> None:
        settings = Settings.of({"strategy": ["lc", "cal"], "seed": [SEEDS[3], SEEDS[0]]})

        assert settings.strategies == ("random", "cal", "lc")
        assert settings.seeds == (SEEDS[0], SEEDS[3])
        assert settings.runs == 6

    def test_finished_runs_are_shown_with_the_verdict_first(self, tiny: DataChoice) -> None:
        carry_out(comparison(tiny))

        app = opened(tiny)

        assert not app.exception
        assert not app.error
        assert labels(app.button) == []
        assert "shown" in [*app.info, *app.success][0].value
        assert "CAL: " in sentences(app)
        assert charts(app) == 2, "accuracy and labels saved"

    def test_paused_runs_can_be_resumed(self, tiny: DataChoice) -> None:
        carry_out(comparison(tiny), "--pause-after=2")

        app = opened(tiny)

        assert not app.exception
        assert labels(app.button) == ["Resume"]
        assert "4 runs of 4 not finished" in sentences(app)
        assert "2 trainings" in sentences(app)

    def test_an_error_of_the_worker_is_shown(self, tiny: DataChoice) -> None:
        refuse(comparison(tiny), "a seed set of 6 leaves no pool.")

        app = opened(tiny)

        assert app.error[0].value == "A seed set of 6 leaves no pool."
        assert labels(app.button) == ["Run the comparison"]

    def test_after_an_error_the_runs_on_disk_are_shown(self, tiny: DataChoice) -> None:
        carry_out(comparison(tiny), "--pause-after=2")
        refuse(comparison(tiny), "the disk is full.")

        app = opened(tiny)

        assert not app.exception
        assert app.error[0].value == "The disk is full."
        assert labels(app.button) == ["Resume"]
        assert app.get("progress")[0].proto.text.startswith("Ended early")
        assert charts(app) == 2

    def test_without_a_seed_there_is_nothing_to_run(self, tiny: DataChoice) -> None:
        app = opened(tiny, compare_seed=[])

        assert "at least one seed" in app.info[0].value

    def test_one_seed_shows_no_advantage(self, tiny: DataChoice) -> None:
        carry_out(comparison(tiny, seeds=SEEDS[:1]))

        app = opened(tiny, compare_seed=[SEEDS[0]])

        assert not app.exception
        assert "o advantage over Random shown" in app.info[0].value
        assert not app.success


class TestAddress:
    def test_a_run_is_opened_with_its_settings(self, tiny: DataChoice) -> None:
        task = comparison(tiny, ("random", "lc"), SEEDS[1:3])
        carry_out(task)
        app = page("compare", tiny)

        app.query_params["run"] = task.key
        app.run()

        assert not app.exception
        assert app.session_state["compare_strategy"] == ["lc"]
        assert app.session_state["compare_seed"] == list(SEEDS[1:3])
        assert app.session_state["compare_epochs"] == EPOCHS
        assert app.query_params["run"] == task.key
        assert charts(app) == 2

    def test_a_run_that_this_page_cannot_start_is_chosen_on_disk(self, tiny: DataChoice) -> None:
        task = comparison(tiny, ("cal",))
        carry_out(task)
        assert of_task(task) is None
        app = page("compare", tiny)

        app.query_params["run"] = task.key
        app.run()

        assert not app.exception
        assert app.session_state["compare_source"] == ON_DISK
        assert "Random is not among these runs" in sentences(app)
        assert len(app.query_params["runs"].split("-")) == 2

    def test_a_run_seen_on_another_page_is_taken_over(self, tiny: DataChoice) -> None:
        task = comparison(tiny, ("cal",), SEEDS[:1])
        carry_out(task)
        app = page("active_learning", tiny)
        app.query_params["run"] = task.key
        app.run()
        assert app.query_params["run"] == task.key

        app.switch_page("pages/compare.py")
        app.query_params["run"] = task.key
        app.run()

        assert app.session_state["compare_source"] == ON_DISK
        assert charts(app) == 1

    def test_the_address_restores_chosen_runs(self, tiny: DataChoice) -> None:
        carry_out(comparison(tiny))
        app = on_disk(tiny)
        widget = app.multiselect[0]
        widget.set_value(widget.value[:1]).run()
        address = app.query_params["runs"]

        reopened = follow(page("data_map", tiny), runs=address)

        assert reopened.multiselect[0].value == widget.value[:1]

    def test_a_link_to_runs_works_after_an_earlier_visit(self, tiny: DataChoice) -> None:
        carry_out(comparison(tiny))
        app = opened(tiny)
        assert app.session_state["compare_source"] == NEW

        app = follow(app, runs=keys_of("random"))

        assert app.session_state["compare_source"] == ON_DISK
        assert app.multiselect[0].value == ["Random"]
        assert app.query_params["runs"] == keys_of("random")

    def test_a_link_to_runs_replaces_an_earlier_choice(self, tiny: DataChoice) -> None:
        carry_out(comparison(tiny))
        app = on_disk(tiny)
        app.multiselect[0].set_value(["Random"]).run()
        app.multiselect[1].set_value([SEEDS[0]]).run()

        app = follow(app, runs=keys_of("cal"))

        assert app.multiselect[0].value == ["CAL, t_cor 0.8"]
        assert app.multiselect[1].value == sorted(SEEDS[:2])
        assert app.query_params["runs"] == keys_of("cal")

    def test_a_click_sent_with_an_outdated_address_counts(self, tiny: DataChoice) -> None:
        carry_out(comparison(tiny))
        app = on_disk(tiny)
        outdated = app.query_params["runs"]
        app.multiselect[0].set_value(["Random"]).run()

        app.query_params["runs"] = outdated
        app.multiselect[1].set_value([SEEDS[0]]).run()

        assert app.multiselect[0].value == ["Random"]
        assert app.multiselect[1].value == [SEEDS[0]]

    def test_missing_runs_are_reported(self, tiny: DataChoice) -> None:
        carry_out(comparison(tiny))

        app = follow(page("data_map", tiny), runs="0123456789-9876543210")

        assert not app.exception
        assert "There is no such run here" in app.warning[0].value

    def test_a_second_link_replaces_the_first(self, tiny: DataChoice, tmp_path: Path) -> None:
        first, second = (
            comparison(tiny, ("cal",)),
            comparison(larger_corpus(tiny, tmp_path), ("lc",)),
        )
        carry_out(second)
        carry_out(first)  # the newer corpus is listed first
        app = follow(page("data_map", tiny), run=first.key)
        assert app.multiselect[0].value == ["CAL, t_cor 0.8"]

        app = follow(app, runs=keys_of("lc"))

        assert app.multiselect[0].value == ["LC"]
        assert app.query_params["runs"] == keys_of("lc")

    def test_runs_without_a_training_are_reported(self, tiny: DataChoice) -> None:
        task = comparison(tiny, ("cal",))
        background._write_task(task)

        app = follow(page("data_map", tiny), run=task.key)

        assert not app.exception
        assert "none of the runs in this address has finished a training" in app.info[0].value

    def test_a_repeated_run_stays_among_the_runs_in_the_address(self, tiny: DataChoice) -> None:
        task = comparison(tiny, ("random", "lc", "cal"), SEEDS[:1])  # not in the widgets' order
        carry_out(task)
        carry_out(comparison(tiny, ("cal",), SEEDS[:1]))

        app = follow(page("data_map", tiny), run=task.key)

        assert not app.exception
        assert len(app.multiselect[0].value) == 3


def follow(app: AppTest, **address: str) -> AppTest:
    """Open the page from another one by a link with these query parameters."""
    app.switch_page("pages/runs.py").run()
    app.query_params.clear()
    for name, value in address.items():
        app.query_params[name] = value
    return app.switch_page("pages/compare.py").run()


def keys_of(strategy: str) -> str:
    """Return the value of the address for the runs of a strategy."""
    runs = sorted(found.find_active_runs(), key=lambda run: run.sort_key)
    return "-".join(run.key for run in runs if run.strategy == strategy)


def larger_corpus(choice: DataChoice, folder: Path) -> DataChoice:
    """Return another corpus with the same words."""
    table = folder / "other.csv"
    table.write_text(Path(choice.source).read_text() + "sun day 1,dry\nrain day 2,wet\n")
    return replace(choice, source=str(table))


class TestOnDisk:
    def test_without_runs_the_page_says_so(self, tiny: DataChoice) -> None:
        app = on_disk(tiny)

        assert not app.exception
        assert NEW in app.info[0].value

    def test_runs_of_two_tasks_are_compared(self, tiny: DataChoice) -> None:
        carry_out(comparison(tiny, ("cal",), SEEDS[:1]))
        carry_out(comparison(tiny, ("random",), SEEDS[:1]), "--pause-after=2")

        app = on_disk(tiny)

        assert not app.exception
        assert not app.error
        assert app.multiselect[0].value == ["Random", "CAL, t_cor 0.8"]
        assert "So far: 1 run of 2 not finished" in sentences(app)
        assert charts(app) == 2

    def test_runs_that_cannot_be_compared_are_left_out_and_named(self, tiny: DataChoice) -> None:
        carry_out(comparison(tiny))
        carry_out(comparison(tiny, ("lc",), SEEDS[:1], query_size=4))
        carry_out(comparison(tiny, ("random",), SEEDS[:1]))

        app = on_disk(tiny)
        app.selectbox[0].set_value(_group_of(3)).run()

        assert not app.exception
        assert "Left out: 1 run with query size 4" in sentences(app)
        assert "1 run with the strategy, t_cor, method and seed of another" in sentences(app)
        assert len(app.query_params["runs"].split("-")) == 4

    def test_a_seed_can_be_removed(self, tiny: DataChoice) -> None:
        carry_out(comparison(tiny))
        app = on_disk(tiny)

        app.multiselect[1].set_value([SEEDS[1]]).run()

        assert not app.exception
        assert len(app.query_params["runs"].split("-")) == 2

    def test_no_runs_chosen(self, tiny: DataChoice) -> None:
        carry_out(comparison(tiny))
        app = on_disk(tiny)

        app.multiselect[0].set_value([]).run()

        assert "Choose at least one strategy and seed" in app.info[0].value

    def test_a_damaged_run_is_reported_and_the_others_are_shown(self, tiny: DataChoice) -> None:
        task = comparison(tiny)
        carry_out(task)
        next(task.folder.glob("cal*/maps/*.parquet")).write_bytes(b"not parquet")

        app = on_disk(tiny)

        assert not app.exception
        assert not app.error
        assert "cannot be read" in app.warning[0].value
        assert charts(app) == 2

    def test_runs_of_different_length_share_the_first_trainings(self, tiny: DataChoice) -> None:
        carry_out(comparison(tiny, ("random",), iterations=1))
        carry_out(comparison(tiny, ("lc",)))

        app = on_disk(tiny)

        assert "epsilon_min uses the 2 trainings that every run has" in sentences(app)

    def test_the_error_of_a_damaged_private_run_hides_its_folder(
        self, tiny: DataChoice, own_cache: Path
    ) -> None:
        private = own_cache / "workspaces" / ("a" * 32) / "runs" / "learn"
        task = comparison(tiny, ("lc",), SEEDS[:1])
        carry_out(task)
        shutil.copytree(task.folder, private)
        (private / "maps" / "iteration-000.parquet").write_bytes(b"not parquet")

        _, (error,) = compared.read_comparison(found.runs_in_folders([private]))

        assert error.startswith("runs/learn/maps/iteration-000.parquet cannot be read")

    def test_no_readable_runs(self, tiny: DataChoice) -> None:
        task = comparison(tiny, seeds=SEEDS[:1])
        carry_out(task)
        for file in task.folder.glob("*/maps/*.parquet"):
            file.write_bytes(b"not parquet")

        app = on_disk(tiny)

        assert not app.exception
        assert "None of the runs can be read" in app.error[0].value


class TestMethods:
    def test_the_chosen_method_is_shown_and_part_of_the_task(self, tiny: DataChoice) -> None:
        app = opened(tiny)
        app.selectbox(key="compare_preset").select("released").run()
        app.multiselect(key="compare_changed_from_released").set_value(["padding=off"]).run()

        assert not app.exception
        assert "Method: released, padding=off" in sentences(app)
        assert "its vector is added" in sentences(app), "the description of the switch"
        assert app.number_input(key="compare_epochs").value == 30, "those of the preset"
        app.number_input(key="compare_epochs").set_value(EPOCHS)
        assert app.slider(key="compare_t_cor").value == 0.2
        app.slider(key="compare_t_cor").set_value(0.8)
        task = comparison(tiny, method=Method("released", ("padding=off",)))
        refuse(task, "no.")
        app.run()
        assert app.query_params["run"] == task.key

    def test_each_preset_has_its_own_changed_switches(self, tiny: DataChoice) -> None:
        app = opened(tiny, compare_preset="paper", compare_changed_from_paper=["padding=on"])
        assert "Method: paper, padding=on" in sentences(app)

        app.selectbox(key="compare_preset").select("released").run()
        assert not app.exception
        assert "Method: released." in sentences(app)

        app.selectbox(key="compare_preset").select("paper").run()
        assert "Method: paper, padding=on" in sentences(app)

    def test_a_run_is_opened_with_its_method(self, tiny: DataChoice) -> None:
        task = comparison(tiny, method=Method("released", ("padding=off", "tokens=words")))
        background._write_task(task)
        app = page("compare", tiny)

        app.query_params["run"] = task.key
        app.run()

        assert not app.exception
        assert app.session_state["compare_source"] == NEW
        assert "Method: released, padding=off, tokens=words" in sentences(app)

    def test_runs_of_two_presets_have_two_names_and_their_own_random(
        self, tiny: DataChoice
    ) -> None:
        carry_out(comparison(tiny, method=Method("paper")))
        carry_out(comparison(tiny, ("cal",), method=Method("released")))

        app = on_disk(tiny, "Runs")

        assert not app.exception
        assert not app.error
        assert app.multiselect[0].value == [
            "Random, paper",
            "CAL, t_cor 0.8, paper",
            "CAL, t_cor 0.8, released",
        ]
        assert "Runs of 2 methods: **paper** and **released**" in sentences(app)
        assert "Not judged: CAL, released." in sentences(app)
        table = app.dataframe[0].value
        assert dict(zip(table["name"], table["method"], strict=True)) == {
            "Random, paper": "paper",
            "CAL, paper": "paper",
            "CAL, released": "released",
        }
        assert table.loc[table["method"] == "released", "labels saved"].isna().all()

        carry_out(comparison(tiny, ("random",), method=Method("released")))
        app = on_disk(tiny, "Runs")
        assert "Not judged" not in sentences(app)
        assert "Random, released" in sentences(app)

    def test_runs_with_unexplained_features_are_not_compared(self, tiny: DataChoice) -> None:
        carry_out(comparison(tiny, seeds=SEEDS[:1]))
        carry_out(comparison(replace(tiny, pooling="mean"), ("lc",), SEEDS[:1]))

        app = on_disk(tiny)

        assert len(groups.comparable_groups(found.find_active_runs())) == 2
        assert "with other text features" in sentences(app)

    def test_the_runs_of_a_reproduction_are_compared(self, tiny: DataChoice) -> None:
        table = Path(tiny.source)
        rows = [f"{['sun', 'rain'][i % 2]} day {i % 40},{['dry', 'wet'][i % 2]}" for i in range(90)]
        table.write_text("\n".join(["text,label", *rows]))
        reproduce = ["reproduce", str(table), f"--test={table}", f"--vectors={tiny.vectors}"]
        options = [*(f"--strategy={name}" for name in ("random", "cal")), "--seed=1"]
        result = CliRunner().invoke(cli, [*reproduce, *options, "--iterations=1", "--quiet"])
        assert result.exit_code == 0, result.output

        app = on_disk(tiny)

        assert not app.exception
        assert not app.error
        assert app.multiselect[0].value == ["Random, paper", "CAL, t_cor 0.2, paper"]
        assert len(app.multiselect[0].options) == 12
        assert charts(app) == 2

        app.multiselect[0].set_value(["CAL, t_cor 0.2, paper", "CAL, t_cor 0.2, released"]).run()
        assert not app.exception
        assert charts(app) == 1


class TestSections:
    @pytest.mark.parametrize(
        ("section", "figures"), [("By chance?", 1), ("Overlap", 1), ("Batches", 1), ("Runs", 0)]
    )
    def test_only_the_open_section_is_drawn(
        self, tiny: DataChoice, section: str, figures: int
    ) -> None:
        carry_out(comparison(tiny))

        app = opened(tiny, section)

        assert not app.exception
        assert not app.error
        assert charts(app) == figures

    def test_the_export_has_a_row_per_run(self, tiny: DataChoice) -> None:
        carry_out(comparison(tiny))

        table = opened(tiny, "Runs").dataframe[0].value

        assert list(table["name"]) == ["Random", "Random", "CAL", "CAL"]
        assert list(table["labelled"]) == [SEED_SIZE + 6] * 4
        assert {"labels saved", "mean accuracy", "run_id"} <= set(table.columns)

    def test_picks_need_a_full_map(self, tiny: DataChoice) -> None:
        carry_out(comparison(tiny))

        app = opened(tiny, "Where they pick")

        assert charts(app) == 0
        assert "Draw the full map" in labels(app.button)

    def test_the_map_of_a_changed_file_is_not_used(self, tiny: DataChoice) -> None:
        carry_out(comparison(tiny))
        with Path(tiny.source).open("a") as table:
            table.write("one more,dry\n")
        carry_out(tasks.maps(tiny, epochs=EPOCHS))

        app = on_disk(tiny, "Where they pick")

        assert not app.exception
        assert "There is no full data map of this corpus" in sentences(app)
        assert "Draw the full map" not in labels(app.button)

    def test_picks_on_the_full_map(self, tiny: DataChoice) -> None:
        carry_out(comparison(tiny))
        carry_out(tasks.maps(tiny, SEED_SIZE, epochs=EPOCHS))

        app = opened(tiny, "Where they pick")

        assert not app.exception
        assert not app.error
        assert charts(app) == 3
        assert "40 texts over 2 epochs" in sentences(app)
        app.slider(key="compare_batches_2").set_value((2, 2)).run()
        assert not app.exception

    def test_a_corpus_without_a_test_set_uses_the_map_of_all_its_texts(
        self, tiny: DataChoice
    ) -> None:
        choice = replace(tiny, test=None)
        carry_out(comparison(choice))
        carry_out(tasks.maps(choice, SEED_SIZE, epochs=EPOCHS))

        app = opened(choice, "Where they pick")

        assert not app.exception
        assert charts(app) == 3
        assert "left out" not in sentences(app)


def _group_of(count: int) -> str:
    """Return the key of the group with this query size."""
    candidates = groups.comparable_groups(found.find_active_runs())
    return next(
        group.key for group in candidates if group.runs[0].settings["query size"] == str(count)
    )


def test_the_name_of_a_run_is_stable_while_it_is_running(
    tiny: DataChoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = comparison(tiny, ("lc",), SEEDS[:1])
    carry_out(task, "--pause-after=1")
    (run,) = found.runs_in_folders(task.run_folders())
    assert run.name.endswith("(0 of 2 batches, stopped)")

    monkeypatch.setattr(runs, "status", lambda folder: "running")
    before = run.name
    carry_out(task, "--pause-after=1")

    assert run.name == before


def test_series_names_include_t_cor_where_it_differs(tmp_path: Path) -> None:
    def run(strategy: str, t_cor: float, seed: int = SEED) -> RunInfo:
        return RunInfo(tmp_path, {"strategy": strategy, "seed": seed, "preset": {"t_cor": t_cor}})

    runs = [run("cal", 0.2), run("cal", 0.2, 1), run("random", 0.2), run("random", 0.4)]
    assert groups.series_names(runs) == ["CAL", "CAL", "Random", "Random"]
    runs.append(run("cal", 0.4))
    assert groups.series_names(runs)[0] == "CAL · t_cor 0.2"
    assert groups.series_names(runs)[-1] == "CAL · t_cor 0.4"


def test_a_damaged_manifest_does_not_hide_the_others(tiny: DataChoice) -> None:
    task = comparison(tiny, seeds=SEEDS[:1])
    carry_out(task)
    (task.folder / f"random/{MANIFEST}").write_text(json.dumps({"kind": "learn"}))

    assert [run.strategy for run in found.find_active_runs()] == ["cal"]
    assert background.task_of_folder(task.folder / "cal") == task
