from dataclasses import replace

import numpy as np
import pytest

from cartography.corpora.corpus import (
    Corpus,
    describe,
    find_repeated_texts,
    flip_labels,
    hold_out,
    require_classes,
    stratified_draw,
    token_counts,
)
from cartography.errors import CartographyError


def corpus(labels, classes=("ham", "spam"), texts=None):
    n = len(labels)
    return Corpus(
        name="made up",
        ids=np.array([f"id{i}" for i in range(n)], dtype=object),
        texts=np.array(texts or [f"text {i}" for i in range(n)], dtype=object),
        labels=np.array(labels, dtype=np.int64),
        classes=classes,
    )


def test_a_row_keeps_its_id_text_and_label():
    subset = corpus([0, 1, -1, 1]).take(np.array([3, 0]))
    assert list(subset.ids) == ["id3", "id0"]
    assert list(subset.texts) == ["text 3", "text 0"]
    assert list(subset.labels) == [1, 0]
    assert list(corpus([0, 1, -1]).take(np.array([False, True, True])).ids) == ["id1", "id2"]


def test_labelled_rows_and_label_names():
    mixed = corpus([1, -1, 0])
    assert list(mixed.labelled) == [True, False, True]
    assert list(mixed.label_names(mixed.labels)) == ["spam", "", "ham"]
    assert list(corpus([-1], classes=()).label_names(np.array([-1]))) == [""]


def test_columns_of_different_lengths_are_a_bug():
    with pytest.raises(ValueError, match="2 ids, 1 texts and 1 labels"):
        replace(corpus([0]), ids=np.array(["a", "b"], dtype=object))


def test_fingerprint_depends_only_on_the_content():
    base = corpus([0, 1, 1])
    assert len(base.fingerprint) == 32
    assert base.fingerprint == replace(base, name="another", notes=("a note",)).fingerprint
    assert replace(base, labels=np.array([0, 1, 0])).fingerprint != base.fingerprint
    assert replace(base, classes=("ham", "eggs")).fingerprint != base.fingerprint
    assert replace(base, ids=base.ids[::-1]).fingerprint != base.fingerprint
    ab_c = corpus([0, 1], texts=["ab", "c"])
    a_bc = corpus([0, 1], texts=["a", "bc"])
    assert ab_c.fingerprint != a_bc.fingerprint
    assert ab_c.texts_key != a_bc.texts_key
    assert ab_c.texts_key == replace(ab_c, labels=np.array([1, 1])).texts_key


def test_describe_agrees_with_counts_by_hand():
    texts = ["one two", "one two", " ", "a b c d", "one two", "e"]
    report = describe(corpus([0, 1, 1, 1, -1, -1], texts=texts))
    assert (report.rows, report.labelled, report.unlabelled) == (6, 4, 2)
    assert report.class_counts == (1, 3)
    assert report.class_shares == (0.25, 0.75)
    assert (report.empty_texts, report.duplicate_texts) == (1, 2)
    # Tokens, sorted: 0 1 2 2 2 4.
    assert (report.tokens_min, report.tokens_median, report.tokens_max) == (0, 2.0, 4)
    assert report.tokens_p95 == pytest.approx(3.5)


def test_tokens_are_counted_per_text():
    counts = token_counts(corpus([0, 0, 0], texts=["one two", " ", "a\tb  c\n"]))
    assert counts.tolist() == [2, 0, 3]
    assert token_counts(corpus([])).tolist() == []


def test_repeated_texts_are_found_by_their_rows():
    repeated = find_repeated_texts(corpus([0] * 7, texts=["a", "b", "A", "b", "a", "c", "b"]))
    assert [rows.tolist() for rows in repeated] == [[1, 3, 6], [0, 4]]
    assert find_repeated_texts(corpus([0, 1])) == ()


def test_required_classes():
    require_classes(corpus([0, -1, 1]))
    require_classes(corpus([0, -1, 0]), least=1)
    with pytest.raises(CartographyError, match="all gold labels of made up are 'ham'"):
        require_classes(corpus([0, -1, 0]))
    with pytest.raises(CartographyError, match="made up has no gold labels"):
        require_classes(corpus([-1, -1]), least=1)


def test_describe_an_empty_corpus():
    report = describe(corpus([], classes=()))
    assert (report.rows, report.tokens_max, report.class_shares) == (0, 0, ())


