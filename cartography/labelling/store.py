"""The store of label events: SQLite in the cache folder, or PostgreSQL."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import sqlalchemy as sa
from filelock import FileLock
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from cartography.errors import CartographyError
from cartography.files import cache_folder
from cartography.labelling import schema
from cartography.labelling.events import Act, Event

DATABASE_URL = "CARTOGRAPHY_DATABASE_URL"
"""Environment variable with the address of the database."""

_REVISION = "0001"
_TRIES = 8
_WAIT = 0.1  # seconds before the second try; doubled for each further one
_READING = "cartography_reading"
_BUSY = 2_000  # milliseconds that SQLite waits for another writer, at each try
_CONNECT = 10  # seconds that a PostgreSQL server has to answer a new connection
_DRIVERS = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
}
# Zero bytes and lone surrogates, which a database or UTF-8 cannot contain.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_T = TypeVar("_T")


@dataclass(frozen=True)
class ProjectRecord:
    """What the store knows of a project.

    Attributes
    ----------
    id : str
        Hexadecimal digits that nobody can guess: who knows them may take part.
    name : str
    created : datetime
        In UTC.
    settings : mapping
        Plain values.
    """

    id: str
    name: str
    created: datetime
    settings: Mapping[str, Any]


class LabelStore:
    """Projects and their events.

    Events are added and never changed. Their numbers run from 1 in each project without a gap,
    and an event is visible only when all before it are.

    Parameters
    ----------
    url : str, optional
        Address of the database as SQLAlchemy writes it. Default: that of the environment variable
        `CARTOGRAPHY_DATABASE_URL`, else SQLite in the cache folder.

    Raises
    ------
    CartographyError
        The address cannot be understood, its driver is missing, or the database does not answer.
    """

    def __init__(self, url: str | None = None) -> None:
        address = url or os.environ.get(DATABASE_URL) or default_url()
        self._engine = _make_engine(address)
        try:
            self._open()
        except DBAPIError as error:
            self.close()
            raise CartographyError(
                f"the database of the labels does not answer ({_reason(error)}): {_advice(address)}"
            ) from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def add_project(self, name: str, settings: Mapping[str, Any]) -> ProjectRecord:
        """Add a project without events.

        Parameters
        ----------
        name : str
        settings : mapping
            Plain values.

        Returns
        -------
        ProjectRecord
        """
        record = ProjectRecord(uuid4().hex[:16], _storable(name), _now(), dict(settings))
        row = {**asdict(record), "created": record.created.replace(tzinfo=None), "events": 0}

        def add(connection: sa.Connection) -> ProjectRecord:
            connection.execute(schema.projects.insert(), row)
            return record

        return self._write(add)

    def projects(self) -> list[ProjectRecord]:
        """Return all projects, the newest first."""
        table = schema.projects
        query = sa.select(table).order_by(table.c.created.desc(), table.c.id)
        return [_record(row) for row in self._read(query)]

    def project(self, id: str) -> ProjectRecord:
        """Return a project.

        Raises
        ------
        CartographyError
            There is none with this id.
        """
        table = schema.projects
        rows = self._read(sa.select(table).where(table.c.id == id))
        if not rows:
            raise CartographyError(f"there is no project {id!r}")
        return _record(rows[0])

    def change(
        self, id: str, *, name: str | None = None, settings: Mapping[str, Any] | None = None
    ) -> None:
        """Change the name or the settings of a project.

        Raises
        ------
        CartographyError
            There is no project with this id.
        """
        values: dict[str, Any] = {}
        if name is not None:
            values["name"] = _storable(name)
        if settings is not None:
            values["settings"] = dict(settings)
        self.project(id)
        table = schema.projects
        if values:
            self._write(lambda c: c.execute(table.update().where(table.c.id == id).values(values)))

    def delete_project(self, id: str) -> None:
        """Delete a project with all its events."""

        def delete(connection: sa.Connection) -> None:
            # Locked first, so that nothing is appended between the two steps.
            table = schema.projects
            connection.execute(table.update().where(table.c.id == id).values(events=0))
            connection.execute(schema.events.delete().where(schema.events.c.project == id))
            connection.execute(schema.projects.delete().where(schema.projects.c.id == id))

        self._write(delete)

    def events(self, project: str, after: int = 0) -> list[Event]:
        """Return the events of a project in their order.

        Parameters
        ----------
        project : str
        after : int, default 0
            Leave out the events up to this number.
        """
        table = schema.events
        query = (
            sa.select(table)
            .where(table.c.project == project, table.c.number > after)
            .order_by(table.c.number)
        )
        return [_event(row) for row in self._read(query)]

    def append(
        self,
        project: str,
        acts: Sequence[Act],
        previous: Callable[[Act], int | None] = lambda _: None,
    ) -> list[Event]:
        """Store acts as events, all or none; they are on disk when this returns.

        Parameters
        ----------
        project : str
        acts : sequence of Act
        previous : callable, optional
            Returns the class that the text of an act has.

        Returns
        -------
        list of Event
            Those that were stored. An act whose token was stored before is left out. In text, name
            and source, zero bytes and lone surrogates are replaced.

        Raises
        ------
        CartographyError
            There is no such project, the database refuses a value, or it does not answer for half
            a minute.
        """
        # One token for all tries: an act that was stored when the answer got lost is stored once.
        tokens = [act.with_token() for act in acts]
        first_known: list[frozenset[str]] = []

        def store(connection: sa.Connection) -> list[Event]:
            last = self._take_numbers(connection, project, 0)
            known = self._known_tokens(connection, project, tokens)
            first_known.append(known)
            # What an earlier try stored, though its answer did not arrive.
            lost = known - first_known[0]
            stored = [each for each in self.events(project) if each.token in lost] if lost else []
            new = [pair for pair in zip(acts, tokens, strict=True) if pair[1] not in known]
            if not new:
                return stored
            rows = [
                {
                    **asdict(_storable_act(act)),
                    "token": token,
                    "project": project,
                    "number": last + i,
                    "at": _now().replace(tzinfo=None),
                    "previous": previous(act),
                }
                for i, (act, token) in enumerate(_unique(new), start=1)
            ]
            self._take_numbers(connection, project, len(rows))
            connection.execute(schema.events.insert(), rows)
            return [*stored, *map(_event_of, rows)]

        return self._write(store)

    @staticmethod
    def _take_numbers(connection: sa.Connection, project: str, count: int) -> int:
        """Lock the project, and return the number of its last event after taking `count` more."""
        table = schema.projects
        row = connection.execute(
            table.update()
            .where(table.c.id == project)
            .values(events=table.c.events + count)
            .returning(table.c.events)
        ).first()
        if row is None:
            raise CartographyError(f"there is no project {project!r}")
        return int(row[0])

    @staticmethod
    def _known_tokens(
        connection: sa.Connection, project: str, tokens: Sequence[str]
    ) -> frozenset[str]:
        table = schema.events
        found: set[str] = set()
        for start in range(0, len(tokens), 500):  # SQLite limits the variables of a query
            part = tokens[start : start + 500]
            query = sa.select(table.c.token).where(
                table.c.project == project, table.c.token.in_(part)
            )
            found.update(connection.execute(query).scalars())
        return frozenset(found)

    def _read(self, query: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        def read() -> Sequence[sa.Row[Any]]:
            with self._engine.connect() as connection:
                return connection.execution_options(**{_READING: True}).execute(query).all()

        return _patiently(read)

    def _write(self, work: Callable[[sa.Connection], _T]) -> _T:
        def write() -> _T:
            with self._engine.begin() as connection:
                return work(connection)

        return _patiently(write)

    def _open(self) -> None:
        for _ in range(_TRIES):
            try:
                return self._migrate()
            except OperationalError as error:
                # SQLite's timeout is not for who opens a file while another creates or closes it.
                if "database is locked" not in _reason(error):
                    raise
                time.sleep(_WAIT)
        return self._migrate()

    def _migrate(self) -> None:
        """Bring the tables to the present schema, if they are not there yet."""
        revision = self._revision()
        if revision == _REVISION:
            return
        if revision is not None and revision > _REVISION:
            raise CartographyError(
                f"the database of the labels was written by a newer version (its tables are "
                f"{revision}, this version knows {_REVISION}): update cartography-explorer"
            )
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.set_main_option("path_separator", "os")
        with self._alone(), self._engine.begin() as connection:
            config.attributes["connection"] = connection
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(7316001)"))
            command.upgrade(config, _REVISION)

    def _revision(self) -> str | None:
        with self._engine.connect().execution_options(**{_READING: True}) as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return None
            row = connection.execute(sa.text("SELECT version_num FROM alembic_version")).first()
            return None if row is None else str(row[0])

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from changing the tables of an SQLite file meanwhile."""
        file = self._engine.url.database
        if self._engine.dialect.name != "sqlite" or not file or file == ":memory:":
            yield
            return
        with FileLock(f"{file}.lock"):
            yield


