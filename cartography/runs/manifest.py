"""A run on disk: its manifest, its id, the lock on its folder, and its status."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from filelock import FileLock, Timeout

from cartography import __version__
from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.files import atomic_write, content_key
from cartography.models.presets import Preset

if TYPE_CHECKING:
    from cartography.features.embedding import Embedding

MANIFEST = "manifest.json"
SUMMARY = "run.json"
LOCK = ".lock"

Kind = Literal["map", "learn", "threshold", "imported"]
Status = Literal["running", "stopped", "finished"]


def versions() -> dict[str, str]:
    """Return the versions that results depend on. They are part of the run id: keep the keys."""
    distributions = ("torch", "numpy", "fasttext-numpy2")
    return {
        "python": platform.python_version(),
        # Not from the metadata of the distribution, which a source checkout need not have.
        "cartography": __version__,
        **{name: _distribution_version(name) for name in distributions},
    }


def _distribution_version(distribution: str) -> str:
    """The version of an installed distribution, "" if it is missing."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


@dataclass(frozen=True)
class Source:
    """The record of one corpus of a run.

    Attributes
    ----------
    name : str
    fingerprint : str
        Hash of the content of the corpus.
    rows : int
        Number of texts.
    classes : tuple of str
    features : str
        Key of the embedding.
    vectors : str
        Description of what the features are made of.
    """

    name: str
    fingerprint: str
    rows: int
    classes: tuple[str, ...]
    features: str
    vectors: str

    @classmethod
    def of(cls, corpus: Corpus, embedding: Embedding) -> Source:
        """Make the record of a corpus and its embedding."""
        return cls(
            name=corpus.name,
            fingerprint=corpus.fingerprint,
            rows=len(corpus),
            classes=corpus.classes,
            features=embedding.key,
            vectors=embedding.description,
        )


