from pathlib import Path

import pytest
from dashboard import page
from streamlit.testing.v1 import AppTest

from cartography.files import START_DATA, START_TEST
from ui.state import session, workspace
from ui.state.session import DataChoice


def opened_choice() -> DataChoice:
    """The corpus in use in a new session."""
    opened = AppTest.from_string("from ui.state import session\nsession.choice()").run()
    choice: DataChoice = opened.session_state[session.CHOICE]
    return choice


def test_a_server_that_was_started_on_a_file_opens_it(
    tiny: DataChoice, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(START_DATA, tiny.source)
    monkeypatch.setenv(START_TEST, tiny.source)
    opened = page("dataset").run()
    assert not opened.exception
    choice = opened.session_state[session.CHOICE]
    assert choice == DataChoice(source=tiny.source, test=tiny.source)


def test_after_another_choice_a_reload_keeps_that_choice(
    tiny: DataChoice, own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(START_DATA, "hub:owner/name")
    monkeypatch.setattr(workspace, "folder", lambda: tmp_path / "browser")
    assert opened_choice().source == "hub:owner/name"
    script = "from ui.state import session\nsession.use(session.choice())"
    other = AppTest.from_string(script)
    other.session_state[session.CHOICE] = tiny
    other.run()
    assert opened_choice() == tiny


def test_without_either_it_is_the_sample(own_cache: Path) -> None:
    assert opened_choice() == DataChoice()


def test_a_choice_of_a_version_without_kinds_of_features_keeps_its_word_vectors() -> None:
    old = {"source": "a.csv", "vectors": "corpus", "pooling": "sum", "max_length": 3}
    assert DataChoice.of_json(old) == DataChoice("a.csv", features="words", max_length=3)
    old |= {"vectors": "w.vec", "pooling": "mean"}
    choice = DataChoice.of_json(old)
    assert (choice.features, choice.vectors, choice.pooling) == ("words", "w.vec", "mean")


def test_files_of_features() -> None:
    assert DataChoice("a.csv", features="file:/x/own.npy").files == [
        Path("a.csv"),
        Path("/x/own.npy"),
    ]
    assert DataChoice("a.csv", features="file:/x/own.parquet:v").files[-1] == Path("/x/own.parquet")
    assert DataChoice("a.csv", features="encoder:/x/model").files[-1] == Path("/x/model")
    assert DataChoice("a.csv", features=f"encoder:{'a' * 300}").files == [Path("a.csv")]
