from itertools import combinations

import numpy as np
import pytest

from cartography.errors import CartographyError
from cartography.features import near_duplicates as module
from cartography.features.near_duplicates import find_near_duplicates, near_duplicates


def test_groups_by_hand() -> None:
    texts = [
        "What is the capital of Peru ?",
        "Who wrote Faust ?",
        "what is the CAPITAL of peru?",  # the same seven tokens
        "What is the capital of Chile ?",  # six of the eight tokens of both: 0.75
        "Who wrote Faust",  # three of four: 0.75
    ]
    assert near_duplicates(texts) == ((0, 2),)
    assert near_duplicates(texts, 0.75) == ((0, 2, 3), (1, 4))
    assert near_duplicates(texts, 0.76) == ((0, 2),)


def test_pairs_at_the_limit_count_and_chains_form_one_group() -> None:
    # Neighbours share 4 of 5 tokens, a similarity of 0.8; the ends share 3 of 5.
    texts = ["a b c d", "a b c d e", "b c d e"]
    assert near_duplicates(texts) == ((0, 1, 2),)
    assert near_duplicates([texts[0], texts[2]]) == ()


def test_texts_without_tokens_are_near_duplicates_of_each_other_only() -> None:
    assert near_duplicates(["", "a", " \t", "b"]) == ((0, 2),)
    assert near_duplicates(["", "a"]) == ()
    assert near_duplicates(["alone"]) == ()
    assert near_duplicates([]) == ()


def test_blocks_give_the_same_groups_as_plain_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 7)
    rng = np.random.default_rng(3)
    texts = [" ".join(rng.choice(list("abcdef"), size=rng.integers(1, 7))) for _ in range(40)]
    group = list(range(40))
    for i, j in combinations(range(40), 2):
        tokens, others = set(texts[i].split()), set(texts[j].split())
        if len(tokens & others) / len(tokens | others) >= 0.8:
            old, new = group[j], group[i]
            group = [new if number == old else number for number in group]
    expected = [tuple(np.flatnonzero(np.array(group) == number).tolist()) for number in set(group)]
    groups = near_duplicates(texts)
    assert groups == tuple(sorted(positions for positions in expected if len(positions) > 1))
    assert 1 < len(groups) < 40


@pytest.mark.parametrize("limit", [0.0, -0.5, 1.5, float("nan")])
def test_a_limit_out_of_range_is_refused(limit: float) -> None:
    for find in (near_duplicates, lambda texts, limit: find_near_duplicates(texts, texts, limit)):
        with pytest.raises(CartographyError, match=f"above 0 and at most 1, not {limit}"):
            find(["a"], limit)


def test_near_duplicates_in_a_pool_by_hand() -> None:
    texts = ["What is the capital of Peru ?", "Who wrote Faust ?", "", "one"]
    pool = [
        "Who wrote Faust",  # three of four tokens: 0.75
        "what is the CAPITAL of peru?",  # the same seven tokens
        "\t",
        "What is the capital of Chile ?",  # six of the eight tokens of both: 0.75
        "Who wrote Faust ?",
    ]
    assert find_near_duplicates(texts, pool) == ((1,), (4,), (2,), ())
    assert find_near_duplicates(texts, pool, 0.75) == ((1, 3), (0, 4), (2,), ())
    assert find_near_duplicates(texts, []) == ((), (), (), ())
    assert find_near_duplicates([], pool) == ()


def test_neighbours_of_neighbours_in_a_pool_do_not_count() -> None:
    # As in a chain of groups: the ends share 3 of 5 tokens.
    assert find_near_duplicates(["a b c d"], ["a b c d e", "b c d e"]) == ((0,),)


@pytest.mark.parametrize("limit", [0.3, 0.5, 0.8, 1.0])
def test_a_pool_in_blocks_gives_the_same_as_plain_sets(
    limit: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BLOCK", 7)
    rng = np.random.default_rng(4)
    # The pool has tokens that no text has, and the other way round.
    texts = [" ".join(rng.choice(list("abcdef"), size=rng.integers(1, 6))) for _ in range(30)]
    pool = [" ".join(rng.choice(list("cdefgh"), size=rng.integers(1, 6))) for _ in range(25)]

    def similarity(text: str, other: str) -> float:
        tokens, others = set(text.split()), set(other.split())
        return len(tokens & others) / len(tokens | others)

    expected = tuple(
        tuple(i for i, other in enumerate(pool) if similarity(text, other) >= limit)
        for text in texts
    )
    assert find_near_duplicates(texts, pool, limit) == expected
    assert any(expected)