@dataclass(frozen=True)
class AnyManifest:
    """What the manifests of all runs have.

    Attributes
    ----------
    kind : {"map", "learn", "threshold", "imported"}
    train : Source
    """

    kind: Kind
    train: Source

    def as_dict(self) -> dict[str, Any]:
        """Return the manifest as plain values, as in manifest.json."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain

    @property
    def run_id(self) -> str:
        """The id of the run (see `run_id`)."""
        return run_id(self.as_dict())


@dataclass(frozen=True)
class Manifest(AnyManifest):
    """Everything that determines the results of a run that trains.

    Equal manifests give equal results on the same machine.

    Attributes
    ----------
    test : Source or None
    preset : Preset
    seed : int
    device : str
    strategy : str
        A key of `STRATEGIES`; "" for a map.
    versions : mapping of str to str
        Versions of Python and of the packages that results depend on.
    """

    test: Source | None
    preset: Preset
    seed: int
    device: str
    strategy: str = ""
    versions: Mapping[str, str] = field(default_factory=versions)


def run_id(manifest: Mapping[str, Any]) -> str:
    """Hash a manifest to the id of its run.

    Parameters
    ----------
    manifest : mapping
        As from `Manifest.as_dict` or manifest.json. All fields are hashed, including the versions.

    Returns
    -------
    str
        12 hexadecimal digits.
    """
    return content_key(json.dumps(manifest, sort_keys=True))[:12]


def run_folders(out: Path, runs: Sequence[Mapping[str, object]]) -> list[Path]:
    """Choose a folder for each of several runs.

    Parameters
    ----------
    out : Path
    runs : sequence of mapping
        The settings of each run that may differ, such as strategy and seed.

    Returns
    -------
    list of Path
        `out` itself for one run. For several, folders below it that are named by the settings that
        differ, such as `out/cal-seed-398048`.

    Raises
    ------
    CartographyError
        There is no run, or two are equal.

    Examples
    --------
    >>> [folder.name for folder in run_folders(Path("out"), [{"seed": 1}, {"seed": 2}])]
    ['seed-1', 'seed-2']
    """
    if not runs:
        raise CartographyError("there is nothing to run: give at least one seed")
    if len(runs) == 1:
        return [out]
    keys = list(dict.fromkeys(key for run in runs for key in run))
    differing = [key for key in keys if len({str(run.get(key)) for run in runs}) > 1]
    names = ["-".join(_name_part(key, run) for key in differing if key in run) for run in runs]
    for name in names:
        if names.count(name) > 1:
            settings = name or ", ".join(f"{key} {value}" for key, value in runs[0].items())
            raise CartographyError(f"the same run is given twice ({settings}): give each once")
    return [out / name for name in names]


def _name_part(key: str, run: Mapping[str, object]) -> str:
    """A setting as part of a folder name: a number with its key, a word without."""
    value = run[key]
    return value if isinstance(value, str) else f"{key}-{value}"


@contextmanager
def claim_folders(out: Path, manifests: Mapping[Path, AnyManifest]) -> Iterator[list[Path]]:
    """Lock folders for writing runs, and write the manifests of new runs.

    Parameters
    ----------
    out : Path
        The only folder of `manifests`, or the parent of them all.
    manifests : mapping of Path to AnyManifest
        Each folder is new, empty or contains the same run, which is resumed or, if it is finished,
        skipped.

    Yields
    ------
    list of Path
        The folders of unfinished runs. If the block raises CartographyError before it writes
        anything, the new manifests are removed.

    Raises
    ------
    CartographyError
        All runs are finished, `out` contains anything else, or another process has locked it.
    """
    # Before anything is created, so that a refusal leaves no trace.
    _require_own_runs(out, manifests)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CartographyError(f"--out {out} cannot be created: {error.strerror}") from error
    with ExitStack() as stack:
        try:
            for folder in {out: None, **manifests}:
                folder.mkdir(exist_ok=True)
                # `status` holds a free lock for a moment: wait for it.
                stack.enter_context(FileLock(folder / LOCK, timeout=2))
        except Timeout:
            raise CartographyError(
                f"{out} is in use by another run: wait for it, or choose another --out"
            ) from None
        _require_own_runs(out, manifests)
        unfinished = [folder for folder in manifests if not (folder / SUMMARY).exists()]
        if not unfinished:
            raise CartographyError(f"{out} contains this run, finished: choose another --out")
        new = [folder for folder in unfinished if not (folder / MANIFEST).exists()]
        for folder in new:
            write_json(folder / MANIFEST, manifests[folder].as_dict())
        try:
            yield unfinished
        except CartographyError:
            # The manifest of a refused run would block the folder for the corrected one.
            for folder in new:
                if _visible_names(folder) == [MANIFEST]:
                    (folder / MANIFEST).unlink()
            raise


def is_finished(folder: Path, manifest: Manifest) -> bool:
    """Tell whether the run of `manifest` is finished in `folder`.

    Raises
    ------
    CartographyError
        The folder contains anything else than this run.
    """
    _require_own_runs(folder, {folder: manifest})
    return (folder / SUMMARY).exists()


def require_empty(out: Path) -> None:
    """Raise CartographyError unless `out` is a new or an empty folder."""
    _require_own_runs(out, {})


def _require_own_runs(out: Path, manifests: Mapping[Path, AnyManifest]) -> None:
    """Raise CartographyError if `out` is a file or contains anything else than these runs."""
    if out.exists() and not out.is_dir():
        raise CartographyError(f"--out {out} is a file: name a folder")
    if out not in manifests:
        expected = {folder.name for folder in manifests}
        for name in _visible_names(out):
            if name not in expected:
                raise _not_empty(out, name)
    for folder, manifest in manifests.items():
        names = _visible_names(folder)
        if names and MANIFEST not in names:
            raise _not_empty(folder, names[0])
        if names:
            field_name = _first_difference(read_json(folder / MANIFEST), manifest.as_dict())
            if field_name:
                raise CartographyError(
                    f"{folder} contains another run (its {field_name} is different): choose "
                    "another --out"
                )


def _not_empty(folder: Path, name: str) -> CartographyError:
    return CartographyError(
        f"{folder} is not empty (it contains {name}): choose a new or empty folder as --out"
    )


def _visible_names(folder: Path) -> list[str]:
    """Sorted names in `folder` without a leading dot; none if the folder is missing."""
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def _first_difference(first: Any, second: Any, path: str = "") -> str:
    """The dotted name of the first field in which two manifests differ, "" if there is none."""
    if isinstance(first, dict) and isinstance(second, dict):
        for key in sorted(first.keys() | second.keys()):
            key_path = f"{path}.{key}" if path else key
            difference = _first_difference(first.get(key), second.get(key), key_path)
            if difference:
                return difference
        return ""
    return "" if first == second else path


def status(folder: Path) -> Status:
    """Tell whether a run is finished, running (a process has locked its folder) or stopped."""
    if (folder / SUMMARY).exists():
        return "finished"
    if (folder / LOCK).exists():
        try:
            with FileLock(folder / LOCK, blocking=False):
                pass
        except Timeout:
            return "running"
        except OSError:
            # The folder is not writable, so no process of this user is writing the run.
            return "stopped"
    return "stopped"


def find_runs(root: Path) -> list[Path]:
    """Find the folders of all runs below `root`, the newest first.

    Folders inside a run are not searched.
    """
    times: dict[Path, float] = {}
    # os.walk, unlike rglob, tolerates folders that disappear during the walk: a run that ends
    # removes some.
    for name, subfolders, files in os.walk(root):
        if MANIFEST in files:
            subfolders.clear()
            with suppress(FileNotFoundError):
                times[Path(name)] = (Path(name) / MANIFEST).stat().st_mtime
    return sorted(times, key=times.__getitem__, reverse=True)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of the run in `folder`, as in manifest.json.

    Raises
    ------
    CartographyError
        The folder does not contain a run, or the file cannot be read.
    """
    if not (folder / MANIFEST).is_file():
        names = sorted(path.parent.name for path in folder.glob(f"*/{MANIFEST}"))
        hint = f"; name the folder of one run, such as {folder / names[0]}" if names else ""
        raise CartographyError(f"{folder} is not the folder of a run: it has no {MANIFEST}{hint}")
    manifest = read_json(folder / MANIFEST)
    needed = {"epochs", "form"} if manifest.get("kind") == "imported" else {"preset", "seed"}
    if not {"kind", "train", *needed} <= manifest.keys():
        raise CartographyError(f"{folder / MANIFEST} is not the manifest of a run")
    return manifest


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write `value` to `path` as indented JSON, replacing the file.

    Raises
    ------
    CartographyError
        The file cannot be written.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read the object in a JSON file.

    Raises
    ------
    CartographyError
        The file cannot be read or does not contain a JSON object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CartographyError(f"{path} cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise CartographyError(f"{path} does not contain a JSON object")
    return value
