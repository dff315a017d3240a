"""Projects on the command line: made, looked at, labels that come back, undone, exported."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tickets import ran, refused, run, tickets, write_pool

from cartography import LabelSession


@pytest.fixture
def gold(own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """A project `tickets` of pool.csv, without labels; the class of each text."""
    monkeypatch.chdir(tmp_path)
    gold = write_pool(tmp_path / "pool.csv")
    ran("project", "new", "tickets", "pool.csv", "--class", "sport", "--class", "money", "--quiet")
    return gold


def give(path: str, labels: Mapping[str, str]) -> None:
    """Write a file of ids and labels alone."""
    pd.DataFrame({"id": list(labels), "label": list(labels.values())}).to_csv(path, index=False)


def some(gold: Mapping[str, str], count: int = 6) -> dict[str, str]:
    return dict(list(gold.items())[:count])


class TestNew:
    def test_texts_without_labels(self, own_cache: Path, tmp_path: Path) -> None:
        write_pool(tmp_path / "pool.csv")
        code, out, err = run("project", "new", "my tickets", tmp_path / "pool.csv")
        assert code == 0
        assert re.match(
            r"my tickets \([0-9a-f]{16}\): 60 texts, 0 labelled; the first batch: ", out
        )
        assert "cartography query 'my tickets' --batch batch.csv" in out
        assert "60 rows without a label" in err
        assert "60 rows read, nothing left out" in err
        (id,) = re.findall(r"\(([0-9a-f]{16})\)", out)
        assert ran("project", "list").splitlines()[1].split()[0] == id
        assert "60 texts, 0 labelled" in ran("project", "status", id)

    def test_the_classes_of_a_test_set_are_those_of_texts_without_labels(
        self, own_cache: Path, tmp_path: Path
    ) -> None:
        write_pool(tmp_path / "pool.csv")
        test = tickets(20, seed=1, prefix="e-").rename(columns={"class": "label"})
        test.to_csv(tmp_path / "test.csv", index=False)
        ran("project", "new", "a", tmp_path / "pool.csv", "--test", tmp_path / "test.csv")
        status = ran("project", "status", "a")
        assert "test set of 20 texts" in status
        assert "by class: money 0, sport 0" in status

    def test_some_labels_and_who_shares_the_work(self, own_cache: Path, tmp_path: Path) -> None:
        table = tickets().rename(columns={"class": "label"})
        table.loc[5:, "label"] = ""
        table.to_csv(tmp_path / "some.csv", index=False)
        ran(
            *["project", "new", "a", tmp_path / "some.csv", "--preset", "paper", "--overlap", 3],
            *["--annotator", "Ada", "--annotator", "Ben"],
        )
        session = LabelSession("a")
        assert len(session.labels()) == 5
        settings = session.project.settings
        assert (settings.annotators, settings.overlap) == (("Ada", "Ben"), 3)
        assert settings.preset == "paper"
        assert "Ben: 0 texts to label" in ran("project", "status", "a")

    def test_vectors_are_found_from_another_folder(
        self, own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        write_pool(tmp_path / "pool.csv")
        Path("own.csv").write_text("id,x\n" + "".join(f"t-{i},{i}\n" for i in range(60)))
        ran("project", "new", "a", "pool.csv", "--features", "file:own.csv")
        assert LabelSession("a").project.settings.features == f"file:{tmp_path / 'own.csv'}"

    def test_what_is_refused(self, gold: Mapping[str, str]) -> None:
        new = ["project", "new"]
        assert "there is a project 'tickets' already" in refused(*new, "tickets", "pool.csv")
        assert "absent.csv does not exist" in refused(*new, "b", "absent.csv")
        twice = ["--annotator", "Ada", "--annotator", "Ada"]
        assert "same name" in refused(*new, "b", "pool.csv", *twice)
        assert "a project needs a name" in refused(*new, " ", "pool.csv")
        assert "'nonsense'" in refused(*new, "b", "pool.csv", "--features", "nonsense")
        assert len(ran("project", "list").splitlines()) == 2


def test_projects_that_are_not_there(own_cache: Path, tmp_path: Path) -> None:
    assert "no projects" in ran("project", "list")
    assert "name a command: new, list, status" in refused("project")
    for command in (["status"], ["undo", "x", "1"], ["delete", "--yes"]):
        name = command[1:] or ["x"]
        arguments = ["project", command[0], *(name if "x" in name else ["x", *name])]
        assert "there is no project 'x'" in refused(*arguments)


class TestLabels:
    def test_they_are_reconciled_by_id(self, gold: Mapping[str, str]) -> None:
        labels = some(gold)
        give("labels.csv", {**labels, "t-9999": "money"})
        out = ran("project", "labels", "tickets", "labels.csv", "--annotator", "Ada", "--quiet")
        assert "6 new, 0 as they are, 0 in conflict, 1 unknown ids" in out
        assert "unknown id: t-9999" in out
        assert "6 labels added; to undo: cartography project undo " in out
        assert LabelSession("tickets").labels().to_dict() == labels
        again = ran("project", "labels", "tickets", "labels.csv", "--quiet")
        assert "0 new, 6 as they are, 0 in conflict" in again
        assert "nothing was added" in again
        status = ran("project", "status", "tickets")
        assert "60 texts, 6 labelled" in status
        assert "by annotator: Ada 6" in status

    def test_a_dry_run_adds_nothing(self, gold: Mapping[str, str]) -> None:
        give("labels.csv", some(gold))
        assert "6 new" in ran("project", "labels", "tickets", "labels.csv", "--dry-run")
        assert len(LabelSession("tickets").labels()) == 0

    def test_a_conflict_is_kept_replaced_and_undone(self, gold: Mapping[str, str]) -> None:
        labels = some(gold)
        give("labels.csv", labels)
        ran("project", "labels", "tickets", "labels.csv")
        other = {"sport": "money", "money": "sport"}
        changed = {**labels, "t-0": other[labels["t-0"]]}
        give("changed.csv", changed)
        out = ran("project", "labels", "tickets", "changed.csv")
        assert "0 new, 5 as they are, 1 in conflict" in out
        assert f"t-0: {labels['t-0']} here, {changed['t-0']} in changed.csv" in out
        assert "1 text in conflict: labels kept as they were" in out
        assert LabelSession("tickets").labels().to_dict() == labels
        out = ran("project", "labels", "tickets", "changed.csv", "--replace")
        assert LabelSession("tickets").labels().to_dict() == changed
        (number,) = re.findall(r"undo: cartography project undo [0-9a-f]+ (\d+)$", out, re.M)
        out = ran("project", "undo", "tickets", number)
        assert LabelSession("tickets").labels().to_dict() == labels
        assert "undone already" in ran("project", "undo", "tickets", number)
        (again,) = re.findall(r"do them again: cartography project undo tickets (\d+)", out)
        ran("project", "undo", "tickets", again)
        assert LabelSession("tickets").labels().to_dict() == changed

    def test_new_classes_are_undone_with_the_labels(self, gold: Mapping[str, str]) -> None:
        give("labels.csv", {"t-0": "travel", "t-1": "sport"})
        out = ran("project", "labels", "tickets", "labels.csv")
        assert "new classes: 'travel'" in out
        (numbers,) = re.findall(r"undo: cartography project undo [0-9a-f]+ (\S+)$", out, re.M)
        ran("project", "undo", "tickets", numbers)
        session = LabelSession("tickets")
        assert len(session.labels()) == 0
        assert list(session.state.classes.values()) == ["sport", "money"]

    def test_texts_without_ids(self, gold: Mapping[str, str]) -> None:
        table = tickets().head(8).rename(columns={"class": "label"})[["text", "label"]]
        table.to_csv("texts.csv", index=False)
        out = ran("project", "labels", "tickets", "texts.csv")
        assert "8 new, 0 as they are, 0 in conflict, 0 unknown texts" in out
        assert LabelSession("tickets").labels().to_dict() == some(gold, 8)

    def test_a_text_that_was_edited_is_told_of(self, gold: Mapping[str, str]) -> None:
        table = tickets().head(8).rename(columns={"class": "label"})
        table.loc[2, "text"] = "quite another text"
        table.loc[3, "text"] = table.loc[3, "text"].replace(" ", "  ")
        table.to_csv("edited.csv", index=False)
        out = ran("project", "labels", "tickets", "edited.csv")
        assert "7 new, 0 as they are, 0 in conflict, 0 unknown ids, 1 unknown (another" in out
        assert "another text: t-2" in out
        assert "t-2" not in LabelSession("tickets").labels()

    def test_what_is_refused(self, gold: Mapping[str, str]) -> None:
        labels = ["project", "labels", "tickets"]
        assert "has no labels to add" in refused(*labels, "pool.csv")
        assert "absent.csv does not exist" in refused(*labels, "absent.csv")
        Path("bad.csv").write_text("a,b\n1,2\n")
        assert "no text column found" in refused(*labels, "bad.csv")


class TestUndo:
    def test_a_range_with_what_undoes_one_of_its_events(self, gold: Mapping[str, str]) -> None:
        give("labels.csv", some(gold, 3))
        ran("project", "labels", "tickets", "labels.csv")
        ran("project", "undo", "tickets", "5")
        assert "2 events undone" in ran("project", "undo", "tickets", "4-7")
        session = LabelSession("tickets")
        assert len(session.labels()) == 0
        assert [event.target for event in session.state.events[6:]] == [5, 6, 4]
        assert "undone already" in ran("project", "undo", "tickets", "4-7")

    @pytest.mark.parametrize(
        ("part", "message"),
        [
            ("x", "'x' is no number of an event"),
            ("9-4", "is not within the log"),
            ("0", "is not within the log"),
            ("4-99", "is not within the log, whose events are 1 to 3"),
            ("1", "event 1 (created) cannot be undone"),
        ],
    )
    def test_what_is_refused(self, gold: Mapping[str, str], part: str, message: str) -> None:
        assert message in refused("project", "undo", "tickets", part)
        assert LabelSession("tickets").state.last == 3


def of_label_studio(path: Path, gold: Mapping[str, str]) -> None:
    """Annotate tasks as Label Studio's JSON export has them: with its own number of each task."""
    tasks: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    for number, task in enumerate(tasks):
        choice = {
            "id": "r",
            "from_name": "label",
            "to_name": "text",
            "type": "choices",
            "value": {"choices": [gold[task["data"]["id"]]]},
        }
        annotation = {"id": 5, "completed_by": 1, "was_cancelled": False, "result": [choice]}
        task |= {"id": 700 + number, "annotations": [annotation], "project": 3}
    path.write_text(json.dumps(tasks), encoding="utf-8")


