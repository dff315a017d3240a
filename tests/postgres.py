"""A PostgreSQL server of the tests' own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

_USER = "postgres"


@dataclass
class PostgresServer:
    """A server with an empty cluster; it writes to disk as one in use does.

    Attributes
    ----------
    programs : Path
        The folder of `initdb` and `postgres`.
    folder : Path
    port : int
        On 127.0.0.1.
    """

    programs: Path
    folder: Path
    port: int
    schemas: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{_USER}"

    def new_database(self) -> str:
        """Return the address of what is an empty database to a client: a new schema."""
        # A database of its own is 300 files, which a server that was killed writes again.
        self.schemas += 1
        name = f"labels_{self.schemas}"
        with closing(psycopg.connect(self.url, autocommit=True)) as connection:
            connection.execute(f"CREATE SCHEMA {name}".encode())
        return f"{self.url}?options=-csearch_path%3D{name}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = [
            *("-c", f"port={self.port}", "-c", "listen_addresses=127.0.0.1"),
            *("-c", f"unix_socket_directories={self.folder}", "-c", "shared_buffers=16MB"),
            *("-c", "fsync=on", "-c", "synchronous_commit=on"),
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.folder / "data", *settings],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **_not_root(),
            )
        deadline = time.monotonic() + 60
        while not self._answers():
            log_text = (self.folder / "log").read_text(errors="replace")
            assert self.process.poll() is None, log_text
            assert time.monotonic() < deadline, log_text
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """Kill all its processes, as a power cut does."""
        assert self.process is not None
        workers = psutil.Process(self.process.pid).children(recursive=True)
        self.process.kill()
        for worker in workers:
            with suppress(psutil.NoSuchProcess):
                worker.kill()
        self.process.wait(30)
        psutil.wait_procs(workers, timeout=30)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server that runs until the block ends.

    Without PostgreSQL on the machine the test is skipped, but fails where CI is set.
    """
    programs = _programs()
    if programs is None:
        message = "no PostgreSQL: install Debian's package postgresql"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    # Not in pytest's own folder: that one is closed to the user that PostgreSQL runs as.
    folder = Path(tempfile.mkdtemp(prefix="cartography-postgres-"))
    server = PostgresServer(programs, folder, _free_port())
    try:
        if _not_root():
            shutil.chown(folder, _USER, _USER)
        made = subprocess.run(
            [
                *(programs / "initdb", "-D", folder / "data", "-U", _USER, "-A", "trust"),
                *("-E", "UTF8", "--locale=C", "--no-sync"),
            ],
            capture_output=True,
            text=True,
            cwd=folder,
            check=False,
            **_not_root(),
        )
        assert made.returncode == 0, made.stderr
        server.start()
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path | None:
    """The folder of PostgreSQL's programs, which Debian does not put on the path."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("initdb")
    folders += [Path(found).resolve().parent] if found else []
    needed = ("initdb", "postgres")
    return next((each for each in folders if all((each / name).exists() for name in needed)), None)


def _not_root() -> dict[str, Any]:
    """PostgreSQL refuses to run as root; its package has a user for it."""
    if os.geteuid() != 0:
        return {}
    return {"user": _USER, "group": _USER, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
