"""The store of label events, on SQLite and on a PostgreSQL server."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import postgres as postgres_module
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from postgres import PostgresServer
from sqlalchemy.exc import OperationalError

import cartography.labelling
from cartography.errors import CartographyError
from cartography.labelling import schema
from cartography.labelling import store as module
from cartography.labelling.events import Act, Event
from cartography.labelling.store import DATABASE_URL, LabelStore, default_url

# Appends in a process of its own: prints each token once its act is stored.
APPENDER = """
import sys
from cartography.labelling.events import Act
from cartography.labelling.store import LabelStore

url, project, annotator, count = sys.argv[1:]
store = LabelStore(url)
for i in range(int(count)):
    token = f"{annotator} {i}"
    store.append(project, [Act("labelled", annotator, f"t{i}", 0, token=token)])
    print(token, flush=True)
store.close()
"""


@contextmanager
def opened(url: str | None = None) -> Iterator[LabelStore]:
    with closing(LabelStore(url)) as store:
        yield store


@pytest.fixture
def store(url: str) -> Iterator[LabelStore]:
    with opened(url) as store:
        yield store


@pytest.fixture
def project(store: LabelStore) -> str:
    return store.add_project("tickets", {}).id


def labelled(token: str = "", item: str = "t0", label: int = 0, annotator: str = "Ada") -> Act:
    return Act("labelled", annotator, item, label, token=token)


def appender(url: str, project: str, annotator: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", APPENDER, url, project, annotator, str(count)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def lines_of(process: subprocess.Popen[str]) -> list[str]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out.splitlines()


def polled(store: LabelStore, project: str, is_over: Callable[[], bool]) -> list[Event]:
    """What a reader sees that asks for what is new again and again."""
    seen: list[Event] = []
    while True:
        over = is_over()
        seen += store.events(project, after=seen[-1].number if seen else 0)
        if over:
            return seen


def tokens(events: Sequence[Event]) -> list[str]:
    return [event.token for event in events]


class TestProjects:
    def test_what_was_added_is_read_back(self, store: LabelStore) -> None:
        settings = {"overlap": 5, "annotators": ["Ada", "Bo"], "vectors": None, "é": "ü\n"}
        before = datetime.now(UTC) - timedelta(seconds=1)
        record = store.add_project("tickets 票", settings)
        assert len(record.id) == 16
        assert set(record.id) <= set("0123456789abcdef")
        read = store.project(record.id)
        assert read == record
        assert read.settings == settings
        assert before < read.created < before + timedelta(minutes=1)
        assert read.created.tzinfo == UTC

    def test_the_newest_is_the_first(self, store: LabelStore) -> None:
        names = ["one", "two", "three"]
        for name in names:
            store.add_project(name, {})
            time.sleep(0.002)
        assert [record.name for record in store.projects()] == names[::-1]

    def test_changes_are_kept_and_touch_one_project(self, url: str, store: LabelStore) -> None:
        first, second = store.add_project("a", {"n": 1}), store.add_project("b", {"n": 2})
        store.change(first.id, settings={"n": 3})
        store.change(first.id, name="c")
        store.change(first.id)
        with opened(url) as again:
            assert again.project(first.id) == replace(first, name="c", settings={"n": 3})
            assert again.project(second.id) == second

    def test_an_unknown_project_is_named(self, store: LabelStore) -> None:
        acts: list[Callable[[], object]] = [
            lambda: store.project("nope"),
            lambda: store.append("nope", [labelled()]),
            lambda: store.append("nope", []),
            lambda: store.change("nope", name="x"),
        ]
        for act in acts:
            with pytest.raises(CartographyError, match=r"^there is no project 'nope'$"):
                act()
        assert store.events("nope") == []

    def test_to_delete_one_leaves_the_others(self, store: LabelStore) -> None:
        first, second = store.add_project("a", {}).id, store.add_project("b", {}).id
        for each in (first, second):
            store.append(each, [labelled("1"), labelled("2")])
        store.delete_project(first)
        store.delete_project(first)
        assert [record.id for record in store.projects()] == [second]
        assert store.events(first) == []
        assert tokens(store.events(second)) == ["1", "2"]
        with pytest.raises(CartographyError, match="there is no project"):
            store.append(first, [labelled()])

    def test_to_delete_one_under_work_ends_the_work_in_one_line(
        self, url: str, store: LabelStore, project: str
    ) -> None:
        errors: list[Exception] = []
        begun = threading.Event()

        def work() -> None:
            try:
                while True:
                    store.append(project, [labelled() for _ in range(20)])
                    begun.set()
            except Exception as error:
                errors.append(error)

        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        begun.wait(30)
        store.delete_project(project)
        for worker in workers:
            worker.join(30)
        assert [str(error) for error in errors] == [f"there is no project {project!r}"] * 4
        assert store.events(project) == []


class TestAppend:
    def test_every_field_is_kept(self, store: LabelStore, project: str) -> None:
        act = Act(
            "settled", "Zoë", "id 1", 3, 7, text="a\nnote 🙂", round=2, source="x.csv", token="tok"
        )
        before = datetime.now(UTC) - timedelta(seconds=1)
        (stored,) = store.append(project, [act], lambda each: 5 if each is act else None)
        (read,) = store.events(project)
        assert read == stored
        assert (read.number, read.previous, read.at.tzinfo) == (1, 5, UTC)
        assert before < read.at < before + timedelta(minutes=1)
        fields = act.__dataclass_fields__
        assert {name: getattr(read, name) for name in fields} == {
            name: getattr(act, name) for name in fields
        }

    def test_events_after_a_number(self, store: LabelStore, project: str) -> None:
        store.append(project, [labelled(str(i)) for i in range(1, 6)])
        assert tokens(store.events(project)) == ["1", "2", "3", "4", "5"]
        assert tokens(store.events(project, after=3)) == ["4", "5"]
        assert store.events(project, after=5) == []

    def test_projects_number_their_own_events(self, store: LabelStore, project: str) -> None:
        other = store.add_project("other", {}).id
        store.append(project, [labelled("1"), labelled("2")])
        store.append(other, [labelled("1")])
        store.append(project, [labelled("3")])
        assert [event.number for event in store.events(project)] == [1, 2, 3]
        assert [event.number for event in store.events(other)] == [1]

    def test_acts_without_a_token_are_different_acts(self, store: LabelStore, project: str) -> None:
        act = labelled()
        store.append(project, [act, act])
        store.append(project, [act])
        assert len(set(tokens(store.events(project)))) == 3

    def test_a_token_is_stored_once(self, store: LabelStore, project: str) -> None:
        assert tokens(store.append(project, [labelled("a"), labelled("b")])) == ["a", "b"]
        assert store.append(project, [labelled("a", label=1)]) == []
        assert tokens(store.append(project, [labelled("b"), labelled("c"), labelled("c")])) == ["c"]
        events = store.events(project)
        assert [(event.number, event.token, event.label) for event in events] == [
            (1, "a", 0),
            (2, "b", 0),
            (3, "c", 0),
        ]

    def test_more_tokens_than_a_query_may_have(self, store: LabelStore, project: str) -> None:
        acts = [labelled(f"{i}") for i in range(1_201)]
        store.append(project, acts[:1_200])
        assert tokens(store.append(project, acts)) == ["1200"]
        assert [event.number for event in store.events(project)] == list(range(1, 1_202))

    def test_all_or_none(self, store: LabelStore, project: str) -> None:
        store.append(project, [labelled("a")])
        wrong = Act(None, "Ada")  # type: ignore[arg-type]
        with pytest.raises(Exception, match="kind"):
            store.append(project, [labelled("b"), labelled("c"), wrong])
        store.append(project, [labelled("d")])
        assert [(event.number, event.token) for event in store.events(project)] == [
            (1, "a"),
            (2, "d"),
        ]

    def test_an_act_whose_answer_got_lost_is_stored_and_returned_once(
        self, store: LabelStore, project: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        dialect = store._engine.dialect
        commit, lost = dialect.do_commit, [True]
        failure = dialect.dbapi.OperationalError  # type: ignore[union-attr]

        def do_commit(connection: object) -> None:
            commit(connection)  # type: ignore[arg-type]
            if lost and lost.pop():
                raise failure("the connection broke")

        store.append(project, [labelled("old")])
        monkeypatch.setattr(dialect, "do_commit", do_commit)
        acts = [labelled("old"), labelled("new"), labelled()]
        stored = store.append(project, acts)
        assert [event.number for event in stored] == [2, 3]
        assert stored == store.events(project, after=1)

    def test_what_another_stored_between_two_tries_keeps_nothing_else_out(
        self, url: str, store: LabelStore, project: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        dialect = store._engine.dialect
        failure = dialect.dbapi.OperationalError  # type: ignore[union-attr]
        commit, broken = dialect.do_commit, [True]

        def do_commit(connection: object) -> None:
            if broken and broken.pop():
                raise failure("the connection broke")
            commit(connection)  # type: ignore[arg-type]

        def meanwhile(_: float) -> None:
            with opened(url) as other:
                other.append(project, [labelled("x")])

        monkeypatch.setattr(dialect, "do_commit", do_commit)
        monkeypatch.setattr(module, "time", SimpleNamespace(sleep=meanwhile))
        stored = store.append(project, [labelled("x"), labelled("y")])
        assert [(event.number, event.token) for event in stored] == [(1, "x"), (2, "y")]
        assert store.events(project) == stored

    def test_characters_that_no_database_takes_are_replaced(
        self, store: LabelStore, project: str
    ) -> None:
        (stored,) = store.append(project, [Act("noted", "A\0da", "t0", text="a\0b\ud800c")])
        assert store.events(project) == [stored]
        assert (stored.text, stored.annotator) == ("a\ufffdb\ufffdc", "A\ufffdda")
        assert store.project(store.add_project("x\0y\ud800", {}).id).name == "x\ufffdy\ufffd"


class TestTogether:
    def test_threads_that_share_a_store(self, store: LabelStore, project: str) -> None:
        """As in the dashboard, whose visitors share one store."""

        def work(worker: int) -> None:
            for i in range(20):
                acts = [labelled(f"{worker} {i} {j}") for j in range(1 + i % 3)]
                assert tokens(store.append(project, acts)) == tokens(acts)  # type: ignore[arg-type]
                assert store.events(project)[-1].number >= i + 1

        with ThreadPoolExecutor(9) as pool:
            work_done = [pool.submit(work, worker) for worker in range(8)]
            reader = pool.submit(polled, store, project, lambda: all(w.done() for w in work_done))
            for done in work_done:
                done.result(120)
            seen = reader.result(120)
        assert [event.number for event in seen] == list(range(1, 8 * 39 + 1))
        expected = {f"{w} {i} {j}" for w in range(8) for i in range(20) for j in range(1 + i % 3)}
        assert Counter(tokens(seen)) == Counter(expected)
        assert store.events(project) == seen

    def test_processes(self, url: str, store: LabelStore, project: str) -> None:
        processes = [appender(url, project, name, 25) for name in "abcd"]
        seen = polled(store, project, lambda: all(p.poll() is not None for p in processes))
        said = [line for process in processes for line in lines_of(process)]
        assert said == [f"{name} {i}" for name in "abcd" for i in range(25)]
        assert [event.number for event in seen] == list(range(1, 101))
        assert Counter(tokens(seen)) == Counter(said)

    def test_one_act_sent_by_two_processes_is_stored_once(
        self, url: str, store: LabelStore, project: str
    ) -> None:
        processes = [appender(url, project, "Ada", 30) for _ in range(2)]
        for process in processes:
            assert lines_of(process) == [f"Ada {i}" for i in range(30)]
        events = store.events(project)
        assert tokens(events) == [f"Ada {i}" for i in range(30)]
        assert [event.number for event in events] == list(range(1, 31))

    def test_stores_that_open_an_empty_database_at_once(self, url: str) -> None:
        start = threading.Barrier(6)

        def open_and_add(i: int) -> str:
            start.wait(30)
            with opened(url) as store:
                return store.add_project(str(i), {}).id

        with ThreadPoolExecutor(6) as pool:
            ids = list(pool.map(open_and_add, range(6)))
        with opened(url) as store:
            assert {record.id for record in store.projects()} == set(ids)

    def test_processes_that_open_an_empty_database_at_once(self, url: str) -> None:
        code = "import sys; from cartography.labelling.store import LabelStore as S\n"
        code += "s = S(sys.argv[1]); s.add_project('p', {}); s.close()"
        processes = [
            subprocess.Popen([sys.executable, "-c", code, url], stderr=subprocess.PIPE, text=True)
            for _ in range(3)
        ]
        for process in processes:
            _, err = process.communicate(timeout=60)
            assert process.returncode == 0, err
        with opened(url) as store:
            assert len(store.projects()) == 3


class TestOpen:
    def test_an_existing_one_is_opened_again(self, url: str) -> None:
        with opened(url) as store:
            record = store.add_project("tickets", {"n": 1})
            stored = store.append(record.id, [labelled("a"), labelled("b")])
        with opened(url) as store:
            assert store.projects() == [record]
            assert store.events(record.id) == stored
            assert [event.number for event in store.append(record.id, [labelled("c")])] == [3]

    def test_to_open_one_does_not_wait_for_a_writer(
        self, url: str, store: LabelStore, project: str
    ) -> None:
        with store._engine.begin() as connection:
            store._take_numbers(connection, project, 1)
            start = time.monotonic()
            with opened(url) as other:
                assert len(other.projects()) == 1
            assert time.monotonic() - start < 10

    def test_the_tables_are_those_of_the_schema(self, url: str) -> None:
        with opened(url) as store, store._engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "compare_server_default": True}
            )
            assert compare_metadata(context, schema.metadata) == []
            assert sa.inspect(connection).get_pk_constraint("events")["constrained_columns"] == [
                "project",
                "number",
            ]

    def test_the_tables_can_be_taken_down_and_made_again(self, url: str) -> None:
        config = Config()
        folder = Path(cartography.labelling.__file__).parent / "migrations"
        config.set_main_option("script_location", str(folder))
        config.set_main_option("path_separator", "os")
        with opened(url) as store:
            store.add_project("tickets", {})
            with store._engine.begin() as connection:
                config.attributes["connection"] = connection
                command.downgrade(config, "base")
                assert sa.inspect(connection).get_table_names() == ["alembic_version"]
        with opened(url) as store:
            assert store.projects() == []
            store.add_project("tickets", {})

    def test_tables_of_a_newer_version_are_refused_in_one_line(self, url: str) -> None:
        with opened(url) as store, store._engine.begin() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(CartographyError) as caught:
            LabelStore(url)
        assert str(caught.value) == (
            "the database of the labels was written by a newer version (its tables are 9999, this "
            "version knows 0001): update cartography-explorer"
        )

    def test_the_environment_names_the_database(
        self, tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert default_url() == f"sqlite:///{own_cache / 'labels.sqlite'}"
        monkeypatch.setenv(DATABASE_URL, f"sqlite:///{tmp_path / 'new folder' / 'other.sqlite'}")
        with opened() as store:
            store.add_project("tickets", {})
        assert (tmp_path / "new folder" / "other.sqlite").exists()
        monkeypatch.delenv(DATABASE_URL)
        with opened() as store:
            assert store.projects() == []
        assert (own_cache / "labels.sqlite").exists()

    @pytest.mark.parametrize(
        ("address", "message"),
        [
            ("nonsense", "is no address of a database: write it as postgresql://user:"),
            ("http://localhost/labels", "is no address of a database: write it as postgresql://"),
            ("mysql://ada:secret@localhost/labels", "is no address of a database: write it as"),
            ("postgresql+nodriver://localhost/x", "is no address of a database: write it as"),
            ("postgresql://ada:secret@127.0.0.1:1/labels", r"does not answer \(.*refused.*check"),
            ("sqlite:////dev/null/labels.sqlite", "does not answer"),
            ("sqlite:////proc/labels.sqlite", "does not answer"),
        ],
    )
    def test_a_wrong_address_is_one_line(
        self, address: str, message: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(DATABASE_URL, address)
        with pytest.raises(CartographyError, match=message) as caught:
            LabelStore()
        assert DATABASE_URL in str(caught.value)
        assert "\n" not in str(caught.value)
        assert "secret" not in str(caught.value)

    def test_a_file_that_is_no_database_is_one_line(self, tmp_path: Path) -> None:
        (tmp_path / "x.sqlite").write_text("no database " * 500)
        with pytest.raises(CartographyError, match=r"does not answer \(file is not a database\)"):
            LabelStore(f"sqlite:///{tmp_path / 'x.sqlite'}")

    @pytest.mark.parametrize(
        ("url", "advice"),
        [
            (None, "check that {file} can be written, and that its disk is not full"),
            ("sqlite://", "check its address"),
        ],
    )
    def test_a_variable_that_is_not_set_is_not_to_be_checked(
        self, url: str | None, advice: str, own_cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(_: LabelStore) -> None:
            raise OperationalError("", {}, Exception("database or disk is full"))

        monkeypatch.delenv(DATABASE_URL, raising=False)
        monkeypatch.setattr(LabelStore, "_migrate", refuse)
        with pytest.raises(CartographyError) as caught:
            LabelStore(url)
        assert str(caught.value) == (
            "the database of the labels does not answer (database or disk is full): "
            + advice.format(file=own_cache / "labels.sqlite")
        )

    def test_a_missing_driver_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "psycopg", None)
        with pytest.raises(CartographyError) as caught:
            LabelStore("postgres://localhost/labels")
        assert str(caught.value) == (
            "CARTOGRAPHY_DATABASE_URL needs the package psycopg: pip install "
            '"cartography-explorer[postgresql]"'
        )


class TestAway:
    def test_a_database_that_stays_away_is_one_line_and_nothing_is_stored(
        self, store: LabelStore, project: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tries = 0

        def refuse(*_: object) -> None:
            nonlocal tries
            tries += 1
            raise OperationalError("", {}, Exception("server closed\nmore"))

        monkeypatch.setattr(module, "_WAIT", 0.001)
        monkeypatch.setattr(store, "_known_tokens", refuse)
        with pytest.raises(CartographyError) as caught:
            store.append(project, [labelled()])
        assert str(caught.value) == (
            "the database of the labels does not answer (server closed): nothing of this step was "
            "stored"
        )
        assert tries == 8
        monkeypatch.undo()
        assert store.events(project) == []
        assert [event.number for event in store.append(project, [labelled()])] == [1]

    def test_what_the_database_refuses_is_not_tried_again(self, postgres: PostgresServer) -> None:
        with opened(postgres.new_database()) as store:
            project = store.add_project("tickets", {}).id
            start = time.monotonic()
            with pytest.raises(CartographyError, match=r"^the database of the labels refuses"):
                store.append(project, [labelled("x" * 65)])
            assert time.monotonic() - start < 5
            assert store.events(project) == []

    def test_more_visitors_than_connections(
        self, store: LabelStore, project: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(store._engine.pool, "_timeout", 0.05)
        with ExitStack() as stack:
            for _ in range(15):
                stack.enter_context(store._engine.connect())
            with pytest.raises(CartographyError, match="all its connections are in use"):
                store.append(project, [labelled()])
        assert store.events(project) == []

    def test_another_writer_of_the_file_is_waited_for_and_then_told_of(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "_BUSY", 50)
        monkeypatch.setattr(module, "_WAIT", 0.01)
        path = tmp_path / "labels.sqlite"
        with opened(f"sqlite:///{path}") as store:
            project = store.add_project("tickets", {}).id
            with closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                assert store.events(project) == []
                with pytest.raises(CartographyError, match=r"does not answer \(database is locked"):
                    store.append(project, [labelled("a")])
                with ThreadPoolExecutor(1) as pool:
                    waiting = pool.submit(store.append, project, [labelled("b")])
                    time.sleep(0.2)
                    other.execute("ROLLBACK")
                    assert tokens(waiting.result(30)) == ["b"]

    def test_a_long_lock_is_told_of_within_half_a_minute(self) -> None:
        waits = module._WAIT * (2 ** (module._TRIES - 1) - 1)
        assert 10 < waits < waits + module._TRIES * module._BUSY / 1000 <= 30


def kill_and_check(url: str, store: LabelStore, name: str, seconds: float) -> None:
    """Kill a process that appends, and find each act once that was told as stored."""
    project = store.add_project(name, {}).id
    process = appender(url, project, name, 100_000)
    assert process.stdout is not None
    said = [process.stdout.readline().strip()]
    time.sleep(seconds)
    process.kill()
    # Not `communicate`, which passes over what `readline` has read ahead.
    said += process.stdout.read().splitlines()
    process.communicate(timeout=60)
    events = store.events(project)
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert tokens(events) == [f"{name} {i}" for i in range(len(events))]
    # The last act may be stored without having been told.
    assert said == tokens(events)[: len(said)]
    assert len(events) - len(said) in (0, 1)
    (further,) = store.append(project, [labelled("after")])
    assert further.number == len(events) + 1


class TestKilled:
    def test_a_killed_process_loses_nothing_that_it_was_told(
        self, url: str, store: LabelStore
    ) -> None:
        kill_and_check(url, store, "a", 0.3)

    @pytest.mark.soak
    def test_many_killed_processes(self, url: str, store: LabelStore) -> None:
        rng = np.random.default_rng()
        for i in range(20):
            kill_and_check(url, store, f"p{i}", float(rng.uniform(0, 0.5)))

    def test_a_killed_server_loses_nothing_that_it_told(self, postgres: PostgresServer) -> None:
        kill_server_and_check(postgres, 1)

    @pytest.mark.soak
    def test_a_server_that_is_killed_again_and_again(self, postgres: PostgresServer) -> None:
        for away in (0.0, 1.0, 3.0, 6.0):
            kill_server_and_check(postgres, 2, away)


def kill_server_and_check(server: PostgresServer, times: int, away: float = 0.3) -> None:
    """Kill the server under clients that append: they go on by themselves, and lose nothing."""
    told: list[str] = []
    over = threading.Event()

    def work(store: LabelStore, project: str, name: str) -> None:
        i = 0
        while not over.is_set():
            (stored,) = store.append(project, [labelled(f"{name} {i}")])
            assert stored.token == f"{name} {i}"
            told.append(stored.token)
            i += 1

    def wait_for(count: int) -> None:
        deadline = time.monotonic() + 30
        while len(told) < count:
            assert time.monotonic() < deadline, "the clients did not go on"
            time.sleep(0.01)

    with opened(server.new_database()) as store, ThreadPoolExecutor(2) as pool:
        project = store.add_project("tickets", {}).id
        clients = [pool.submit(work, store, project, name) for name in ("a", "b")]
        try:
            for _ in range(times):
                wait_for(len(told) + 30)
                server.kill()
                time.sleep(away)
                server.start()
            wait_for(len(told) + 30)
        finally:
            over.set()
        for client in clients:
            client.result(60)
        events = store.events(project)
        assert Counter(tokens(events)) == Counter(told)
        assert [event.number for event in events] == list(range(1, len(told) + 1))


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail), ("", pytest.skip)])
def test_without_postgresql_tests_are_skipped_but_fail_in_ci(
    ci: str, outcome: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(postgres_module, "_programs", lambda: None)
    with pytest.raises(outcome.Exception, match="no PostgreSQL"), postgres_module.postgres_server():
        pass
