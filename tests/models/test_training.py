"""The training loop against the same training in torch.nn."""

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


def torch_training(
    training_set: TrainingSet, recipe: Recipe
) -> tuple[nn.Sequential, list[np.ndarray]]:
    """One model trained by torch's modules, autograd and AdamW, in the same order of rows."""
    layers = Layers(7, recipe.hidden, 3)
    start = torch.Generator().manual_seed(torch_seed(training_set.seed, 0))
    weights = layers.views(BatchedMLP.initialise(layers, [start], torch.device("cpu")).flat)
    modules: list[nn.Module] = []
    for weight, bias in weights:
        linear = nn.Linear(weight.shape[1], weight.shape[2])
        linear.weight.data.copy_(weight[0].T)
        linear.bias.data.copy_(bias[0, 0])
        modules += [linear, nn.ReLU()]
    model = nn.Sequential(*modules[:-1])
    optimiser = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate)
    order_generator = torch.Generator().manual_seed(torch_seed(training_set.seed, 1))
    rows, labels = torch.from_numpy(training_set.rows), torch.from_numpy(training_set.labels)
    probabilities = []
    for _ in range(recipe.epochs):
        order = torch.randperm(len(rows), generator=order_generator)
        for batch in order.split(recipe.batch_size or 0):
            optimiser.zero_grad()
            nn.functional.cross_entropy(model(FEATURES[rows[batch]]), labels[batch]).backward()
            optimiser.step()
        with torch.no_grad():
            predicted = model(FEATURES[rows]).softmax(1)
        probabilities.append(predicted[torch.arange(len(rows)), labels].numpy())
    return model, probabilities


@pytest.mark.parametrize(
    "sets", [RAGGED[:1], RAGGED], ids=["one model", "three of different sizes"]
)
@pytest.mark.parametrize("epochs", [1, 3])
def test_training_matches_torch_nn(sets: list[TrainingSet], epochs: int) -> None:
    recipe = replace(RECIPE, epochs=epochs)
    records = list(train_epochs(FEATURES, sets, 3, recipe))
    assert [epoch.number for epoch in records] == list(range(1, epochs + 1))
    final = records[-1].classifiers
    for model, training_set in enumerate(sets):
        reference, expected = torch_training(training_set, recipe)
        for (weights, biases), linear in zip(
            final[model].layers.views(final[model].flat),
            [m for m in reference if hasattr(m, "weight")],
            strict=True,
        ):
            assert torch.allclose(weights[0].T, linear.weight, atol=1e-5, rtol=1e-5)
            assert torch.allclose(biases[0, 0], linear.bias, atol=1e-5, rtol=1e-5)
        for epoch, probability in zip(records, expected, strict=True):
            np.testing.assert_allclose(epoch.gold_probability[model], probability, atol=1e-5)


def test_one_adamw_step_matches_the_formula() -> None:
    # One example, so one step of one epoch: w <- w (1 - lr decay) - lr g / (|g| + eps) after bias
    # correction (Loshchilov & Hutter 2017, Algorithm 2, t = 1).
    recipe = replace(RECIPE, epochs=1)
    training_set = TrainingSet(np.array([3]), np.array([1]), seed=5)
    layers = Layers(7, recipe.hidden, 3)
    start = torch.Generator().manual_seed(torch_seed(5, 0))
    before = BatchedMLP.initialise(layers, [start], torch.device("cpu"))
    leaf = before.flat.clone().requires_grad_()
    hidden = FEATURES[3].view(1, 1, 7)
    for depth, (weights, biases) in enumerate(layers.views(leaf)):
        hidden = hidden @ weights + biases
        hidden = hidden.relu() if depth < 2 else hidden
    nn.functional.cross_entropy(hidden[0], torch.tensor([1])).backward()
    assert leaf.grad is not None
    expected = before.flat * (1 - 1e-2 * 0.01) - 1e-2 * leaf.grad / (leaf.grad.abs() + 1e-8)
    (epoch,) = train_epochs(FEATURES, [training_set], 3, recipe)
    assert torch.allclose(epoch.classifiers[0].flat, expected, atol=1e-5)


# Six sets of 10 examples can train together; the other two train on their own.
SEVERAL = [
    *RAGGED,
    *(TrainingSet(RNG.permutation(40)[:10], RNG.integers(3, size=10), seed) for seed in range(5)),
]


