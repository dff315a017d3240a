import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dashboard import carry_out, charts, page, refuse
from streamlit.testing.v1 import AppTest

from cartography.corpora import reading
from cartography.corpora.corpus import Corpus
from ui.jobs import background, tasks
from ui.panels.dataset import sources as panels
from ui.state import session, workspace
from ui.state.session import DataChoice

pytestmark = pytest.mark.usefixtures("own_cache")

TABLE = "text,label\n" + "".join(f"{c} day {i},{c}\n" for i in range(15) for c in ("sun", "rain"))


def local(path: str, **state: object) -> AppTest:
    """Open the page with a local table."""
    return page("dataset", None, source_kind=panels.LOCAL, source_path=path, **state)


def upload(content: str | bytes, name: str = "mine.csv") -> AppTest:
    """Open the page and upload a table."""
    opened = page("dataset", None, source_kind=panels.UPLOAD)
    data = content if isinstance(content, bytes) else content.encode()
    opened.file_uploader[0].set_value((name, data, "text/csv"))
    return opened.run()


def keys(elements: object) -> list[str]:
    return [element.key for element in elements]  # type: ignore[attr-defined]


def numbers(opened: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in opened.metric}


@pytest.fixture
def sample(monkeypatch: pytest.MonkeyPatch) -> Corpus:
    """Replace the sample, which takes seconds to read, by a few texts."""
    texts = np.array([f"some text {i}" for i in range(8)], dtype=object)
    corpus = Corpus("Offline sample", texts, texts, np.arange(8) % 2, ("a", "b"))
    monkeypatch.setattr(reading, "sample_corpus", lambda: corpus)
    return corpus


class TestNothingChosenYet:
    @pytest.mark.parametrize(
        ("kind", "hint"),
        [
            (panels.UPLOAD, "Upload a table"),
            (panels.HUB, "owner/name"),
            (panels.LOCAL, "Enter the path"),
        ],
    )
    def test_each_source_says_what_to_do_next(self, kind: str, hint: str) -> None:
        opened = page("dataset", None, source_kind=kind)

        assert not opened.exception
        assert not opened.error
        assert hint in opened.info[0].value
        assert keys(opened.button) == []

    def test_local_paths_are_offered_only_if_allowed(
        self, monkeypatch: pytest.MonkeyPatch, tiny: DataChoice
    ) -> None:
        monkeypatch.setenv("CARTOGRAPHY_LOCAL_PATHS", "0")

        opened = page("dataset", None, source_kind=panels.KEPT)

        kinds = opened.segmented_control(key="source_kind")
        assert panels.LOCAL not in kinds.options
        assert panels.UPLOAD in kinds.options


