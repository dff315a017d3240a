"""Features from an encoder: of `sentence-transformers`, or a static one of `model2vec`."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.features.kinds import BLOCK, Report, Transformed
from cartography.files import content_key, expand_home

_METHOD = "encoder-1"
_HUB_PREFIX = "hub:"
_HUB_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
# Where the Hub's documentation leaves out the owner, this is meant.
_DEFAULT_OWNER = "sentence-transformers"
_INSTALL = 'pip install "cartography-explorer[encoders]"'
# The same weights for other libraries, which folders of the Hub also contain.
_OTHER_FORMATS = (
    *("*.onnx", "*.onnx_data", "onnx/*", "openvino/*", "coreml/*", "*.gguf", "*.h5", "*.msgpack"),
    *("*.ot", "*.tflite", "*.mlmodel"),
)
_ABOUT = ("*.md", "*.png", "*.jpg", "*.pdf", "license*")  # about the model, not part of it
_WEIGHTS, _OLD_WEIGHTS = "*.safetensors", "pytorch_model*.bin"
_BATCH = {"cpu": 32, "cuda": 128}
_STATIC_BATCH = 1_024
_MOST_CHARACTERS = 256_000  # per batch, which long texts make smaller
_CHARACTERS_PER_TOKEN = 4
_WINDOW = 16 * BLOCK
_REPORT_SECONDS = 1.0


@dataclass(frozen=True)
class EncoderFeatures:
    """The vectors that an encoder gives to the texts.

    Attributes
    ----------
    model : str
        A folder of a model, or its name on the Hugging Face Hub, such as "all-MiniLM-L6-v2" or
        "minishlab/potion-base-8M". A model of the Hub is downloaded once.

    Raises
    ------
    CartographyError
        There is no name.
    """

    model: str

    def __post_init__(self) -> None:
        if not str(self.model).strip():
            raise CartographyError("no encoder is named: give a folder or a name on the Hub")

    @property
    def _is_of_hub(self) -> bool:
        """Whether the model is said to be on the Hub, whatever folders there are here."""
        return str(self.model).startswith("hub:")

    @property
    def folder(self) -> Path:
        """The folder of the model; a model of the Hub is downloaded first.

        Raises
        ------
        CartographyError
            There is no such folder, and no such model on the Hub; or it has no encoder.
        """
        path = expand_home(self.model)
        if self._is_of_hub:
            return _snapshot(str(self.model))
        if path.is_file():
            raise CartographyError(f"{path} is a file: give the folder of an encoder")
        folder = path if path.is_dir() else _snapshot(str(self.model))
        if not any((folder / name).is_file() for name in ("modules.json", "config.json")):
            raise CartographyError(
                f"{folder} contains no encoder (neither modules.json nor config.json): give the "
                "folder of one"
            )
        return folder

    @property
    def name(self) -> str:
        """The name of the folder, or that on the Hub."""
        path = expand_home(self.model)
        return (
            path.resolve().name
            if path.is_dir() and not self._is_of_hub
            else _hub_name(str(self.model))
        )

    def key(self, training: Corpus) -> str:  # noqa: ARG002
        """Return the cache key: the content of the model's folder."""
        # Not the versions of the packages: they change last bits, and encoding can take hours.
        return content_key(_METHOD, _folder_key(self.folder))

    def describe(self, training: Corpus) -> str:  # noqa: ARG002
        """Return what the features are made of."""
        kind = "static" if _is_static(self.folder) else "sentence"
        return f"{kind} encoder {self.name}"

    def fit(self, training: Corpus, report: Report) -> FittedEncoder:
        """Return the encoder, which needs no training corpus; it is loaded in `transform`.

        Raises
        ------
        CartographyError
            There is no such model.
        """
        if not expand_home(self.model).is_dir():
            report(f"looking for {self.name} on the Hub")
        return FittedEncoder(self.folder, self.describe(training))


