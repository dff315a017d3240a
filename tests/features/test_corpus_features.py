"""Features of the corpus alone, compared with dense matrices written out by hand."""

from collections import Counter
from itertools import pairwise
from math import log

import numpy as np
import pytest
from made_up import corpus
from threadpoolctl import threadpool_limits

from cartography.errors import CartographyError
from cartography.features import corpus_features
from cartography.features.corpus_features import CorpusFeatures
from cartography.features.embedding import embed

TEXTS = (
    "The cat sat on the mat",
    "the Dog sat on a log, and the cat?",
    "a dog and a cat",
    "on and on sat the frog",
    "",
    "xyzzy",
    "the mat, the log; the cat",
)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CARTOGRAPHY_CACHE", str(tmp_path))


def words_of(text):
    for mark in ",?;":
        text = text.replace(mark, f" {mark} ")
    return text.lower().split()


def in_two_texts(lists):
    found = Counter(item for items in lists for item in set(items))
    return {item: count for item, count in found.items() if count >= 2}


def tf_idf(lists, frequency):
    matrix = np.zeros((len(lists), len(frequency)))
    for row, items in enumerate(lists):
        counts = Counter(items)
        for column, (item, texts) in enumerate(frequency.items()):
            if counts[item]:
                idf = log((1 + len(lists)) / (1 + texts)) + 1
                matrix[row, column] = (1 + log(counts[item])) * idf
    return matrix


def cosines(rows):
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = rows / np.where(lengths > 0, lengths, 1)
    return unit @ unit.T


def expected_similarities(texts):
    """(4 times the cosine of the sums of PPMI rows + that of TF-IDF of words and pairs) / 5."""
    lists = [words_of(text) for text in texts]
    frequency = in_two_texts(lists)
    words = [*frequency]
    together = np.zeros((len(words), len(words)))
    for items in lists:
        for i, first in enumerate(items):
            for j, second in enumerate(items):
                if 0 < abs(i - j) <= 5 and first in frequency and second in frequency:
                    together[words.index(first), words.index(second)] += 1 / abs(i - j)
    context = together.sum(axis=0) ** 0.75
    with np.errstate(divide="ignore"):
        expected = np.outer(together.sum(axis=1), context / context.sum())
        ppmi = np.maximum(np.log(together / expected), 0)
    pairs = [
        [pair for pair in pairwise(items) if pair[0] in frequency and pair[1] in frequency]
        for items in lists
    ]
    by_words = cosines(tf_idf(lists, frequency) @ ppmi)
    both = np.hstack([tf_idf(lists, frequency), tf_idf(pairs, in_two_texts(pairs))])
    # A decomposition of full rank keeps all inner products, so cosines need no decomposition.
    return (4 * by_words + cosines(both)) / 5


def test_features_as_written_out():
    (made,) = embed([corpus(*TEXTS)], CorpusFeatures(), scaled=False)
    features = np.array(made.features)
    similarities = features @ features.T / features.shape[1]
    np.testing.assert_allclose(similarities, expected_similarities(TEXTS), atol=2e-6)
    assert (features[4:6] == 0).all()  # no word, and a word of one text
    assert made.coverage is not None
    assert (made.coverage.words, made.coverage.uncovered_texts) == (14, 2)
    assert made.coverage.known_words == len(in_two_texts([words_of(text) for text in TEXTS]))


def test_words_of_single_texts_are_kept_where_there_are_no_others():
    (made,) = embed([corpus("one two", "three four")], scaled=False)
    assert np.isfinite(made.features).all()
    assert made.coverage.known_words == 4


def test_a_script_without_spaces():
    (made,) = embed([corpus("東京都の天気", "京都の天気", "大阪の地下鉄")], scaled=False)
    first, second, third = made.features
    assert first @ second > first @ third


def test_threads_and_other_texts_change_no_bit(monkeypatch, tmp_path):
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(400)]
    texts = [" ".join(rng.choice(words, 12)) for _ in range(900)]
    results = []
    for threads in (1, 2):
        monkeypatch.setenv("CARTOGRAPHY_CACHE", str(tmp_path / str(threads)))
        with threadpool_limits(threads):
            train, test = embed([corpus(*texts), corpus(*texts[:7:-1], "w1 unknown")])
        results.append(np.array(train.features))
        assert np.array_equal(test.features[:-1], train.features[:7:-1])
    assert np.array_equal(*results)


def test_fitted_once(monkeypatch):
    training = corpus(*TEXTS)
    embed([training])

    def refuse(_):
        pytest.fail("fitted again")

    monkeypatch.setattr(corpus_features, "_fit", refuse)
    (_, later) = embed([training, corpus("a cat on a mat")])
    assert later.features.any()


def test_large_corpora_are_fitted_on_some_texts(monkeypatch):
    monkeypatch.setattr(corpus_features, "_MOST_TOKENS", 10)
    (made,) = embed([corpus(*TEXTS * 3)], scaled=False)
    assert np.isfinite(made.features).all()
    assert made.features.shape[0] == 21


def test_no_word():
    with pytest.raises(CartographyError, match="made up has no word in any text"):
        embed([corpus("", " ")])
