import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

from cartography.errors import CartographyError
from cartography.models.presets import PAPER
from cartography.runs.manifest import (
    LOCK,
    MANIFEST,
    SUMMARY,
    Manifest,
    Source,
    claim_folders,
    find_runs,
    read_json,
    read_manifest,
    run_folders,
    status,
    write_json,
)

SOURCE = Source("made", "f00", 90, ("a", "b"), "feat", "made up")
LEARN = Manifest("learn", SOURCE, SOURCE, PAPER.for_corpus(90), 7, "cpu", "cal")


def test_equal_manifests_have_equal_ids_and_any_change_gives_another() -> None:
    assert LEARN.run_id == replace(LEARN).run_id
    assert re.fullmatch("[0-9a-f]{12}", LEARN.run_id)
    others = [
        replace(LEARN, seed=8),
        replace(LEARN, strategy="dal"),
        replace(LEARN, preset=replace(LEARN.preset, t_cor=0.4)),
        replace(LEARN, train=replace(SOURCE, fingerprint="f01")),
        replace(LEARN, versions={**LEARN.versions, "torch": "0"}),
    ]
    assert len({LEARN.run_id, *(other.run_id for other in others)}) == 6


def test_one_run_has_the_folder_itself_and_several_have_folders_below_it() -> None:
    out = Path("out")
    assert run_folders(out, [{"seed": 5}]) == [out]
    assert run_folders(out, [{"seed": 5}, {"seed": 6}]) == [out / "seed-5", out / "seed-6"]


def test_folders_are_named_by_the_settings_that_differ() -> None:
    runs = [
        {"strategy": "random", "seed": 1},
        {"strategy": "cal", "t_cor": 0.2, "seed": 1},
        {"strategy": "cal", "t_cor": 0.4, "seed": 1},
    ]
    names = [folder.name for folder in run_folders(Path("out"), runs)]
    assert names == ["random", "cal-t_cor-0.2", "cal-t_cor-0.4"]


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ([], "nothing to run"),
        ([{"seed": 5}, {"seed": 5}], r"twice \(seed 5\)"),
        ([{"size": "all", "seed": 1}, {"size": "all", "seed": 1}, {"seed": 2}], "twice"),
    ],
)
def test_equal_runs_are_refused(runs: list[dict[str, object]], message: str) -> None:
    with pytest.raises(CartographyError, match=message):
        run_folders(Path("out"), runs)