def of_prodigy(path: Path, gold: Mapping[str, str]) -> None:
    """Answer tasks as `prodigy db-out` has them."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        task = json.loads(line)
        task |= {"_input_hash": 1, "_task_hash": 2, "_view_id": "choice", "answer": "accept"}
        lines.append(json.dumps({**task, "accept": [gold[task["meta"]["id"]]]}))
    path.write_text("\n".join(lines), encoding="utf-8")


def of_doccano(path: Path, gold: Mapping[str, str]) -> None:
    """Label records as doccano exports them, where metadata come after its own number."""
    lines = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        record = json.loads(line)
        meta = {name: value for name, value in record.items() if name not in ("text", "label")}
        exported = {"id": 50 + number, "text": record["text"], **meta}
        lines.append(json.dumps({**exported, "label": [gold[record["id"]]], "Comments": []}))
    path.write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.parametrize(
    ("form", "answer"),
    [("label-studio", of_label_studio), ("prodigy", of_prodigy), ("doccano", of_doccano)],
)
def test_labels_of_annotation_tools_come_back_by_id(
    gold: Mapping[str, str], form: str, answer: Any
) -> None:
    out = ran("project", "export", "tickets", "--out", "tasks.json", "--as", form, "--rest")
    assert "tasks.json: 60 texts, 0 labelled" in out
    if form == "label-studio":
        assert '<Choice value="sport"/>' in Path("tasks.xml").read_text()
    answer(Path("tasks.json"), gold)
    out = ran("project", "labels", "tickets", "tasks.json", "--annotator", "Ada")
    assert "60 new, 0 as they are, 0 in conflict, 0 unknown ids" in out
    assert LabelSession("tickets").labels().to_dict() == gold


def test_the_numbers_that_label_studio_gives_are_not_taken_for_ids(
    own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without an id column the ids are row numbers, and those in JSON-MIN are Label Studio's own.
    monkeypatch.chdir(tmp_path)
    table = tickets(20)
    table[["text"]].to_csv("texts.csv", index=False)
    ran("project", "new", "a", "texts.csv")
    common = {"annotator": 1, "annotation_id": 2, "created_at": "", "updated_at": ""}
    records = [
        {"id": row + 4, "text": text, "label": name, "lead_time": 1.5, **common}
        for row, (text, name) in enumerate(zip(table["text"], table["class"], strict=True))
    ]
    Path("min.json").write_text(json.dumps(records))
    out = ran("project", "labels", "a", "min.json")
    assert "20 new, 0 as they are, 0 in conflict, 0 unknown texts" in out
    assert LabelSession("a").labels().tolist() == table["class"].tolist()


@pytest.mark.parametrize("form", ["csv", "spreadsheet", "jsonl", "parquet"])
@pytest.mark.parametrize("rest", [[], ["--rest"]])
def test_an_export_has_everything_and_adds_nothing_when_it_comes_back(
    gold: Mapping[str, str], form: str, rest: list[str]
) -> None:
    give("labels.csv", some(gold))
    ran("project", "labels", "tickets", "labels.csv", "--annotator", "Ada")
    file = {"jsonl": "out.jsonl", "parquet": "out.parquet"}.get(form, "out.csv")
    ran("project", "export", "tickets", "--out", file, "--as", form, *rest)
    out = ran("project", "labels", "tickets", file)
    assert "0 new, 6 as they are, 0 in conflict, 0 unknown ids" in out
    if form == "csv":
        table = pd.read_csv(file)
        assert len(table) == (60 if rest else 6)
        first = table.iloc[0]
        assert (first["id"], first["label"], first["weight"]) == ("t-0", gold["t-0"], 0)
        assert (first["annotators"], first["source"]) == ("Ada", "labels.csv")


def test_the_log(gold: Mapping[str, str]) -> None:
    give("labels.csv", some(gold, 2))
    ran("project", "labels", "tickets", "labels.csv", "--annotator", "Ada")
    ran("project", "undo", "tickets", "4-5")
    assert "log.csv: 7 events" in ran("project", "export", "tickets", "--out", "log.csv", "--log")
    log = pd.read_csv("log.csv")
    kinds = ["created", "class_added", "class_added", "labelled", "labelled", "undone", "undone"]
    assert log["kind"].tolist() == kinds
    assert log["undone"].tolist() == [False, False, False, True, True, False, False]
    assert log["undoes"].tolist()[5:] == [5, 4]


def test_an_export_does_not_replace_a_file(gold: Mapping[str, str]) -> None:
    export = ["project", "export", "tickets", "--out", "labels.csv"]
    give("labels.csv", some(gold))
    before = Path("labels.csv").read_bytes()
    for more in ([], ["--rest"], ["--log"]):
        assert "labels.csv exists: name another file, or replace it by --force" in refused(
            *export, *more
        )
    assert Path("labels.csv").read_bytes() == before
    assert "60 texts, 0 labelled" in ran(*export, "--rest", "--force")
    ran("project", "export", "tickets", "--out", "new", "--as", "huggingface", "--rest")
    assert "is not empty: name a new folder" in refused(
        "project", "export", "tickets", "--out", "new", "--as", "huggingface", "--force"
    )


def test_names_cannot_command_the_terminal(
    own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is not written to a terminal has its escape sequences taken out by click.
    monkeypatch.setattr("click.utils.should_strip_ansi", lambda *_: False)
    monkeypatch.chdir(tmp_path)
    table = tickets(20).rename(columns={"class": "label"})
    table.loc[0, "id"] = "t\x1b[2J"
    table["label"] = table["label"] + "\x1b[31m"
    table.to_csv("odd.csv", index=False)
    name = "p\x1b]0;x\x07"
    out = ran("project", "new", name, "odd.csv", "--quiet")
    out += ran("project", "list")
    out += ran("project", "status", name)
    table["label"] = [*table["label"].to_list()[1:], "\x9b2J"]
    table.to_csv("other.csv", index=False)
    out += ran("project", "labels", name, "other.csv", "--annotator", "A\x1b[1m", "--quiet")
    out += ran("project", "status", name)
    out += ran("query", name, "--n", 0, "--quiet")
    out += ran("suspects", name, "--quiet")
    out += refused("query", "\x1b[2J")
    assert not set(out) & {"\x1b", "\x07", "\x9b"}
    assert "p\ufffd]0;x\ufffd" in out


def test_a_project_whose_name_is_like_an_option(
    own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_pool(tmp_path / "pool.csv")
    out = ran("project", "new", "--class", "sport", "--quiet", "--", "-x", "pool.csv")
    (line,) = re.findall(r"the first batch: cartography (.*)$", out, re.M)
    assert line == "query --batch batch.csv -- -x"
    out = ran(*line.split())
    (line,) = re.findall(r"labels come back by cartography (.*)$", out, re.M)
    table = pd.read_csv("batch.csv")
    table["label"] = "sport"
    table.to_csv("batch.csv", index=False)
    assert "20 labels added" in ran(*line.split())
    out = ran("project", "undo", "--", "-x", "4-5")
    (line,) = re.findall(r"do them again: cartography (.*)$", out, re.M)
    assert line.startswith("project undo -- -x ")
    assert "2 events undone" in ran(*line.split())


def test_exports_that_are_refused(gold: Mapping[str, str]) -> None:
    export = ["project", "export", "tickets", "--out"]
    assert "name its form with --as" in refused(*export, "labels.txt")
    assert "is a folder" in refused(*export, ".")
    assert "not as prodigy" in refused(*export, "log.json", "--log", "--as", "prodigy")
    assert "give one of them" in refused(*export, "log.csv", "--log", "--rest")


def test_agreement_of_two_annotators(gold: Mapping[str, str]) -> None:
    for name, wrong in (("Ada", 0), ("Ben", 1)):
        session = LabelSession("tickets", name)
        for i, (item, label) in enumerate(some(gold, 10).items()):
            other = "money" if label == "sport" else "sport"
            session.label(item, other if i < wrong else label)
    status = ran("project", "status", "tickets")
    assert "by annotator: Ada 10, Ben 10" in status
    assert "in conflict: 1 (t-0)" in status
    assert re.search(r"agreement on 10 texts: Krippendorff's alpha 0\.\d\d \(95 % interval", status)
    assert re.search(r"Ada and Ben: 10 texts, 90% equal, kappa 0\.\d\d", status)


def test_delete_needs_a_yes(gold: Mapping[str, str], own_cache: Path) -> None:
    assert "add --yes" in refused("project", "delete", "tickets")
    assert "is deleted" in ran("project", "delete", "tickets", "--yes")
    assert "no projects" in ran("project", "list")
    assert not list((own_cache / "projects").iterdir())