class TestContents:
    def test_the_sample_is_in_use_at_first(self, sample: Corpus) -> None:
        opened = page("dataset")

        assert not opened.exception
        assert not opened.error
        assert numbers(opened)["Texts"] == f"{len(sample)}"
        assert charts(opened) == 2
        assert keys(opened.button) == ["to_map", "embed"]

    def test_counts_and_guessed_columns_are_shown(self, tiny: DataChoice) -> None:
        opened = local(tiny.source)

        assert not opened.exception
        assert not opened.error
        counts = numbers(opened)
        assert (counts["Texts"], counts["Classes"], counts["Duplicates"]) == ("40", "2", "0")
        assert any("column 'text'" in caption.value for caption in opened.caption)
        raw = opened.dataframe[0].value
        assert list(raw.columns) == ["text", "label"]
        assert raw["text"][1] == "rain day 1"
        assert set(json.loads(opened.dataframe[0].proto.columns)) <= {"_index"}, "no column formats"
        assert charts(opened) == 2

    def test_columns_are_chosen(self, tmp_path: Path) -> None:
        table = tmp_path / "table.csv"
        table.write_text("what it says,kind,label\na,x,1\nb,y,1\nc,x,1\n")
        opened = local(str(table))
        assert "“Text column”" in opened.error[0].value
        assert "--" not in opened.error[0].value

        opened.selectbox(key="column_text").set_value("what it says")
        opened.selectbox(key="column_label").set_value("kind").run()

        assert not opened.error
        assert numbers(opened)["Classes"] == "2"
        opened.button(key="use").click().run()
        used = opened.session_state[session.CHOICE]
        assert (used.text, used.label) == ("what it says", "kind")

    def test_duplicated_and_empty_texts_are_listed_on_demand(self, tmp_path: Path) -> None:
        table = tmp_path / "table.csv"
        table.write_text('text,label\nsame,a\nsame,b\nother,a\n"",b\nsame,a\n')

        opened = local(str(table), duplicated_texts=True, empty_texts=True)

        assert numbers(opened)["Duplicates"] == "2"
        tables = [frame.value for frame in opened.dataframe]
        duplicated = next(table for table in tables if "times" in table)
        assert duplicated.to_dict("records") == [
            {"text": "same", "times": 3, "gold labels": "a | b"}
        ]
        assert list(tables[-1]["id"]) == ["3"]
        assert not any("times" in frame.value for frame in local(str(table)).dataframe)

    def test_a_test_set(self, tiny: DataChoice) -> None:
        opened = local(tiny.source, test_kind=panels.LOCAL, test_path=tiny.test)

        assert any("Test set: tiny.csv, 40 texts" in caption.value for caption in opened.caption)


class TestTooFewClasses:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("text,label\na,x\nb,x\n", "all gold labels of mine.csv are 'x'"),
            ("text,other\na,b\n", "has no gold labels"),
        ],
        ids=["one class", "no labels"],
    )
    def test_the_corpus_can_be_used_for_labelling(self, content: str, message: str) -> None:
        opened = upload(content)

        assert not opened.exception
        assert not opened.error
        assert message.casefold() in opened.warning[0].value.casefold()
        assert "on the page Label" in opened.warning[0].value
        assert "use" in keys(opened.button)

    def test_a_corpus_without_labels_is_labelled_next(self) -> None:
        opened = upload("text,other\na,b\n")

        next(button for button in opened.button if button.key == "use").click().run()

        assert "to_label" in keys(opened.button)
        assert "to_map" not in keys(opened.button)


class TestBadTables:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("", "mine.csv is empty"),
            ("text,label\n", "has no rows"),
            ("just some words\nand more\n", "no text column found"),
            (b"\x89PNG\x00\x00\x01", "NUL bytes"),
            ("text,label\n" + "".join(f"t{i},l{i}\n" for i in range(30)), "looks like an id"),
            ("text,label\na\n", "1 column but the header has 2"),
        ],
        ids=["empty", "no rows", "no header", "binary", "ids", "short"],
    )
    def test_an_error_is_one_line_and_the_corpus_stays(
        self, content: str | bytes, message: str
    ) -> None:
        opened = upload(content)

        assert not opened.exception
        assert len(opened.error) == 1
        assert message.casefold() in opened.error[0].value.casefold()
        assert "workspaces" not in opened.error[0].value
        assert opened.session_state[session.CHOICE] == DataChoice()
        assert "use" not in keys(opened.button)

    @pytest.mark.parametrize("path", ["/no/such.csv", "~nobody-of-this-name/such.csv"])
    def test_a_missing_file(self, path: str) -> None:
        opened = local(path)

        assert f"{path} does not exist" in opened.error[0].value

    @pytest.mark.parametrize("name", ["imdb", "cartography/figures", "../a/b"])
    def test_invalid_names_on_the_hub(self, name: str) -> None:
        opened = page("dataset", None, source_kind=panels.HUB, source_hub=name)

        assert not opened.exception
        assert "owner/name" in opened.error[0].value

    def test_a_data_set_that_cannot_be_downloaded_is_one_line(self) -> None:
        opened = page("dataset", None, source_kind=panels.HUB, source_hub="nobody/nothing")

        assert not opened.exception
        assert "hub:nobody/nothing cannot be loaded" in opened.error[0].value.casefold()
        assert "\n" not in opened.error[0].value


