"""Round trips through the formats of annotation tools, and their documented forms by hand."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cartography.errors import CartographyError
from cartography.formats import argilla, doccano, label_studio, prodigy, spacy
from cartography.formats.export import TABLE_FORMS, form_of
from cartography.formats.forms import FORMS, HUGGING_FACE, write_items
from cartography.formats.tools import TOOLS, adapt_table, open_table, recognise_tool
from cartography.tables.table import Table, in_batches

ITEMS = pd.DataFrame(
    {
        "id": ["-35", "b", "c"],
        "text": ["@user the bill\nis wrong", "", "naïve \u2028 \U0001f600"],
        "label": ["billing", None, "-1"],
        "predicted_label": ["delivery", "billing", None],
        "score": [0.25, 0.5, float("nan")],
        "rank": [1, 2, 3],
    }
)


def records_of(content: str | bytes) -> list[dict[str, Any]]:
    text = content if isinstance(content, str) else content.decode()
    if text.startswith("["):
        return list(json.loads(text))
    return [json.loads(line) for line in text.split("\n") if line]


def flatten(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    tool = recognise_tool(records)
    assert tool is not None
    return [tool.flatten(record) for record in records]


@pytest.mark.parametrize("name", TOOLS)
def test_what_is_written_is_recognised_and_read(name: str) -> None:
    content = TOOLS[name].write(ITEMS, model_version="run abc")
    if name == "argilla":
        user = "00000000-0000-4000-8000-000000000001"
        content = argilla.write_2(ITEMS, model_version="run abc", user_id=user)
    records = records_of(content)
    tool = recognise_tool(records)
    assert tool is not None
    assert tool.name == TOOLS[name].name
    flat = [tool.flatten(record) for record in records]
    assert [row["id"] for row in flat] == ["-35", "b", "c"]
    assert [row["text"] for row in flat] == ITEMS["text"].tolist()
    assert [row["label"] for row in flat] == ["billing", None, "-1"]
    found = [{key.split(".")[-1]: value for key, value in row.items()} for row in flat]
    assert [row.get("predicted_label") for row in found] == ["delivery", "billing", None]
    assert [row.get("score") for row in found] == [0.25, 0.5, None]
    assert [row["rank"] for row in found] == [1, 2, 3]
    assert "run abc" in content
    for row in flat:
        assert not any(isinstance(value, dict) for value in row.values())


@pytest.mark.parametrize("name", TOOLS)
def test_lists_among_the_other_columns_come_back(name: str) -> None:
    tags = [["a", "b"], [], [{"start": 0, "end": 3}]]
    flat = flatten(records_of(TOOLS[name].write(ITEMS.assign(tags=tags), model_version="m")))
    found = [{key.split(".")[-1]: value for key, value in row.items()} for row in flat]
    assert [row["tags"] for row in found] == tags


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)


@pytest.mark.parametrize("name", TOOLS)
@settings(max_examples=50, deadline=None, derandomize=True)
@given(rows=st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=4))
def test_any_texts_and_classes_come_back(name: str, rows: list[tuple[str, str, str]]) -> None:
    rows = [("a text", "a", "b"), *rows]  # without any class, a task is a plain text
    items = pd.DataFrame(rows, columns=["text", "label", "predicted_label"], dtype="str")
    items.insert(0, "id", [str(row) for row in range(len(rows))])
    user = {"user_id": "u"} if name == "argilla" else {}
    write: Any = TOOLS[name].write
    flat = flatten(records_of(write(items, model_version="m", **user)))
    assert [row["text"] for row in flat] == [text for text, _, _ in rows]
    assert [row["label"] for row in flat] == [label or None for _, label, _ in rows]
    found = [{key.split(".")[-1]: value for key, value in row.items()} for row in flat]
    assert [row.get("predicted_label") for row in found] == [other or None for *_, other in rows]


@pytest.mark.parametrize("name", TOOLS)
def test_records_of_odd_shapes_are_not_recognised_or_do_not_fail(name: str) -> None:
    odd: list[Any] = [None, 1, "x", [], {}, [1], [{"a": 1}], {"a": [1]}, True]
    keys = ["id", "text", "data", "annotations", "predictions", "completions", "label", "labels"]
    keys += ["cats", "annotation", "inputs", "prediction", "status", "fields", "responses"]
    keys += ["suggestions", "metadata", "options", "accept", "answer", "meta", "annotation_id"]
    keys += ["annotator", "lead_time"]
    tool = TOOLS[name]
    for value in odd:
        for other in odd:
            record = {key: (value if i % 2 else other) for i, key in enumerate(keys)}
            tool.recognise([record])
            flat = tool.flatten(record)
            assert "label" in flat
            assert flat["label"] is None or isinstance(flat["label"], str | list)
            if tool.columns is not None and tool.recognise([record]):
                recognised = recognise_tool([record])
                assert recognised is not None
                recognised.flatten(record)
    assert not tool.recognise([])


def test_plain_records_are_no_tools() -> None:
    assert recognise_tool([{"text": "a", "label": "b"}]) is None
    assert recognise_tool([{"id": 1, "text": "a", "label": "b", "score": 0.5}]) is None
    assert recognise_tool([{"text": "a", "label": [[0, 1, "PERSON"]]}]) is None
    assert recognise_tool([{"text": "a", "label": "pet", "labels": ["t1", "t2"]}]) is None
    assert recognise_tool([{"text": "a", "label": ["pet"], "cats": {"t1": 1, "t2": "x"}}]) is None
    assert recognise_tool([]) is None


@pytest.mark.parametrize("name", TOOLS)
def test_a_table_without_ids_is_refused(name: str) -> None:
    with pytest.raises(CartographyError, match="needs the column 'id'"):
        TOOLS[name].write(pd.DataFrame({"text": ["a"]}), model_version="m")


class TestWrittenItems:
    @pytest.mark.parametrize("form", [*FORMS, HUGGING_FACE])
    def test_every_form(self, form: str, tmp_path: Path) -> None:
        if form == "huggingface":
            pytest.importorskip("datasets")
        path = tmp_path / "items.out"
        write_items(ITEMS, path, form, model_version="m")
        assert path.exists()
        assert path.with_suffix(".xml").exists() == (form == "label-studio")

    @pytest.mark.parametrize("form", ["label-studio", "prodigy", "spacy", "huggingface"])
    def test_all_classes_are_offered_in_their_order(self, form: str, tmp_path: Path) -> None:
        path = tmp_path / "items.out"
        classes = ["quality", "delivery", "billing"]  # "-1", of the third item, is none of them
        if form == "huggingface":
            datasets = pytest.importorskip("datasets")
            write_items(ITEMS, path, form, classes=classes)
            offered = datasets.load_from_disk(str(path)).features["label"].names
        else:
            write_items(ITEMS, path, form, classes=classes)
            text = path.read_text(encoding="utf-8")
            if form == "label-studio":
                config = path.with_suffix(".xml").read_text(encoding="utf-8")
                offered = [part.split('"')[1] for part in config.split("<Choice ")[1:]]
            elif form == "prodigy":
                offered = [option["id"] for option in records_of(text)[0]["options"]]
            else:
                offered = list(records_of(text)[0]["cats"])
        assert offered == ["quality", "delivery", "billing", "-1"]

    def test_the_suffix_decides(self, tmp_path: Path) -> None:
        write_items(ITEMS, tmp_path / "items.jsonl")
        assert len((tmp_path / "items.jsonl").read_text(encoding="utf-8").split("\n")) == 4

    def test_a_configuration_does_not_replace_the_tasks(self, tmp_path: Path) -> None:
        with pytest.raises(CartographyError, match=r"tasks\.xml would be replaced by the label"):
            write_items(ITEMS, tmp_path / "tasks.xml", "label-studio")
        assert not list(tmp_path.iterdir())

    def test_without_a_configuration_there_are_no_tasks(self, tmp_path: Path) -> None:
        with pytest.raises(CartographyError, match="control character"):
            write_items(ITEMS.assign(label="a\x01"), tmp_path / "tasks.json", "label-studio")
        assert not list(tmp_path.iterdir())

    def test_tables_and_items_have_the_same_forms(self) -> None:
        assert {name: FORMS[name] for name in TABLE_FORMS} == TABLE_FORMS
        names = ["a.csv", "a.JSONL", "a.ndjson", "a.parquet", "a.json", "a"]
        assert [form_of(Path(name)) for name in names] == (
            ["csv", "jsonl", "jsonl", "parquet", None, None]
        )

    def test_an_unknown_form(self, tmp_path: Path) -> None:
        with pytest.raises(CartographyError, match="'excel' is not a form of export; give one of"):
            write_items(ITEMS, tmp_path / "items.csv", "excel")


class TestLabelStudio:
    def task(self, *annotations: dict[str, Any], **data: Any) -> dict[str, Any]:
        return {
            "id": 7,
            "data": {"text": "the bill", **data},
            "annotations": list(annotations),
            "predictions": [],
            "project": 1,
        }

    def annotation(self, *choices: str, **fields: Any) -> dict[str, Any]:
        result = [
            {
                "id": "r1",
                "from_name": "topic",
                "to_name": "text",
                "type": "choices",
                "value": {"choices": list(choices)},
            }
        ]
        return {"id": 9, "completed_by": 1, "was_cancelled": False, "result": result, **fields}

    def test_tasks(self) -> None:
        records = [
            self.task(self.annotation("billing"), source="mail"),
            self.task(self.annotation("billing", "urgent")),
            self.task(self.annotation("billing", was_cancelled=True)),
            self.task(),
        ]
        tool = recognise_tool(records)
        assert tool is not None
        assert tool.name == "a Label Studio export, labels from 'topic'"
        flat = [tool.flatten(record) for record in records]
        assert flat[0] == {
            "id": 7,
            "text": "the bill",
            "label": "billing",
            "topic": "billing",
            "data.source": "mail",
        }
        assert [row["label"] for row in flat] == ["billing", ["billing", "urgent"], None, None]

    def test_several_annotators(self) -> None:
        skipped = self.annotation("quality", was_cancelled=True)
        records = [
            self.task(skipped, self.annotation("billing"), self.annotation("delivery")),
            self.task(self.annotation("billing"), self.annotation("billing")),
        ]
        flat = flatten(records)
        assert [row["label"] for row in flat] == ["billing", "billing"]
        assert [row["annotators"] for row in flat] == [2, 2]
        assert [row["annotators_disagree"] for row in flat] == [True, False]

    def test_another_name_of_the_text_and_several_questions(self) -> None:
        tone = {
            "from_name": "comment",
            "to_name": "review",
            "type": "choices",
            "value": {"choices": ["a very long answer indeed"]},
        }
        annotation = self.annotation("billing")
        annotation["result"].insert(0, tone)
        record = {
            "id": 1,
            "data": {"review": "the bill is wrong", "lang": "en"},
            "annotations": [annotation],
        }
        (flat,) = flatten([record])
        assert flat["text"] == "the bill is wrong"
        assert flat["label"] == "billing"
        assert flat["comment"] == "a very long answer indeed"
        assert flat["data.lang"] == "en"

    def test_json_min(self, tmp_path: Path) -> None:
        common = {
            "annotator": 1,
            "annotation_id": 3,
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
            "lead_time": 2.5,
        }
        records: list[dict[str, Any]] = [
            {"text": "the bill", "id": 1, "mood": "bad", "at": [{"start": 0}], **common},
            {"text": "the box", "id": 2, "mood": {"choices": ["good", "bad"]}, **common},
        ]
        flat = flatten(records)
        assert flat[0]["at"] == [{"start": 0}]
        assert [row["label"] for row in flat] == ["bad", ["good", "bad"]]
        assert [row["mood"] for row in flat] == ["bad", ["good", "bad"]]
        assert flat[0]["annotator"] == 1
        path = tmp_path / "min.json"
        path.write_text(json.dumps(records))
        table = open_table(path)
        assert table.notes == ("read as a Label Studio export, labels from 'mood'",)
        assert table.values("label") == ["bad", ["good", "bad"]]

    def test_csv(self) -> None:
        cells: dict[str, list[object]] = {
            "annotation_id": ["3", "4"],
            "annotator": ["1", "1"],
            "created_at": ["", ""],
            "id": ["1", "2"],
            "lead_time": ["2.5", "1"],
            "mood": ["bad", '{"choices": ["good", "bad"]}'],
            "text": ["the bill", "the box"],
            "updated_at": ["", ""],
        }
        table = adapt_table(
            Table(
                location="t.csv",
                name="t.csv",
                columns=tuple(cells),
                rows=2,
                batches=in_batches(cells),
                row_name=str,
            )
        )
        assert table.values("label") == ["bad", ["good", "bad"]]
        assert table.values("text") == ["the bill", "the box"]
        assert table.notes == ("read as a Label Studio export",)

    def test_the_tasks_that_are_written(self) -> None:
        first, second, third = records_of(label_studio.write(ITEMS, model_version="m"))
        assert first == {
            "data": {"id": "-35", "text": "@user the bill\nis wrong", "rank": 1},
            "annotations": [
                {
                    "result": [
                        {
                            "from_name": "label",
                            "to_name": "text",
                            "type": "choices",
                            "value": {"choices": ["billing"]},
                        }
                    ]
                }
            ],
            "predictions": [
                {
                    "model_version": "m",
                    "score": 0.25,
                    "result": [
                        {
                            "from_name": "label",
                            "to_name": "text",
                            "type": "choices",
                            "value": {"choices": ["delivery"]},
                        }
                    ],
                }
            ],
        }
        assert second["annotations"] == []
        assert "predictions" not in third

    def test_the_configuration(self) -> None:
        from xml.etree import ElementTree

        classes = ["billing", "<\"&\n'>", "-1"]
        root = ElementTree.fromstring(label_studio.labelling_config(classes))
        assert root.tag == "View"
        assert root.find("Text").attrib == {"name": "text", "value": "$text"}  # type: ignore[union-attr]
        choices = root.find("Choices")
        assert choices is not None
        assert choices.attrib["toName"] == "text"
        assert choices.attrib["choice"] == "single"
        assert [choice.attrib["value"] for choice in choices] == classes
        with pytest.raises(CartographyError, match="control character"):
            label_studio.labelling_config(["a\x01"])


class TestDoccano:
    def test_both_forms(self) -> None:
        new = [
            {"id": 1, "text": "the bill", "label": ["billing"], "Comments": [], "page": 3},
            {"id": 2, "text": "the box", "label": ["delivery", "urgent"], "Comments": ["hm"]},
            {"id": 3, "text": "oh", "label": [], "Comments": []},
        ]
        flat = flatten(new)
        first = {"id": 1, "text": "the bill", "label": "billing", "Comments": [], "page": 3}
        assert flat[0] == first
        assert [row["label"] for row in flat] == ["billing", ["delivery", "urgent"], None]
        assert flatten([{"id": 1, "data": "the bill", "label": ["billing"]}])[0]["text"] == (
            "the bill"
        )
        old = {"id": 1, "text": "a", "meta": {"page": 3}, "labels": ["b"]}
        assert flatten([old])[0] == {"id": 1, "text": "a", "label": "b", "meta.page": 3}
        assert flatten([{"text": "a", "cats": ["b"], "entities": [[0, 1, "X"]]}])[0] == {
            "text": "a",
            "label": "b",
            "entities": [[0, 1, "X"]],
        }

    def test_what_is_written(self) -> None:
        first, second, _ = records_of(doccano.write(ITEMS, model_version="m"))
        assert first["label"] == ["billing"]
        assert first["predicted_label"] == "delivery"
        assert second["label"] == []


class TestArgilla1:
    def test_records(self) -> None:
        records: list[dict[str, Any]] = [
            {
                "id": "r0",
                "text": "the bill",
                "inputs": {"text": "the bill"},
                "prediction": [["billing", 0.7], ["delivery", 0.3]],
                "prediction_agent": "model",
                "annotation": "delivery",
                "annotation_agent": "ann",
                "status": "Validated",
                "metadata": {"page": 3},
            },
            {
                "id": "r1",
                "text": None,
                "inputs": {"subject": "hi", "body": "a longer text"},
                "prediction": [{"label": "billing", "score": 0.9}],
                "annotation": None,
                "status": "Default",
            },
            {
                "id": "r2",
                "text": "x",
                "annotation": ["a", "b"],
                "status": "Validated",
                "prediction": None,
            },
            {"id": "r3", "text": "y", "annotation": "a", "status": "Discarded"},
        ]
        flat = flatten(records)
        assert flat[0] == {
            "id": "r0",
            "text": "the bill",
            "label": "delivery",
            "predicted_label": "billing",
            "score": 0.7,
            "prediction_agent": "model",
            "annotation_agent": "ann",
            "status": "Validated",
            "metadata.page": 3,
        }
        assert flat[1]["text"] == "a longer text"
        assert flat[1]["inputs.subject"] == "hi"
        assert flat[1]["predicted_label"] == "billing"
        assert [row["label"] for row in flat] == ["delivery", None, ["a", "b"], None]

    def test_a_score_that_is_no_probability_is_metadata(self) -> None:
        (record,) = records_of(argilla.write_1(ITEMS[:1].assign(score=-2.0), model_version="m"))
        assert record["prediction"] == [["delivery", 1.0]]
        assert record["metadata"] == {"rank": 1, "score": -2.0}


class TestArgilla2:
    def test_records(self) -> None:
        def record(*answers: tuple[str, str]) -> dict[str, Any]:
            return {
                "id": "r0",
                "status": "completed",
                "fields": {"text": "the bill", "subject": "hi"},
                "metadata": {"page": 3},
                "suggestions": {"topic": {"value": "billing", "score": 0.7, "agent": "model"}},
                "responses": {
                    "topic": [
                        {"value": value, "user_id": "u1", "status": status}
                        for value, status in answers
                    ],
                    "why": [{"value": "since it says so", "user_id": "u1"}],
                },
                "vectors": {"v": [0.1, 0.2]},
                "_server_id": "s",
            }

        records = [
            record(("delivery", "submitted")),
            record(("quality", "draft"), ("billing", "submitted"), ("delivery", "submitted")),
            record(("quality", "discarded")),
        ]
        flat = flatten(records)
        assert flat[0] == {
            "id": "r0",
            "text": "the bill",
            "label": "delivery",
            "topic": "delivery",
            "why": "since it says so",
            "predicted_label": "billing",
            "score": 0.7,
            "model_version": "model",
            "status": "completed",
            "fields.subject": "hi",
            "metadata.page": 3,
            "vectors.v": [0.1, 0.2],
        }
        assert [row["label"] for row in flat] == ["delivery", "billing", None]
        assert flat[1]["annotators_disagree"] is True

    def test_feedback_records(self) -> None:
        record = {
            "fields": {"text": "the bill"},
            "external_id": "e1",
            "responses": [
                {"user_id": "u", "status": "discarded", "values": {"label": {"value": "a"}}},
                {"user_id": "v", "status": "submitted", "values": {"label": {"value": ["b", "c"]}}},
            ],
            "suggestions": [{"question_name": "label", "value": "a", "score": 0.5}],
        }
        (flat,) = flatten([record])
        assert (flat["id"], flat["label"]) == ("e1", ["b", "c"])
        assert (flat["predicted_label"], flat["score"]) == ("a", 0.5)

    def test_the_flat_form(self) -> None:
        record = {
            "id": "1",
            "status": "completed",
            "_server_id": "s",
            "text": "the bill",
            "page": 3,
            "label.responses": ["a", "b"],
            "label.responses.users": ["u", "v"],
            "label.responses.status": ["draft", "submitted"],
            "label.suggestion": "c",
            "label.suggestion.score": 0.5,
            "label.suggestion.agent": "m",
        }
        assert flatten([record]) == [
            {
                "id": "1",
                "text": "the bill",
                "label": "b",
                "predicted_label": "c",
                "score": 0.5,
                "model_version": "m",
                "status": "completed",
                "page": 3,
            }
        ]

    def test_known_labels_in_the_metadata_are_read(self) -> None:
        flat = flatten(records_of(argilla.write_2(ITEMS, model_version="m")))
        assert [row["label"] for row in flat] == ["billing", None, "-1"]
        assert not any("metadata.label" in row for row in flat)

    def test_a_response_of_any_status_comes_before_the_metadata(self) -> None:
        records = records_of(argilla.write_2(ITEMS, model_version="m"))
        records[0]["responses"] = {"label": [{"value": "quality", "status": "discarded"}]}
        records[2]["responses"] = {"label": [{"value": "quality", "status": "submitted"}]}
        flat = flatten(records)
        assert [row["label"] for row in flat] == [None, None, "quality"]
        assert flat[2]["metadata.label"] == "-1"

    def test_the_metadata_of_another_question_are_no_label(self) -> None:
        record = {
            "fields": {"text": "the bill"},
            "responses": {},
            "suggestions": {"topic": {"value": "billing"}},
            "metadata": {"label": "draft"},
        }
        (flat,) = flatten([record])
        assert (flat["label"], flat["metadata.label"]) == (None, "draft")

    def test_known_labels_need_a_user(self) -> None:
        (record,) = records_of(argilla.write_2(ITEMS[:1], model_version="m"))
        assert record["responses"] == {}
        assert record["metadata"] == {"rank": 1, "label": "billing"}
        assert record["suggestions"] == {
            "label": {"value": "delivery", "score": 0.25, "agent": "m"}
        }


class TestProdigy:
    def test_choices_and_single_labels(self) -> None:
        options = [{"id": "a", "text": "A"}, {"id": "b", "text": "B"}]
        records: list[dict[str, Any]] = [
            {"text": "1", "options": options, "accept": ["a"], "answer": "accept"},
            {"text": "2", "options": options, "accept": ["a", "b"], "answer": "accept"},
            {"text": "3", "options": options, "accept": ["a"], "answer": "reject"},
            {"text": "4", "options": options, "accept": [], "answer": "ignore"},
            {"text": "5", "options": options},
            {"text": "6", "label": "a", "answer": "accept", "meta": {"id": 6, "page": 3}},
            {"text": "7", "label": "a", "answer": "reject"},
            {"text": "8", "label": "a", "_input_hash": 1, "_task_hash": 2},
        ]
        flat = flatten(records)
        assert [row["label"] for row in flat] == [
            "a",
            ["a", "b"],
            None,
            None,
            None,
            "a",
            None,
            "a",
        ]
        assert flat[5] == {
            "id": 6,
            "text": "6",
            "label": "a",
            "answer": "accept",
            "meta.page": 3,
        }

    def test_what_is_written(self) -> None:
        first, second, _ = records_of(prodigy.write(ITEMS, model_version="m"))
        assert first["options"] == [
            {"id": name, "text": name} for name in ("-1", "billing", "delivery")
        ]
        assert (first["accept"], first["answer"]) == (["billing"], "accept")
        assert "accept" not in second
        assert not any(key.startswith("_") for key in first)


class TestSpacy:
    def test_categories(self) -> None:
        records: list[dict[str, Any]] = [
            {"text": "1", "cats": {"a": 1.0, "b": 0.0}, "meta": {"page": 3}},
            {"text": "2", "cats": {"a": True, "b": True}},
            {"text": "3", "cats": {"a": 0, "b": 0}},
            {"text": "4", "cats": {}},
        ]
        flat = flatten(records)
        assert [row["label"] for row in flat] == ["a", ["a", "b"], None, None]
        assert flat[0]["meta.page"] == 3

    def test_what_is_written(self) -> None:
        first, second, _ = records_of(spacy.write(ITEMS, model_version="m"))
        assert first["cats"] == {"-1": 0.0, "billing": 1.0, "delivery": 0.0}
        assert second["cats"] == {}