@pytest.fixture
def one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most two groups per number of steps, so that several models train together."""
    monkeypatch.setattr("cartography.parallel._CORES", 1)


@pytest.mark.usefixtures("one_core")
def test_on_one_core_models_train_in_groups() -> None:
    groups = training._groups(SEVERAL, 4, torch.device("cpu"))
    assert groups == [[2], [0, 3, 4], [5, 6, 7], [1]]


@pytest.mark.usefixtures("one_core")
@pytest.mark.parametrize("batch_size", [4, 16, 10], ids=["4", "16", "10, no multiple of 16"])
def test_a_model_does_not_depend_on_the_other_models(batch_size: int) -> None:
    recipe = replace(RECIPE, dropout=0.3, batch_size=batch_size)
    *_, together = train_epochs(FEATURES, SEVERAL, 3, recipe)
    for model, training_set in enumerate(SEVERAL):
        *_, alone = train_epochs(FEATURES, [training_set], 3, recipe)
        assert np.array_equal(alone.gold_probability[0], together.gold_probability[model])
        assert torch.equal(alone.classifiers[0].flat, together.classifiers[model].flat)


@pytest.mark.usefixtures("one_core")
def test_dynamics_with_dropout_at_test_do_not_depend_on_the_other_models() -> None:
    recipe = replace(RECIPE, dropout=0.3, dropout_at_test=True, batch_size=32)
    rng = np.random.default_rng(2)
    rows, labels = rng.integers(40, size=300), rng.integers(3, size=300)
    sets = [TrainingSet(rows, labels, seed) for seed in range(3)]
    *_, together = train_epochs(FEATURES, sets, 3, recipe)
    for model, training_set in enumerate(sets):
        *_, alone = train_epochs(FEATURES, [training_set], 3, recipe)
        np.testing.assert_allclose(
            alone.gold_probability[0], together.gold_probability[model], atol=1e-6, rtol=0
        )


def test_a_model_does_not_depend_on_the_number_of_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    parameters = []
    for cores in (1, 3):
        monkeypatch.setattr("cartography.parallel._CORES", cores)
        *_, last = train_epochs(FEATURES, SEVERAL, 3, replace(RECIPE, dropout=0.3))
        parameters.append(torch.cat([classifier.flat for classifier in last.classifiers]))
    assert torch.equal(*parameters)


@pytest.mark.usefixtures("one_core")
def test_each_set_may_have_its_own_features() -> None:
    other = FEATURES.flip(0) * 2
    sets = SEVERAL[3:6]
    *_, together = train_epochs([FEATURES, other, FEATURES], sets, 3, RECIPE)
    for model, features in enumerate([FEATURES, other, FEATURES]):
        *_, alone = train_epochs(features, [sets[model]], 3, RECIPE)
        assert np.array_equal(alone.gold_probability[0], together.gold_probability[model])


def test_double_precision_features_train_in_double_precision() -> None:
    *_, single = train_epochs(FEATURES, RAGGED, 3, RECIPE)
    *_, double = train_epochs(FEATURES.double(), RAGGED, 3, RECIPE)
    assert double.classifiers[0].flat.dtype == torch.float64
    np.testing.assert_allclose(
        single.gold_probability[2], double.gold_probability[2], atol=1e-5, rtol=0
    )


def test_results_are_reproducible_to_the_bit_and_depend_on_the_seed() -> None:
    recipe = replace(RECIPE, dropout=0.3)
    reseeded = [replace(training_set, seed=training_set.seed + 1) for training_set in RAGGED]
    first, again, other = (
        list(train_epochs(FEATURES, sets, 3, recipe))[-1].classifiers
        for sets in (RAGGED, RAGGED, reseeded)
    )
    for model in range(3):
        assert torch.equal(first[model].flat, again[model].flat)
        assert not torch.equal(first[model].flat, other[model].flat)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_public_adamw_replaces_the_fused_kernel(
    dropout: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(RECIPE, dropout=dropout)

    def losses_of_two_trainings() -> list[np.ndarray]:
        """The second training continues the first."""
        first = list(train_epochs(FEATURES, RAGGED, 3, recipe))
        continued = [
            replace(training_set, start=state)
            for training_set, state in zip(RAGGED, first[-1].checkpoints, strict=True)
        ]
        second = list(train_epochs(FEATURES, continued, 3, recipe))
        assert [state.steps for state in second[-1].checkpoints] == [18, 6, 36]
        return [epoch.losses for epoch in first + second]

    fused = losses_of_two_trainings()
    monkeypatch.delattr(torch, "_fused_adamw_")
    np.testing.assert_allclose(losses_of_two_trainings(), fused, atol=1e-6)


def test_training_pass_dynamics_are_recorded_before_each_step() -> None:
    # With one batch per epoch, the training pass of epoch e + 1 has the weights of the end of
    # epoch e, so it records the same values.
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


def test_a_small_set_is_passed_over_until_it_has_its_steps() -> None:
    sets = [TrainingSet(np.arange(20), np.arange(20) % 3, 1)]
    few = replace(RECIPE, epochs=6, batch_size=8, least_steps=0)  # 3 steps per pass
    more = replace(few, epochs=3, least_steps=13)  # 5 steps per epoch: 2 passes
    passes, epochs = ([*train_epochs(FEATURES, sets, 3, recipe)] for recipe in (few, more))
    assert (len(passes), len(epochs)) == (6, 3)
    for epoch, last in zip(epochs, passes[1::2], strict=True):
        assert np.array_equal(epoch.gold_probability[0], last.gold_probability[0])
        assert np.array_equal(epoch.losses, last.losses)
    enough = [*train_epochs(FEATURES, sets, 3, replace(few, least_steps=18))]
    assert np.array_equal(enough[-1].gold_probability[0], passes[-1].gold_probability[0])


def test_huge_finite_features_can_be_trained_on() -> None:
    """A gold label whose probability underflows to 0 still has a finite loss."""
    *_, last = train_epochs(FEATURES * 3_000, RAGGED, 3, RECIPE)
    assert np.isfinite(last.losses).all()
    assert min(array.min() for array in last.gold_probability) < 1e-30


def test_invalid_input_is_refused() -> None:
    empty = TrainingSet(np.arange(0), np.arange(0), 1)
    with pytest.raises(CartographyError, match="nothing to train on"):
        next(train_epochs(FEATURES, [empty], 3, RECIPE))
    with pytest.raises(CartographyError, match=r"diverged in epoch 1: check the word vectors"):
        next(train_epochs(FEATURES * float("nan"), RAGGED, 3, RECIPE))
    for labels, label in ((np.array([0, -1, 3]), -1), (np.array([0, 1, 3]), 3)):
        with pytest.raises(CartographyError, match=f"must be 0 to 2, not {label}: leave out"):
            next(train_epochs(FEATURES, [TrainingSet(np.arange(3), labels, 1)], 3, RECIPE))
    for changes in ({"epochs": 0}, {"batch_size": 0}, {"dropout": 1.0}):
        with pytest.raises(CartographyError):
            replace(RECIPE, **changes)
    with pytest.raises(CartographyError, match="device 'tpu' is not one of auto, cpu, cuda"):
        pick_device("tpu")
    with pytest.raises(ValueError, match="no batch size"):
        next(train_epochs(FEATURES, RAGGED, 3, replace(RECIPE, batch_size=None)))


def test_training_stops_after_a_divergence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cartography.parallel._CORES", 2)
    started, epoch = [], BatchedTrainer.epoch

    def counted_epoch(trainer: BatchedTrainer) -> PassRecord:
        started.append(trainer.number)
        time.sleep(0.01)
        return epoch(trainer)

    monkeypatch.setattr(BatchedTrainer, "epoch", counted_epoch)
    with pytest.raises(CartographyError, match="diverged in epoch 1") as caught:
        list(train_epochs(FEATURES * float("nan"), SEVERAL, 3, replace(RECIPE, epochs=500)))
    time.sleep(0.2)  # running epochs finish
    before = len(started)
    time.sleep(0.2)
    assert len(started) == before < 100
    assert caught.value.__traceback__ is not None, "the traceback still refers to the training"


@pytest.fixture
def no_garbage_collection() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_garbage_collection")
@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize("epochs", [1, None], ids=["after one epoch", "at the end"])
def test_a_training_is_freed_without_garbage_collection(
    cores: int,
    epochs: int | None,
    monkeypatch: pytest.MonkeyPatch,
    until: Callable[[Callable[[], bool]], None],
) -> None:
    monkeypatch.setattr("cartography.parallel._CORES", cores)
    alive: WeakSet[BatchedTrainer] = WeakSet()
    initialise = BatchedTrainer.__init__

    def tracked(trainer: BatchedTrainer, *arguments: object) -> None:
        initialise(trainer, *arguments)  # type: ignore[arg-type]
        alive.add(trainer)

    monkeypatch.setattr(BatchedTrainer, "__init__", tracked)
    for _ in islice(train_epochs(FEATURES, SEVERAL, 3, RECIPE), epochs):
        assert alive
    until(lambda: not alive)  # a thread may still be returning from the last epoch


def test_writable_features_are_shared_and_read_only_ones_copied() -> None:
    writable = np.ones((2, 3), dtype=np.float32)
    assert as_tensor(writable, torch.device("cpu")).data_ptr() == writable.ctypes.data
    read_only = writable.copy()
    read_only.flags.writeable = False
    assert as_tensor(read_only, torch.device("cpu")).data_ptr() != read_only.ctypes.data
    from_double = as_tensor(np.ones((2, 3)), torch.device("cpu"))  # type: ignore[arg-type]
    assert from_double.dtype == torch.float32
