"""The training loop against the same training in plain torch.nn."""

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from weakref import WeakSet

import numpy as np
import pytest
import torch
from torch import nn

from cartography.errors import CartographyError
from cartography.models import training
from cartography.models.mlp import BatchedMLP, Layers, torch_seed
from cartography.models.presets import PAPER, Recipe
from cartography.models.trainer import BatchedTrainer, PassRecord, TrainingSet
from cartography.models.training import as_tensor, pick_device, train_epochs

RECIPE = Recipe(
    hidden=(6, 5),
    dropout=0.0,
    learning_rate=1e-2,
    epochs=3,
    dynamics="epoch_end",
    batch_size=4,
)
RNG = np.random.default_rng(0)
FEATURES = torch.from_numpy(RNG.normal(size=(40, 7)).astype(np.float32))
RAGGED = [
    TrainingSet(np.arange(10), RNG.integers(3, size=10), seed=11),
    TrainingSet(np.arange(5, 8), RNG.integers(3, size=3), seed=12),
    TrainingSet(np.arange(39, 18, -1), RNG.integers(3, size=21), seed=13),
]


def plain_training(each: TrainingSet, recipe: Recipe) -> tuple[nn.Sequential, list[np.ndarray]]:
    """One model trained by torch's own modules, autograd and AdamW, in the same order of rows."""
    layers = Layers(7, recipe.hidden, 3)
    start = torch.Generator().manual_seed(torch_seed(each.seed, 0))
    weights = layers.views(BatchedMLP.initialised(layers, [start], torch.device("cpu")).flat)
    modules: list[nn.Module] = []
    for weight, bias in weights:
        linear = nn.Linear(weight.shape[1], weight.shape[2])
        linear.weight.data.copy_(weight[0].T)
        linear.bias.data.copy_(bias[0, 0])
        modules += [linear, nn.ReLU()]
    model = nn.Sequential(*modules[:-1])
    optimiser = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate)
    order_of = torch.Generator().manual_seed(torch_seed(each.seed, 1))
    rows, labels = torch.from_numpy(each.rows), torch.from_numpy(each.labels)
    seen = []
    for _ in range(recipe.epochs):
        order = torch.randperm(len(rows), generator=order_of)
        for batch in order.split(recipe.batch_size or 0):
            optimiser.zero_grad()
            nn.functional.cross_entropy(model(FEATURES[rows[batch]]), labels[batch]).backward()
            optimiser.step()
        with torch.no_grad():
            found = model(FEATURES[rows]).softmax(1)
        seen.append(found[torch.arange(len(rows)), labels].numpy())
    return model, seen


@pytest.mark.parametrize("sets", [RAGGED[:1], RAGGED], ids=["one model", "three, ragged"])
@pytest.mark.parametrize("epochs", [1, 3])
def test_training_matches_torch_nn(sets: list[TrainingSet], epochs: int) -> None:
    recipe = replace(RECIPE, epochs=epochs)
    seen = list(train_epochs(FEATURES, sets, 3, recipe))
    assert [epoch.number for epoch in seen] == list(range(1, epochs + 1))
    final = seen[-1].classifiers
    for model, each in enumerate(sets):
        reference, expected = plain_training(each, recipe)
        for (weights, biases), linear in zip(
            final[model].layers.views(final[model].flat),
            [m for m in reference if hasattr(m, "weight")],
            strict=True,
        ):
            assert torch.allclose(weights[0].T, linear.weight, atol=1e-5, rtol=1e-5)
            assert torch.allclose(biases[0, 0], linear.bias, atol=1e-5, rtol=1e-5)
        for epoch, probability in zip(seen, expected, strict=True):
            np.testing.assert_allclose(epoch.gold_probability[model], probability, atol=1e-5)


def test_one_adamw_step_matches_the_formula() -> None:
    # One item, so one step of one epoch: w <- w (1 - lr decay) - lr g / (|g| + eps) after bias
    # correction (Loshchilov & Hutter 2017, Algorithm 2, t = 1).
    recipe = replace(RECIPE, epochs=1)
    each = TrainingSet(np.array([3]), np.array([1]), seed=5)
    layers = Layers(7, recipe.hidden, 3)
    start = torch.Generator().manual_seed(torch_seed(5, 0))
    before = BatchedMLP.initialised(layers, [start], torch.device("cpu"))
    leaf = before.flat.clone().requires_grad_()
    hidden = FEATURES[3].view(1, 1, 7)
    for depth, (weights, biases) in enumerate(layers.views(leaf)):
        hidden = hidden @ weights + biases
        hidden = hidden.relu() if depth < 2 else hidden
    nn.functional.cross_entropy(hidden[0], torch.tensor([1])).backward()
    assert leaf.grad is not None
    expected = before.flat * (1 - 1e-2 * 0.01) - 1e-2 * leaf.grad / (leaf.grad.abs() + 1e-8)
    (epoch,) = train_epochs(FEATURES, [each], 3, recipe)
    assert torch.allclose(epoch.classifiers[0].flat, expected, atol=1e-5)


