"""The lesson in each of its states."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Toggle

from tests.dashboard import carry_out, charts, labels, page, refuse
from ui.jobs import background
from ui.jobs.background import Task
from ui.panels.lesson import panel as panels
from ui.panels.lesson import values
from ui.panels.lesson import views as looks
from ui.panels.lesson.script import STEPS
from ui.state import session, workspace
from ui.state.session import DataChoice


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataChoice]:
    """Forty texts on which all runs of the lesson are made, in a cache of their own."""
    folder = tmp_path_factory.mktemp("lesson")
    table, vectors = folder / "ready.csv", folder / "ready.vec"
    # Every fifth has the other label, so that not all are learnt alike.
    kinds = ("sun", "rain")
    rows = [f"{kinds[i % 2]} {i},{kinds[(i + (i % 5 == 0)) % 2]}" for i in range(40)]
    table.write_text("\n".join(["text,label", *rows]) + "\n")
    vectors.write_text("2 3\nsun 1 0 0.5\nrain 0 1 0.5\n")
    choice = DataChoice(source=str(table), test=str(table), vectors=str(vectors))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CARTOGRAPHY_CACHE", str(folder / "cache"))
        for task in values.all_tasks(choice).values():
            carry_out(task)
        yield choice


@pytest.fixture
def nothing(own_cache: Path, tiny: DataChoice) -> DataChoice:
    """Texts on which nothing is made yet, in a cache of one test's own."""
    del own_cache
    return tiny


def lesson(choice: DataChoice, number: int, **predicted: int) -> AppTest:
    """The lesson at a place, with predictions made and no worker at it."""
    made = {values.task_of(choice, "maps").key: predicted}
    state = {panels.STEP: number, panels.PREPARE: False, session._PREDICTIONS: made}
    return page("lesson", choice, **state)


def texts(opened: AppTest) -> str:
    shown = [*opened.markdown, *opened.success, *opened.info, *opened.caption]
    return "\n".join(element.value for element in shown)


def told(opened: AppTest) -> Toggle:
    """The switch that brings the answer."""
    return next(each for each in opened.toggle if each.label == "Show what the numbers say")


def test_the_start_says_what_to_do_next(nothing: DataChoice) -> None:
    opened = lesson(nothing, panels.START)

    assert not opened.exception
    assert not opened.error
    assert "Begin" in labels(opened.button)
    assert all(
        background.task_state(task).phase == "absent" for task in values.all_tasks(nothing).values()
    )

    opened.button(key="learn_to_Begin").click().run()
    assert opened.header[0].value == "1. Training dynamics"


def test_a_question_comes_before_anything_is_seen(ready: DataChoice) -> None:
    opened = lesson(ready, 3)

    assert [each for each in STEPS[2].choices if each in labels(opened.button)] == list(
        STEPS[2].choices
    )
    assert charts(opened) == 0

    opened.button(key="learn_regions_2").click().run()

    assert not opened.exception
    assert charts(opened) == 1
    assert f"You predicted: **{STEPS[2].choices[2]}**" in texts(opened)
    assert "The numbers say" not in texts(opened), "not told before something is moved"

    opened.segmented_control(key="learn_region").set_value("hard-to-learn").run()
    assert "of 40 texts" in texts(opened)


def test_the_steps_about_maps(ready: DataChoice) -> None:
    for number, figures in ((1, 1), (2, 2), (4, 2)):
        key = STEPS[number - 1].key

        opened = lesson(ready, number, **{key: 0})
        told(opened).set_value(True).run()

        assert not opened.exception
        assert not opened.error
        assert charts(opened) == figures
        assert len(opened.success) + len(opened.info) >= 1


def test_one_text_ten_texts_all_texts(ready: DataChoice) -> None:
    opened = lesson(ready, 1, dynamics=0)

    for shown in ("Ten texts", "All texts"):
        opened.segmented_control(key="learn_how_many").set_value(shown).run()
        assert not opened.exception
        assert not opened.error
        assert charts(opened) == 1
    assert told(opened).value, "moving something brings the answer"


def test_the_point_moves_with_the_epochs_read(ready: DataChoice) -> None:
    opened = lesson(ready, 2, point=0)
    assert {m.label: m.value for m in opened.metric}["variability"] == "0.00"

    opened.slider(key="learn_epochs_read").set_value(10).run()

    assert {m.label: m.value for m in opened.metric}["variability"] != "0.00"


def test_the_table_of_the_point_s_map_is_of_the_epochs_read(ready: DataChoice) -> None:
    opened = lesson(ready, 2, point=0)

    opened.session_state["learn_point_map_twin"] = True
    opened.run()

    assert set(opened.dataframe[0].value["variability"]) == {0.0}, "after one epoch"


def test_the_steps_about_choosing(ready: DataChoice) -> None:
    for number, figures in ((5, 1), (6, 1), (7, 2)):
        key = STEPS[number - 1].key

        opened = lesson(ready, number, **{key: 0})
        told(opened).set_value(True).run()

        assert not opened.exception
        assert not opened.error
        assert charts(opened) == figures


def test_t_cor_can_be_moved(ready: DataChoice) -> None:
    opened = lesson(ready, 6, threshold=0)
    before = {m.label: m.value for m in opened.metric}
    assert before["of 3 as at 0.2"] == "3"

    opened.select_slider(key="learn_t_cor").set_value(0.6).run()

    assert not opened.exception
    after = {m.label: m.value for m in opened.metric}
    assert int(after["high-cor"]) <= int(before["high-cor"])


