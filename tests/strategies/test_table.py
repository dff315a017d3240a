import pytest

from cartography.active.reasons import explain_picks
from cartography.formatting import STRATEGY_NAMES
from cartography.strategies.table import STRATEGIES
from ui import words


def test_every_strategy_has_a_name_for_readers() -> None:
    assert set(STRATEGY_NAMES) == set(STRATEGIES)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_is_explained(strategy: str) -> None:
    assert words.strategy(strategy)
    (sentence,) = explain_picks(strategy, [0.1], classes=2, query_size=1)
    assert sentence.endswith(".")