@dataclass(frozen=True)
class FittedEncoder:
    """An encoder in a folder.

    Attributes
    ----------
    folder : Path
    description : str
        For progress and errors.
    """

    folder: Path
    description: str

    def transform(self, corpora: Sequence[Corpus], report: Report) -> Iterator[Transformed]:
        """Encode each corpus; the last bits of a row may depend on the texts beside it.

        On CUDA if there is one, else on the CPU.

        Raises
        ------
        CartographyError
            A package is missing, the model cannot be loaded, or it gives numbers that are not
            finite.
        """
        report(f"loading {self.description}")
        encoder = _load(self.folder, self.description)
        dimensions = encoder(["a"]).shape[1]
        for corpus in corpora:
            blocks = self._blocks(encoder, dimensions, corpus, report)
            yield Transformed(dimensions, blocks, None)

    def _blocks(
        self, encoder: _Encoder, dimensions: int, corpus: Corpus, report: Report
    ) -> Iterator[NDArray[np.float32]]:
        progress = _Progress.start(encoder.costs(corpus.texts), report)
        # Memory is bounded by the window: of a smaller corpus, all texts are sorted at once.
        for start in range(0, len(corpus), _WINDOW):
            texts = corpus.texts[start : start + _WINDOW]
            # Equal texts get equal rows, and are encoded once.
            numbers: dict[str, int] = {}
            rows = np.array([numbers.setdefault(text, len(numbers)) for text in texts])
            distinct, counts = list(numbers), np.bincount(rows)
            costs = encoder.costs(distinct)
            # The longest first: a batch has texts of one length, and if memory does not suffice,
            # that shows at once.
            order = np.argsort(-costs, kind="stable")
            encoded = np.empty((len(distinct), dimensions), dtype=np.float32)
            for batch in encoder.batches(order, costs):
                part = [distinct[i] for i in batch]
                encoded[batch] = encoder(part)
                self._require_finite(encoded[batch], part, corpus)
                progress.add(int(counts[batch].sum()), int(counts[batch] @ costs[batch]))
            for first in range(0, len(rows), BLOCK):
                yield encoded[rows[first : first + BLOCK]]

    def _require_finite(
        self, vectors: NDArray[np.float32], texts: Sequence[str], corpus: Corpus
    ) -> None:
        finite = np.isfinite(vectors).all(axis=1)
        if finite.all():
            return
        text = texts[int(np.argmin(finite))]
        row = int(np.argmax(corpus.texts == text))
        raise CartographyError(
            f"{self.description} gives numbers that are not finite to the text with id "
            f"{corpus.ids[row]!r} of {corpus.name}: give another model"
        )


@dataclass(frozen=True, eq=False)
class _Encoder:
    """A loaded encoder.

    Attributes
    ----------
    encode : callable
        Returns an array for a list of texts.
    batch_size : int
    most_characters : int or None
        The length from which texts cost the same, because they are cut.
    description : str
    """

    encode: Callable[[list[str]], Any]
    batch_size: int
    most_characters: int | None
    description: str

    def __call__(self, texts: list[str]) -> NDArray[np.float32]:
        """Encode texts to float32 (n, d)."""
        # Unpaired surrogates, which no tokeniser accepts.
        whole = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        with _one_line(f"{self.description} cannot encode texts"):
            vectors = np.asarray(self.encode(whole))
        if vectors.dtype.kind != "f" or vectors.ndim != 2 or not vectors.shape[1]:
            raise CartographyError(
                f"{self.description} gives no vector for each text: give a model for embeddings"
            )
        # What is too large for float32 is found by the check for finite numbers.
        with np.errstate(over="ignore"):
            return vectors.astype(np.float32, copy=False)

    def costs(self, texts: Sequence[str] | NDArray[np.object_]) -> NDArray[np.int64]:
        """What each text costs: its characters, up to where it is cut, and one."""
        lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
        if self.most_characters is not None:
            lengths = np.minimum(lengths, self.most_characters)
        return lengths + 1

    def batches(
        self, order: NDArray[np.int64], costs: NDArray[np.int64]
    ) -> Iterator[NDArray[np.int64]]:
        """Divide texts, the longest first, into batches."""
        start = 0
        while start < len(order):
            fitting = _MOST_CHARACTERS // int(costs[order[start]])
            size = min(self.batch_size, max(1, fitting))
            yield order[start : start + size]
            start += size


@dataclass
class _Progress:
    """Reports how many texts are encoded, at most once per second."""

    costs: int
    texts: int
    report: Report
    started: float
    reported: float
    done_costs: int = 0
    done_texts: int = 0

    @classmethod
    def start(cls, costs: NDArray[np.int64], report: Report) -> _Progress:
        now = time.monotonic()
        return cls(int(costs.sum()), len(costs), report, now, now)

    def add(self, texts: int, costs: int) -> None:
        self.done_texts += texts
        self.done_costs += costs
        now = time.monotonic()
        if now - self.reported < _REPORT_SECONDS or self.done_texts == self.texts:
            return
        self.reported = now
        left = (now - self.started) * (self.costs / self.done_costs - 1)
        self.report(
            f"encoding {self.done_texts:,} of {self.texts:,} texts, about {_duration(left)} left"
        )


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def _load(folder: Path, description: str) -> _Encoder:
    if _config(folder).get("model_type") == "model2vec":
        return _load_static(folder, description)
    return _load_sentence(folder, description)


def _load_static(folder: Path, description: str) -> _Encoder:
    try:
        from model2vec import StaticModel
    except ImportError as error:
        raise CartographyError(f"{description} needs model2vec: run {_INSTALL}") from error
    with _one_line(f"{folder} cannot be loaded as a static encoder"):
        model = StaticModel.from_pretrained(folder)

    def encode(texts: list[str]) -> Any:
        return model.encode(texts, show_progress_bar=False, use_multiprocessing=False)

    return _Encoder(encode, _STATIC_BATCH, None, description)


