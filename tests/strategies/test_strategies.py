"""Every strategy, against values computed by hand or a plain implementation."""

import inspect
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from cartography.errors import CartographyError
from cartography.models.mlp import BatchedMLP, Layers, torch_seed
from cartography.models.presets import PAPER
from cartography.strategies.bald import bald, bald_mi
from cartography.strategies.cal import cal, split_by_correctness
from cartography.strategies.cal_dal import cal_dal
from cartography.strategies.dal import dal
from cartography.strategies.discriminator import DiscriminatorTask, run_discriminators
from cartography.strategies.entropy import predictive_entropy
from cartography.strategies.least_confidence import uncertainty
from cartography.strategies.margin import probability_margin
from cartography.strategies.pool_view import PoolView
from cartography.strategies.runner import Strategy, run_strategies
from cartography.strategies.selection import Selection, top_scores
from cartography.strategies.table import STRATEGIES, get_strategy

PROBABILITIES = np.array(
    [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.4, 0.3, 0.3], [0.7, 0.2, 0.1]], np.float32
)
PRESET = replace(PAPER.for_corpus(100), discriminator=replace(PAPER.discriminator, batch_size=8))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def view(**values: Any) -> Any:
    return SimpleNamespace(preset=PRESET, pool=np.arange(4), labelled=np.arange(4), **values)


def test_formulas() -> None:
    np.testing.assert_allclose(uncertainty(PROBABILITIES), [0, 0.5, 0.6, 0.3], atol=1e-7)
    np.testing.assert_allclose(probability_margin(PROBABILITIES), [1, 0, 0.1, 0.5], atol=1e-7)
    np.testing.assert_allclose(
        predictive_entropy(PROBABILITIES), [0, 1, 1.5709506, 1.1567797], atol=1e-6
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [("lc", [2, 1, 3, 0]), ("entropy", [2, 3, 1, 0]), ("margin", [1, 2, 3, 0])],
)
def test_uncertainty_strategies_rank_the_pool(name: str, expected: list[int]) -> None:
    selection = STRATEGIES[name](view(probabilities=PROBABILITIES), 4, rng())
    assert selection.positions.tolist() == expected
    assert (np.diff(selection.scores) <= 0).all()


def test_bald_is_the_entropy_of_the_mean_and_bald_mi_the_disagreement() -> None:
    # Item 0: both passes are undecided. Item 1: both are certain, of different classes.
    # Item 2: both are certain of the same class. Item 3: slightly undecided and different.
    passes = np.array(
        [
            [[0.5, 0.5], [1.0, 0.0], [1.0, 0.0], [0.8, 0.2]],
            [[0.5, 0.5], [0.0, 1.0], [1.0, 0.0], [0.6, 0.4]],
        ],
        np.float32,
    )
    total = bald(view(mc_probabilities=passes), 4, rng())
    assert set(total.positions[:2]) == {0, 1}
    assert total.scores.tolist() == pytest.approx([1, 1, 0.8812909, 0], abs=1e-6)
    mutual = bald_mi(view(mc_probabilities=passes), 4, rng())
    assert mutual.positions[0] == 1
    assert mutual.scores.tolist() == pytest.approx(
        [1, 0.8812909 - (0.7219281 + 0.9709506) / 2, 0, 0], abs=1e-6
    )


def test_ties_are_broken_by_the_generator_not_by_row() -> None:
    scores = np.zeros(1000)
    first = top_scores(scores, 10, rng(1)).positions
    assert first.tolist() == top_scores(scores, 10, rng(1)).positions.tolist()
    assert first.tolist() != top_scores(scores, 10, rng(2)).positions.tolist()
    assert first.max() > 100
    mixed = np.array([0.0, 1.0, 0.0, 2.0])
    assert top_scores(mixed, 2, rng()).positions.tolist() == [3, 1]


def test_a_pool_smaller_than_the_query_size_is_selected_whole() -> None:
    assert sorted(top_scores(np.arange(3.0), 10, rng()).positions.tolist()) == [0, 1, 2]


def test_random_is_uniform_and_without_replacement() -> None:
    counts = np.zeros(4)
    for seed in range(400):
        selection = STRATEGIES["random"](view(), 2, rng(seed))
        assert len(set(selection.positions.tolist())) == 2
        counts[selection.positions] += 1
    assert counts == pytest.approx(np.full(4, 200), abs=40)


