"""Label Studio: its exports (JSON, JSON-MIN, CSV), tasks with predictions, and a configuration.

In the JSON export a record is a task: `data` holds the text, `annotations` what each annotator
answered. In JSON-MIN and in CSV a record is one annotation, and each question is a field of its
own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

import pandas as pd

from cartography.errors import CartographyError
from cartography.formats.tool_records import (
    Labels,
    Record,
    agreement,
    dotted,
    is_scalar,
    items_of,
    json_array,
    label_key,
    labels_of,
    text_key,
)

NAME = "a Label Studio export"
FROM_NAME, TO_NAME = "label", "text"
"""Names of the question and of the text in the configuration that is written."""

_ALWAYS = frozenset(("annotation_id", "annotator", "created_at", "updated_at", "lead_time"))
_BOOKKEEPING = _ALWAYS | {"id", "agreement", "history"}
_ANSWERS = ("annotations", "completions")  # the second until version 1.0


def recognise(records: Sequence[Record]) -> bool:
    """Return whether the records are tasks with annotations, or annotations of JSON-MIN."""
    return bool(records) and (all(map(_is_task, records)) or all(map(_is_short, records)))


def _is_task(record: Record) -> bool:
    return isinstance(record.get("data"), dict) and any(
        isinstance(record.get(name), list) for name in (*_ANSWERS, "predictions")
    )


def _is_short(record: Record) -> bool:
    return {"annotation_id", "annotator", "lead_time"} <= record.keys()


def columns_of(records: Sequence[Record]) -> tuple[str | None, str | None]:
    """Return the field of the texts and the question of the labels, by the first records."""
    if all(map(_is_task, records)):
        text = text_key([record["data"] for record in records])
        return text, label_key(
            [answer for record in records for answer in (*_answers(record), *_predicted(record))]
        )
    fields = [_without_bookkeeping(record) for record in records]
    text = text_key(fields)
    answers = [
        {name: _choices(parse_cell(value)) for name, value in record.items() if name != text}
        for record in fields
    ]
    return text, label_key(answers)


def flatten(record: Record, text: str | None = None, label: str | None = None) -> Record:
    """Return a task, or an annotation of JSON-MIN, as flat fields.

    Parameters
    ----------
    record : dict
    text, label : str, optional
        The field of the text and the question of the label, as `columns_of` finds them; by
        default those of this record alone.

    Returns
    -------
    dict
        `id`, `text` and `label`, the answers to all questions by their names, and other fields.
        `label` is that of the first annotation that is not cancelled and has one.
    """
    if text is None and label is None:
        text, label = columns_of([record])
    if not _is_task(record):
        return _flatten_short(record, text, label)
    data = record["data"]
    answers = [answer for answer in _answers(record) if answer]
    # Our id is in the data: the one outside is a number that Label Studio gave the task.
    flat: Record = {"id": data["id"] if is_scalar(data.get("id")) else record.get("id")}
    flat["text"] = data.get(text) if text is not None else None
    flat["label"] = _first(answers, label)
    for question in dict.fromkeys(name for answer in answers for name in answer):
        flat.setdefault(question, _first(answers, question))
    predictions = [p for p in record.get("predictions") or () if isinstance(p, dict)]
    if predictions:
        flat["predicted_label"] = _first(_predicted(record), label)
        flat |= {name: predictions[0].get(name) for name in ("score", "model_version")}
    flat |= agreement([answer.get(label) for answer in answers] if label is not None else [])
    others = {name: value for name, value in data.items() if name not in ("id", text)}
    return flat | dotted(others, "data")


def _flatten_short(record: Record, text: str | None, label: str | None) -> Record:
    flat: Record = {"id": record.get("id")}
    flat["text"] = record.get(text) if text is not None else None
    flat["label"] = _choices(record.get(label)) if label is not None else None
    for name, value in record.items():
        if name not in flat and name != text:
            answer = None if is_scalar(value) else _choices(value)
            flat |= dotted(value, name) if answer is None else {name: answer}
    return flat


def _without_bookkeeping(record: Record) -> Record:
    return {name: value for name, value in record.items() if name not in _BOOKKEEPING}


def _answers(record: Record) -> list[dict[str, Labels]]:
    """The choices by question of each annotation that is not cancelled."""
    annotations = next((record[name] for name in _ANSWERS if record.get(name)), ())
    return [
        _choices_in(annotation)
        for annotation in annotations
        if isinstance(annotation, dict) and not annotation.get("was_cancelled")
    ]


def _predicted(record: Record) -> list[dict[str, Labels]]:
    predictions = record.get("predictions") or ()
    return [_choices_in(prediction) for prediction in predictions if isinstance(prediction, dict)]


def _choices_in(annotation: Record) -> dict[str, Labels]:
    found: dict[str, list[Any]] = {}
    results = annotation.get("result")
    for result in results if isinstance(results, list) else ():
        if isinstance(result, dict) and result.get("type") == "choices":
            value, name = result.get("value"), str(result.get("from_name", FROM_NAME))
            if isinstance(value, dict) and isinstance(value.get("choices"), list):
                found.setdefault(name, []).extend(value["choices"])
    return {name: labels_of(choices) for name, choices in found.items()}


def _first(answers: Iterable[Mapping[str, Labels]], question: str | None) -> Labels:
    if question is None:
        return None
    return next((answer[question] for answer in answers if answer.get(question)), None)


def _choices(value: Any) -> Labels:
    """The labels of a field of JSON-MIN: one choice is a text, several are an object."""
    if isinstance(value, dict):
        value = value.get("choices")
    elif isinstance(value, list) and all(isinstance(item, dict) for item in value):
        value = [choice for item in value for choice in item.get("choices") or ()]
    return labels_of(value)


def is_csv(columns: Sequence[str]) -> bool:
    """Return whether a table with these columns is a CSV export."""
    return set(columns) >= _ALWAYS


def parse_cell(cell: Any) -> Any:
    """Return the labels in a cell of a CSV export in which several stand as JSON, else the cell."""
    if not isinstance(cell, str) or not cell.startswith(('{"choices"', '[{"choices"')):
        return cell
    try:
        return _choices(json.loads(cell))
    except (ValueError, RecursionError):
        return cell


def write(items: pd.DataFrame, *, model_version: str) -> str:
    """Return tasks with predictions as Label Studio imports them.

    Parameters
    ----------
    items : pandas.DataFrame
        With `id` and `text`, and perhaps `label` (written as an annotation), `predicted_label` and
        `score` (a prediction). All other columns become fields of `data`.
    model_version : str
        Name of the model that predicted.

    Returns
    -------
    str
        A JSON list. `labelling_config` returns the configuration that fits.
    """
    tasks = []
    for item in items_of(items):
        task: Record = {"data": {"id": item.id, "text": item.text, **item.others}}
        if item.label is not None:
            task["annotations"] = [{"result": [_result(item.label)]}]
        if item.predicted_label is not None:
            prediction: Record = {"model_version": model_version}
            if item.score is not None:
                prediction["score"] = item.score
            task["predictions"] = [{**prediction, "result": [_result(item.predicted_label)]}]
        task.setdefault("annotations", [])
        tasks.append(task)
    return json_array(tasks)


def _result(choice: str) -> Record:
    return {
        "from_name": FROM_NAME,
        "to_name": TO_NAME,
        "type": "choices",
        "value": {"choices": [choice]},
    }


def labelling_config(classes: Sequence[str]) -> str:
    """Return the labelling configuration (XML) of a project with one choice for each text.

    Parameters
    ----------
    classes : sequence of str

    Raises
    ------
    CartographyError
        The name of a class has a character that XML cannot contain.
    """
    for name in classes:
        if any((ord(c) < 32 and c not in "\t\n\r") or "\ud800" <= c <= "\udfff" for c in name):
            raise CartographyError(
                f"the class {name!r} has a control character, which a Label Studio configuration "
                "cannot contain; rename it with --class-name"
            )
    escaped = {"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
    choices = "".join(f"    <Choice value={quoteattr(name, escaped)}/>\n" for name in classes)
    return (
        "<View>\n"
        f'  <Text name="{TO_NAME}" value="$text"/>\n'
        f'  <Choices name="{FROM_NAME}" toName="{TO_NAME}" choice="single" showInline="true">\n'
        f"{choices}"
        "  </Choices>\n"
        "</View>\n"
    )