class TestUploads:
    def test_an_upload_is_read_once_and_can_be_used(self) -> None:
        opened = upload(TABLE)
        assert not opened.error
        assert opened.file_uploader[0].value is None, "the uploader is empty again"
        assert numbers(opened)["Texts"] == "30"

        opened.button(key="use").click().run()

        assert opened.session_state[session.CHOICE].is_private
        assert "use" not in keys(opened.button)

    def test_a_value_typed_just_before_the_click_is_used(self) -> None:
        opened = upload(TABLE)
        opened.segmented_control(key="features_kind").set_value("Word vectors").run()
        opened.number_input(key="max_length").set_value(3)

        opened.button(key="use").click().run()

        assert opened.session_state[session.CHOICE].max_length == 3

    def test_uploads_with_equal_name_and_size_are_distinct(self) -> None:
        opened = upload(TABLE)
        other = TABLE.replace("sun", "fog").encode()
        opened.file_uploader[0].set_value(("mine.csv", other, "text/csv")).run()
        chosen = opened.selectbox(key="source_upload").value

        opened.run()

        assert opened.selectbox(key="source_upload").value == chosen
        assert len(set(opened.selectbox(key="source_upload").options)) == 2

    def test_the_training_table_is_not_offered_as_test_set(self) -> None:
        opened = upload(TABLE)
        opened.segmented_control(key="test_kind").set_value(panels.UPLOAD).run()

        assert "test_upload" not in keys(opened.selectbox)
        assert "There is no test set" in opened.info[0].value

    def test_a_test_set_is_chosen_from_the_other_uploads(self) -> None:
        opened = upload(TABLE + "sun day,sun\n", "other.csv")
        opened.file_uploader[0].set_value(("mine.csv", TABLE.encode(), "text/csv")).run()
        opened.segmented_control(key="test_kind").set_value(panels.UPLOAD).run()
        uploads = opened.selectbox(key="test_upload")
        assert uploads.value is None
        assert [name.split(" ")[0] for name in uploads.options] == ["other.csv"]
        assert "There is no test set" in opened.info[0].value

        uploads.select_index(0).run()

        assert any("Test set: other.csv, 31 texts" in caption.value for caption in opened.caption)

    def test_file_names_are_escaped(self, tmp_path: Path, tiny: DataChoice) -> None:
        odd = tmp_path / "![x] $5 $10.csv"
        odd.write_bytes(Path(tiny.source).read_bytes())

        opened = page("dataset", replace(tiny, source=str(odd)))

        assert opened.header[0].value == r"!\[x] \$5 \$10.csv"
        assert any(r"!\[x] \$5 \$10.csv" in element.value for element in opened.sidebar.markdown)

    def test_a_reload_finds_the_upload_in_use_again(self) -> None:
        first = upload(TABLE)
        first.button(key="use").click().run()
        token = first.session_state[workspace._TOKEN]

        reloaded = page("dataset", **{workspace._TOKEN: token})

        assert reloaded.segmented_control(key="source_kind").value == panels.UPLOAD
        assert numbers(reloaded)["Texts"] == "30"

    def test_another_browser_does_not_see_it(self) -> None:
        upload(TABLE)

        opened = page("dataset", None, source_kind=panels.UPLOAD)

        assert "Upload a table" in opened.info[0].value
        assert "source_upload" not in keys(opened.selectbox)

    def test_a_kept_upload_is_visible_to_all(self) -> None:
        opened = upload(TABLE)

        opened.button(key="keep").click().run()

        assert opened.segmented_control(key="source_kind").value == panels.KEPT
        other = page("dataset", None, source_kind=panels.KEPT)
        assert numbers(other)["Texts"] == "30"
        other.button(key="use").click().run()
        assert not other.session_state[session.CHOICE].is_private

    @pytest.mark.usefixtures("sample")
    def test_a_forgotten_upload_is_deleted_and_the_sample_is_in_use(self) -> None:
        opened = upload(TABLE)
        opened.button(key="use").click().run()
        path = Path(opened.session_state[session.CHOICE].source)

        opened.button(key="forget").click().run()

        assert not opened.exception
        assert not path.exists()
        assert opened.session_state[session.CHOICE] == DataChoice()
        assert opened.segmented_control(key="source_kind").value == panels.SAMPLE

    def test_a_corpus_chosen_on_another_page_is_shown(self, tiny: DataChoice) -> None:
        opened = upload(TABLE)
        opened.session_state[session.CHOICE] = tiny

        opened.run()

        assert opened.text_input(key="source_path").value == tiny.source
        assert opened.text_input(key="test_path").value == tiny.test


