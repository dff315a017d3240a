import numpy as np
import pytest

from cartography.corpora.corpus import describe
from cartography.corpora.sample import iter_docstrings, sample_corpus


@pytest.fixture(scope="module")
def sample():
    return sample_corpus()


def test_a_docstring_is_its_first_paragraph_on_one_line(tmp_path):
    package = tmp_path / "package"
    (package / "tests").mkdir(parents=True)
    (package / "tests" / "test_it.py").write_text('"""Tests are left out of it."""')
    (package / "__init__.py").write_text('"""Too short."""')
    (package / "broken.py").write_text('"""One two three four."""\ndef (:')
    (package / "module.py").write_text(
        'r"""The module\'s first\n   paragraph.\n\nAnother one."""\n'
        "class Kind:\n"
        "    '''What kind\tit is.'''\n"
        "    if True:\n"
        "        async def inner(self):\n"
        '            """Found below an if."""\n'
        "            return '\\d'\n"
        "def long():\n"
        f'    """{"word " * 61}"""\n'
    )
    assert list(iter_docstrings(package, "made up")) == [
        ("package.module", "The module's first paragraph."),
        ("package.module.Kind", "What kind it is."),
        ("package.module.Kind.inner", "Found below an if."),
    ]


def test_the_sample_is_as_described(sample):
    report = describe(sample)
    assert sample.name == "sample"
    assert {"numpy", "pandas", "scikit-learn", "scipy", "standard library"} <= set(sample.classes)
    assert report.unlabelled == report.empty_texts == 0
    assert 4 <= report.tokens_min <= report.tokens_max <= 60
    assert 10_000 < report.rows < 20_000
    assert max(report.class_counts) <= 3_000
    assert len(set(sample.ids)) == len(sample)
    assert not any("\n" in text for text in sample.texts)
    row = int(np.flatnonzero(sample.ids == "json.dumps")[0])
    assert sample.texts[row] == "Serialize ``obj`` to a JSON formatted ``str``."
    assert sample.classes[sample.labels[row]] == "standard library"


def test_a_text_occurs_once_per_library(sample):
    for label in range(len(sample.classes)):
        texts = sample.texts[sample.labels == label]
        assert len(set(texts)) == len(texts)


def test_the_cached_sample_is_the_same(sample):
    assert sample_corpus().fingerprint == sample.fingerprint


def test_the_cache_is_per_version_and_is_rebuilt_when_damaged(tmp_path, monkeypatch):
    monkeypatch.setenv("CARTOGRAPHY_CACHE", str(tmp_path / "cache"))
    (tmp_path / "package").mkdir()
    module = tmp_path / "package" / "module.py"

    def texts(version):
        return list(sample_corpus({"made up": (tmp_path / "package", version)}).texts)

    module.write_text('"""One two three four."""')
    assert texts("1") == ["One two three four."]
    module.write_text('"""Five six seven eight."""')
    assert texts("1") == ["One two three four."]
    (path,) = (tmp_path / "cache" / "sample").iterdir()
    path.write_bytes(path.read_bytes()[:100])
    assert texts("1") == texts("2") == ["Five six seven eight."]