def default_url() -> str:
    """Return the address of the SQLite file in the cache folder."""
    return f"sqlite:///{cache_folder() / 'labels.sqlite'}"


def _make_engine(address: str) -> sa.Engine:
    try:
        url = sa.make_url(address)
        url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        is_sqlite = url.get_backend_name() == "sqlite"
        if not is_sqlite and url.get_backend_name() != "postgresql":
            raise ArgumentError(url.drivername)
        if is_sqlite and url.database not in (None, "", ":memory:"):
            Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        if not is_sqlite and "connect_timeout" not in url.query:
            url = url.update_query_dict({"connect_timeout": str(_CONNECT)})
        engine = sa.create_engine(url, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise CartographyError(
            f"{DATABASE_URL} needs the package {error.name}: pip install "
            '"cartography-explorer[postgresql]"'
        ) from error
    except (ArgumentError, NoSuchModuleError) as error:
        raise CartographyError(
            f"{DATABASE_URL} is no address of a database: write it as "
            "postgresql://user:password@host/name"
        ) from error
    except OSError as error:
        raise CartographyError(
            f"the database of the labels does not answer ({error}): {_advice(address)}"
        ) from error
    if is_sqlite:
        sa.event.listen(engine, "connect", _set_up_sqlite)
        sa.event.listen(engine, "begin", _begin_immediate)
    return engine


def _advice(address: str) -> str:
    """What to check if the database cannot be opened."""
    if os.environ.get(DATABASE_URL):
        return f"check {DATABASE_URL}"
    if address != default_url():
        return "check its address"
    file = cache_folder() / "labels.sqlite"
    return f"check that {file} can be written, and that its disk is not full"


def _set_up_sqlite(connection: Any, _: object) -> None:
    # Python's driver would begin transactions of its own, without a lock for writing.
    connection.isolation_level = None
    for setting in (
        f"busy_timeout={_BUSY}",
        "journal_mode=WAL",  # readers do not wait for a writer
        "synchronous=FULL",  # what is acknowledged survives a power cut
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {setting}").close()


def _begin_immediate(connection: sa.Connection) -> None:
    if not connection.get_execution_options().get(_READING):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _patiently(work: Callable[[], _T]) -> _T:
    """Do `work`, again if the database was away for a moment."""
    wait = _WAIT
    for left in reversed(range(_TRIES)):
        try:
            return work()
        except sa.exc.TimeoutError as error:
            raise CartographyError(
                "the database of the labels does not answer (all its connections are in use): "
                "nothing of this step was stored"
            ) from error
        except DBAPIError as error:
            if isinstance(error, sa.exc.IntegrityError):
                raise
            if not error.connection_invalidated and not isinstance(error, OperationalError):
                raise CartographyError(
                    f"the database of the labels refuses this ({_reason(error)}): nothing of this "
                    "step was stored"
                ) from error
            if not left:
                raise CartographyError(
                    f"the database of the labels does not answer ({_reason(error)}): nothing of "
                    "this step was stored"
                ) from error
        time.sleep(wait)
        wait *= 2
    raise AssertionError("unreachable")


def _reason(error: DBAPIError) -> str:
    return str(error.orig).strip().partition("\n")[0]


def _unique(pairs: Sequence[tuple[Act, str]]) -> Iterator[tuple[Act, str]]:
    """The first act of each token."""
    seen: set[str] = set()
    for act, token in pairs:
        if token not in seen:
            seen.add(token)
            yield act, token


def _storable(text: str) -> str:
    return _UNSTORABLE.sub("\ufffd", text)


def _storable_act(act: Act) -> Act:
    # Not the id of a text, which has to stay what it is in the corpus.
    return replace(
        act,
        annotator=_storable(act.annotator),
        text=_storable(act.text),
        source=_storable(act.source),
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _record(row: sa.Row[Any]) -> ProjectRecord:
    return ProjectRecord(row.id, row.name, row.created.replace(tzinfo=UTC), row.settings)


def _event(row: sa.Row[Any]) -> Event:
    return _event_of(dict(row._mapping))


def _event_of(values: Mapping[str, Any]) -> Event:
    fields = {name: value for name, value in values.items() if name != "project"}
    return Event(**{**fields, "at": values["at"].replace(tzinfo=UTC)})
