"""The Dataset page: how a file and its labels are read, and maps of other models."""

import json
from pathlib import Path

import openpyxl
import pytest
from dashboard import charts, page
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from cartography.cli import app
from cartography.errors import CartographyError
from ui.jobs import address, background, run_list, tasks
from ui.panels.dataset import reading
from ui.panels.dataset import sources as panels
from ui.state import session
from ui.state.session import DataChoice

pytestmark = pytest.mark.usefixtures("own_cache")


def local(path: Path, **state: object) -> AppTest:
    return page("dataset", None, source_kind=panels.LOCAL, source_path=str(path), **state)


def captions(opened: AppTest) -> str:
    return "\n".join(caption.value for caption in opened.caption)


def classes(opened: AppTest) -> str:
    return next(metric.value for metric in opened.metric if metric.label == "Classes")


@pytest.fixture
def marked(tmp_path: Path) -> Path:
    path = tmp_path / "marked.csv"
    rows = [f"text {i},{label}\n" for i, label in enumerate(["1", "2", "nan", "3"] * 6)]
    path.write_text("text,label\n" + "".join(rows), encoding="utf-8")
    return path


def test_the_account_and_the_marks_are_shown(marked: Path) -> None:
    opened = local(marked)
    assert "25 lines in the file, 24 rows read, nothing left out." in captions(opened)
    assert "“nan” in 6 rows" in captions(opened)
    assert classes(opened) == "3"


def test_marks_can_be_kept_as_classes_or_chosen(marked: Path) -> None:
    opened = local(marked, no_label_kind=reading.NO_MARKS)
    assert classes(opened) == "4"
    opened.button(key="use").click().run()
    choice: DataChoice = opened.session_state[session.CHOICE]
    assert choice.no_label == ("",)
    assert "--no-label=" in choice.arguments()
    opened = local(marked, no_label_kind=reading.THESE, no_label_texts=["nan", "3"])
    assert classes(opened) == "2"


def test_classes_get_names_and_wrong_lines_are_named(marked: Path) -> None:
    opened = local(marked, class_names="1 = yes\n\n2 = yes")
    assert classes(opened) == "2"
    opened.button(key="use").click().run()
    choice: DataChoice = opened.session_state[session.CHOICE]
    assert choice.class_names == (("1", "yes"), ("2", "yes"))
    assert "--class-name=1=yes" in choice.arguments()
    opened = local(marked, class_names="one")
    assert "The line 'one' is not of the form old = new" in opened.error[0].value
    assert classes(opened) == "3"
    opened = local(marked, class_names="7 = seven")
    assert "has no class '7'" in opened.error[0].value
    assert opened.text_area(key="class_names").value == "7 = seven"


def test_several_labels_are_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "several.csv"
    path.write_text("text,label\n" + "a,x\nb,y\nc,x#y\nd,y#x\n" * 3, encoding="utf-8")
    opened = local(path)
    assert classes(opened) == "2"
    assert opened.segmented_control(key="several").value == "The first label"
    opened.segmented_control(key="several").set_value("Each combination is a class").run()
    assert classes(opened) == "3"


def test_the_encoding_is_chosen_by_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "polish.csv"
    text = "text,label\n" + "zażółć gęślą jaźń,a\nproszę o zwrot pieniędzy,b\n" * 5
    path.write_bytes(text.encode("iso8859-2"))
    opened = local(path)
    lines = next(frame.value for frame in opened.dataframe if "encoding" in frame.value)
    shown = dict(zip(lines["encoding"], lines["lines"], strict=True))
    assert "zażółć gęślą jaźń" in shown["iso8859-2"]
    assert "zażółć" not in shown["cp1252"]
    opened.selectbox(key="encoding").set_value("cp932").run()
    assert "is not cp932" in opened.error[0].value
    opened.selectbox(key="encoding").set_value("cp1252").run()
    raw = next(frame.value for frame in opened.dataframe if "text" in frame.value)
    assert "proszê" in raw["text"][1]
    opened.button(key="use").click().run()
    assert "--encoding=cp1252" in opened.session_state[session.CHOICE].arguments()


def test_a_sheet_does_not_outlive_its_workbook(tmp_path: Path, marked: Path) -> None:
    path = tmp_path / "book.xlsx"
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Data")
    for row in (["text", "label"], ["a", "x"], ["b", "y"]):
        sheet.append(row)
    book.save(path)
    opened = local(path, sheet="Data")
    assert classes(opened) == "2"
    opened.text_input(key="source_path").set_value(str(marked)).run()
    assert not opened.error
    assert classes(opened) == "3"
    opened.text_input(key="source_path").set_value(str(path)).run()
    assert opened.selectbox(key="sheet").value == "Data"
    assert opened.selectbox(key="sheet").options == ["Sheet", "Data"]
    assert classes(local(path, sheet="DATA")) == "2"


def test_a_choice_survives_its_file(marked: Path, own_cache: Path) -> None:
    choice = DataChoice(
        str(marked), no_label=("x", ""), several="combination", class_names=(("1", "one"),)
    )
    session_values = json.loads(json.dumps(choice.__dict__))
    assert DataChoice.of_json(session_values) == choice
    with pytest.raises((TypeError, ValueError)):
        DataChoice.of_json({**session_values, "class_names": [["1"]]})


@pytest.fixture
def coordinates(tmp_path: Path) -> Path:
    path = tmp_path / "coordinates.jsonl"
    records = [
        {"guid": i, "index": i, "confidence": i / 40, "variability": 0.1, "correctness": i % 6}
        for i in range(30)
    ]
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    return path


def test_a_map_of_another_model_is_opened(coordinates: Path) -> None:
    opened = local(coordinates)
    assert not opened.error
    assert "coordinates.jsonl holds a data map" in opened.markdown[1].value
    assert "30 items, 5 epochs" in captions(opened)
    assert "Lowest confidence: 0, 1, 2" in captions(opened)
    task = tasks.opening(str(coordinates))
    background._write_task(task)
    result = CliRunner().invoke(app, ["open", f"--out={task.folder}", *task.arguments])
    assert result.exit_code == 0, result.output
    assert address.page_of(task) == "pages/data_map.py"

    shown = page("data_map", DataChoice(str(coordinates)))

    assert not shown.exception
    assert not shown.error
    assert charts(shown) == 1
    assert [metric.label for metric in shown.metric][:1] == ["easy-to-learn"]
    assert not shown.slider or "Replay" not in shown.slider[0].label
    (entry,) = run_list.list_runs()
    assert entry.kind == "imported"
    assert entry.name.startswith("imported map")


def test_a_table_with_texts_and_a_map_is_both(tmp_path: Path) -> None:
    path = tmp_path / "data_map.csv"
    rows = [f"{i},text {i},{'ab'[i % 2]},0.5,0.1,0.{i % 9}\n" for i in range(20)]
    header = "id,text,label,confidence,variability,correctness\n"
    path.write_text(header + "".join(rows), encoding="utf-8")
    opened = local(path)
    assert any("holds a data map" in text.value for text in opened.markdown)
    assert classes(opened) == "2"


def test_a_name_that_is_too_long_is_refused_in_one_line() -> None:
    with pytest.raises(CartographyError, match="is longer than 255 bytes: give the file a shorter"):
        session.keep_upload("x" * 260 + ".csv", b"")
