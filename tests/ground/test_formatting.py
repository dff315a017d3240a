import pytest

from cartography.formatting import (
    STRATEGY_NAMES,
    count_noun,
    format_against,
    join_names,
    strategy_name,
)
from cartography.strategies.table import STRATEGIES


@pytest.mark.parametrize(
    ("value", "limits", "text"),
    [
        (0.123456, (), "0.12"),
        (0.2996, (0.3,), "0.2996"),
        (0.3, (0.3,), "0.30"),
        (0.3004, (0.3,), "0.3004"),
        (0.6, (0.2, 0.8), "0.60"),
        (0.7999, (0.2, 0.8), "0.7999"),
        (0.00002, (0.0,), "0.00002"),
        (0.1 + 0.2, (0.3,), "0.30000000000000004"),
    ],
)
def test_a_number_stays_on_its_side_of_a_limit(
    value: float, limits: tuple[float, ...], text: str
) -> None:
    assert format_against(value, *limits) == text


def test_a_count_has_its_noun_in_the_right_form() -> None:
    assert [count_noun(n, "text") for n in (0, 1, 2, 1200)] == [
        "0 texts",
        "1 text",
        "2 texts",
        "1,200 texts",
    ]


def test_every_strategy_has_a_display_name() -> None:
    assert set(STRATEGY_NAMES) == set(STRATEGIES)
    assert len(set(STRATEGY_NAMES.values())) == len(STRATEGIES)
    assert [strategy_name(name) for name in ("random", "cal-dal", "mine")] == [
        "Random",
        "CAL+DAL",
        "mine",
    ]


def test_names_are_joined_for_a_sentence() -> None:
    assert [join_names(["a", "b", "c"][:n]) for n in (1, 2, 3)] == ["a", "a and b", "a, b and c"]
