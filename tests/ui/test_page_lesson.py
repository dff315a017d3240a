"""The lesson page in each of its states."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Toggle

from tests.dashboard import carry_out, charts, labels, page, refuse
from ui.jobs import background
from ui.jobs.background import Task
from ui.panels.lesson import panel, values, views
from ui.panels.lesson.script import STEPS
from ui.state import session, workspace
from ui.state.session import DataChoice


@pytest.fixture(scope="module")
def with_runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataChoice]:
    """Forty texts with all runs of the lesson finished, in their own cache."""
    folder = tmp_path_factory.mktemp("lesson")
    table, vectors = folder / "ready.csv", folder / "ready.vec"
    # Every fifth text has the other label, so that the curves differ.
    kinds = ("sun", "rain")
    rows = [f"{kinds[i % 2]} {i},{kinds[(i + (i % 5 == 0)) % 2]}" for i in range(40)]
    table.write_text("\n".join(["text,label", *rows]) + "\n")
    vectors.write_text("2 3\nsun 1 0 0.5\nrain 0 1 0.5\n")
    choice = DataChoice(source=str(table), test=str(table), features="words", vectors=str(vectors))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CARTOGRAPHY_CACHE", str(folder / "cache"))
        for task in values.all_tasks(choice).values():
            carry_out(task)
        yield choice


@pytest.fixture
def without_runs(own_cache: Path, tiny: DataChoice) -> DataChoice:
    """Texts without any run, in the cache of one test."""
    del own_cache
    return tiny


def lesson(choice: DataChoice, number: int, **predicted: int) -> AppTest:
    """Open the lesson at a step, with predictions made and no worker."""
    predictions = {values.task_of(choice, "maps").key: predicted}
    state = {panel.STEP: number, panel.PREPARE: False, session._PREDICTIONS: predictions}
    return page("lesson", choice, **state)


def texts(opened: AppTest) -> str:
    elements = [*opened.markdown, *opened.success, *opened.info, *opened.caption]
    return "\n".join(element.value for element in elements)


def answer_toggle(opened: AppTest) -> Toggle:
    """The switch that shows the answer."""
    return next(toggle for toggle in opened.toggle if toggle.label == "Show what the numbers say")


def test_the_start_says_what_to_do_next(without_runs: DataChoice) -> None:
    opened = lesson(without_runs, panel.START)

    assert not opened.exception
    assert not opened.error
    assert "Begin" in labels(opened.button)
    assert all(
        background.task_state(task).phase == "absent"
        for task in values.all_tasks(without_runs).values()
    )

    opened.button(key="lesson_to_Begin").click().run()
    assert opened.header[0].value == "1. Training dynamics"


def test_a_question_comes_before_anything_is_seen(with_runs: DataChoice) -> None:
    opened = lesson(with_runs, 3)

    assert [choice for choice in STEPS[2].choices if choice in labels(opened.button)] == list(
        STEPS[2].choices
    )
    assert charts(opened) == 0

    opened.button(key="lesson_regions_2").click().run()

    assert not opened.exception
    assert charts(opened) == 1
    assert f"You predicted: **{STEPS[2].choices[2]}**" in texts(opened)
    assert "The numbers say" not in texts(opened), "no answer before a control is changed"

    opened.segmented_control(key="lesson_region").set_value("hard-to-learn").run()
    assert "of 40 texts" in texts(opened)


def test_the_steps_about_maps(with_runs: DataChoice) -> None:
    for number, figures in ((1, 1), (2, 2), (4, 2)):
        key = STEPS[number - 1].key

        opened = lesson(with_runs, number, **{key: 0})
        answer_toggle(opened).set_value(True).run()

        assert not opened.exception
        assert not opened.error
        assert charts(opened) == figures
        assert len(opened.success) + len(opened.info) >= 1


def test_one_text_ten_texts_all_texts(with_runs: DataChoice) -> None:
    opened = lesson(with_runs, 1, dynamics=0)

    for how_many in ("Ten texts", "All texts"):
        opened.segmented_control(key="lesson_how_many").set_value(how_many).run()
        assert not opened.exception
        assert not opened.error
        assert charts(opened) == 1
    assert answer_toggle(opened).value, "changing a control shows the answer"


def test_the_point_moves_with_the_epochs_read(with_runs: DataChoice) -> None:
    opened = lesson(with_runs, 2, point=0)
    assert {m.label: m.value for m in opened.metric}["variability"] == "0.00"

    opened.slider(key="lesson_epochs_read").set_value(10).run()

    assert {m.label: m.value for m in opened.metric}["variability"] != "0.00"


def test_the_table_of_the_point_s_map_is_of_the_epochs_read(with_runs: DataChoice) -> None:
    opened = lesson(with_runs, 2, point=0)

    opened.session_state["lesson_point_map_twin"] = True
    opened.run()

    assert set(opened.dataframe[0].value["variability"]) == {0.0}, "after one epoch"


def test_the_steps_about_choosing(with_runs: DataChoice) -> None:
    for number, figures in ((5, 1), (6, 1), (7, 2)):
        key = STEPS[number - 1].key

        opened = lesson(with_runs, number, **{key: 0})
        answer_toggle(opened).set_value(True).run()

        assert not opened.exception
        assert not opened.error
        assert charts(opened) == figures


def test_t_cor_can_be_moved(with_runs: DataChoice) -> None:
    opened = lesson(with_runs, 6, threshold=0)
    before = {m.label: m.value for m in opened.metric}
    assert before["of 3 as at 0.2"] == "3"

    opened.select_slider(key="lesson_t_cor").set_value(0.6).run()

    assert not opened.exception
    after = {m.label: m.value for m in opened.metric}
    assert int(after["high-cor"]) <= int(before["high-cor"])


def test_noise(with_runs: DataChoice) -> None:
    assert values.noise(with_runs, 0.2).flipped.sum() == 8, "a fifth of forty texts"

    opened = lesson(with_runs, 8, noise=1)

    assert not opened.exception
    assert not opened.error
    assert charts(opened) == 2

    opened.segmented_control(key="lesson_flip").set_value(0.4).run()
    assert not opened.exception
    assert charts(opened) == 0, "another share needs another map, which does not exist yet"


def test_the_summary(with_runs: DataChoice) -> None:
    opened = lesson(with_runs, panel.SUMMARY, noise=1, regions=0)

    assert not opened.exception
    assert not opened.error
    assert "Of 8 texts with a wrong label" in texts(opened)
    assert "of 2 predictions came true" in texts(opened)
    assert "Go to step 1" in labels(opened.button)


def test_the_summary_without_finished_runs(without_runs: DataChoice) -> None:
    opened = lesson(without_runs, panel.SUMMARY, regions=0)

    assert not opened.exception
    assert "Its runs are not ready yet" in texts(opened)


def test_an_answer_waits_for_its_runs(without_runs: DataChoice) -> None:
    opened = lesson(without_runs, 5, boundary=2)

    assert not opened.exception
    assert not opened.error
    assert charts(opened) == 0
    assert opened.toggle(key=panel.PREPARE).value is False
    assert background.task_state(values.task_of(without_runs, "study")).phase == "absent"


def test_runs_start_one_after_the_other(
    without_runs: DataChoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Task] = []
    monkeypatch.setattr(background, "start", started.append)

    page("lesson", without_runs)
    assert started == [values.task_of(without_runs, "maps")]

    carry_out(values.task_of(without_runs, "maps"))
    started.clear()
    page("lesson", without_runs)
    assert started == [values.task_of(without_runs, "study")]


def test_runs_that_a_step_waits_for_start_first(
    without_runs: DataChoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Task] = []
    monkeypatch.setattr(background, "start", started.append)
    predictions = {values.task_of(without_runs, "maps").key: {"boundary": 0}}

    page("lesson", without_runs, **{panel.STEP: 5, session._PREDICTIONS: predictions})

    assert started == [values.task_of(without_runs, "study")]


def test_a_failed_run_shows_its_error_and_can_be_tried_again(without_runs: DataChoice) -> None:
    refuse(values.task_of(without_runs, "study"), "a seed set of 10 leaves no pool.")

    opened = lesson(without_runs, 5, boundary=0)

    assert opened.error[0].value == "A seed set of 10 leaves no pool."
    assert "Try again" in labels(opened.button)


def test_an_error_of_the_noise_run_is_shown_once(without_runs: DataChoice) -> None:
    carry_out(values.task_of(without_runs, "maps"))
    refuse(values.task_of(without_runs, "noise"), "no.")

    opened = lesson(without_runs, 8, noise=0)

    assert [error.value for error in opened.error] == ["no."]
    assert labels(opened.button).count("Try again") == 1


def test_another_corpus_has_its_own_predictions(without_runs: DataChoice) -> None:
    predictions = {values.task_of(without_runs, "maps").key: {"dynamics": 0}}
    other = replace(without_runs, max_length=2)
    state = {panel.PREPARE: False, session._PREDICTIONS: predictions}

    assert "Start again" in labels(page("lesson", without_runs, **state).button)
    assert "Start again" not in labels(page("lesson", other, **state).button)


def test_the_answer_of_one_corpus_does_not_open_another_s(with_runs: DataChoice) -> None:
    other = replace(with_runs, max_length=2)
    carry_out(values.task_of(other, "maps"))
    opened = lesson(with_runs, 3, regions=0)
    opened.session_state[session._PREDICTIONS][values.task_of(other, "maps").key] = {"regions": 0}
    answer_toggle(opened).set_value(True).run()

    opened.session_state[session.CHOICE] = other
    opened.run()
    assert not answer_toggle(opened).value

    opened.session_state[session.CHOICE] = with_runs
    opened.run()
    assert answer_toggle(opened).value


def test_a_reload_keeps_the_predictions(without_runs: DataChoice) -> None:
    opened = lesson(without_runs, 1)
    opened.button(key="lesson_dynamics_1").click().run()
    token = opened.session_state[workspace._TOKEN]

    state = {panel.STEP: 1, panel.PREPARE: False, workspace._TOKEN: token}
    again = page("lesson", without_runs, **state)

    assert f"You predicted: **{STEPS[0].choices[1]}**" in texts(again)


def test_each_of_a_few_texts_has_its_own_line(without_runs: DataChoice) -> None:
    few = replace(without_runs, source=f"{without_runs.source}.few.csv")
    rows = Path(without_runs.source).read_text().splitlines(keepends=True)
    Path(few.source).write_text("".join(rows[:13]))
    carry_out(values.task_of(few, "maps"))
    opened = lesson(few, 1, dynamics=0)

    opened.segmented_control(key="lesson_how_many").set_value("All texts").run()

    assert not opened.error
    assert charts(opened) == 1


def test_start_again_forgets(without_runs: DataChoice) -> None:
    opened = lesson(without_runs, 2, dynamics=0)

    opened.button(key="lesson_again").click().run()

    assert not opened.exception
    assert opened.session_state[panel.STEP] == panel.START
    assert "Start again" not in labels(opened.button)


def test_a_text_is_shortened_and_escaped() -> None:
    assert views.shortened("a\n b") == "a b"
    assert views.shortened("x" * 300) == "x" * 238 + " …"
    assert "&lt;b&gt;" in views.plain_card("<b>")
