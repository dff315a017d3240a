"""A run on disk: its manifest, who may write to its folder, and where it stands."""

import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from cartography import __version__
from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.features.embedding import Embedding
from cartography.files import atomic_write, content_key
from cartography.models.presets import Preset

MANIFEST = "manifest.json"
SUMMARY = "run.json"
LOCK = ".lock"

Kind = Literal["map", "learn", "threshold"]
Status = Literal["running", "stopped", "finished"]


def _versions() -> dict[str, str]:
    """What a run's numbers depend on besides its manifest's own fields."""
    packages = ("torch", "numpy", "fasttext-numpy2")
    return {
        "python": platform.python_version(),
        "cartography": __version__,
        **{name: _version(name) for name in packages},
    }


def _version(distribution: str) -> str:
    """The version of an installed distribution, "" if it is missing."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


@dataclass(frozen=True)
class Source:
    """One corpus of a run: its name, fingerprint, size and features."""

    name: str
    fingerprint: str
    rows: int
    classes: tuple[str, ...]
    features: str
    vectors: str

    @classmethod
    def of(cls, corpus: Corpus, embedding: Embedding) -> "Source":
        """The record of `corpus` with its features."""
        return cls(
            name=corpus.name,
            fingerprint=corpus.fingerprint,
            rows=len(corpus),
            classes=corpus.classes,
            features=embedding.key,
            vectors=embedding.vectors,
        )


@dataclass(frozen=True)
class Manifest:
    """All that decides a run's results. Equal manifests on one machine give equal results.

    `kind` is "map", "learn" or "threshold"; a run of "learn" alone has a strategy.
    """

    kind: Kind
    train: Source
    test: Source | None
    preset: Preset
    seed: int
    device: str
    strategy: str = ""
    versions: Mapping[str, str] = field(default_factory=_versions)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they stand in manifest.json."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain

    @property
    def run_id(self) -> str:
        """12 hexadecimal digits that name this manifest."""
        return run_id(self.as_dict())


def run_id(manifest: Mapping[str, Any]) -> str:
    """The 12 hexadecimal digits of a manifest's content."""
    return content_key(json.dumps(manifest, sort_keys=True))[:12]


def run_folders(out: Path, runs: Sequence[Mapping[str, object]]) -> list[Path]:
    """The folder of each of `runs`, given by what sets them apart, such as strategy and seed.

    `out` itself for one run; of several, each has one below it named by the values in which they
    differ, as in `out/cal-seed-398048`. Raises CartographyError when two are the same or there
    is none.
    """
    if not runs:
        raise CartographyError("there is nothing to run: name at least one seed")
    if len(runs) == 1:
        return [out]
    keys = list(dict.fromkeys(key for run in runs for key in run))
    differing = [key for key in keys if len({str(run.get(key)) for run in runs}) > 1]
    names = ["-".join(_named(key, run) for key in differing if key in run) for run in runs]
    for name in names:
        if names.count(name) > 1:
            what = name or ", ".join(f"{key} {value}" for key, value in runs[0].items())
            raise CartographyError(f"the same run is asked for twice ({what}): name each once")
    return [out / name for name in names]


def _named(key: str, run: Mapping[str, object]) -> str:
    """A value as a part of a folder's name; words speak for themselves."""
    value = run[key]
    return value if isinstance(value, str) else f"{key}-{value}"


@contextmanager
def claim_folders(out: Path, manifests: Mapping[Path, Manifest]) -> Iterator[list[Path]]:
    """Hold `out` for writing the runs of `manifests`, folder by folder; yields the unfinished.

    A folder may be new, empty, or hold an unfinished run of the same manifest, which is to be
    resumed; a folder that holds the finished run is passed over. A manifest is written where
    there was none, and taken back when the block raises CartographyError before anything else was
    written. Raises CartographyError when all runs are finished, when `out` holds anything
    else, or when another process holds it.
    """
    # Looked at before anything is made, so that a refusal leaves no trace.
    _refuse_others(out, manifests)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CartographyError(f"--out {out} cannot be made: {error.strerror}") from error
    with ExitStack() as stack:
        try:
            for folder in {out: None, **manifests}:
                folder.mkdir(exist_ok=True)
                # Patient enough for a page that looks whether the lock is held.
                stack.enter_context(FileLock(folder / LOCK, timeout=2))
        except Timeout:
            raise CartographyError(
                f"{out} is in use by another run: wait for it, or choose another --out"
            ) from None
        _refuse_others(out, manifests)
        unfinished = [folder for folder in manifests if not (folder / SUMMARY).exists()]
        if not unfinished:
            raise CartographyError(f"{out} holds this run, finished: choose another --out")
        new = [folder for folder in unfinished if not (folder / MANIFEST).exists()]
        for folder in new:
            write_json(folder / MANIFEST, manifests[folder].as_dict())
        try:
            yield unfinished
        except CartographyError:
            # A run that was refused before it began would stand in the way of the mended one.
            for folder in new:
                if _visible(folder) == [MANIFEST]:
                    (folder / MANIFEST).unlink()
            raise


