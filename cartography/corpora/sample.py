"""The built-in sample corpus: docstrings of installed libraries, labelled by library."""

from __future__ import annotations

import ast
import gc
import importlib.metadata
import platform
import sysconfig
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from inspect import cleandoc
from pathlib import Path

import numpy as np
import pyarrow
from pyarrow import parquet

from cartography.corpora.corpus import Corpus
from cartography.files import atomic_write, cache_folder, content_key

_VERSION = "sample-1"
_STANDARD_LIBRARY = "standard library"
# Class name, import name, distribution name.
_LIBRARIES = (
    ("numpy", "numpy", "numpy"),
    ("pandas", "pandas", "pandas"),
    ("scikit-learn", "sklearn", "scikit-learn"),
    ("scipy", "scipy", "scipy"),
    ("streamlit", "streamlit", "streamlit"),
)
# Tests, demonstrations of the standard library, third-party packages and vendored copies.
_EXCLUDED_FOLDERS = frozenset(
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
_WORD_LIMITS = (4, 60)
# About a fifth of the 16,000 texts. Without a limit, the standard library would be a third of
# 20,000.
_MAX_PER_LIBRARY = 3_000
_SEED = 20220701


def sample_corpus(roots: Mapping[str, tuple[Path, str]] | None = None) -> Corpus:
    """Return the sample: about 16,000 docstrings of the standard library and five other libraries.

    Each text is the first paragraph of a docstring, on one line of 4 to 60 words. Its label is the
    library, its id the dotted name of the documented object. Libraries that are not installed are
    skipped. The same versions give the same corpus. It is built once, in six to ten seconds, and
    cached.

    Parameters
    ----------
    roots : mapping of str to (Path, str), optional
        Used instead of the installed libraries: label to folder and version.

    Returns
    -------
    Corpus
    """
    roots = _library_roots() if roots is None else roots
    versions = [f"{label} {version}" for label, (_, version) in sorted(roots.items())]
    path = cache_folder() / "sample" / f"{content_key(_VERSION, *versions)}.parquet"
    table = _read_cached(path)
    if table is None:
        ids, texts, labels = [], [], []
        with _without_collection():
            for label, (root, _) in sorted(roots.items()):
                documented = list(_drop_repeats(iter_docstrings(root, label)))
                for name, text in _draw(documented):
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


@contextmanager
def _without_collection() -> Iterator[None]:
    """Stop the garbage collector: it takes a quarter of the time and finds nothing in trees."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def iter_docstrings(root: Path, label: str) -> Iterator[tuple[str, str]]:
    """Iterate over the docstrings of 4 to 60 words in a folder of Python files.

    Files are parsed but never run, in the order of their names.

    Parameters
    ----------
    root : Path
        Folder of a package, or of the standard library.
    label : str
        Label of the library. Dotted names start with the name of `root`, except those of the
        standard library, whose modules have no common package.

    Yields
    ------
    name : str
        Dotted name of the documented object.
    text : str
        First paragraph of its docstring, on one line.
    """
    for path in _source_files(root):
        source = path.read_bytes()
        if b'"""' not in source and b"'''" not in source:
            continue
        try:
            with warnings.catch_warnings():
                # Invalid escape sequences in a library's source do not concern the user.
                warnings.simplefilter("ignore")
                tree = ast.parse(source)
        except (SyntaxError, ValueError):
            continue
        parts = path.relative_to(root).with_suffix("").parts
        module = parts[:-1] if parts[-1] == "__init__" else parts
        prefix = () if label == _STANDARD_LIBRARY else (root.name,)
        yield from _walk_docstrings(tree, ".".join((*prefix, *module)))


def _walk_docstrings(node: ast.AST, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        paragraph = _first_paragraph(node)
        if paragraph is not None:
            yield name, paragraph
    for child in _child_statements(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _walk_docstrings(child, f"{name}.{child.name}")
        else:
            yield from _walk_docstrings(child, name)


def _child_statements(node: ast.AST) -> Iterator[ast.AST]:
    # ast.walk would also visit expressions, about twenty per statement.
    for block in ("body", "handlers", "orelse", "finalbody", "cases"):
        statements = getattr(node, block, ())
        if isinstance(statements, list):
            yield from statements


def _first_paragraph(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef,
) -> str | None:
    docstring = ast.get_docstring(node, clean=False)
    if docstring is None:
        return None
    words = cleandoc(docstring).partition("\n\n")[0].split()
    return " ".join(words) if _WORD_LIMITS[0] <= len(words) <= _WORD_LIMITS[1] else None


def _source_files(folder: Path) -> Iterator[Path]:
    # By name: paths of Windows are compared without case, which would give another order.
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.is_dir():
            if path.name not in _EXCLUDED_FOLDERS:
                yield from _source_files(path)
        elif path.suffix == ".py" and path.name != "conftest.py":
            yield path


def _drop_repeats(documented: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Drop repeated names and texts, as of a property's setter or a copied method."""
    names: set[str] = set()
    texts: set[str] = set()
    for name, text in documented:
        if name not in names and text not in texts:
            names.add(name)
            texts.add(text)
            yield name, text


def _draw(documented: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Draw at most `_MAX_PER_LIBRARY` pairs with a fixed seed, and keep their order."""
    if len(documented) <= _MAX_PER_LIBRARY:
        return documented
    rng = np.random.default_rng(_SEED)
    rows = rng.choice(len(documented), size=_MAX_PER_LIBRARY, replace=False)
    return [documented[row] for row in np.sort(rows)]


def _library_roots() -> dict[str, tuple[Path, str]]:
    """Return the folder and the version of each installed library."""
    roots = {_STANDARD_LIBRARY: (Path(sysconfig.get_paths()["stdlib"]), platform.python_version())}
    for label, module, distribution in _LIBRARIES:
        spec = find_spec(module)
        if spec is not None and spec.submodule_search_locations:
            root = Path(next(iter(spec.submodule_search_locations)))
            roots[label] = (root, importlib.metadata.version(distribution))
    return roots


def _read_cached(path: Path) -> pyarrow.Table | None:
    """Return the table at `path`, or None if it is missing or damaged and must be rebuilt."""
    try:
        table = parquet.read_table(path)
    except (OSError, pyarrow.ArrowException):
        return None
    return table if table.column_names == ["id", "text", "label"] else None