class TestFeatures:
    def choose(self, tiny: DataChoice, **state: object) -> AppTest:
        state |= {"features_kind": "Word vectors", "vectors_kind": panels.LOCAL}
        return local(tiny.source, vectors_path=tiny.vectors, **state)

    def chosen(self, tiny: DataChoice) -> DataChoice:
        return DataChoice(source=tiny.source, features="words", vectors=tiny.vectors)

    def test_coverage_is_shown_and_the_address_names_the_task(self, tiny: DataChoice) -> None:
        task = tasks.embedding(self.chosen(tiny))
        carry_out(task)

        opened = self.choose(tiny)

        assert not opened.exception
        assert numbers(opened)["Words with a vector"] == "100.0 %"
        assert any("have a vector" in caption.value for caption in opened.caption)
        assert opened.query_params["run"] == task.key

    def test_the_address_sets_the_corpus(self, tiny: DataChoice) -> None:
        task = tasks.embedding(self.chosen(tiny))
        carry_out(task)
        opened = page("compare")
        opened.query_params["run"] = task.key

        opened.switch_page("pages/dataset.py").run()

        assert opened.text_input(key="source_path").value == tiny.source
        assert opened.text_input(key="vectors_path").value == tiny.vectors

    def test_the_worker_can_be_cancelled(self, tiny: DataChoice) -> None:
        task = tasks.embedding(self.chosen(tiny))
        opened = self.choose(tiny)

        opened.button(key="embed").click().run()
        assert "embed_cancel" in keys(opened.button)
        opened.button(key="embed_cancel").click().run()

        assert not opened.exception
        assert background.task_state(task).phase == "absent"
        assert "embed" in keys(opened.button)

    def test_unreadable_vectors_are_reported(self, tiny: DataChoice) -> None:
        refuse(tasks.embedding(self.chosen(tiny)), "the file is damaged; name one with --label.")

        opened = self.choose(tiny)

        assert opened.error[0].value == "The file is damaged; name one with “Label column”."
        assert "embed" in keys(opened.button), "it can be tried again"

    def test_files_of_features_can_be_uploaded(self, tiny: DataChoice) -> None:
        opened = local(tiny.source, features_kind="Your own", own_kind=panels.UPLOAD)

        assert set(opened.file_uploader[0].proto.type) == {".npy", ".parquet", ".jsonl"}
        assert "a row of numbers for each text" in opened.info[0].value

    def test_a_name_on_the_hub_is_never_a_folder_of_the_server(self, tiny: DataChoice) -> None:
        opened = local(
            tiny.source,
            features_kind="Sentence encoder",
            encoder_kind=panels.HUB,
            encoder_hub="/etc",
        )
        opened.button(key="use").click().run()

        assert opened.session_state[session.CHOICE].features == "encoder:hub:/etc"

    def test_no_vectors_chosen_yet(self, tiny: DataChoice) -> None:
        opened = local(tiny.source, features_kind="Word vectors", vectors_kind=panels.UPLOAD)

        assert "word vectors" in opened.info[0].value
        assert "use" not in keys(opened.button)
