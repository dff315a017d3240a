"""Runs on disk that look for label suspects of a project."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from cartography.corpora.reading import read_corpus
from cartography.errors import CartographyError
from cartography.features.embedding import embed
from cartography.labelling.planted_noise import planted_noise
from cartography.labelling.project import Project, ProjectSettings, create_project, open_project
from cartography.labelling.session import LabelSession
from cartography.labelling.store import LabelStore
from cartography.labelling.suspect_runs import (
    SuspectRequest,
    SuspectRun,
    next_suspect_folder,
    read_suspect_runs,
    run_suspects,
    same_run,
    suspects_folder,
)
from cartography.labelling.suspects import RANKINGS, Progress, find_suspects
from cartography.models.presets import SEEDS
from cartography.models.training import as_tensor, pick_device
from cartography.runs.manifest import MANIFEST, SUMMARY, read_json, write_json

pytestmark = pytest.mark.usefixtures("own_cache")

CPU = SuspectRequest(device="cpu")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache with a project that was searched.

    Of its forty texts the last two have no label, and two of different classes are mislabelled.
    """
    folder = tmp_path_factory.mktemp("suspects")
    labels = [("dry", "wet")[i % 2] for i in range(38)] + ["", ""]
    labels[4], labels[7] = "wet", "dry"
    rows = [f"{('sun', 'rain')[i % 2]} day {i},{label}" for i, label in enumerate(labels)]
    table, vectors = folder / "days.csv", folder / "days.vec"
    table.write_text("text,label\n" + "\n".join(rows) + "\n")
    rng = np.random.default_rng(0)
    words = ["sun", "rain", "day", *map(str, range(40))]
    lines = [f"{word} {' '.join(f'{x:.3f}' for x in rng.normal(size=8))}" for word in words]
    vectors.write_text(f"{len(words)} 8\n" + "\n".join(lines) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CARTOGRAPHY_CACHE", str(folder / "cache"))
        settings = ProjectSettings(features="words", vectors=str(vectors))
        store = LabelStore()
        project = create_project(store, "days", read_corpus(table), None, settings, "Ada")
        run(store, project)
        store.close()
        yield folder / "cache"


@pytest.fixture
def store(own_cache: Path, prepared: Path) -> Iterator[LabelStore]:
    shutil.copytree(prepared, own_cache)
    opened = LabelStore()
    yield opened
    opened.close()


@pytest.fixture
def searched(store: LabelStore) -> Project:
    """The project with one run."""
    return open_project(store, "days")


@pytest.fixture
def project(searched: Project) -> Project:
    """The project without a run."""
    shutil.rmtree(suspects_folder(searched))
    return searched


@pytest.fixture
def found(searched: Project) -> SuspectRun:
    """The run."""
    return read_suspect_runs(searched)[0]


def run(store: LabelStore, project: Project, request: SuspectRequest = CPU) -> SuspectRun:
    for _ in run_suspects(store, project, request):
        pass
    return read_suspect_runs(project)[-1]


class TestFind:
    def test_the_table_is_what_find_suspects_says(
        self, searched: Project, found: SuspectRun
    ) -> None:
        project, corpus = searched, searched.corpus
        kind, preset = project.settings.feature_kind(), project.settings.chosen_preset()
        (made,) = embed([corpus], kind, scaled=preset.scaled_features)
        rows = np.flatnonzero(corpus.labels >= 0)
        features = as_tensor(made.features, pick_device("cpu"))
        expected = find_suspects(features, rows, corpus.labels[rows], 2, preset, SEEDS[0])
        table = found.table
        assert table["id"].tolist() == corpus.ids[rows].tolist()
        for name in RANKINGS:
            assert table[name].tolist() == expected.scores[name].tolist()
            assert found.order(name).tolist() == expected.order(name).tolist()
        names = np.array(corpus.classes, dtype=object)
        assert table["label"].tolist() == names[corpus.labels[rows]].tolist()
        assert table["predicted_label"].tolist() == names[expected.predicted].tolist()
        assert table["max_probability"].tolist() == expected.out_of_fold.max(axis=1).tolist()
        assert table["other_label"].tolist() == names[1 - corpus.labels[rows]].tolist()
        other = expected.out_of_fold[np.arange(len(rows)), 1 - corpus.labels[rows]]
        assert table["other_probability"].tolist() == other.tolist()
        assert table["issue"].tolist() == expected.issues.tolist()
        assert not table["single"].any()
        curves = np.stack(table["curve"].to_list())
        assert (curves == expected.dynamics.gold_probability.T).all()
        near = expected.nearest(np.array([3]), 5)[0]
        assert table["nearest"][3].tolist() == corpus.ids[rows][near].tolist()
        assert (found.data_map.region == expected.data_map.region).all()
        assert found.summary["texts"] == 38
        assert found.summary["issues"] == expected.issues.sum()

    def test_the_mislabelled_texts_come_early(self, searched: Project, found: SuspectRun) -> None:
        wrong = set(searched.corpus.ids[[4, 7]])
        for name in RANKINGS:
            assert wrong <= set(found.table["id"].iloc[found.order(name)[:8]]), name

    def test_labels_of_the_session_count(self, store: LabelStore, project: Project) -> None:
        session = LabelSession(project, "Ada", store)
        ids = project.corpus.ids
        session.rename_class("wet", "rainy")
        session.settle(ids[4], "dry")
        session.label(ids[38], "dry")
        session.set_aside(ids[0])
        found = run(store, project)
        labels = dict(zip(found.table["id"], found.table["label"], strict=True))
        assert (labels[ids[4]], labels[ids[38]], labels[ids[1]]) == ("dry", "dry", "rainy")
        assert ids[0] not in labels
        assert found.classes == {"dry": 0, "rainy": 1}
        assert found.summary["events"] == session.state.last

    def test_progress_counts_the_epochs(self, store: LabelStore, project: Project) -> None:
        steps = list(run_suspects(store, project, CPU))
        total = project.settings.chosen_preset().classifier.epochs
        assert steps == [Progress(done, total) for done in range(1, total + 1)]

    def test_an_unknown_ranking(self, found: SuspectRun) -> None:
        with pytest.raises(CartographyError, match="there is no ranking 'magic'"):
            found.order("magic")


class TestNoise:
    def test_the_table_is_the_report(self, store: LabelStore, project: Project) -> None:
        request = SuspectRequest("noise", device="cpu", seeds=(1, 2))
        steps = list(run_suspects(store, project, request))
        assert [step.done for step in steps] == list(range(1, steps[0].total + 1))
        (measured,) = read_suspect_runs(project, "noise")
        preset = project.settings.chosen_preset()
        (made,) = embed(
            [project.corpus], project.settings.feature_kind(), scaled=preset.scaled_features
        )
        rows = np.flatnonzero(project.corpus.labels >= 0)
        features = as_tensor(made.features, pick_device("cpu"))
        report = planted_noise(features, rows, project.corpus.labels[rows], 2, preset, 0.1, (1, 2))
        assert measured.table.equals(report.to_frame())
        assert (measured.summary["flipped"], measured.summary["texts"]) == (4, 38)
        assert read_suspect_runs(project, "find") == []

    def test_parts_count_on(
        self, store: LabelStore, project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cartography.labelling.planted_noise._MOST_VALUES", 1)
        request = SuspectRequest("noise", device="cpu", seeds=(1, 2))
        steps = list(run_suspects(store, project, request))
        epochs = project.settings.chosen_preset().classifier.epochs
        assert steps == [Progress(done, 2 * epochs) for done in range(1, 2 * epochs + 1)]

    def test_a_fraction_out_of_range(self, store: LabelStore, project: Project) -> None:
        with pytest.raises(CartographyError, match="between 0 and 1"):
            run(store, project, SuspectRequest("noise", device="cpu", fraction=1.0))


class TestOnDisk:
    def test_the_same_run_is_found_until_a_label_changes(
        self, store: LabelStore, searched: Project, found: SuspectRun
    ) -> None:
        project = searched
        session = LabelSession(project, "Ada", store)
        session.note(project.corpus.ids[0], "decides nothing")
        again = same_run(store, project, CPU)
        assert again is not None
        assert again.number == found.number == 1
        assert same_run(store, project, SuspectRequest("noise", device="cpu")) is None
        assert same_run(store, project, SuspectRequest(seed=1, device="cpu")) is None
        session.settle(project.corpus.ids[4], "dry")
        assert same_run(store, project, CPU) is None
        session.undo()
        assert same_run(store, project, CPU) is not None

    def test_runs_are_numbered_and_an_unfinished_one_is_done_again(
        self, store: LabelStore, searched: Project
    ) -> None:
        project = searched
        folder = next_suspect_folder(project)
        assert folder.name == "0002"
        steps = run_suspects(store, project, CPU)
        next(steps)
        steps.close()  # type: ignore[attr-defined]
        assert (folder / MANIFEST).exists()
        assert not (folder / SUMMARY).exists()
        assert next_suspect_folder(project) == folder
        assert len(read_suspect_runs(project)) == 1
        write_json(folder / "left.json", {})
        (folder / "left").mkdir()
        (folder / ".worker").mkdir()
        assert run(store, project).number == 2
        assert sorted(path.name for path in folder.iterdir()) == [
            ".worker",
            MANIFEST,
            SUMMARY,
            "table.parquet",
        ]

    def test_the_manifest_is_what_json_gives_back(self, found: SuspectRun) -> None:
        assert read_json(found.folder / MANIFEST) == found.manifest
        assert (found.work, found.manifest["kind"]) == ("find", "suspects")

    def test_what_is_refused(self, store: LabelStore, searched: Project, found: SuspectRun) -> None:
        project = searched
        with pytest.raises(CartographyError, match="run 0001 is finished already"):
            list(run_suspects(store, project, CPU, found.folder))
        with (
            FileLock(suspects_folder(project) / ".lock"),
            pytest.raises(CartographyError, match="another search for label suspects in 'days'"),
        ):
            run(store, project)
        session = LabelSession(project, "Ada", store)
        session.merge_class("wet", "dry")
        with pytest.raises(CartographyError, match="label texts of two classes in days first"):
            run(store, project)
        assert not next_suspect_folder(project).exists()

    def test_a_damaged_table(self, searched: Project, found: SuspectRun) -> None:
        (found.folder / "table.parquet").write_bytes(b"no table")
        with pytest.raises(CartographyError, match=r"table\.parquet cannot be read"):
            _ = read_suspect_runs(searched)[0].table