@pytest.mark.parametrize(
    ("levels", "t_cor", "high", "used"),
    [
        ([0.0, 0.2, 0.3, 1.0], 0.2, [0, 0, 1, 1], 0.2),
        ([0.5, 0.9, 1.0, 1.0], 0.2, [0, 1, 1, 1], 0.5),
        ([0.0, 0.1, 0.2, 0.2], 0.2, [0, 0, 1, 1], 0.1),
        ([1.0, 1.0, 1.0, 1.0], 0.2, [1, 1, 1, 1], 0.2),
        ([0.0, 0.0, 0.0, 0.0], 0.2, [0, 0, 0, 0], 0.2),
    ],
)
def test_a_one_sided_split_moves_to_the_nearest_threshold_with_two_sides(
    levels: list[float], t_cor: float, high: list[int], used: float
) -> None:
    split = split_by_correctness(np.array(levels), t_cor)
    assert split.high.tolist() == high
    assert split.t_cor == used


def plain_discriminator(
    examples: torch.Tensor, targets: torch.Tensor, pool: torch.Tensor, seed: int
) -> np.ndarray:
    """P(class 1) of the pool with `torch.nn`: one hidden ReLU layer, AdamW, 30 epochs."""
    start = torch.Generator().manual_seed(torch_seed(seed, 0))
    layers = Layers(examples.shape[1], (300,), 2)
    (w1, b1), (w2, b2) = layers.views(
        BatchedMLP.initialise(layers, [start], torch.device("cpu")).flat
    )
    model = nn.Sequential(nn.Linear(examples.shape[1], 300), nn.ReLU(), nn.Linear(300, 2))
    for linear, weight, bias in ((model[0], w1, b1), (model[2], w2, b2)):
        linear.weight.data.copy_(weight[0].T)
        linear.bias.data.copy_(bias[0, 0])
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-5)
    shuffle = torch.Generator().manual_seed(torch_seed(seed, 1))
    for _ in range(30):
        for batch in torch.randperm(len(targets), generator=shuffle).split(8):
            optimiser.zero_grad()
            nn.functional.cross_entropy(model(examples[batch]), targets[batch]).backward()
            optimiser.step()
    with torch.no_grad():
        probability: np.ndarray = model(pool).softmax(1)[:, 1].numpy()
    return probability


LABELLED = torch.from_numpy(rng(1).normal(size=(30, 6)).astype(np.float32))
POOL = torch.from_numpy(rng(2).normal(size=(50, 6)).astype(np.float32))
LEVELS = rng(3).integers(0, 31, size=30) / 30


def discriminator_view(**values: Any) -> Any:
    return SimpleNamespace(
        preset=PRESET,
        labelled=np.arange(30),
        pool=np.arange(50),
        all_representations=torch.cat([LABELLED, POOL]),
        labelled_representations=LABELLED,
        representations=POOL,
        **{"correctness": LEVELS, **values},
    )


def select(strategy: Strategy, view: Any, size: int, generator: np.random.Generator) -> Selection:
    [selection] = run_strategies([strategy], [view], size, [generator])
    return selection


def test_cal_agrees_with_a_plain_implementation() -> None:
    selection = select(cal, discriminator_view(), 12, rng(7))
    seed = int(rng(7).integers(2**63))
    targets = torch.from_numpy((LEVELS > 0.2).astype(np.int64))
    expected = plain_discriminator(LABELLED, targets, POOL, seed)
    distance = np.abs(0.5 - expected)
    assert selection.positions.tolist() == np.argsort(distance)[:12].tolist()
    np.testing.assert_allclose(selection.scores, -np.sort(distance)[:12], atol=1e-5)
    assert selection.fallback == ""
    assert 0.5 < selection.discriminator_accuracy <= 1


def test_dal_agrees_with_a_plain_implementation() -> None:
    selection = select(dal, discriminator_view(), 12, rng(7))
    seed = int(rng(7).integers(2**63))
    targets = torch.tensor([0] * 30 + [1] * 50)
    expected = plain_discriminator(torch.cat([LABELLED, POOL]), targets, POOL, seed)
    assert selection.positions.tolist() == np.argsort(-expected)[:12].tolist()
    np.testing.assert_allclose(selection.scores, -np.sort(-expected)[:12], atol=1e-5)


def test_batched_discriminators_are_bitwise_equal_to_discriminators_trained_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # With one core, two of the three are batched.
    monkeypatch.setattr("cartography.parallel._CORES", 1)
    targets = [(level < LEVELS).astype(np.int64) for level in (0.1, 0.5, 0.9)]
    tasks = [
        DiscriminatorTask(examples, target, pool, seed)
        for target, examples, pool, seed in zip(
            targets,
            (LABELLED, -LABELLED, LABELLED),
            (POOL, POOL, POOL[:20]),
            (7, 8, 7),
            strict=True,
        )
    ]
    together = run_discriminators(tasks, PRESET.discriminator)
    for task, result in zip(tasks, together, strict=True):
        [alone] = run_discriminators([task], PRESET.discriminator)
        np.testing.assert_array_equal(result.probability, alone.probability)
        assert result.accuracy == alone.accuracy
    assert np.abs(together[0].probability[:20] - together[2].probability).min() > 1e-3


