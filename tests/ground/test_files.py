from pathlib import Path

import pytest

from cartography.errors import CartographyError
from cartography.files import atomic_write, cache_folder, content_key


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.txt"
    with atomic_write(path) as temporary:
        temporary.write_text("first")
        assert not path.exists()
    assert path.read_text() == "first"

    def interrupted() -> None:
        with atomic_write(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "first"
    assert [entry.name for entry in path.parent.iterdir()] == ["file.txt"]


def test_a_place_that_takes_no_files_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(CartographyError, match=r"file/new\.txt cannot be written"),
        atomic_write(tmp_path / "file" / "new.txt"),
    ):
        pass


def test_keys_depend_on_where_parts_end() -> None:
    assert content_key("ab", "c") != content_key("a", "bc")
    assert content_key("ä") == content_key("ä".encode())
    assert len(content_key()) == 32


def test_the_cache_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CARTOGRAPHY_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("CARTOGRAPHY_CACHE")
    assert cache_folder() == Path(__file__).resolve().parents[2] / "cache"
