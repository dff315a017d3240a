from itertools import combinations

import numpy as np
import pytest

from cartography.errors import CartographyError
from cartography.features import near_duplicates as module
from cartography.features.near_duplicates import near_duplicates


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
    with pytest.raises(CartographyError, match=f"above 0 and at most 1, not {limit}"):
        near_duplicates(["a"], limit)
