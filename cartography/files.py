"""Files that are either whole or absent, and where the caches live."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from cartography.errors import CartographyError

START_DATA, START_TEST = "CARTOGRAPHY_START_DATA", "CARTOGRAPHY_START_TEST"
"""Environment variables that name the corpus and the test set a dashboard opens with."""


def package_folder() -> Path:
    """Return the folder of the package itself."""
    return Path(__file__).resolve().parent


def cache_folder() -> Path:
    """The folder for embeddings, maps and runs.

    `CARTOGRAPHY_CACHE` if it is set, else `cache/` of the checkout we run in, else
    `~/.cache/cartography`.
    """
    named = os.environ.get("CARTOGRAPHY_CACHE")
    if named:
        return expand_home(named)
    checkout = package_folder().parent
    in_checkout = (checkout / "pyproject.toml").is_file() and (checkout / "cache").is_dir()
    return checkout / "cache" if in_checkout else Path.home() / ".cache" / "cartography"


def expand_home(path: str | Path) -> Path:
    """`path` with a leading ~ as the home it stands for, if there is a user of that name."""
    # Path.expanduser raises RuntimeError where there is none; as it is, the path is missing.
    return Path(os.path.expanduser(path))  # noqa: PTH111


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, renamed onto it when the block ends without an error.

    A reader, or a process that resumes after a crash, sees the old file or the new one, never a
    part of either. Raises CartographyError when the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix, delete=False
        ) as handle:
            temporary = Path(handle.name)
    except OSError as error:
        raise CartographyError(f"{path} cannot be written: {error.strerror}") from error
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        # NamedTemporaryFile makes the file private; a finished file follows the umask instead.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    except OSError as error:
        raise CartographyError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)


def content_key(*parts: str | bytes) -> str:
    """A 32-digit hexadecimal key of `parts`, for naming a cached file by its content.

    The length of each part is hashed too, so ("ab", "c") and ("a", "bc") have different keys.
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()
