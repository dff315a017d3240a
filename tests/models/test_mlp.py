"""Batched models against the same models in torch.nn."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from cartography.models.mlp import (
    BLOCK,
    BatchedMLP,
    InferenceDropout,
    Layers,
    dropout_masks,
    mc_probabilities,
    probabilities,
    representations,
    torch_seed,
)

LAYERS = Layers(inputs=7, hidden=(5, 4), outputs=3)
CPU = torch.device("cpu")


def seeded(*seeds: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def torch_model(classifier: BatchedMLP, model: int) -> nn.Sequential:
    """Model number `model` as torch.nn modules."""
    modules: list[nn.Module] = []
    for weights, biases in classifier.layers.views(classifier.flat):
        linear = nn.Linear(weights.shape[1], weights.shape[2])
        linear.weight.data.copy_(weights[model].T)
        linear.bias.data.copy_(biases[model, 0])
        modules += [linear, nn.ReLU()]
    return nn.Sequential(*modules[:-1])


def test_layers_count_and_lay_out_parameters() -> None:
    assert LAYERS.shapes == [(7, 5), (5, 4), (4, 3)]
    assert 7 * 5 + 5 + 5 * 4 + 4 + 4 * 3 + 3 == 79
    assert LAYERS.parameter_count == 80, "a multiple of 16 floats"
    flat = torch.arange(2 * LAYERS.parameter_count, dtype=torch.float32).view(2, -1)
    (first, bias), *_ = LAYERS.views(flat)
    assert first.shape == (2, 7, 5)
    assert bias.shape == (2, 1, 5)
    assert first[1, 0, 0] == LAYERS.parameter_count
    assert bias[0, 0].tolist() == [35.0, 36.0, 37.0, 38.0, 39.0]


def test_initial_weights_are_those_of_linear_and_do_not_depend_on_other_models() -> None:
    alone = BatchedMLP.initialise(LAYERS, seeded(1), CPU)
    together = BatchedMLP.initialise(LAYERS, seeded(0, 1, 2), CPU)
    assert torch.equal(alone.flat[0], together.flat[1])
    for (inputs, _), (weights, biases) in zip(
        LAYERS.shapes, LAYERS.views(together.flat), strict=True
    ):
        bound = 1 / math.sqrt(inputs)
        for values in (weights, biases):
            assert values.abs().max() <= bound
            assert values.abs().max() > bound / 2


@pytest.mark.parametrize("models", [1, 3])
def test_forward_and_backward_match_torch_nn(models: int) -> None:
    classifier = BatchedMLP.initialise(LAYERS, seeded(*range(models)), CPU)
    inputs = torch.randn(models, 6, 7, generator=seeded(9)[0])
    labels = torch.randint(3, (models, 6), generator=seeded(8)[0])
    activations = classifier.forward(inputs)
    predicted = activations[-1].softmax(2)
    onehot = nn.functional.one_hot(labels, 3)
    flat = torch.zeros_like(classifier.flat)
    gradients = LAYERS.views(flat)
    classifier.backward(activations, (predicted - onehot) / 6, gradients)
    for model in range(models):
        reference = torch_model(classifier, model)
        logits = reference(inputs[model])
        torch.testing.assert_close(activations[-1][model], logits, atol=1e-6, rtol=1e-5)
        nn.functional.cross_entropy(logits, labels[model]).backward()
        linears = [module for module in reference if isinstance(module, nn.Linear)]
        for linear, (weights, biases) in zip(linears, gradients, strict=True):
            assert linear.weight.grad is not None
            assert linear.bias.grad is not None
            torch.testing.assert_close(weights[model].T, linear.weight.grad, atol=1e-5, rtol=1e-5)
            torch.testing.assert_close(biases[model, 0], linear.bias.grad, atol=1e-5, rtol=1e-5)


def test_backward_through_dropout_matches_automatic_differentiation() -> None:
    classifier = BatchedMLP.initialise(LAYERS, seeded(0), CPU)
    inputs = torch.randn(1, 6, 7, generator=seeded(9)[0])
    masks = dropout_masks(6, LAYERS.hidden, 0.5, seeded(5))
    error = torch.randn(1, 6, 3, generator=seeded(4)[0])
    flat = torch.zeros_like(classifier.flat)
    classifier.backward(classifier.forward(inputs, masks), error, LAYERS.views(flat), masks)

    leaf = classifier.flat.clone().requires_grad_()
    hidden = inputs
    for depth, (weights, biases) in enumerate(LAYERS.views(leaf)):
        hidden = hidden @ weights + biases
        if depth < 2:
            hidden = hidden.relu() * masks[depth]
    (hidden * error).sum().backward()
    assert leaf.grad is not None
    torch.testing.assert_close(flat, leaf.grad, atol=1e-5, rtol=1e-5)


def test_scoring_in_blocks_matches_torch_nn() -> None:
    classifier = BatchedMLP.initialise(LAYERS, seeded(3, 4), CPU)
    features = torch.randn(BLOCK + 10, 7, generator=seeded(2)[0])
    rows = torch.stack([torch.arange(BLOCK + 10), torch.arange(BLOCK + 10).flip(0)])
    predicted = probabilities(classifier, features, rows)
    psi = representations(classifier, features, rows)
    for model in range(2):
        reference = torch_model(classifier, model)
        with torch.no_grad():
            expected: Tensor = reference(features[rows[model]])
            hidden: Tensor = reference[:-1](features[rows[model]])
        torch.testing.assert_close(predicted[model], expected.softmax(1), atol=1e-6, rtol=1e-5)
        torch.testing.assert_close(psi[model], hidden, atol=1e-6, rtol=1e-5)


def test_inference_dropout_is_on_in_every_block() -> None:
    classifier = BatchedMLP.initialise(LAYERS, seeded(3, 4), CPU)
    features = torch.randn(BLOCK + 10, 7, generator=seeded(2)[0])
    rows = torch.arange(BLOCK + 10).repeat(2, 1)
    dropout = InferenceDropout(0.3, (8, 9))
    psi = representations(classifier, features, rows, dropout)
    # Blocks are as wide as for one model, so the draws do not depend on the number of models.
    for block, columns in enumerate(torch.arange(BLOCK + 10).split(BLOCK)):
        masks = dropout_masks(len(columns), LAYERS.hidden, 0.3, dropout.generators(block, CPU))
        *_, expected, logits = classifier.forward(features[columns].expand(2, -1, -1), masks)
        torch.testing.assert_close(psi[:, columns], expected)
        torch.testing.assert_close(
            probabilities(classifier, features, rows, dropout)[:, columns], logits.softmax(2)
        )


def test_relu_outputs_apply_forward_and_backward() -> None:
    layers = replace(LAYERS, relu_outputs=True)
    classifier = BatchedMLP.initialise(layers, seeded(0), CPU)
    inputs = torch.randn(1, 6, 7, generator=seeded(9)[0])
    error = torch.randn(1, 6, 3, generator=seeded(4)[0])
    flat = torch.zeros_like(classifier.flat)
    classifier.backward(classifier.forward(inputs), error, layers.views(flat))

    leaf = classifier.flat.clone().requires_grad_()
    hidden = inputs
    for weights, biases in layers.views(leaf):
        hidden = (hidden @ weights + biases).relu()
    torch.testing.assert_close(classifier.forward(inputs)[-1], hidden.detach())
    (hidden * error).sum().backward()
    assert leaf.grad is not None
    torch.testing.assert_close(flat, leaf.grad, atol=1e-5, rtol=1e-5)


def test_the_layers_after_a_layer_share_its_parameters() -> None:
    classifier = BatchedMLP.initialise(LAYERS, seeded(3, 4), CPU)
    _, first, second, logits = classifier.forward(torch.randn(2, 6, 7, generator=seeded(2)[0]))
    rest = classifier.layers_after(1)
    assert rest.layers == Layers(5, (4,), 3)
    torch.testing.assert_close(rest.forward(first)[-1], logits)
    torch.testing.assert_close(classifier.layers_after(2).forward(second)[-1], logits)


def test_scoring_no_rows_gives_empty_results() -> None:
    classifier = BatchedMLP.initialise(LAYERS, seeded(3), CPU)
    features, rows = torch.zeros(4, 7), torch.zeros(1, 0, dtype=torch.int64)
    assert probabilities(classifier, features, rows).shape == (1, 0, 3)
    assert representations(classifier, features, rows).shape == (1, 0, 4)


def test_dropout_masks_drop_the_right_fraction_and_keep_the_mean() -> None:
    masks = dropout_masks(400, (50, 31), 0.3, seeded(0, 1))
    assert [mask.shape for mask in masks] == [(2, 400, 50), (2, 400, 31)]
    for mask in masks:
        assert mask.unique().tolist() == pytest.approx([0, 1 / 0.7])
        # Check each of the four decisions from one draw separately.
        for lane in range(4):
            share = (mask[..., lane::4] == 0).float().mean().item()
            assert share == pytest.approx(0.3, abs=0.02)
        assert mask.mean().item() == pytest.approx(1, abs=0.02)
    assert not torch.equal(masks[0][0], masks[0][1])
    alone = dropout_masks(400, (50, 31), 0.3, seeded(1))
    assert torch.equal(alone[0][0], masks[0][1])
    assert dropout_masks(400, (50, 30), 0.0, seeded(0)) == []


def test_neighbouring_decisions_of_a_mask_are_independent() -> None:
    [mask] = dropout_masks(5_000, (8,), 0.3, seeded(2))
    dropped = (mask[0] == 0).double().T  # (8, rows)
    off_diagonal = torch.corrcoef(dropped) - torch.eye(8)
    # Five standard errors of a correlation of 5,000 independent pairs.
    assert off_diagonal.abs().max() < 5 / math.sqrt(5_000)


def test_monte_carlo_passes_differ_and_average_to_about_the_plain_prediction() -> None:
    classifier = BatchedMLP.initialise(LAYERS, seeded(3, 4), CPU)
    features = torch.randn(20, 7, generator=seeded(2)[0])
    rows = torch.arange(20).repeat(2, 1)
    passes = mc_probabilities(classifier, features, rows, InferenceDropout(0.3, (1, 2)), 400)
    assert passes.shape == (2, 20, 400, 3)
    assert not torch.equal(passes[:, :, 0], passes[:, :, 1])
    torch.testing.assert_close(passes.sum(3), torch.ones(2, 20, 400))
    without_dropout = probabilities(classifier, features, rows)
    torch.testing.assert_close(passes.mean(2), without_dropout, atol=0.05, rtol=0)


def test_monte_carlo_passes_match_the_whole_network() -> None:
    classifier = BatchedMLP.initialise(LAYERS, seeded(3), CPU)
    features = torch.randn(20, 7, generator=seeded(2)[0])
    rows = torch.arange(20).unsqueeze(0)
    [passes] = mc_probabilities(classifier, features, rows, InferenceDropout(0.3, (1,)), 2)
    generators = [torch.Generator().manual_seed(torch_seed(1, 0))]
    for number in range(2):
        masks = dropout_masks(20, LAYERS.hidden, 0.3, generators)
        expected = classifier.forward(features[rows], masks)[-1].softmax(2)[0]
        torch.testing.assert_close(passes[:, number], expected)