def test_a_new_folder_is_claimed_resumed_and_refused_when_finished(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "run"
    for _ in range(2):
        with claim_folders(out, {out: LEARN}) as unfinished:
            assert unfinished == [out]
            assert status(out) == "running"
        assert read_manifest(out) == LEARN.as_dict()
        assert status(out) == "stopped"
    write_json(out / SUMMARY, {})
    assert status(out) == "finished"
    with (
        pytest.raises(CartographyError, match="contains this run, finished"),
        claim_folders(out, {out: LEARN}),
    ):
        pass


def test_of_several_seeds_only_the_unfinished_are_resumed(tmp_path: Path) -> None:
    manifests = {tmp_path / f"seed-{seed}": replace(LEARN, seed=seed) for seed in (1, 2)}
    with claim_folders(tmp_path, manifests) as unfinished:
        assert [folder.name for folder in unfinished] == ["seed-1", "seed-2"]
        assert status(tmp_path / "seed-2") == "running"
    write_json(tmp_path / "seed-1" / SUMMARY, {})
    with claim_folders(tmp_path, manifests) as unfinished:
        assert [folder.name for folder in unfinished] == ["seed-2"]


def write_other_file(out: Path) -> None:
    out.mkdir()
    (out / "thesis.doc").write_text("")


def write_other_run(out: Path) -> None:
    out.mkdir()
    changed = replace(LEARN, preset=replace(LEARN.preset, t_cor=0.4))
    write_json(out / MANIFEST, changed.as_dict())


def write_broken_manifest(out: Path) -> None:
    out.mkdir()
    (out / MANIFEST).write_text('{"kind": "le')


@pytest.mark.parametrize(
    ("before", "message"),
    [
        (
            write_other_file,
            "run is not empty (it contains thesis.doc): choose a new or empty folder",
        ),
        (write_other_run, "run contains another run (its preset.t_cor is different)"),
        (write_broken_manifest, "manifest.json cannot be read"),
        (lambda out: out.write_text(""), "run is a file: name a folder"),
    ],
)
def test_a_refused_folder_is_left_unchanged(tmp_path: Path, before, message: str) -> None:
    out = tmp_path / "run"
    before(out)
    names = sorted(path.name for path in tmp_path.rglob("*"))
    with (
        pytest.raises(CartographyError, match=re.escape(message)),
        claim_folders(out, {out: LEARN}),
    ):
        pass
    assert sorted(path.name for path in tmp_path.rglob("*")) == names


def test_several_seeds_refuse_a_folder_with_other_content(tmp_path: Path) -> None:
    (tmp_path / "seed-3").mkdir()
    manifests = dict.fromkeys([tmp_path / "one", tmp_path / "two"], LEARN)
    with (
        pytest.raises(CartographyError, match="it contains seed-3"),
        claim_folders(tmp_path, manifests),
    ):
        pass


def test_two_processes_cannot_write_the_same_run(tmp_path: Path) -> None:
    with (
        FileLock(tmp_path / LOCK),
        pytest.raises(CartographyError, match="in use by another run"),
        claim_folders(tmp_path, {tmp_path: LEARN}),
    ):
        pass


def test_a_folder_that_cannot_be_created_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "run"
    with (
        pytest.raises(CartographyError, match="cannot be created"),
        claim_folders(out, {out: LEARN}),
    ):
        pass


def test_runs_are_found_newest_first(tmp_path: Path) -> None:
    for age, name in enumerate(("new", "old")):
        folder = tmp_path / name
        write_json(folder / MANIFEST, LEARN.as_dict())
        os.utime(folder / MANIFEST, (1e9 - age, 1e9 - age))
    assert [folder.name for folder in find_runs(tmp_path)] == ["new", "old"]
    with pytest.raises(CartographyError, match="is not the folder of a run: it has no manifest"):
        read_manifest(tmp_path)
    write_json(tmp_path / MANIFEST, {"name": "an app"})
    with pytest.raises(CartographyError, match="is not the manifest of a run"):
        read_manifest(tmp_path)


def test_a_folder_that_disappears_during_the_search_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_json(tmp_path / "stays" / MANIFEST, LEARN.as_dict())
    disappears, scandir = tmp_path / "disappears", os.scandir
    disappears.mkdir()

    def remove_and_scan(folder: str | Path) -> Any:
        if Path(folder) == disappears and disappears.exists():
            disappears.rmdir()
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", remove_and_scan)

    assert find_runs(tmp_path) == [tmp_path / "stays"]


def test_the_error_for_a_folder_of_several_runs_names_one(tmp_path: Path) -> None:
    write_json(tmp_path / "seed-5" / MANIFEST, LEARN.as_dict())
    with pytest.raises(CartographyError, match=r"name the folder of one run, such as \S+seed-5"):
        read_manifest(tmp_path)


def test_a_run_refused_before_it_writes_leaves_its_folder_free(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with pytest.raises(CartographyError, match="too few"), claim_folders(out, {out: LEARN}):
        raise CartographyError("too few")
    with claim_folders(out, {out: replace(LEARN, seed=8)}) as unfinished:
        assert unfinished == [out]


def test_only_json_objects_are_read(tmp_path: Path) -> None:
    path = tmp_path / "value.json"
    write_json(path, {"ä": [1, np.float64(0.5).item()]})
    assert read_json(path) == {"ä": [1, 0.5]}
    assert "ä" in path.read_text(encoding="utf-8")
    path.write_text(json.dumps([1]))
    with pytest.raises(CartographyError, match="does not contain a JSON object"):
        read_json(path)
