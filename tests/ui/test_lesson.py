"""The lesson's questions, answered from small examples worked out by hand."""

from pathlib import Path

import numpy as np
import pytest

from cartography.active.threshold_study import ThresholdStudy
from cartography.evaluation.comparison import RegionShares
from cartography.maps.data_map import DataMap
from cartography.maps.dynamics import TrainingDynamics
from cartography.maps.map_pair import MapPair
from ui.panels.lesson import findings
from ui.panels.lesson.findings import StepFinding
from ui.panels.lesson.script import FLIP, FLIPS, NEEDS, STEPS, STRATEGIES

ROOT = Path(__file__).resolve().parents[2]
BY_KEY = {step.key: step for step in STEPS}


def dynamics(*curves: list[float]) -> TrainingDynamics:
    probability = np.array(curves, dtype=np.float32).T
    ids = np.array([str(i) for i in range(len(curves))], dtype=object)
    return TrainingDynamics(ids, probability, probability > 0.5)


def placed(correctness: list[float], confidence: list[float] | None = None) -> DataMap:
    n = len(correctness)
    return DataMap(
        ids=np.array([str(i) for i in range(n)], dtype=object),
        confidence=np.array(correctness if confidence is None else confidence),
        variability=np.zeros(n),
        correctness=np.array(correctness),
        epochs=10,
    )


def study(correctness: list[float], *rows: list[float], accuracy: float = 0.9) -> ThresholdStudy:
    """A study of ten levels: the first row of P(high-cor) up to 0.5, the last from there on."""
    return ThresholdStudy(
        data_map=placed(correctness),
        splits=np.array([0] * 5 + [len(rows) - 1] * 5),
        discriminator_accuracy=np.full(10, accuracy),
        high_cor_probability=np.array(rows, dtype=np.float32),
        query_seed=1,
    )


def test_every_step_is_complete() -> None:
    assert len(BY_KEY) == len(STEPS) == 8
    assert FLIP in FLIPS
    for step in STEPS:
        assert 2 <= len(step.choices) <= 4
        assert len(set(step.choices)) == len(step.choices)
        assert step.expected is None or 0 <= step.expected < len(step.choices)
        assert set(step.needs) <= set(NEEDS)
        assert (ROOT / step.page).exists()
        assert step.question.endswith("?")
    assert len(BY_KEY["strategies"].choices) == len(STRATEGIES)


class TestVerdict:
    def test_a_prediction_that_came_true(self) -> None:
        step = BY_KEY["boundary"]
        assert findings.verdict(step, 2, StepFinding(2, "")) == (
            "As you predicted: “Those that could be either”."
        )

    def test_a_corpus_that_contradicts_the_paper(self) -> None:
        message = findings.verdict(BY_KEY["boundary"], 1, StepFinding(0, ""))

        assert message.startswith("You predicted “Those that look low-cor”.")
        assert "The numbers say “Those that look high-cor”." in message
        assert "The paper suggests “Those that could be either”; this corpus behaves" in message

    def test_no_answer(self) -> None:
        assert "no clear answer" in findings.verdict(STEPS[0], 0, StepFinding(None, ""))


class TestDynamics:
    def test_rising_and_falling(self) -> None:
        finding = findings.of_dynamics(dynamics([0.2, 0.9], [0.3, 0.6], [0.4, 0.1], [0.5, 0.5]))

        assert finding.answer == 1
        assert "rose for 50% of 4 texts and fell for 25%" in finding.sentences
        # Medians: of 0.2, 0.3, 0.4, 0.5 and of 0.1, 0.5, 0.6, 0.9.
        assert "The median went from 0.35 to 0.55" in finding.sentences

    @pytest.mark.parametrize(("falling", "answer"), [(0, 0), (1, 0), (2, 1), (5, 2), (8, 2)])
    def test_the_answer_follows_the_share_that_rises(self, falling: int, answer: int) -> None:
        curves = [[0.6, 0.4]] * falling + [[0.4, 0.6]] * (10 - falling)
        assert findings.of_dynamics(dynamics(*curves)).answer == answer

    def test_a_share_is_not_rounded_across_the_limit(self) -> None:
        curves = [[0.6, 0.4]] * 26 + [[0.4, 0.6]] * 224  # 89.6 % rise
        finding = findings.of_dynamics(dynamics(*curves))

        assert finding.answer == 1
        assert "rose for 89.6% of" in finding.sentences


@pytest.mark.parametrize(("late", "answer"), [(0.6, 0), (0.5, 2), (0.4, 1)])
def test_point(late: float, answer: int) -> None:
    finding = findings.of_point(placed([0.5, 0.5]), placed([late, late]))

    assert finding.answer == answer
    assert f"is 0.50, after 10 it is {late:.2f}" in finding.sentences


