"""Atomic writing of files, the cache folder and content keys."""

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from cartography.errors import CartographyError

_REPLACE_RETRIES = 20 if os.name == "nt" else 0

START_DATA, START_TEST = "CARTOGRAPHY_START_DATA", "CARTOGRAPHY_START_TEST"
"""Environment variables that name the corpus and the test set a dashboard opens with."""


def package_folder() -> Path:
    """Return the folder of the installed package."""
    return Path(__file__).resolve().parent


def cache_folder() -> Path:
    """Return the folder for embeddings, maps and runs.

    Returns
    -------
    Path
        `CARTOGRAPHY_CACHE` if it is set, else `cache/` of the source checkout if the package runs
        from one, else `~/.cache/cartography`.
    """
    configured = os.environ.get("CARTOGRAPHY_CACHE")
    if configured:
        return expand_home(configured)
    checkout = package_folder().parent
    in_checkout = (checkout / "pyproject.toml").is_file() and (checkout / "cache").is_dir()
    return checkout / "cache" if in_checkout else Path.home() / ".cache" / "cartography"


def expand_home(path: str | Path) -> Path:
    """Return `path` with a leading `~` or `~user` expanded; an unknown user is left as it is."""
    # Path.expanduser raises RuntimeError for an unknown user. Left as it is, the path is reported
    # as missing.
    return Path(os.path.expanduser(path))  # noqa: PTH111


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Write a file completely or not at all.

    A reader, or a process that resumes after a crash, sees the old file or the new one, never an
    incomplete one. Missing parent folders are created.

    Parameters
    ----------
    path : Path
        The file to create or replace.

    Yields
    ------
    Path
        A temporary file in the same folder. It is renamed to `path` if the block ends without an
        error, and removed otherwise. Close it before the block ends.

    Raises
    ------
    CartographyError
        The file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A prefix of the file's own name would make a name that is too long of one that is not.
        with NamedTemporaryFile(
            dir=path.parent, prefix=".new-", suffix=path.suffix[:20], delete=False
        ) as handle:
            temporary = Path(handle.name)
    except OSError as error:
        raise CartographyError(f"{path} cannot be written: {error.strerror}") from error
    try:
        yield temporary
        # Windows flushes only files that are open for writing.
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        # NamedTemporaryFile makes the file private; the final file follows the umask instead.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        _replace(temporary, path)
    except OSError as error:
        raise CartographyError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        # Windows refuses to remove an open file; that must not hide the first error.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _replace(temporary: Path, path: Path) -> None:
    """Rename, waiting for readers: Windows refuses while one has `path` open."""
    for _ in range(_REPLACE_RETRIES):
        try:
            temporary.replace(path)
            return
        except PermissionError:
            time.sleep(0.05)
    temporary.replace(path)


def content_key(*parts: str | bytes) -> str:
    """Hash `parts` to a key that names a cached file by its content.

    Parameters
    ----------
    *parts : str or bytes
        Strings are encoded as UTF-8. The length of each part is hashed too, so that
        ("ab", "c") and ("a", "bc") have different keys.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()
