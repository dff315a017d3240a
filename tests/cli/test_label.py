"""Labels on the command line: batches that are filled in, and answers that are typed."""

from collections.abc import Mapping
from pathlib import Path
from unittest.mock import patch

import pandas as pd
import pytest
from tickets import ran, refused, run, write_pool

from cartography import LabelSession


@pytest.fixture
def gold(own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """A project `tickets` without labels, whose first batch of 12 texts is in batch.csv."""
    monkeypatch.chdir(tmp_path)
    gold = write_pool(tmp_path / "pool.csv")
    ran("project", "new", "tickets", "pool.csv", "--class", "sport", "--class", "money", "--quiet")
    ran("query", "tickets", "--n", 12, "--batch", "batch.csv", "--quiet")
    return gold


def fill_in(path: str, gold: Mapping[str, str]) -> dict[str, str]:
    """Label all texts of a batch, and return their labels."""
    table = pd.read_csv(path)
    table["label"] = table["id"].map(gold)
    table.to_csv(path, index=False)
    return dict(zip(table["id"], table["label"], strict=True))


def test_the_loop(gold: Mapping[str, str]) -> None:
    labels = fill_in("batch.csv", gold)
    out = ran("label", "tickets", "--batch", "batch.csv", "--annotator", "Ada")
    assert "labels for tickets: 12 new, 0 as they are, 0 in conflict, 0 unknown ids" in out
    session = LabelSession("tickets", "Ada")
    assert session.labels().to_dict() == labels
    assert {event.round for event in session.state.events if event.kind == "labelled"} == {1}
    assert session.queue() == []

    out = ran("query", "tickets", "--n", 5, "--batch", "next.csv", "--quiet")
    assert "round 2, 12 labels, accuracy" in out
    assert not set(pd.read_csv("next.csv")["id"]) & set(labels)
    labels |= fill_in("next.csv", gold)
    ran("label", "tickets", "--batch", "next.csv", "--annotator", "Ada")
    status = ran("project", "status", "tickets")
    assert "60 texts, 17 labelled" in status
    assert status.splitlines()[-1] == "0 texts to label"

    ran("project", "export", "tickets", "--out", "labels.csv", "--rest")
    table = pd.read_csv("labels.csv").set_index("id")
    assert table["label"].dropna().to_dict() == labels
    assert table["weight"].tolist() == list(range(60))
    # The last round was trained on the first batch: all other texts have its prediction.
    assert table.loc[table["label"].isna(), "max_probability"].between(0.5, 1).all()
    assert table["confidence"].notna().sum() == 12
    out = ran("label", "tickets", "--batch", "labels.csv", "--annotator", "Ada")
    assert "0 new, 17 as they are, 0 in conflict" in out


def test_only_its_own_columns_of_a_batch_are_read(gold: Mapping[str, str]) -> None:
    fill_in("batch.csv", gold)
    table = pd.read_csv("batch.csv")
    table["class"] = "another"
    table["text"] = table["text"].str.upper()
    table.to_csv("batch.csv", index=False)
    out = ran("label", "tickets", "--batch", "batch.csv")
    assert "12 new, 0 as they are, 0 in conflict, 0 unknown ids\n" in out


def test_a_second_annotator_gives_answers_of_their_own(gold: Mapping[str, str]) -> None:
    labels = fill_in("batch.csv", gold)
    ran("label", "tickets", "--batch", "batch.csv", "--annotator", "Ada")
    table = pd.read_csv("batch.csv")
    table.loc[0, "label"] = {"sport": "money", "money": "sport"}[table.loc[0, "label"]]
    table.to_csv("ben.csv", index=False)
    out = ran("label", "tickets", "--batch", "ben.csv", "--annotator", "Ben")
    assert "12 texts that others labelled: counted as answers of Ben" in out
    session = LabelSession("tickets")
    assert session.state.conflicts() == [table.loc[0, "id"]]
    assert len(session.labels()) == 11
    assert "Ada and Ben: 12 texts, 92% equal" in ran("project", "status", "tickets")
    # The same file again: these are Ben's answers already.
    out = ran("label", "tickets", "--batch", "ben.csv", "--annotator", "Ben")
    assert "0 new, 12 as they are, 0 in conflict" in out
    # Somebody decides: the text on which the two are divided is settled.
    fill_in("batch.csv", gold)
    out = ran("project", "labels", "tickets", "batch.csv", "--replace", "--quiet")
    assert "0 new, 11 as they are, 1 in conflict" in out
    assert f"{table.loc[0, 'id']}: money or sport here" in out
    assert session.labels().to_dict() == labels
    assert session.state.conflicts() == []
    assert session.state.ratings()["Ada"] == labels


def test_answers_that_are_typed(gold: Mapping[str, str]) -> None:
    queue = [each.item for each in LabelSession("tickets", "Ada").queue()]
    typed = "1\nMONEY\nnonsense\ns\n?\n+travel\nu\nsport\n\nq\n"
    out = ran("label", "tickets", "--annotator", "Ada", typed=typed)
    session = LabelSession("tickets", "Ada")
    state = session.state
    assert state.answer(queue[2], "Ada").mark == "skipped"
    assert state.answer(queue[3], "Ada").mark == "unsure"
    assert session.labels().to_dict() == {
        queue[0]: "sport",
        queue[1]: "money",
        queue[4]: "sport",
    }
    assert list(state.classes.values()) == ["sport", "money", "travel"]
    assert "'nonsense' is no class; +NAME adds one; nothing was stored" in out
    assert f"undone: labelled {queue[4]}" in out
    assert "  1  sport" in out
    assert session.text(queue[0]) in out
    assert out.endswith("3 labels stored, 7 texts left\n")
    assert len(session.queue()) == 7


def test_the_end_of_the_input_loses_nothing(gold: Mapping[str, str]) -> None:
    out = ran("label", "tickets", typed="1\n2\n")
    assert out.splitlines()[-1] == "2 labels stored, 10 texts left"
    assert len(LabelSession("tickets").labels()) == 2


def test_an_interruption_loses_nothing(gold: Mapping[str, str]) -> None:
    with patch("builtins.input", side_effect=["1", "2", KeyboardInterrupt]):
        code, out, err = run("label", "tickets")
    assert (code, err) == (130, "")
    assert out.splitlines()[-1] == "2 labels stored, 10 texts left"
    assert len(LabelSession("tickets").labels()) == 2


def test_nothing_waits(gold: Mapping[str, str]) -> None:
    out = ran("label", "tickets", typed="1\n" * 12)
    assert "no text waits; for the next batch: cartography query tickets" in out
    assert out.splitlines()[-1] == "12 labels stored, 0 texts left"


def test_classes_that_are_numbers_or_answers_can_be_chosen(gold: Mapping[str, str]) -> None:
    session = LabelSession("tickets")
    session.rename_class("sport", "2")
    session.rename_class("money", "s")
    for name in ("q", "?", "u"):
        session.add_class(name)
    queue = [each.item for each in session.queue()]
    out = ran("label", "tickets", typed="1\n2\n3\n4\n5\ns\n?\n")
    labels = dict(zip(queue, ["s", "2", "q", "?", "u"], strict=False))
    assert session.labels().to_dict() == labels
    assert session.state.answer(queue[5], "").mark == "skipped"
    assert session.state.answer(queue[6], "").mark == "unsure"
    assert "\n  2\n  1  s\n  3  q\n  4  ?\n  5  u\n" in out


def test_classes_that_are_numbers_are_their_own_keys(gold: Mapping[str, str]) -> None:
    session = LabelSession("tickets")
    session.rename_class("sport", "1")
    session.rename_class("money", "0")
    queue = [each.item for each in session.queue()]
    ran("label", "tickets", typed="0\n1\n")
    assert session.labels().to_dict() == {queue[0]: "0", queue[1]: "1"}


def test_labels_of_a_file_are_not_lost(gold: Mapping[str, str]) -> None:
    labels = fill_in("batch.csv", gold)
    before = Path("batch.csv").read_bytes()
    advice = "add them by cartography label tickets --batch batch.csv, name another file, or "
    query = ["query", "tickets", "--n", 5, "--batch", "batch.csv", "--quiet"]
    message = refused(*query)
    assert "--batch batch.csv has 12 labels that tickets does not have: " + advice in message
    assert "--force" in message
    assert len(LabelSession("tickets").rounds) == 1
    assert "--queue batch.csv has 12 labels" in refused("label", "tickets", "--queue", "batch.csv")
    assert Path("batch.csv").read_bytes() == before

    # Once they are in the project, the next batch may take their place.
    ran("label", "tickets", "--batch", "batch.csv", "--annotator", "Ada")
    assert "has 12 labels" in refused(*query, "--annotator", "Ben")
    ran(*query)
    assert not set(pd.read_csv("batch.csv")["id"]) & set(labels)
    # Without labels, a file is written again.
    ran("label", "tickets", "--queue", "batch.csv")

    table = pd.read_csv("batch.csv").head(1)
    table["label"] = {"sport": "money", "money": "sport"}[gold[table["id"][0]]]
    table.to_csv("batch.csv", index=False)
    LabelSession("tickets", "Ada").label(table["id"][0], gold[table["id"][0]])
    assert "has 1 label that" in refused("label", "tickets", "--queue", "batch.csv")
    ran("label", "tickets", "--queue", "batch.csv", "--force")
    assert pd.read_csv("batch.csv")["label"].isna().all()


def test_a_file_that_is_no_batch_is_not_replaced(gold: Mapping[str, str]) -> None:
    Path("own.csv").write_text("notes,of mine\n1,2\n")
    queue = ["label", "tickets", "--queue", "own.csv"]
    assert "own.csv exists, and whether it has labels cannot be read" in refused(*queue)
    assert "own.csv: 12 texts" in ran(*queue, "--force")
    for content in ("", "id,text,label\n"):
        Path("own.csv").write_text(content)
        assert "own.csv: 12 texts" in ran(*queue)


def test_a_text_cannot_command_the_terminal(own_cache: Path, tmp_path: Path) -> None:
    pd.DataFrame({"text": ["a\x1b[2Jb", "c d"]}).to_csv(tmp_path / "odd.csv", index=False)
    ran("project", "new", "odd", tmp_path / "odd.csv", "--class", "x\x1b]0;y")
    ran("query", "odd", "--n", 2, "--quiet")
    out = ran("label", "odd")
    assert "\x1b" not in out
    assert "a\ufffd[2Jb" in out


def test_what_is_refused(gold: Mapping[str, str]) -> None:
    assert "there is no project 'x'" in refused("label", "x")
    assert "give one of them" in refused("label", "tickets", "--batch", "a", "--queue", "b.csv")
    assert "give --queue FILE too" in refused("label", "tickets", "--as", "csv")
    assert "has no labels to add" in refused("label", "tickets", "--batch", "batch.csv")
    assert "absent.csv does not exist" in refused("label", "tickets", "--batch", "absent.csv")
    Path("other.csv").write_text("text,label\nhello there,sport\n")
    assert "'id'" in refused("label", "tickets", "--batch", "other.csv")
    ran("project", "new", "team", "pool.csv", "--annotator", "Ada", "--annotator", "Ben")
    assert "team is shared by Ada and Ben: say who labels" in refused("label", "team")
    assert "no text waits in team" in refused(
        "label", "team", "--annotator", "Ada", "--queue", "a.csv"
    )
