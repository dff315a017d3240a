"""The Suspects page in all its states."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from dashboard import carry_out, charts, labels, page, refuse
from streamlit.testing.v1 import AppTest

from cartography.corpora.reading import read_corpus
from cartography.errors import CartographyError
from cartography.labelling.project import Project, ProjectSettings, create_project, open_project
from cartography.labelling.session import LabelSession
from cartography.labelling.store import LabelStore
from cartography.labelling.suspect_runs import read_suspect_runs, suspects_folder
from cartography.labelling.suspects import RANKINGS
from ui.jobs import background, labelling
from ui.jobs.background import Task, TaskState
from ui.panels.suspects import deck
from ui.panels.suspects.deck import Deck
from ui.state import workspace
from ui.state.session import DataChoice

pytestmark = pytest.mark.usefixtures("own_cache")

TOKEN = "5" * 32
WET = "wet *days*"
CORPUS = DataChoice(source="missing.csv")  # in use on other pages
NOISE = "How well does each ranking work here?"


@dataclass
class Desk:
    """A project with what the tests ask of it."""

    project: Project
    session: LabelSession

    def task(self, *, noise: bool = False) -> Task:
        number = len(read_suspect_runs(self.project)) + 1
        return Task(
            "suspects",
            DataChoice(source=self.project.id, features=""),
            (("work", "noise" if noise else "find"),),
            suspects_folder(self.project) / f"{number:04d}",
        )

    def ranked(self, ranking: str = "log odds") -> list[str]:
        run = read_suspect_runs(self.project, "find")[-1]
        return run.table["id"].iloc[run.order(ranking)].tolist()

    def label(self, item: str) -> str:
        state = self.session.state
        return state.class_name(state.label(item))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache with a project of forty texts and a search for its suspects."""
    folder = tmp_path_factory.mktemp("suspects")
    rng = np.random.default_rng(0)
    rows = [f"{('sun', 'rain')[i % 2]} day {i},{('dry', WET)[i % 2]}" for i in range(40)]
    table, vectors = folder / "days.csv", folder / "days.vec"
    table.write_text("text,label\n" + "\n".join(rows) + "\n")
    words = ["sun", "rain", "day", *map(str, range(40))]
    vectors.write_text(
        f"{len(words)} 8\n"
        + "".join(f"{w} {' '.join(f'{x:.3f}' for x in rng.normal(size=8))}\n" for w in words)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CARTOGRAPHY_CACHE", str(folder / "cache"))
        settings = ProjectSettings(features="words", vectors=str(vectors))
        store = LabelStore()
        project = create_project(store, "The _days_", read_corpus(table), None, settings, "Ada")
        carry_out(Desk(project, LabelSession(project, "Ben", store)).task())
        store.close()
        yield folder / "cache"


@pytest.fixture
def found(own_cache: Path, prepared: Path) -> Iterator[Desk]:
    """The project, with suspects."""
    st.cache_resource.clear()  # the store of another test
    shutil.copytree(prepared, own_cache)
    folder = own_cache / "workspaces" / TOKEN
    folder.mkdir(parents=True)
    (folder / "annotator.json").write_text('["Ada"]')
    store = LabelStore()
    project = open_project(store, "The _days_")
    yield Desk(project, LabelSession(project, "Ben", store))
    store.close()
    st.cache_resource.clear()


@pytest.fixture
def desk(found: Desk) -> Desk:
    """The project, before the first search."""
    shutil.rmtree(suspects_folder(found.project))
    return found


def visit(desk: Desk | None, **state: object) -> AppTest:
    opened = page("runs", CORPUS, **{workspace._TOKEN: TOKEN, **state})
    opened.switch_page("pages/suspects.py")
    if desk is not None:
        opened.query_params[labelling.PROJECT] = desk.project.id
    opened.run()
    assert not opened.exception
    assert not opened.error
    return opened


def refuse_act(*_: object) -> None:
    """What a session does while its database is away."""
    raise CartographyError("the database is away")


def texts(app: AppTest) -> list[str]:
    return [element.value for element in app.text]


def sentences(app: AppTest) -> str:
    return "\n".join([*(m.value for m in app.markdown), *(c.value for c in app.caption)])


def current(app: AppTest) -> str:
    """The id of the suspect that is shown."""
    line = next(c.value for c in app.caption if c.value.startswith("Suspect "))
    return line.split(" · ")[1].removeprefix("id ")


class TestBeforeASearch:
    def test_without_a_project(self, own_cache: Path) -> None:
        st.cache_resource.clear()
        app = visit(None)
        assert "Start one on the page Label" in app.info[0].value
        st.cache_resource.clear()

    def test_a_project_is_opened(self, desk: Desk) -> None:
        app = visit(None)
        (button,) = [b for b in app.button if b.key.startswith("project_open_")]
        assert button.label == r"The \_days\_"
        button.click().run()
        assert app.query_params[labelling.PROJECT] == desk.project.id
        assert " · you are Ada" in sentences(app)
        app.button(key="project_close").click().run()
        assert labelling.PROJECT not in app.query_params

    def test_a_project_that_is_not_there(self, desk: Desk) -> None:
        app = page("runs", CORPUS, **{workspace._TOKEN: TOKEN})
        app.switch_page("pages/suspects.py")
        app.query_params[labelling.PROJECT] = "nobody"
        app.run()
        assert "There is no project 'nobody'" in app.warning[0].value

    def test_who_has_no_name_is_asked(self, desk: Desk, own_cache: Path) -> None:
        (own_cache / "workspaces" / TOKEN / "annotator.json").unlink()
        app = visit(desk)
        assert labels(app.text_input) == ["Your name"]
        app.text_input[0].set_value("Eve")
        app.button[0].click().run()
        assert "you are Eve" in sentences(app)

    def test_one_class_is_not_enough(self, desk: Desk) -> None:
        desk.session.merge_class(WET, "dry")
        app = visit(desk)
        assert "label texts of two classes first" in app.info[0].value
        assert "suspects_start_find" not in [button.key for button in app.button]

    def test_the_button_starts_a_worker(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        started: list[Task] = []
        monkeypatch.setattr(
            background, "start", lambda task, *, pause_after=None: started.append(task)
        )
        app = visit(desk)
        app.button(key="suspects_start_find").click().run()
        app = visit(desk, suspects_tabs=NOISE)
        app.button(key="suspects_start_noise").click().run()
        assert started == [desk.task(), desk.task(noise=True)]
        assert started[1].arguments == ["--work=noise", "--", desk.project.id]

    def test_a_worker_is_followed(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        background._write_task(desk.task())
        state = TaskState("running", "epoch 5 of 20")
        monkeypatch.setattr(background, "task_state", lambda task: state)
        app = visit(desk)
        (bar,) = [element.proto for element in app.get("progress")]
        assert (bar.text, bar.value) == ("Looking for suspects: epoch 5 of 20", 25)
        assert "suspects_cancel" in [button.key for button in app.button]
        assert "suspects_start_find" not in [button.key for button in app.button]

    def test_a_refused_worker(self, desk: Desk) -> None:
        task = desk.task()
        background._write_task(task)
        refuse(task, "no *room* left")
        app = page("runs", CORPUS, **{workspace._TOKEN: TOKEN})
        app.switch_page("pages/suspects.py")
        app.query_params[labelling.PROJECT] = desk.project.id
        app.run()
        assert app.error[0].value == r"No \*room\* left"


class TestReview:
    def test_the_first_suspect(self, found: Desk) -> None:
        app = visit(found)
        first = found.ranked()[0]
        assert current(app) == first
        assert texts(app)[0] == found.session.text(first)
        assert len(texts(app)) == 6  # with five neighbours
        assert "40 labels ranked" in sentences(app)
        assert "epochs (correctness" in sentences(app)
        assert charts(app) == 1
        other = {"dry": WET, WET: "dry"}[found.label(first)]
        assert app.selectbox(key=f"suspects_class_{first}_{found.label(first)}").value == other
        for name in RANKINGS:
            app.selectbox(key="suspects_ranking").select(name).run()
            assert current(app) == found.ranked(name)[0]
            assert RANKINGS[name].description in sentences(app)

    def test_keep_relabel_set_aside_and_undo(self, found: Desk) -> None:
        app = visit(found)
        kept, changed, aside, fourth = found.ranked()[:4]
        before = {item: found.label(item) for item in (kept, changed, aside)}
        app.button(key="suspects_keep").click().run()
        assert current(app) == changed
        assert found.label(kept) == before[kept]
        event = found.session.state.decision(kept).event
        assert event is not None
        assert (event.kind, event.annotator, event.source) == ("settled", "Ada", "page")
        app.button(key="suspects_relabel").click().run()
        assert found.label(changed) != before[changed]
        app.button(key="suspects_aside").click().run()
        assert found.session.state.set_aside() == [aside]
        assert current(app) == fourth
        assert "2 labels changed since" in sentences(app)
        app.button(key="suspects_undo").click().run()
        assert current(app) == aside
        assert found.label(aside) == before[aside]
        app.button(key="suspects_undo").click().run()
        assert current(app) == changed
        assert found.label(changed) == before[changed]

    def test_back_and_next(self, found: Desk) -> None:
        app = visit(found)
        first, second, third = found.ranked()[:3]
        assert app.button(key="suspects_back").disabled
        app.button(key="suspects_next").click().run()
        app.button(key="suspects_keep").click().run()
        assert current(app) == third
        app.button(key="suspects_back").click().run()
        assert current(app) == first
        app.toggle(key="suspects_reviewed").set_value(True).run()
        app.button(key="suspects_next").click().run()
        assert current(app) == second
        assert found.session.state.decision(second).mark == "labelled"

    def test_all_are_reviewed(self, found: Desk) -> None:
        first, second = found.ranked()[:2]
        found.session.settle(first, "dry")
        app = visit(found, suspects_top_40=2)
        assert current(app) == second
        app.button(key="suspects_aside").click().run()
        assert "All of the top 2 are reviewed" in app.success[0].value
        app.button(key="suspects_undo").click().run()
        assert current(app) == second

    def test_labels_that_changed_since(self, found: Desk) -> None:
        gone, changed = found.ranked()[:2]
        then = found.label(changed)
        now = {"dry": WET, WET: "dry"}[then]
        # Two annotators who are divided: the text has no label.
        found.session.label(gone, "dry")
        LabelSession(found.project, "Cleo", found.session.store).label(gone, WET)
        found.session.label(changed, now)
        found.session.rename_class("dry", "arid")
        app = visit(found)
        assert current(app) == changed
        names = {"dry": "arid", WET: r"wet \*days\*"}
        assert f"Its label is **{names[now]}**" in sentences(app)
        assert f"The label was {names[then]} when suspects were looked for" in sentences(app)
        # The model's class is the present label: there is nothing left to relabel to but the other.
        app.button(key="suspects_relabel").click().run()
        assert found.label(changed) == {"dry": "arid", WET: WET}[then]

    def test_a_note(self, found: Desk) -> None:
        app = visit(found)
        app.text_input[0].set_value("a hoax").run()
        assert found.session.state.note(found.ranked()[0]) == "a hoax"
        app.button(key="suspects_undo").click().run()
        assert app.text_input[0].value == ""

    def test_nothing_is_stored_and_the_next_run_says_so(
        self, found: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        app = visit(found)
        first, second = found.ranked()[:2]
        with monkeypatch.context() as patch:
            patch.setattr(LabelSession, "act", refuse_act)
            for key in ("suspects_keep", "suspects_relabel", "suspects_aside"):
                app.button(key=key).click().run()
                assert [error.value for error in app.error] == ["The database is away"]
                assert current(app) == first
        app.button(key="suspects_keep").click().run()
        assert not app.error
        assert current(app) == second
        with monkeypatch.context() as patch:
            patch.setattr(LabelSession, "act", refuse_act)
            app.button(key="suspects_undo").click().run()
        assert [error.value for error in app.error] == ["The database is away"]
        assert current(app) == second
        assert not app.exception

    def test_a_note_that_could_not_be_stored_is_kept(
        self, found: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        app = visit(found)
        first = found.ranked()[0]
        with monkeypatch.context() as patch:
            patch.setattr(LabelSession, "act", refuse_act)
            app.text_input[0].set_value("a hoax").run()
            assert [error.value for error in app.error] == ["The database is away"]
            assert app.text_input[0].value == "a hoax"
            app.button(key="suspects_next").click().run()
            app.button(key="suspects_back").click().run()
        assert current(app) == first
        assert app.text_input[0].value == "a hoax"
        assert found.session.state.note(first) == ""
        app.button(key="suspects_note_again").click().run()
        assert found.session.state.note(first) == "a hoax"
        assert "suspects_note_again" not in [button.key for button in app.button]
        assert app.text_input[0].value == "a hoax"

    def test_the_table(self, found: Desk) -> None:
        found.session.set_aside(found.ranked()[1])
        app = visit(found, suspects_table=True)
        (table,) = [frame.value for frame in app.dataframe]
        assert table["id"].tolist() == found.ranked()
        assert table["decision"].tolist()[:3] == ["", "set aside", ""]
        assert table["label"][1] == ""
        assert len(app.get("download_button")) == 3


class TestNoise:
    def test_the_result(self, desk: Desk) -> None:
        carry_out(desk.task(noise=True))
        app = visit(desk, suspects_tabs=NOISE)
        assert charts(app) == 1
        assert "labels in random order, 10% would be" in sentences(app)
        (table,) = [frame.value for frame in app.dataframe]
        assert len(table) == len(RANKINGS) + 3 + 1
        assert table["size"].tolist()[:4] == [4, 4, 4, 4]


class TestDeck:
    def test_places(self) -> None:
        places = [1, 4, 6]
        assert [deck.place_at(places, at) for at in (0, 1, 2, 7)] == [1, 1, 4, 6]
        assert deck.place_at([], 0) is None
        assert (deck.place_before(places, 1), deck.place_before(places, 6)) == (None, 4)
        assert (deck.place_after(places, 6), deck.place_after(places, 1)) == (None, 4)

    def test_listed_places(self) -> None:
        cards = Deck((5, 3, 8), (False, True, False))
        assert cards.count == 1
        assert cards.places(all=False) == [0, 2]
        assert cards.places(all=True) == [0, 1, 2]

    def test_changed_since(self, found: Desk) -> None:
        (run,) = read_suspect_runs(found.project)
        ids = np.array(found.session.state.ids)
        assert deck.changed_since(found.session.state, run) == 0
        found.session.rename_class("dry", "arid")
        found.session.settle(ids[0], "arid")  # as it was
        found.session.settle(ids[1], "arid")
        found.session.set_aside(ids[2])
        assert deck.changed_since(found.session.state, run) == 2