# Five sets of one size are in lockstep; the others go beside them.
SEVERAL = [
    *RAGGED,
    *(TrainingSet(RNG.permutation(40)[:10], RNG.integers(3, size=10), seed) for seed in range(5)),
]


@pytest.fixture
def one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two shares of the models in lockstep, so that of three two stand side by side."""
    monkeypatch.setattr("cartography.parallel._CORES", 1)


@pytest.mark.usefixtures("one_core")
def test_on_one_core_models_stand_side_by_side() -> None:
    shares = training._shares(SEVERAL, 4, torch.device("cpu"))
    assert shares == [[2], [0, 3, 4], [5, 6, 7], [1]]


@pytest.mark.usefixtures("one_core")
@pytest.mark.parametrize("batch_size", [4, 16, 10], ids=["4", "16", "10, no multiple of 16"])
def test_a_model_does_not_depend_on_its_neighbours(batch_size: int) -> None:
    recipe = replace(RECIPE, dropout=0.3, batch_size=batch_size)
    *_, together = train_epochs(FEATURES, SEVERAL, 3, recipe)
    for model, each in enumerate(SEVERAL):
        *_, alone = train_epochs(FEATURES, [each], 3, recipe)
        assert np.array_equal(alone.gold_probability[0], together.gold_probability[model])
        assert torch.equal(alone.classifiers[0].flat, together.classifiers[model].flat)


@pytest.mark.usefixtures("one_core")
def test_a_map_with_dropout_left_on_does_not_depend_on_its_neighbours() -> None:
    recipe = replace(RECIPE, dropout=0.3, dropout_at_test=True, batch_size=32)
    rng = np.random.default_rng(2)
    rows, labels = rng.integers(40, size=300), rng.integers(3, size=300)
    sets = [TrainingSet(rows, labels, seed) for seed in range(3)]
    *_, together = train_epochs(FEATURES, sets, 3, recipe)
    for model, each in enumerate(sets):
        *_, alone = train_epochs(FEATURES, [each], 3, recipe)
        np.testing.assert_allclose(
            alone.gold_probability[0], together.gold_probability[model], atol=1e-6, rtol=0
        )


def test_a_model_does_not_depend_on_the_number_of_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for cores in (1, 3):
        monkeypatch.setattr("cartography.parallel._CORES", cores)
        *_, last = train_epochs(FEATURES, SEVERAL, 3, replace(RECIPE, dropout=0.3))
        found.append(torch.cat([each.flat for each in last.classifiers]))
    assert torch.equal(*found)


@pytest.mark.usefixtures("one_core")
def test_each_set_may_have_features_of_its_own() -> None:
    other = FEATURES.flip(0) * 2
    sets = SEVERAL[3:6]
    *_, together = train_epochs([FEATURES, other, FEATURES], sets, 3, RECIPE)
    for model, features in enumerate([FEATURES, other, FEATURES]):
        *_, alone = train_epochs(features, [sets[model]], 3, RECIPE)
        assert np.array_equal(alone.gold_probability[0], together.gold_probability[model])


def test_features_in_double_precision_train_in_it() -> None:
    *_, single = train_epochs(FEATURES, RAGGED, 3, RECIPE)
    *_, double = train_epochs(FEATURES.double(), RAGGED, 3, RECIPE)
    assert double.classifiers[0].flat.dtype == torch.float64
    np.testing.assert_allclose(
        single.gold_probability[2], double.gold_probability[2], atol=1e-5, rtol=0
    )


def test_the_same_seed_gives_the_same_bits_and_another_seed_others() -> None:
    recipe = replace(RECIPE, dropout=0.3)
    other = [replace(each, seed=each.seed + 1) for each in RAGGED]
    one, two, three = (
        list(train_epochs(FEATURES, sets, 3, recipe))[-1].classifiers
        for sets in (RAGGED, RAGGED, other)
    )
    for model in range(3):
        assert torch.equal(one[model].flat, two[model].flat)
        assert not torch.equal(one[model].flat, three[model].flat)


def test_dynamics_of_the_training_pass_are_read_before_each_step() -> None:
    # A batch as large as the set: the pass sees the weights of the epoch's start, so what it
    # reads in epoch e + 1 is what a pass at the end of epoch e reads.
    recipe = replace(RECIPE, batch_size=21)
    at_end = list(train_epochs(FEATURES, RAGGED, 3, recipe))
    in_pass = list(train_epochs(FEATURES, RAGGED, 3, replace(recipe, dynamics="training_pass")))
    for earlier, later in zip(at_end[:-1], in_pass[1:], strict=True):
        for model in range(3):
            np.testing.assert_allclose(
                earlier.gold_probability[model], later.gold_probability[model], atol=1e-6
            )
            assert earlier.correct[model].tolist() == later.correct[model].tolist()
    expected = -np.log(in_pass[1].gold_probability[2]).mean()
    assert in_pass[1].losses[2] == pytest.approx(expected, rel=1e-5)


def test_the_paper_recipe_learns_a_separable_problem() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(2, size=200)
    features = rng.normal(size=(200, 20)).astype(np.float32) + 2 * labels[:, None]
    recipe = PAPER.for_corpus(200).classifier
    *_, last = train_epochs(
        as_tensor(features.astype(np.float32), torch.device("cpu")),
        [TrainingSet(np.arange(200), labels, 0)],
        2,
        recipe,
    )
    assert last.correct[0].mean() > 0.98


def test_features_of_any_size_train_as_long_as_they_are_numbers() -> None:
    """A gold label whose probability underflows to 0 still has a finite loss."""
    *_, last = train_epochs(FEATURES * 3_000, RAGGED, 3, RECIPE)
    assert np.isfinite(last.losses).all()
    assert min(each.min() for each in last.gold_probability) < 1e-30


def test_mistakes() -> None:
    empty = TrainingSet(np.arange(0), np.arange(0), 1)
    with pytest.raises(CartographyError, match="nothing to train on"):
        next(train_epochs(FEATURES, [empty], 3, RECIPE))
    with pytest.raises(CartographyError, match=r"diverged in epoch 1: check the word vectors"):
        next(train_epochs(FEATURES * float("nan"), RAGGED, 3, RECIPE))
    for labels, named in ((np.array([0, -1, 3]), -1), (np.array([0, 1, 3]), 3)):
        with pytest.raises(CartographyError, match=f"run from 0 to 2; one is {named}"):
            next(train_epochs(FEATURES, [TrainingSet(np.arange(3), labels, 1)], 3, RECIPE))
    for changes in ({"epochs": 0}, {"batch_size": 0}, {"dropout": 1.0}):
        with pytest.raises(CartographyError):
            replace(RECIPE, **changes)
    with pytest.raises(CartographyError, match="device 'tpu' is not one of auto, cpu, cuda"):
        pick_device("tpu")
    with pytest.raises(ValueError, match="batch size is open"):
        next(train_epochs(FEATURES, RAGGED, 3, replace(RECIPE, batch_size=None)))


def test_nothing_trains_on_after_a_divergence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cartography.parallel._CORES", 2)
    begun, epoch = [], BatchedTrainer.epoch

    def counted(loop: BatchedTrainer) -> PassRecord:
        begun.append(loop.number)
        time.sleep(0.01)
        return epoch(loop)

    monkeypatch.setattr(BatchedTrainer, "epoch", counted)
    with pytest.raises(CartographyError, match="diverged in epoch 1") as kept:
        list(train_epochs(FEATURES * float("nan"), SEVERAL, 3, replace(RECIPE, epochs=500)))
    time.sleep(0.2)  # those under way come to their end
    before = len(begun)
    time.sleep(0.2)
    assert len(begun) == before < 100
    assert kept.value.__traceback__ is not None, "what holds the training is still here"


@pytest.fixture
def no_garbage_collection() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_garbage_collection")
@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize("taken", [1, None], ids=["after an epoch", "at its end"])
def test_a_training_is_freed_as_soon_as_it_is_dropped(
    cores: int,
    taken: int | None,
    monkeypatch: pytest.MonkeyPatch,
    until: Callable[[Callable[[], bool]], None],
) -> None:
    monkeypatch.setattr("cartography.parallel._CORES", cores)
    alive: WeakSet[BatchedTrainer] = WeakSet()
    begin = BatchedTrainer.__init__

    def noted(loop: BatchedTrainer, *given: object) -> None:
        begin(loop, *given)  # type: ignore[arg-type]
        alive.add(loop)

    monkeypatch.setattr(BatchedTrainer, "__init__", noted)
    for _ in islice(train_epochs(FEATURES, SEVERAL, 3, RECIPE), taken):
        assert alive
    until(lambda: not alive)  # a thread may have to return from the last epoch


def test_features_are_shared_when_writable_and_copied_when_not() -> None:
    writable = np.ones((2, 3), dtype=np.float32)
    assert as_tensor(writable, torch.device("cpu")).data_ptr() == writable.ctypes.data
    frozen = writable.copy()
    frozen.flags.writeable = False
    assert as_tensor(frozen, torch.device("cpu")).data_ptr() != frozen.ctypes.data
    assert as_tensor(np.ones((2, 3)), torch.device("cpu")).dtype == torch.float32  # type: ignore[arg-type]
