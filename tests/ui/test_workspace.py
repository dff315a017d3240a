import os
import time
from pathlib import Path

import pytest
import streamlit as st
from streamlit.runtime.context import ContextProxy

from cartography.errors import CartographyError
from cartography.tables.reading import is_table
from ui.jobs import background
from ui.state import session, workspace
from ui.state.session import DataChoice

pytestmark = pytest.mark.usefixtures("own_cache")
TOKEN = "0123456789abcdef" * 2


@pytest.fixture(autouse=True)
def own_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty session of one browser."""
    monkeypatch.setattr(st, "session_state", {})


def send_cookie(monkeypatch: pytest.MonkeyPatch, cookie: str) -> None:
    """Make the browser send a cookie."""
    cookies = property(lambda _: {workspace.COOKIE: cookie})
    monkeypatch.setattr(ContextProxy, "cookies", cookies)


def test_the_cookie_names_the_folder(monkeypatch: pytest.MonkeyPatch, own_cache: Path) -> None:
    send_cookie(monkeypatch, TOKEN)

    assert workspace.folder() == own_cache / "workspaces" / TOKEN


@pytest.mark.parametrize(
    "cookie", ["", "..", "../runs", TOKEN[:-1], TOKEN + "\n", TOKEN.upper(), f"{TOKEN}/.."]
)
def test_an_invalid_cookie_names_no_folder(
    monkeypatch: pytest.MonkeyPatch, own_cache: Path, cookie: str
) -> None:
    send_cookie(monkeypatch, cookie)

    folder = workspace.folder()

    assert folder.parent == own_cache / "workspaces"
    assert folder.name not in ("", cookie.strip())
    assert len(folder.name) == 32
    assert workspace.folder() == folder, "the same one during the session"


def test_files_in_a_workspace_are_private(own_cache: Path) -> None:
    assert workspace.is_private(workspace.folder() / "uploads" / "a.csv")
    assert not workspace.is_private(own_cache / "corpora" / "a.csv")
    assert not workspace.is_private(workspace.folder() / ".." / ".." / "a.csv")


def test_messages_name_an_upload_without_its_secret_folder() -> None:
    path = session.keep_upload("plain.csv", b"text,label\n")

    message = workspace.without_folders(f"reading {path} …")

    assert message == "reading plain.csv …"
    assert workspace.without_folders(f"reading {session.keep_for_all(path)} …") == message
    log = workspace.folder() / "runs" / "map-1" / "log"
    assert workspace.without_folders(f"see {log}") == "see runs/map-1/log"
    assert workspace.without_folders("/data/plain.csv is empty") == "/data/plain.csv is empty"


def test_messages_do_not_say_where_the_cache_is(own_cache: Path) -> None:
    path = own_cache / "projects" / "0123" / "texts.parquet"

    assert workspace.without_folders(f"cannot be read from {path}: no") == (
        "cannot be read from projects/0123/texts.parquet: no"
    )
    assert workspace.without_folders(f"{own_cache}-2/a.csv") == f"{own_cache}-2/a.csv"


def test_workspaces_without_a_visit_for_a_week_are_removed(own_cache: Path) -> None:
    for name, days in (("old", workspace.DAYS + 1), ("young", workspace.DAYS - 1)):
        folder = own_cache / "workspaces" / name
        (folder / "uploads").mkdir(parents=True)
        last_visit = time.time() - days * 86_400
        os.utime(folder, (last_visit, last_visit))

    workspace.open_workspace()

    assert [folder.name for folder in (own_cache / "workspaces").iterdir()] == ["young"]


@pytest.mark.parametrize(
    ("sent", "written"),
    [
        ("a b.csv", "a b.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\tables\\my.tsv", "my.tsv"),
        ("..", "upload"),
        (".hidden.csv", "hidden.csv"),
        ("line\nbreak.csv", "linebreak.csv"),
    ],
)
def test_an_upload_is_written_to_a_folder_of_its_own(sent: str, written: str) -> None:
    path = Path(session.keep_upload(sent, b"content"))

    assert path.name == written
    assert path.read_bytes() == b"content"
    assert path.parent.parent == workspace.uploads_folder()


def test_uploads_are_listed_by_type_the_newest_first() -> None:
    old = session.keep_upload("old.csv", b"old")
    os.utime(Path(old).parent, (1, 1))
    new = session.keep_upload("NEW.JSONL", b"new")
    session.keep_upload("words.vec", b"1 1\nword 0.5\n")

    assert session.uploads(is_table) == [new, old]
    assert session.keep_upload("old.csv", b"old") == old
    assert session.uploads(is_table) == [old, new], "uploaded again, it is the newest"


def test_a_table_uploaded_or_kept_again_is_unchanged() -> None:
    upload = session.keep_upload("mine.csv", b"text,label\n")
    kept = session.keep_for_all(upload)
    for path in (upload, kept):
        os.utime(path, (1, 1))
    stamps = [background.stamp(DataChoice(path)) for path in (upload, kept)]

    assert session.keep_upload("mine.csv", b"text,label\n") == upload
    assert session.keep_for_all(upload) == kept

    assert [background.stamp(DataChoice(path)) for path in (upload, kept)] == stamps


def test_forgetting_deletes_all_uploads_and_the_sample_is_in_use() -> None:
    upload = session.keep_upload("mine.csv", b"text,label\n")
    kept = session.keep_for_all(upload)
    session.use(DataChoice(upload))

    session.forget_uploads()

    assert not Path(upload).exists()
    assert session.choice() == DataChoice()
    assert session.kept_corpora() == [kept]
    assert session.is_kept(kept)


def test_forgetting_keeps_a_corpus_in_use_that_is_no_upload(tiny: DataChoice) -> None:
    session.use(tiny)
    session.keep_upload("mine.csv", b"text,label\n")

    session.forget_uploads()

    assert session.choice() == tiny
    del st.session_state[session.CHOICE]
    assert session.choice() == tiny, "remembered for the next visit"


@pytest.mark.parametrize("name", ["stanfordnlp/imdb", "a/b:train", "a/b:train[:10%]", "a-1/b_2.c"])
def test_valid_names_on_the_hub(name: str) -> None:
    assert session.hub_source(name) == f"hub:{name}"


@pytest.mark.parametrize(
    "name", ["imdb", "/etc/passwd", "../a/b", "a/..", "a/b/c", "hub:a/b", "a/b:", "a/b\n", "~/b"]
)
def test_invalid_names_on_the_hub(name: str) -> None:
    with pytest.raises(CartographyError, match="owner/name"):
        session.hub_source(name)


def test_a_folder_of_the_server_is_no_data_set_of_the_hub() -> None:
    with pytest.raises(CartographyError, match="is a folder of the server"):
        session.hub_source("cartography/strategies")