@pytest.mark.parametrize(("hard", "answer"), [(0, 0), (1, 0), (2, 1), (8, 1), (9, 2)])
def test_regions(hard: int, answer: int) -> None:
    finding = findings.of_regions(placed([0.0] * hard + [1.0] * (40 - hard)), min(hard, 1))

    assert finding.answer == answer
    assert finding.sentences.startswith(f"{hard} of 40 texts")
    assert ("contradicts the gold label of 1 of" in finding.sentences) == (hard > 0)


@pytest.mark.parametrize(("same", "answer"), [(10, 0), (9, 0), (8, 1), (6, 1), (5, 2)])
def test_seed_map(same: int, answer: int) -> None:
    full = placed([1.0] * 10)
    seed = placed([1.0] * same + [0.0] * (10 - same))

    finding = findings.of_seed_map(MapPair(seed, full, np.arange(10)))

    assert finding.answer == answer
    assert f"{same} of the 10 texts on both maps" in finding.sentences


class TestBoundary:
    def test_texts_near_the_boundary(self) -> None:
        finding = findings.of_boundary(study([0.0, 1.0], [0.45, 0.52, 0.9, 0.1]), 2)

        assert finding.answer == 2
        assert "1 are high-cor and 1 low-cor" in finding.sentences
        assert (
            "P(high-cor) from 0.45 to 0.52; of all 4 in the pool 50% are above" in finding.sentences
        )

    @pytest.mark.parametrize(("pool", "answer"), [([0.8, 0.9], 0), ([0.1, 0.2], 1)])
    def test_a_pool_without_a_boundary(self, pool: list[float], answer: int) -> None:
        finding = findings.of_boundary(study([0.0, 1.0], pool), 1)

        assert finding.answer == answer
        assert "the nearest there are" in finding.sentences

    def test_a_map_that_cannot_be_split_names_no_answer(self) -> None:
        finding = findings.of_boundary(study([1.0, 1.0], [0.5, 0.5]), 1)

        assert finding.answer is None
        assert "drawn at random" in finding.sentences


class TestThreshold:
    def test_the_texts_that_stay_in_the_batch(self) -> None:
        # At 0.2 texts 0 and 1 are nearest to 0.5, at 0.6 texts 1 and 2.
        finding = findings.of_threshold(
            study([0.0, 0.4, 1.0, 1.0], [0.5, 0.51, 0.9], [0.9, 0.5, 0.51]), 2
        )

        assert finding.answer == 1
        assert finding.sentences.startswith("1 of the 2 texts stay.")
        assert "At 0.2 there are 3 high-cor and 1 low-cor" in finding.sentences
        assert "At 0.6 there are 2 high-cor and 2 low-cor" in finding.sentences
        assert finding.sentences.count("learnt something") == 2

    def test_a_discriminator_that_predicts_the_larger_side(self) -> None:
        finding = findings.of_threshold(study([0.0, 1.0, 1.0, 1.0], [0.5, 0.6], accuracy=0.76), 1)

        assert finding.answer == 0
        assert "right for 75.0%, so it has learnt hardly more than that" in finding.sentences


class TestStrategies:
    def finding(self, **easy: float) -> StepFinding:
        picks = {
            name: RegionShares(
                (1,),
                np.zeros((1, 1, 3)),
                np.array([[share, 1 - share, 0.0]]),
                np.array([30]),
                np.array([0]),
            )
            for name, share in easy.items()
        }
        accuracies = dict.fromkeys(easy, (0.5, 0.6))
        return findings.of_strategies(picks, placed([1.0, 0.0]), accuracies)

    def test_a_strategy_that_leads(self) -> None:
        finding = self.finding(random=0.8, lc=0.3, cal=0.6)

        assert finding.answer == STRATEGIES.index("lc")
        assert "of 30 picks each: LC 70%, CAL 40%, Random 20%" in finding.sentences
        assert "Of all texts on the map it is 50%" in finding.sentences

    def test_too_close_to_call(self) -> None:
        finding = self.finding(random=0.8, lc=0.31, cal=0.3)

        assert finding.answer is None
        assert "CAL and LC are too close to call" in finding.sentences


class TestNoise:
    FLIPPED = np.array([True] * 2 + [False] * 8)

    def test_wrong_labels_that_sink(self) -> None:
        finding = findings.of_noise(placed([0.0, 0.1] + [1.0] * 8), self.FLIPPED)

        assert finding.answer == 1
        assert "Of 2 texts with a wrong label 100% are hard-to-learn" in finding.sentences
        assert "Mean confidence is 0.05 against 1.00" in finding.sentences
        assert "read from the bottom" in finding.sentences

    def test_wrong_labels_that_waver(self) -> None:
        assert findings.of_noise(placed([0.5, 0.5] + [1.0] * 8), self.FLIPPED).answer == 2

    def test_wrong_labels_that_nobody_notices(self) -> None:
        finding = findings.of_noise(placed([1.0] * 10, [0.9] * 2 + [0.8] * 8), self.FLIPPED)

        assert finding.answer == 0
        assert "no good place to look" in finding.sentences
