"""Argilla: records of version 1 (text classification) and of version 2.

In version 1 a record has `text` (or `inputs`), `prediction`, `annotation` and `status`. In version
2 it has `fields`, and by the name of a question `responses` (a list, one of each user) and a
`suggestion`. Feedback records of version 1.x, with lists of both, and the flat form of version 2,
with columns such as `label.responses`, are read too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from cartography.formats.tool_records import (
    Labels,
    Record,
    agreement,
    dotted,
    items_of,
    json_array,
    json_lines,
    label_key,
    labels_of,
    text_key,
)

NAME_1 = "Argilla records (version 1)"
NAME_2 = "Argilla records"
QUESTION, FIELD = "label", "text"
"""Names of the question and of the field in the records that are written."""

_VERSION_1 = frozenset(
    ("prediction", "prediction_agent", "annotation_agent", "status", "multi_label", "inputs")
)
_OTHERS = ("metadata", "vectors")
_NOT_GIVEN = ("discarded", "draft")
_FLAT = ".responses"


def recognise_1(records: Sequence[Record]) -> bool:
    """Return whether the records are text classification records of version 1."""
    return bool(records) and all(map(_is_version_1, records))


def _is_version_1(record: Record) -> bool:
    return (
        "annotation" in record
        and bool(_VERSION_1 & record.keys())
        and (isinstance(record.get("text"), str) or isinstance(record.get("inputs"), dict))
    )


def flatten_1(record: Record) -> Record:
    """Return a record of version 1 as flat fields.

    Returns
    -------
    dict
        `id`, `text`, `label` (the annotation; None for a discarded record), `predicted_label` and
        `score` (the likeliest prediction), the agents and the status, `inputs.…`, `metadata.…` and
        `vectors.…`.
    """
    inputs = record["inputs"] if isinstance(record.get("inputs"), dict) else {}
    text, key = record.get("text"), "text"
    if text is None and inputs:
        key = text_key([inputs]) or ""
        text = inputs.get(key)
    discarded = str(record.get("status")).casefold() in _NOT_GIVEN
    flat: Record = {"id": record["id"]} if record.get("id") is not None else {}
    flat["text"] = text
    flat["label"] = None if discarded else labels_of(record.get("annotation"))
    flat |= _prediction(record.get("prediction"))
    for name in ("prediction_agent", "annotation_agent", "status"):
        flat |= dotted(record.get(name), name)
    flat |= dotted({name: value for name, value in inputs.items() if name != key}, "inputs")
    return _add({name: record.get(name) for name in _OTHERS}, flat)


def _prediction(predictions: Any) -> Record:
    """The likeliest of pairs of a label and a score, or of objects with both."""
    pairs: list[tuple[float, str]] = []
    for each in predictions if isinstance(predictions, list) else ():
        pair = (each.get("label"), each.get("score")) if isinstance(each, dict) else each
        if isinstance(pair, list | tuple) and len(pair) == 2:
            label, score = pair
            if isinstance(label, str) and isinstance(score, int | float):
                pairs.append((score, label))
    if not pairs:
        return {}
    score, label = max(pairs, key=lambda pair: pair[0])
    return {"predicted_label": label, "score": score}


def recognise_2(records: Sequence[Record]) -> bool:
    """Return whether the records are those of version 2, nested or flat, or feedback records."""
    return bool(records) and (all(map(_is_nested, records)) or all(map(_is_flat, records)))


def _is_nested(record: Record) -> bool:
    return isinstance(record.get("fields"), dict) and isinstance(
        record.get("responses"), dict | list
    )


def _is_flat(record: Record) -> bool:
    return any(
        name.endswith(_FLAT) and f"{name}.users" in record and f"{name}.status" in record
        for name in record
    )


def columns_of(records: Sequence[Record]) -> tuple[str | None, str | None]:
    """Return the field of the texts and the question of the labels, by the first records."""
    answers = [
        {name: values[0] for name, values in _responses(record).items() if values}
        for record in records
    ]
    answers += [
        {name: given.get("value") for name, given in _suggestions(record).items()}
        for record in records
    ]
    question = label_key(answers)
    if all(map(_is_nested, records)):
        return text_key([record["fields"] for record in records]), question
    plain = [{name: record[name] for name in _plain(record)} for record in records]
    return text_key(plain), question


def _plain(record: Record) -> list[str]:
    """The names of a flat record that belong neither to a question nor to the record itself."""
    questions = {name.removesuffix(_FLAT) for name in record if name.endswith(_FLAT)}
    questions |= {name.removesuffix(".suggestion") for name in record}
    starts = tuple(f"{question}." for question in questions)
    return [
        name
        for name in record
        if name not in ("id", "_server_id", "status") and not name.startswith(starts)
    ]


def flatten_2(record: Record, text: str | None = None, label: str | None = None) -> Record:
    """Return a record of version 2, or a feedback record, as flat fields.

    Parameters
    ----------
    record : dict
    text, label : str, optional
        The field of the text and the question of the label, as `columns_of` finds them; by
        default those of this record alone.

    Returns
    -------
    dict
        `id`, `text`, `label` (the first response that is neither a draft nor discarded; of a record
        without a response, `metadata.label`, where `write_2` puts known labels), the answers to all
        questions by their names, `predicted_label`, `score` and `model_version` (the suggestion),
        `status`, and the other fields, metadata and vectors.
    """
    if text is None and label is None:
        text, label = columns_of([record])
    is_nested = _is_nested(record)
    fields = record["fields"] if is_nested else {name: record[name] for name in _plain(record)}
    responses = {name: list(map(labels_of, values)) for name, values in _responses(record).items()}
    flat: Record = {}
    if record.get("id", record.get("external_id")) is not None:
        flat["id"] = record.get("id", record.get("external_id"))
    flat["text"] = fields.get(text) if text is not None else None
    flat["label"] = _first(responses.get(label or "", ()))
    metadata = record.get("metadata") if is_nested else fields
    if label in (None, QUESTION) and isinstance(metadata, dict) and not _is_answered(record):
        flat["label"] = labels_of(metadata.get("label"))
        metadata = {name: value for name, value in metadata.items() if name != "label"}
    for name, values in responses.items():
        flat.setdefault(name, _first(values))
    suggestion = _suggestions(record).get(label or "")
    if suggestion is not None:
        flat["predicted_label"] = labels_of(suggestion.get("value"))
        flat |= dotted(suggestion.get("score"), "score")
        flat |= dotted(suggestion.get("agent"), "model_version")
    flat |= dotted(record.get("status"), "status")
    flat |= agreement([value for value in responses.get(label or "", ()) if value is not None])
    others = {name: value for name, value in fields.items() if name != text}
    if not is_nested:
        return _add(others, flat)
    return _add({"fields": others, "metadata": metadata, "vectors": record.get("vectors")}, flat)


def _is_answered(record: Record) -> bool:
    """Whether a record has any response; a draft and a discarded one are responses too."""
    if not _is_nested(record):
        return any(bool(value) for name, value in record.items() if name.endswith(_FLAT))
    responses = record["responses"]
    return any(responses.values() if isinstance(responses, dict) else responses)


def _add(others: Mapping[str, Any], flat: Record) -> Record:
    """Add the cells in `others` whose names `flat` has not."""
    for name, value in others.items():
        flat |= {key: cell for key, cell in dotted(value, name).items() if key not in flat}
    return flat


def _first(values: Iterable[Labels]) -> Labels:
    return next((value for value in values if value is not None), None)


def _responses(record: Record) -> dict[str, list[Any]]:
    """The values of the responses that were given to each question, in their order."""
    given: dict[str, list[Any]] = {}
    responses = record.get("responses") if _is_nested(record) else None
    if isinstance(responses, dict):
        for question, answers in responses.items():
            for answer in answers if isinstance(answers, list) else ():
                if isinstance(answer, dict) and answer.get("status") not in _NOT_GIVEN:
                    given.setdefault(question, []).append(answer.get("value"))
    elif isinstance(responses, list):  # feedback records: one for each user
        for user in responses:
            if isinstance(user, dict) and user.get("status") not in _NOT_GIVEN:
                values = user.get("values")
                for question, answer in (values if isinstance(values, dict) else {}).items():
                    if isinstance(answer, dict):
                        given.setdefault(question, []).append(answer.get("value"))
    else:
        for name, values in record.items():
            if name.endswith(_FLAT) and isinstance(values, list):
                statuses = record.get(f"{name}.status")
                known = statuses if isinstance(statuses, list) else []
                given[name.removesuffix(_FLAT)] = [
                    value
                    for i, value in enumerate(values)
                    if i >= len(known) or known[i] not in _NOT_GIVEN
                ]
    return given


def _suggestions(record: Record) -> dict[str, Record]:
    """The suggestion to each question: `value`, `score` and `agent`."""
    if not _is_nested(record):
        return {
            question: {
                "value": record[name],
                "score": record.get(f"{name}.score"),
                "agent": record.get(f"{name}.agent"),
            }
            for name in record
            if name.endswith(".suggestion")
            for question in (name.removesuffix(".suggestion"),)
        }
    suggestions = record.get("suggestions")
    if isinstance(suggestions, dict):
        return {name: each for name, each in suggestions.items() if isinstance(each, dict)}
    return {
        str(each.get("question_name")): each
        for each in (suggestions if isinstance(suggestions, list) else ())
        if isinstance(each, dict)
    }


def write_1(items: pd.DataFrame, *, model_version: str) -> str:
    """Return text classification records of version 1.

    Parameters
    ----------
    items : pandas.DataFrame
        With `id` and `text`, and perhaps `label` (the annotation), `predicted_label`, `score` and
        others. Argilla's scores are probabilities: another score is in `metadata`, and the
        prediction gets Argilla's default, 1.
    model_version : str
        The agent of the predictions.

    Returns
    -------
    str
        JSON lines; each is an argument list of `TextClassificationRecord`.
    """
    records = []
    for item in items_of(items):
        record: Record = {"id": item.id, "text": item.text, "inputs": {"text": item.text}}
        metadata = dict(item.others)
        if item.predicted_label is not None:
            probability = 1.0 if item.probability is None else item.probability
            record["prediction"] = [[item.predicted_label, probability]]
            record["prediction_agent"] = model_version
        if item.score is not None and (item.probability is None or item.predicted_label is None):
            metadata["score"] = item.score
        record["annotation"] = item.label
        record["status"] = "Default" if item.label is None else "Validated"
        records.append({**record, "metadata": metadata})
    return json_lines(records)


def write_2(items: pd.DataFrame, *, model_version: str, user_id: str | None = None) -> str:
    """Return records of version 2, as `Dataset.records.from_json` reads them.

    Parameters
    ----------
    items : pandas.DataFrame
        With `id` and `text`, and perhaps `label`, `predicted_label` (a suggestion), `score` and
        others. Argilla's scores are probabilities: another score is in `metadata`.
    model_version : str
        The agent of the suggestions.
    user_id : str, optional
        Argilla's id (UUID) of the user to whom known labels are ascribed. Argilla accepts no
        response without a user, so by default a known label is in `metadata`.

    Returns
    -------
    str
        A JSON list, for a data set with a text field `text` and a label question `label`.
    """
    records = []
    for item in items_of(items):
        metadata = dict(item.others)
        suggestions: Record = {}
        responses: Record = {}
        if item.predicted_label is not None:
            suggestions[QUESTION] = {
                "value": item.predicted_label,
                "score": item.probability,
                "agent": model_version,
            }
        if item.score is not None and (item.probability is None or not suggestions):
            metadata["score"] = item.score
        if item.label is not None and user_id is not None:
            responses[QUESTION] = [{"value": item.label, "user_id": user_id, "status": "submitted"}]
        elif item.label is not None:
            metadata["label"] = item.label
        records.append(
            {
                "id": item.id,
                "fields": {FIELD: item.text},
                "metadata": metadata,
                "suggestions": suggestions,
                "responses": responses,
                "vectors": {},
            }
        )
    return json_array(records)