def is_finished(folder: Path, manifest: Manifest) -> bool:
    """Whether `folder` holds the run of `manifest`, finished. Raises CartographyError when it holds
    anything else.
    """
    _refuse_others(folder, {folder: manifest})
    return (folder / SUMMARY).exists()


def require_empty(out: Path) -> None:
    """Raise CartographyError when `out` is anything but a new or empty folder."""
    _refuse_others(out, {})


def _refuse_others(out: Path, manifests: Mapping[Path, Manifest]) -> None:
    """Raise CartographyError when `out` holds anything but these runs, or is a file."""
    if out.exists() and not out.is_dir():
        raise CartographyError(f"--out {out} is a file: name a folder")
    if out not in manifests:
        own = {folder.name for folder in manifests}
        for name in _visible(out):
            if name not in own:
                raise CartographyError(
                    f"{out} is not empty (it holds {name}): choose a new or empty folder as --out"
                )
    for folder, manifest in manifests.items():
        visible = _visible(folder)
        if visible and MANIFEST not in visible:
            raise CartographyError(
                f"{folder} is not empty (it holds {visible[0]}): choose a new or empty folder as "
                "--out"
            )
        if visible:
            different = _difference(read_json(folder / MANIFEST), manifest.as_dict())
            if different:
                raise CartographyError(
                    f"{folder} holds another run (its {different} is different): choose another "
                    "--out"
                )


def _visible(folder: Path) -> list[str]:
    """Names in `folder` that do not start with a dot, sorted; none if there is no folder."""
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def _difference(one: Any, other: Any, path: str = "") -> str:
    """The dotted name of the first field in which two manifests differ, "" if there is none."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            inner = _difference(one.get(key), other.get(key), f"{path}.{key}" if path else key)
            if inner:
                return inner
        return ""
    return "" if one == other else path


def status(folder: Path) -> Status:
    """Where the run in `folder` stands: finished, being written by some process, or stopped."""
    if (folder / SUMMARY).exists():
        return "finished"
    if (folder / LOCK).exists():
        try:
            with FileLock(folder / LOCK, blocking=False):
                pass
        except Timeout:
            return "running"
        except OSError:
            # Somebody else's run, which may be read and not locked; nobody here is writing it.
            return "stopped"
    return "stopped"


def find_runs(root: Path) -> list[Path]:
    """The folders below `root` that hold a run, the newest first; within a run is none."""
    found = []
    # Unlike `rglob`, it bears that folders go while it looks: a run that ends removes some.
    for folder, below, files in os.walk(root):
        if MANIFEST in files:
            below.clear()
            with suppress(FileNotFoundError):
                found.append(((Path(folder) / MANIFEST).stat().st_mtime, Path(folder)))
    return [folder for _, folder in sorted(found, key=lambda each: each[0], reverse=True)]


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of the run in `folder`. Raises CartographyError when there is none."""
    if not (folder / MANIFEST).is_file():
        below = sorted(path.parent.name for path in folder.glob(f"*/{MANIFEST}"))
        hint = f"; there are some below it: name {folder / below[0]}, say" if below else ""
        raise CartographyError(f"{folder} holds no run: it has no {MANIFEST}{hint}")
    manifest = read_json(folder / MANIFEST)
    if not {"kind", "preset", "train", "seed"} <= manifest.keys():
        raise CartographyError(f"{folder / MANIFEST} is not the manifest of a run")
    return manifest


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write `value` whole, indented for a reader."""
    with atomic_write(path) as temporary:
        temporary.write_text(
            json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises CartographyError when it is not one."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CartographyError(f"{path} cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise CartographyError(f"{path} does not hold a JSON object")
    return value
