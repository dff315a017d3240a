import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# Before any test module imports `datasets`, which reads it once: no test writes to, or depends on,
# the Hugging Face cache of the person who runs it.
os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="cartography-tests-")
os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of the tests' own, shared by them so that the sample is built once."""
    folder = tmp_path_factory.mktemp("cache")
    before = os.environ.get("CARTOGRAPHY_CACHE")
    os.environ["CARTOGRAPHY_CACHE"] = str(folder)
    yield folder
    if before is None:
        del os.environ["CARTOGRAPHY_CACHE"]
    else:
        os.environ["CARTOGRAPHY_CACHE"] = before


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Real corpora, which the project does not hold because of their licences."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("CARTOGRAPHY_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"no real corpora at {folder}: set CARTOGRAPHY_DATA to their folder")
    return folder
