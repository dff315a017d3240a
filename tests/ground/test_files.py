import os
from pathlib import Path

import pytest

from cartography.errors import CartographyError
from cartography.files import atomic_write, cache_folder, content_key


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.txt"
    with atomic_write(path) as temporary:
        temporary.write_text("first")
        assert not path.exists()
    assert path.read_text() == "first"

    def write_half() -> None:
        with atomic_write(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_text() == "first"
    assert [entry.name for entry in path.parent.iterdir()] == ["file.txt"]


def test_a_path_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(CartographyError, match=r"file/new\.txt cannot be written"),
        atomic_write(tmp_path / "file" / "new.txt"),
    ):
        pass


def test_a_file_that_a_reader_keeps_open_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows refuses to replace or to remove a file that is open."""
    path = tmp_path / "file.txt"
    path.write_text("first")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr(Path, "replace", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    with (
        pytest.raises(CartographyError, match=r"file\.txt cannot be written: Access is denied"),
        atomic_write(path) as temporary,
    ):
        temporary.write_text("second")
    assert path.read_text() == "first"


def test_the_written_file_is_flushed_through_a_writable_handle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows refuses to flush a file that is open for reading only."""
    flushed = []

    def fsync(descriptor: int) -> None:
        flushed.append(os.write(descriptor, b"x"))

    monkeypatch.setattr(os, "fsync", fsync)
    with atomic_write(tmp_path / "file.txt") as temporary:
        temporary.write_text("text")
    assert flushed == [1]


def test_keys_depend_on_the_boundaries_of_parts() -> None:
    assert content_key("ab", "c") != content_key("a", "bc")
    assert content_key("ä") == content_key("ä".encode())
    assert len(content_key()) == 32


def test_the_cache_folder_can_be_configured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CARTOGRAPHY_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("CARTOGRAPHY_CACHE")
    assert cache_folder() == Path(__file__).resolve().parents[2] / "cache"


def test_a_file_that_a_reader_has_open_is_replaced_when_it_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, refusals = Path.replace, [PermissionError(), PermissionError()]

    def refuse_twice(source: Path, target: Path) -> Path:
        if refusals:
            raise refusals.pop()
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", refuse_twice)
    monkeypatch.setattr("cartography.files._REPLACE_RETRIES", 3)
    with atomic_write(tmp_path / "open.txt") as temporary:
        temporary.write_text("new", encoding="utf-8")
    assert (tmp_path / "open.txt").read_text(encoding="utf-8") == "new"
