"""The corpus that is always there: docstrings of installed libraries, labelled by library."""

from __future__ import annotations

import ast
import importlib.metadata
import platform
import sysconfig
import warnings
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from inspect import cleandoc
from pathlib import Path

import numpy as np
import pyarrow
from pyarrow import parquet

from cartography.corpora.corpus import Corpus
from cartography.files import atomic_write, cache_folder, content_key

_VERSION = "sample-1"
_STANDARD = "standard library"
# Class, the name it is imported by, the name it is installed by.
_LIBRARIES = (
    ("numpy", "numpy", "numpy"),
    ("pandas", "pandas", "pandas"),
    ("scikit-learn", "sklearn", "scikit-learn"),
    ("scipy", "scipy", "scipy"),
    ("streamlit", "streamlit", "streamlit"),
)
# Tests, the standard library's demonstrations, other people's packages and copies of them.
_LEFT_OUT = frozenset(
    {
        "test",
        "tests",
        "idlelib",
        "turtledemo",
        "lib2to3",
        "site-packages",
        "dist-packages",
        "externals",
        "_vendor",
        "__pycache__",
        "node_modules",
    }
)
_WORDS = (4, 60)
# A library may fill a fifth of about 16,000 texts. Without a limit the standard library alone
# would be a third of 20,000.
_MOST_PER_LIBRARY = 3_000
_SEED = 20220701


def sample_corpus(roots: Mapping[str, tuple[Path, str]] | None = None) -> Corpus:
    """First paragraphs of docstrings of the standard library and five others, about 16,000.

    Each is one line of 4 to 60 words; its label is its library, its id the dotted name of what it
    documents. Libraries that are not installed are left out. The same versions give the same
    corpus; it is read once, in about ten seconds, and cached. `roots` stands in for where the
    libraries lie, and their versions.
    """
    roots = _roots() if roots is None else roots
    versions = [f"{label} {version}" for label, (_, version) in sorted(roots.items())]
    path = cache_folder() / "sample" / f"{content_key(_VERSION, *versions)}.parquet"
    table = _cached(path)
    if table is None:
        ids, texts, labels = [], [], []
        for label, (root, _) in sorted(roots.items()):
            for name, text in _drawn(list(_distinct(docstrings(root, label)))):
                ids.append(name)
                texts.append(text)
                labels.append(label)
        table = pyarrow.table({"id": ids, "text": texts, "label": labels})
        with atomic_write(path) as temporary:
            parquet.write_table(table, temporary)
    labels = table.column("label").to_pylist()
    classes = tuple(sorted(set(labels)))
    return Corpus(
        name="sample",
        ids=np.array(table.column("id").to_pylist(), dtype=object),
        texts=np.array(table.column("text").to_pylist(), dtype=object),
        labels=np.array([classes.index(label) for label in labels], dtype=np.int64),
        classes=classes,
        notes=(f"docstrings of {', '.join(versions)}",),
    )


def docstrings(root: Path, label: str) -> Iterator[tuple[str, str]]:
    """Dotted name and first paragraph of each docstring of 4 to 60 words below `root`.

    Files are parsed and never run, in the order of their names. The names begin with that of
    `root`, unless `label` is the standard library, whose modules have no package in common.
    """
    for path in _sources(root):
        source = path.read_bytes()
        if b'"""' not in source and b"'''" not in source:
            continue
        try:
            with warnings.catch_warnings():
                # Odd escapes in other people's sources are not our user's concern.
                warnings.simplefilter("ignore")
                tree = ast.parse(source)
        except (SyntaxError, ValueError):
            continue
        parts = path.relative_to(root).with_suffix("").parts
        module = parts[:-1] if parts[-1] == "__init__" else parts
        prefix = () if label == _STANDARD else (root.name,)
        yield from _documented(tree, ".".join((*prefix, *module)))


def _documented(node: ast.AST, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        paragraph = _first_paragraph(node)
        if paragraph is not None:
            yield name, paragraph
    for child in _statements(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _documented(child, f"{name}.{child.name}")
        else:
            yield from _documented(child, name)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    # ast.walk would visit every expression, of which there are twenty for each statement.
    for block in ("body", "handlers", "orelse", "finalbody", "cases"):
        below = getattr(node, block, ())
        if isinstance(below, list):
            yield from below


def _first_paragraph(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef,
) -> str | None:
    docstring = ast.get_docstring(node, clean=False)
    if docstring is None:
        return None
    words = cleandoc(docstring).partition("\n\n")[0].split()
    return " ".join(words) if _WORDS[0] <= len(words) <= _WORDS[1] else None


def _sources(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if path.name not in _LEFT_OUT:
                yield from _sources(path)
        elif path.suffix == ".py" and path.name != "conftest.py":
            yield path


def _distinct(found: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Without the names and the texts that came before: a property's setter, a copied method."""
    names: set[str] = set()
    texts: set[str] = set()
    for name, text in found:
        if name not in names and text not in texts:
            names.add(name)
            texts.add(text)
            yield name, text


def _drawn(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """At most `_MOST_PER_LIBRARY` of them, drawn by a fixed seed and left in their order."""
    if len(found) <= _MOST_PER_LIBRARY:
        return found
    rng = np.random.default_rng(_SEED)
    rows = rng.choice(len(found), size=_MOST_PER_LIBRARY, replace=False)
    return [found[row] for row in np.sort(rows)]


def _roots() -> dict[str, tuple[Path, str]]:
    """Where each installed library lies, and its version."""
    roots = {_STANDARD: (Path(sysconfig.get_paths()["stdlib"]), platform.python_version())}
    for label, module, distribution in _LIBRARIES:
        spec = find_spec(module)
        if spec is not None and spec.submodule_search_locations:
            root = Path(next(iter(spec.submodule_search_locations)))
            roots[label] = (root, importlib.metadata.version(distribution))
    return roots


def _cached(path: Path) -> pyarrow.Table | None:
    """The table at `path`, None if it is not there or is damaged and has to be made anew."""
    try:
        table = parquet.read_table(path)
    except (OSError, pyarrow.ArrowException):
        return None
    return table if table.column_names == ["id", "text", "label"] else None