@pytest.mark.parametrize(
    ("counts", "size", "expected"),
    [
        ((6, 4), 5, (3, 2)),
        ((5, 5), 3, (2, 1)),  # equal remainders: the first class
        ((90, 9, 1), 10, (8, 1, 1)),  # quotas 9, 0.9, 0.1: the first gives one to the last
        ((90, 9, 1), 2, (2, 0, 0)),  # fewer items than classes
        ((1, 1, 1), 3, (1, 1, 1)),
        ((7, 2), 9, (7, 2)),
        ((98, 1, 1), 3, (1, 1, 1)),
    ],
)
def test_a_draw_is_proportional_and_reaches_every_class(counts, size, expected):
    labels = np.repeat(np.arange(len(counts)), counts)
    rows = stratified_draw(labels, size, np.random.default_rng(0))
    assert tuple(np.bincount(labels[rows], minlength=len(counts))) == expected
    assert len(set(rows)) == size
    assert list(rows) == sorted(rows)


def test_a_draw_takes_only_labelled_items_and_depends_on_its_generator():
    labels = np.array([-1, 0, 0, -1, 1, 1, 0, 1])
    first = stratified_draw(labels, 4, np.random.default_rng(1))
    assert (labels[first] >= 0).all()
    assert list(first) == list(stratified_draw(labels, 4, np.random.default_rng(1)))
    draws = {tuple(stratified_draw(labels, 4, np.random.default_rng(s))) for s in range(9)}
    assert len(draws) > 1


@pytest.mark.parametrize("size", [0, -1, 4])
def test_a_draw_of_an_impossible_size_is_refused(size):
    with pytest.raises(CartographyError, match=f"cannot draw {size} labelled texts: there are 3"):
        stratified_draw(np.array([0, 1, 1, -1]), size, np.random.default_rng(0))


def test_hold_out_is_stratified_and_fixed_and_keeps_the_rest():
    whole = corpus([0] * 20 + [1] * 10 + [2] + [-1] * 5, classes=("a", "b", "c"))
    train, test = hold_out(whole, 0.2)
    assert list(np.bincount(test.labels, minlength=3)) == [4, 2, 0]  # c has a single row
    assert test.labelled.all()
    assert sorted([*train.ids, *test.ids]) == sorted(whole.ids)
    assert (train.labels == -1).sum() == 5
    assert list(hold_out(whole, 0.2)[1].ids) == list(test.ids)
    assert test.name == "made up (held out)"


def test_hold_out_takes_at_least_one_and_never_a_whole_class():
    train, test = hold_out(corpus([0, 0, 1, 1]), 0.5)
    assert set(train.labels) == set(test.labels) == {0, 1}
    assert len(hold_out(corpus([0, 0]), 0.1)[1]) == 1


def test_hold_out_refuses_a_corpus_that_it_cannot_split():
    with pytest.raises(CartographyError, match="no class has two labelled rows"):
        hold_out(corpus([0, 1, -1]))
    with pytest.raises(CartographyError, match=r"cannot hold out 0\.9 of a corpus"):
        hold_out(corpus([0, 0, 1, 1]), 0.9)


class TestFlippedLabels:
    @staticmethod
    def corpus() -> Corpus:
        ids = np.array([str(i) for i in range(60)], dtype=object)
        labels = np.arange(60) % 3
        labels[:10] = -1
        return Corpus("made", ids, ids, labels, ("a", "b", "c"))

    def test_the_fraction_is_exact_and_every_flip_is_to_another_class(self) -> None:
        before = self.corpus()
        after = flip_labels(before, 0.2)

        changed = before.labels != after.labels
        assert changed.sum() == 10
        assert not changed[:10].any()
        assert set(after.labels[changed]) <= {0, 1, 2}
        assert after.fingerprint != before.fingerprint
        assert after.texts_key == before.texts_key

    def test_a_larger_fraction_flips_the_same_texts_and_more(self) -> None:
        before = self.corpus()
        few, many = flip_labels(before, 0.1), flip_labels(before, 0.4)

        flipped = few.labels != before.labels
        assert np.array_equal(many.labels[flipped], few.labels[flipped])
        assert (many.labels != before.labels).sum() == 20

    def test_a_fraction_of_zero_changes_nothing(self) -> None:
        assert flip_labels(self.corpus(), 0.0).fingerprint == self.corpus().fingerprint

    @pytest.mark.parametrize("fraction", [-0.1, 0.6])
    def test_more_than_half_is_refused(self, fraction: float) -> None:
        with pytest.raises(CartographyError, match=f"cannot flip {fraction}"):
            flip_labels(self.corpus(), fraction)