def _load_sentence(folder: Path, description: str) -> _Encoder:
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise CartographyError(
            f"{description} needs sentence-transformers: run {_INSTALL}"
        ) from error
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    # No code of the model's own is run: `trust_remote_code` stays false.
    with _one_line(f"{folder} cannot be loaded as a sentence encoder"), _without_bars():
        model = SentenceTransformer(
            str(folder), device=device, local_files_only=True, trust_remote_code=False
        )

    def encode(texts: list[str]) -> Any:
        return model.encode(
            texts, batch_size=len(texts), show_progress_bar=False, convert_to_numpy=True
        )

    tokens = float(model.max_seq_length or np.inf)  # 1e30 stands for infinity too
    longest = _CHARACTERS_PER_TOKEN * int(tokens) if tokens < _MOST_CHARACTERS else None
    return _Encoder(encode, _BATCH[device], longest, description)


@contextmanager
def _one_line(problem: str) -> Iterator[None]:
    """Say in one line what a library refused; it may raise anything."""
    try:
        yield
    except CartographyError:
        raise
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        advice = "check that the model is complete"
        if "out of memory" in str(error):
            advice = "free memory, or start with CUDA_VISIBLE_DEVICES= to use the CPU"
        raise CartographyError(f"{problem} ({lines[0][:200]}): {advice}") from error


@contextmanager
def _without_bars() -> Iterator[None]:
    """Let transformers draw no progress bar over ours."""
    from transformers.utils import logging

    bars: Any = logging
    enabled = bars.is_progress_bar_enabled()
    bars.disable_progress_bar()
    try:
        yield
    finally:
        if enabled:
            bars.enable_progress_bar()


def _config(folder: Path) -> dict[str, Any]:
    """The content of config.json; empty if there is none that can be read."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return config if isinstance(config, dict) else {}


def _is_static(folder: Path) -> bool:
    if _config(folder).get("model_type") == "model2vec":
        return True
    try:
        modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
        return str(modules[0]["type"]).endswith(".StaticEmbedding")
    except (OSError, ValueError, RecursionError, LookupError, TypeError):
        return False


def _hub_name(model: str) -> str:
    name = model.removeprefix(_HUB_PREFIX)
    return name if "/" in name else f"{_DEFAULT_OWNER}/{name}"


@lru_cache(maxsize=16)
def _snapshot(model: str) -> Path:
    """The local folder of a model of the Hub, which is asked for the newest once per process."""
    name = _hub_name(model)
    nowhere = f"{model} is no folder, and there is no model {name} on the Hub"
    if not _HUB_NAME.fullmatch(name):
        raise CartographyError(f"{model} is no folder: give the folder of an encoder")
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import (
            GatedRepoError,
            LocalEntryNotFoundError,
            RepositoryNotFoundError,
        )
    except ImportError as error:
        raise CartographyError(
            f"{model} is no folder; for a model of the Hub, run {_INSTALL}"
        ) from error
    left_out = [*_OTHER_FORMATS, *_ABOUT]
    try:
        folder = Path(snapshot_download(name, ignore_patterns=[*left_out, _OLD_WEIGHTS]))
        if not any(folder.rglob(_WEIGHTS)):
            folder = Path(snapshot_download(name, ignore_patterns=left_out))
    except GatedRepoError as error:
        raise CartographyError(
            f"the Hub gives {name} only to people who accepted its terms: do so there, and sign in "
            "with hf auth login"
        ) from error
    except RepositoryNotFoundError as error:
        raise CartographyError(f"{nowhere}: check the name") from error
    except LocalEntryNotFoundError as error:
        raise CartographyError(
            f"{model} is no folder, {name} is not on this computer and the Hub cannot be reached: "
            "give a folder, or connect once"
        ) from error
    except Exception as error:  # of the network: any of its libraries'
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise CartographyError(
            f"{name} cannot be downloaded from the Hub ({lines[0][:200]}): give a folder, or try "
            "again"
        ) from error
    return folder


def _folder_key(folder: Path) -> str:
    """Hash the names, sizes and contents of the files of a model."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    parts = []
    for name in sorted(files):
        path = files[name]
        hidden = any(part.startswith(".") for part in name.split("/"))
        unused = any(fnmatch(name.lower(), pattern) for pattern in (*_OTHER_FORMATS, *_ABOUT))
        if hidden or unused or not path.is_file():
            continue
        try:
            status = path.stat()
            digest = _file_digest(path.resolve(), status.st_size, status.st_mtime_ns, status.st_ino)
        except OSError as error:
            raise CartographyError(f"{path} cannot be read: {error.strerror or error}") from error
        parts += [name, str(status.st_size), digest]
    return content_key(*parts)


@lru_cache(maxsize=1_024)
def _file_digest(path: Path, *stamp: int) -> str:
    """The digest of a file, read once per process while its size and time stay."""
    del stamp
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