def test_strategies_run_together_select_what_they_select_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # With one core, two of three equal sets are batched.
    monkeypatch.setattr("cartography.parallel._CORES", 1)
    names = ("random", "cal", "dal", "cal-dal", "cal")
    strategies = [STRATEGIES[name] for name in names]
    together = run_strategies(
        strategies, [discriminator_view()] * 5, 7, [rng(seed) for seed in range(5)]
    )
    for seed, (strategy, selection) in enumerate(zip(strategies, together, strict=True)):
        alone = select(strategy, discriminator_view(), 7, rng(seed))
        assert selection.positions.tolist() == alone.positions.tolist()
        assert selection.scores.tolist() == alone.scores.tolist()


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        (np.where(LEVELS < 0.5, 0.5, 1.0), "t_cor 0.2 leaves no low-cor text: 0.5 was used."),
        (np.where(LEVELS < 0.5, 0.0, 0.1), "t_cor 0.2 leaves no high-cor text: 0 was used."),
        (
            np.ones(30),
            "every labelled text has the same correctness (1), so no t_cor can split them: drawn "
            "at random.",
        ),
    ],
)
def test_cal_on_a_one_sided_map_reports_its_fallback(levels: Any, message: str) -> None:
    selection = select(cal, discriminator_view(correctness=levels), 12, rng())
    assert selection.fallback == message
    assert len(set(selection.positions.tolist())) == 12


def test_cal_dal_selects_half_by_each_strategy_and_no_item_twice() -> None:
    selection = select(cal_dal, discriminator_view(), 25, rng(7))
    assert (
        selection.positions[:13].tolist()
        == select(cal, discriminator_view(), 13, rng(7)).positions.tolist()
    )
    assert len(set(selection.positions.tolist())) == 25
    # CAL and DAL draw from the same generator, one after the other.
    shared_rng = rng(7)
    first = select(cal, discriminator_view(), 13, shared_rng).positions.tolist()
    ranked = select(dal, discriminator_view(), 50, shared_rng)
    rest = [p for p in ranked.positions.tolist() if p not in first][:12]
    assert selection.positions[13:].tolist() == rest
    scores = dict(zip(ranked.positions.tolist(), ranked.scores.tolist(), strict=True))
    assert selection.scores[13:].tolist() == [scores[p] for p in rest]
    whole_pool = select(cal_dal, discriminator_view(), 60, rng(7))
    assert sorted(whole_pool.positions.tolist()) == list(range(50))


def test_the_view_is_lazy_and_has_no_pool_labels() -> None:
    model = BatchedMLP.initialise(
        Layers(6, (5, 4), 3), [torch.Generator().manual_seed(0)], torch.device("cpu")
    )
    pool_view = PoolView(
        model=model,
        features=torch.cat([LABELLED, POOL]),
        labelled=np.arange(30),
        pool=np.arange(30, 80),
        correctness=LEVELS,
        preset=PRESET,
        seed=1,
    )
    assert "probabilities" not in vars(pool_view)
    assert pool_view.probabilities is pool_view.probabilities
    assert pool_view.probabilities.shape == (50, 3)
    assert pool_view.mc_probabilities.shape == (10, 50, 3)
    assert pool_view.representations.shape == (50, 4)
    assert pool_view.labelled_representations.shape == (30, 4)
    # If the last hidden layer is known, only the output layer is computed, with the same result.
    fresh = replace(pool_view)
    assert fresh.representations.shape == (50, 4)
    np.testing.assert_allclose(fresh.probabilities, pool_view.probabilities, atol=1e-6)
    other_passes = replace(pool_view, seed=2).mc_probabilities
    assert (other_passes != pool_view.mc_probabilities).any()
    assert not [name for name in dir(pool_view) if "gold" in name or name == "labels"]


def test_all_strategies_in_the_table_have_the_same_signature() -> None:
    assert len(STRATEGIES) == 9
    for strategy in STRATEGIES.values():
        assert list(inspect.signature(strategy).parameters) == ["view", "query_size", "rng"]
    with pytest.raises(CartographyError, match="strategy 'kal' is not one of random, lc, entropy"):
        get_strategy("kal")
