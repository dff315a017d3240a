from itertools import combinations

import numpy as np
import pytest

from cartography.errors import CartographyError
from cartography.features import near_duplicates as duplicates
from cartography.features.near_duplicates import near_duplicates


def test_by_hand() -> None:
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


def test_exactly_the_limit_counts_and_chains_join() -> None:
    # 4 of 5 tokens is 0.8 for each neighbour; the ends share 3 of 5.
    texts = ["a b c d", "a b c d e", "b c d e"]
    assert near_duplicates(texts) == ((0, 1, 2),)
    assert near_duplicates([texts[0], texts[2]]) == ()


def test_texts_without_a_token_are_alike_and_like_no_other() -> None:
    assert near_duplicates(["", "a", " \t", "b"]) == ((0, 2),)
    assert near_duplicates(["", "a"]) == ()
    assert near_duplicates(["alone"]) == ()
    assert near_duplicates([]) == ()


def test_against_plain_sets_also_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "_BLOCK", 7)
    rng = np.random.default_rng(3)
    texts = [" ".join(rng.choice(list("abcdef"), size=rng.integers(1, 7))) for _ in range(40)]
    group = list(range(40))
    for one, other in combinations(range(40), 2):
        mine, others = set(texts[one].split()), set(texts[other].split())
        if len(mine & others) / len(mine | others) >= 0.8:
            joined, kept = group[other], group[one]
            group = [kept if each == joined else each for each in group]
    expected = [tuple(np.flatnonzero(np.array(group) == each).tolist()) for each in set(group)]
    found = near_duplicates(texts)
    assert found == tuple(sorted(each for each in expected if len(each) > 1))
    assert 1 < len(found) < 40


@pytest.mark.parametrize("limit", [0.0, -0.5, 1.5, float("nan")])
def test_a_limit_out_of_range_is_refused(limit: float) -> None:
    with pytest.raises(CartographyError, match=f"the limit is {limit}"):
        near_duplicates(["a"], limit)
