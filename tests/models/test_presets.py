import pytest

from cartography.errors import CartographyError
from cartography.models.presets import PAPER, PRESETS, STANDARD
from cartography.models.switches import Switches


def test_the_paper_preset_has_the_settings_of_the_paper() -> None:
    classifier, discriminator = PAPER.classifier, PAPER.discriminator
    assert classifier.hidden == (300, 300, 300)
    assert (classifier.dropout, classifier.learning_rate, classifier.epochs) == (0.3, 1e-4, 30)
    assert (classifier.betas, classifier.epsilon, classifier.dynamics) == (
        (0.9, 0.999),
        1e-8,
        "epoch_end",
    )
    assert (discriminator.hidden, discriminator.learning_rate) == ((300,), 5e-5)
    assert discriminator.epochs == 30
    assert (PAPER.t_cor, PAPER.mc_passes) == (0.2, 10)
    assert (PAPER.query_size, PAPER.iterations) == (50, 30)


def test_the_standard_preset() -> None:
    classifier = STANDARD.classifier
    assert next(iter(PRESETS)) == "standard"
    assert (classifier.hidden, classifier.learning_rate, classifier.epochs) == ((300,), 5e-4, 20)
    assert (classifier.batch_size, classifier.least_steps) == (32, 500)
    assert STANDARD.switches == Switches(hidden_layers=1)
    assert STANDARD.with_switches(STANDARD.switches) == STANDARD
    deeper = STANDARD.with_switches(STANDARD.switches.with_settings(["hidden_layers=2"]))
    assert deeper.classifier.hidden == (300, 300)
    assert deeper.classifier.learning_rate == 5e-4


def test_missing_sizes_depend_on_the_corpus() -> None:
    trec, agnews, tiny = (PAPER.for_corpus(rows) for rows in (5_452, 120_000, 200))
    assert (trec.classifier.batch_size, trec.discriminator.batch_size) == (16, 16)
    assert (agnews.classifier.batch_size, agnews.discriminator.batch_size) == (64, 64)
    assert (trec.seed_size, agnews.seed_size, tiny.seed_size) == (500, 1_000, 20)
    assert trec.for_corpus(120_000) == trec


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epochs": 0}, "the epochs must be 1 to 10,000, not 0"),
        ({"epochs": 10**20}, "the epochs must be 1 to 10,000, not 100,000,000,000,000,000,000"),
        ({"batch_size": 0}, "the batch size must be 1 to 1,000,000, not 0"),
        ({"batch_size": 10**21}, "the batch size must be 1 to 1,000,000, not 1,000,000,000"),
    ],
)
def test_a_training_that_would_not_end_or_fit_is_refused(values, message):
    with pytest.raises(CartographyError, match=message):
        PAPER.with_classifier(**values)
