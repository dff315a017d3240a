from pathlib import Path

import pytest

from cartography import PAPER, RELEASED, STANDARD
from cartography.errors import CartographyError
from cartography.features.corpus_features import CorpusFeatures
from cartography.features.encoders import EncoderFeatures
from cartography.features.given_features import GivenFeatures
from cartography.features.table import KINDS, feature_kind
from cartography.features.word_features import WordFeatures


def test_kinds_by_name(tmp_path):
    assert [*KINDS] == ["corpus", "words", "encoder", "file"]
    assert feature_kind("corpus") == CorpusFeatures()
    assert feature_kind("words", vectors=None, pooling="mean") == WordFeatures(pooling="mean")
    assert feature_kind("encoder:owner/name") == EncoderFeatures("owner/name")
    assert feature_kind("file:a.npy") == GivenFeatures(Path("a.npy"))
    assert feature_kind("file:a.parquet:vector") == GivenFeatures(Path("a.parquet"), "vector")
    colon = tmp_path / "a:b.npy"
    colon.touch()
    assert feature_kind(f"file:{colon}") == GivenFeatures(colon)


@pytest.mark.parametrize(
    ("choice", "options", "message"),
    [
        ("lsa", {}, "'lsa' is no kind of features; give corpus, words, encoder:MODEL or file:PATH"),
        ("", {}, "'' is no kind of features"),
        ("encoder", {}, "'encoder' is incomplete; give encoder:FOLDER"),
        ("file:", {}, "'file:' is incomplete; give file:features.npy"),
        ("corpus:x", {}, "'corpus:x' is incomplete; give corpus"),
        ("corpus", {"max_length": 3}, "--max-length is for word vectors: add --features words"),
    ],
)
def test_refusals(choice, options, message):
    with pytest.raises(CartographyError, match=message):
        feature_kind(choice, **options)


def test_the_kind_of_a_preset():
    assert STANDARD.feature_kind() == CorpusFeatures()
    assert PAPER.feature_kind() == WordFeatures()
    assert STANDARD.feature_kind(vectors="a.vec") == WordFeatures("a.vec")
    assert PAPER.feature_kind("corpus") == CorpusFeatures()
    released = RELEASED.for_corpus(100).feature_kind()
    assert (released.tokens, released.padded_to) == ("white_space", 42)
