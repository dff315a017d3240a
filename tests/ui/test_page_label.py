"""The page Label, and the switch between Simulate and Label."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dashboard import labels, page
from streamlit.testing.v1 import AppTest

from cartography.corpora.reading import read_corpus
from cartography.errors import CartographyError
from cartography.labelling.project import change_settings, create_project, open_project
from cartography.labelling.round_model import RoundRequest
from cartography.labelling.session import LabelSession
from cartography.labelling.store import LabelStore
from ui.panels.dataset import sources
from ui.state.session import DataChoice

TEXTS = 40


@pytest.fixture
def tickets(tmp_path: Path) -> DataChoice:
    """Forty texts with ids of their own, twelve of them labelled."""
    lines = ["ticket_id,text,label,channel"]
    for i in range(TEXTS):
        text = f"{'refund the money' if i % 2 else 'parcel is late'} case {i}"
        label = ("delivery", "refund")[i % 2] if i < 12 else ""
        lines.append(f"T{i},{text},{label},mail")
    path = tmp_path / "tickets.csv"
    path.write_text("\n".join(lines) + "\n")
    return DataChoice(str(path))


@pytest.fixture
def store(own_cache: Path) -> Iterator[LabelStore]:
    opened = LabelStore()
    yield opened
    opened.close()


@pytest.fixture
def session(store: LabelStore, tickets: DataChoice) -> LabelSession:
    """A project on the texts, with a first batch of ten."""
    project = create_project(store, "tickets", read_corpus(tickets.source), annotator="Ada")
    opened = LabelSession(project, "Ada", store)
    for _ in opened.run_round(RoundRequest("margin", 10)):
        pass
    return opened


def opened(choice: DataChoice, session: LabelSession | None = None, name: str = "Ada") -> AppTest:
    at = page("label", choice)
    if session is not None:
        at.query_params["project"] = session.project.id
        at.run()
        if name and labels(at.text_input) == ["Your name"]:
            at.text_input[0].set_value(name)
            at.button[-1].click()
            at.run()
    assert not at.exception
    return at


def button(at: AppTest, label: str) -> object:
    return next(each for each in at.button if each.label == label)


def texts(at: AppTest) -> str:
    elements = [*at.markdown, *at.caption, *at.info, *at.warning, *at.error, *at.success]
    return "\n".join(str(each.value) for each in elements)


def test_a_project_is_started_from_the_corpus_in_use(
    store: LabelStore, tickets: DataChoice
) -> None:
    at = opened(tickets)
    assert "40 texts, 12 of them labelled, 2 classes" in texts(at)

    at.text_input[0].set_value("Post")
    at.text_input[1].set_value("Ada")
    at.text_input[2].set_value("other, refund")
    button(at, "Start labelling").click()  # type: ignore[attr-defined]
    at.run()

    project = open_project(store, "Post")
    state = LabelSession(project, "Ada", store).state
    assert list(state.classes.values()) == ["delivery", "refund", "other"]
    assert at.query_params["project"] in (project.id, [project.id])
    assert "**Post** · you are Ada" in texts(at)


def test_a_project_needs_a_name_of_who_labels(store: LabelStore, tickets: DataChoice) -> None:
    at = opened(tickets)

    button(at, "Start labelling").click()  # type: ignore[attr-defined]
    at.run()

    assert "Enter your name" in texts(at)
    assert store.projects() == []


def test_an_unknown_project_is_told_of(store: LabelStore, tickets: DataChoice) -> None:
    at = page("label", tickets)
    at.query_params["project"] = "0" * 16
    at.run()

    assert "no project" in texts(at)
    assert "Start labelling" in labels(at.button)


def test_each_tab_of_a_project_can_be_opened(session: LabelSession, tickets: DataChoice) -> None:
    at = opened(tickets, session)
    assert len(at.get("plotly_chart")) == 1

    for tab, expected in (
        ("Batch", "Table and downloads"),
        ("Accuracy", "By cross-validation"),
        ("Classes", "undoes your last step"),
        ("Questions", "No text has two different labels"),
        ("Team", "whoever has it can label here"),
        ("Files", "your own ids and columns"),
    ):
        at.session_state["label_tabs"] = tab
        at.run()
        assert not at.exception
        found = texts(at) + "\n".join(each.label for each in at.expander)
        assert expected in found, tab


def test_a_conflict_is_settled(
    session: LabelSession, store: LabelStore, tickets: DataChoice
) -> None:
    item = session.queue()[0].item
    session.label(item, "refund")
    LabelSession(session.project, "Ben", store).label(item, "delivery")
    at = opened(tickets, session)
    at.session_state["label_tabs"] = "Questions"
    at.run()
    assert "Ada: refund, Ben: delivery" in texts(at)

    button(at, "delivery").click()  # type: ignore[attr-defined]
    at.run()

    assert session.labels()[item] == "delivery"
    assert session.state.conflicts() == []


def test_a_settlement_that_is_not_stored_is_told_of(
    session: LabelSession, store: LabelStore, tickets: DataChoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = session.queue()[0].item
    session.label(item, "refund")
    LabelSession(session.project, "Ben", store).label(item, "delivery")
    at = opened(tickets, session)
    at.session_state["label_tabs"] = "Questions"
    at.run()

    for name in ("delivery", "Set aside"):
        with monkeypatch.context() as patch:
            patch.setattr(LabelSession, "act", refuse)
            button(at, name).click()  # type: ignore[attr-defined]
            at.run()
        assert [error.value for error in at.error] == ["The database is away"]
        assert session.state.conflicts() == [item]

    at.run()
    assert not at.error


def test_a_project_that_is_not_deleted_stays_open(
    session: LabelSession, tickets: DataChoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = opened(tickets, session)
    at.session_state["label_tabs"] = "Files"
    at.run()
    at.text_input(key="label_delete_name").set_value("tickets")
    at.run()

    with monkeypatch.context() as patch:
        patch.setattr(LabelStore, "delete_project", refuse)
        at.button(key="label_delete").click()
        at.run()
    assert [error.value for error in at.error] == ["The database is away"]
    assert "project" in at.query_params

    at.button(key="label_delete").click()
    at.run()
    assert not at.error
    assert "project" not in at.query_params


def refuse(*_: object) -> None:
    raise CartographyError("the database is away")


def test_settings_of_a_team_reach_the_next_batch(
    session: LabelSession, store: LabelStore, tickets: DataChoice
) -> None:
    change_settings(store, session.project, annotators=("Ada", "Ben"), overlap=2)
    project = open_project(store, "tickets")
    sessions = [LabelSession(project, name, store) for name in ("Ada", "Ben")]
    waiting = [{asked.item for asked in each.queue()} for each in sessions]

    for _ in sessions[0].run_round(RoundRequest("margin", 10)):
        pass

    assert [len(items) for items in waiting] == [10, 10]  # asked for before there was a team
    shares = [{asked.item for asked in each.queue() if asked.round == 2} for each in sessions]
    assert [len(share) for share in shares] == [6, 6]
    assert len(shares[0] & shares[1]) == 2
    assert len(shares[0] | shares[1]) == 10


def test_a_corpus_mostly_without_labels_opens_as_label(
    store: LabelStore, tickets: DataChoice
) -> None:
    assert page("active_learning", tickets).title[0].value == "Label"

    chosen = page("active_learning", tickets, **{"mode chosen": (tickets, "Simulate")})

    assert chosen.title[0].value == "Active learning"
    assert not chosen.exception


def test_a_labelled_corpus_opens_as_a_simulation(own_cache: Path, tmp_path: Path) -> None:
    path = tmp_path / "all.csv"
    path.write_text("text,label\n" + "".join(f"text {i},{'ab'[i % 2]}\n" for i in range(20)))

    at = page("active_learning", DataChoice(str(path)))

    assert at.title[0].value == "Active learning"


def test_a_filled_in_batch_is_recognised_on_the_page_dataset(
    session: LabelSession, own_cache: Path, tmp_path: Path
) -> None:
    asked = session.queue()
    lines = ["id,text,label"]
    lines += [f"{each.item},{each.text},refund" for each in asked[:4]]
    lines += ["T0,parcel is late case 0,refund", "T99,a text from elsewhere,refund"]
    path = tmp_path / "batch.csv"
    path.write_text("\n".join(lines) + "\n")
    folder = workspace_of_ada(own_cache)

    at = page(
        "dataset",
        None,
        source_kind=sources.LOCAL,
        source_path=str(path),
        **{"workspace token": folder.name},
    )
    assert "The project **tickets** has the ids of this file" in texts(at)
    assert "4 new, 0 as they are, 1 in conflict, 1 unknown ids" in texts(at)
    button(at, "Add 4 labels").click()  # type: ignore[attr-defined]
    at.run()

    assert [session.labels()[each.item] for each in asked[:4]] == ["refund"] * 4
    assert session.labels()["T0"] == "delivery"
    button(at, "Undo").click()  # type: ignore[attr-defined]
    at.run()
    assert len(session.labels()) == 12


def workspace_of_ada(cache: Path) -> Path:
    """The folder of a browser whose name is known."""
    folder = cache / "workspaces" / ("0" * 32)
    folder.mkdir(parents=True)
    (folder / "annotator.json").write_text('["Ada"]')
    return folder