def test_noise(ready: DataChoice) -> None:
    assert values.noise(ready, 0.2).flipped.sum() == 8, "a fifth of forty texts"

    opened = lesson(ready, 8, noise=1)

    assert not opened.exception
    assert not opened.error
    assert charts(opened) == 2

    opened.segmented_control(key="learn_flip").set_value(0.4).run()
    assert not opened.exception
    assert charts(opened) == 0, "another share is another map, which is not made yet"


def test_the_summary(ready: DataChoice) -> None:
    opened = lesson(ready, panels.SUMMARY, noise=1, regions=0)

    assert not opened.exception
    assert not opened.error
    assert "Of 8 texts with a wrong label" in texts(opened)
    assert "of 2 predictions came true" in texts(opened)
    assert "Go to step 1" in labels(opened.button)


def test_the_summary_of_runs_that_are_not_made(nothing: DataChoice) -> None:
    opened = lesson(nothing, panels.SUMMARY, regions=0)

    assert not opened.exception
    assert "Its runs are not ready yet" in texts(opened)


def test_an_answer_waits_for_its_runs(nothing: DataChoice) -> None:
    opened = lesson(nothing, 5, boundary=2)

    assert not opened.exception
    assert not opened.error
    assert charts(opened) == 0
    assert opened.toggle(key=panels.PREPARE).value is False
    assert background.task_state(values.task_of(nothing, "study")).phase == "absent"


def test_the_runs_are_made_one_after_the_other(
    nothing: DataChoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Task] = []
    monkeypatch.setattr(background, "start", started.append)

    page("lesson", nothing)
    assert started == [values.task_of(nothing, "maps")]

    carry_out(values.task_of(nothing, "maps"))
    started.clear()
    page("lesson", nothing)
    assert started == [values.task_of(nothing, "study")]


def test_what_a_step_waits_for_comes_first(
    nothing: DataChoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Task] = []
    monkeypatch.setattr(background, "start", started.append)
    made = {values.task_of(nothing, "maps").key: {"boundary": 0}}

    page("lesson", nothing, **{panels.STEP: 5, session._PREDICTIONS: made})

    assert started == [values.task_of(nothing, "study")]


def test_a_worker_s_mistake_is_said_in_place_and_can_be_tried_again(nothing: DataChoice) -> None:
    refuse(values.task_of(nothing, "study"), "a seed set of 10 leaves no pool.")

    opened = lesson(nothing, 5, boundary=0)

    assert opened.error[0].value == "A seed set of 10 leaves no pool."
    assert "Try again" in labels(opened.button)


def test_a_mistake_about_wrong_labels_is_said_once(nothing: DataChoice) -> None:
    carry_out(values.task_of(nothing, "maps"))
    refuse(values.task_of(nothing, "noise"), "no.")

    opened = lesson(nothing, 8, noise=0)

    assert [error.value for error in opened.error] == ["no."]
    assert labels(opened.button).count("Try again") == 1


def test_another_corpus_has_its_own_predictions(nothing: DataChoice) -> None:
    made = {values.task_of(nothing, "maps").key: {"dynamics": 0}}
    other = replace(nothing, max_length=2)
    state = {panels.PREPARE: False, session._PREDICTIONS: made}

    assert "Start again" in labels(page("lesson", nothing, **state).button)
    assert "Start again" not in labels(page("lesson", other, **state).button)


def test_the_answer_of_one_corpus_does_not_open_another_s(ready: DataChoice) -> None:
    other = replace(ready, max_length=2)
    carry_out(values.task_of(other, "maps"))
    opened = lesson(ready, 3, regions=0)
    opened.session_state[session._PREDICTIONS][values.task_of(other, "maps").key] = {"regions": 0}
    told(opened).set_value(True).run()

    opened.session_state[session.CHOICE] = other
    opened.run()
    assert not told(opened).value

    opened.session_state[session.CHOICE] = ready
    opened.run()
    assert told(opened).value


def test_a_reload_keeps_the_predictions(nothing: DataChoice) -> None:
    opened = lesson(nothing, 1)
    opened.button(key="learn_dynamics_1").click().run()
    token = opened.session_state[workspace._TOKEN]

    state = {panels.STEP: 1, panels.PREPARE: False, workspace._TOKEN: token}
    again = page("lesson", nothing, **state)

    assert f"You predicted: **{STEPS[0].choices[1]}**" in texts(again)


def test_all_of_a_few_texts_have_a_line_each(nothing: DataChoice) -> None:
    few = replace(nothing, source=f"{nothing.source}.few.csv")
    rows = Path(nothing.source).read_text().splitlines(keepends=True)
    Path(few.source).write_text("".join(rows[:13]))
    carry_out(values.task_of(few, "maps"))
    opened = lesson(few, 1, dynamics=0)

    opened.segmented_control(key="learn_how_many").set_value("All texts").run()

    assert not opened.error
    assert charts(opened) == 1


def test_start_again_forgets(nothing: DataChoice) -> None:
    opened = lesson(nothing, 2, dynamics=0)

    opened.button(key="learn_again").click().run()

    assert not opened.exception
    assert opened.session_state[panels.STEP] == panels.START
    assert "Start again" not in labels(opened.button)


def test_a_text_is_shortened_and_no_markup() -> None:
    assert looks.shortened("a\n b") == "a b"
    assert looks.shortened("x" * 300) == "x" * 238 + " …"
    assert "&lt;b&gt;" in looks.plain_card("<b>")
