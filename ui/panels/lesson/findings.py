"""Answers to the lesson's questions, computed from the numbers of a corpus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartography.active.threshold_study import ThresholdStudy, compare_batches
from cartography.evaluation.comparison import RegionShares
from cartography.formatting import count_noun, format_against, strategy_name
from cartography.maps.data_map import REGIONS, DataMap
from cartography.maps.dynamics import TrainingDynamics
from cartography.maps.map_pair import MapPair
from ui.panels.lesson.script import OTHER_T_COR, STRATEGIES, T_COR, LessonStep

_CLEAR = 0.05  # of confidence, or of a share: smaller differences count as none
_NEAR = 0.1  # mean distance of P(high-cor) from the boundary at 0.5
_LEARNT = 0.02  # of accuracy, above that of always predicting the larger side


@dataclass(frozen=True)
class StepFinding:
    """What the numbers of a corpus answer to a step's question.

    Attributes
    ----------
    answer : int or None
        Position of the right choice; None if the numbers name none.
    sentences : str
        The numbers in a few sentences.
    """

    answer: int | None
    sentences: str


def verdict(step: LessonStep, guess: int, finding: StepFinding) -> str:
    """Compare a prediction, and what the paper suggests, with the finding.

    Parameters
    ----------
    step : LessonStep
    guess : int
        Position of the predicted choice.
    finding : StepFinding

    Returns
    -------
    str
        One or two sentences.
    """
    if finding.answer is None:
        return "The numbers of this corpus give no clear answer."
    answer = step.choices[finding.answer]
    sentences = (
        f"As you predicted: “{answer}”."
        if guess == finding.answer
        else f"You predicted “{step.choices[guess]}”. The numbers say “{answer}”."
    )
    if step.expected is not None and step.expected != finding.answer:
        sentences += (
            f" The paper suggests “{step.choices[step.expected]}”; this corpus behaves differently."
        )
    return sentences


def of_dynamics(dynamics: TrainingDynamics) -> StepFinding:
    """Find whether the gold label's probability rises from the first epoch to the last."""
    first, last = dynamics.gold_probability[0], dynamics.gold_probability[-1]
    rose, fell = float((last > first).mean()), float((last < first).mean())
    sentences = (
        f"From epoch 1 to epoch {dynamics.epochs} the probability rose for "
        f"{_percent(rose, 0.9)} of {count_noun(len(last), 'text')} and fell for {_percent(fell)}. "
        f"The median went from {np.median(first):.2f} to {np.median(last):.2f}."
    )
    return StepFinding(2 if rose <= fell else 0 if rose >= 0.9 else 1, sentences)


def of_point(early: DataMap, late: DataMap) -> StepFinding:
    """Find whether points rise from the `early` map (first epoch) to the `late` (all epochs)."""
    before, after = early.statistics(), late.statistics()
    change = after.confidence - before.confidence
    widest = int(late.variability.argmax())
    sentences = (
        f"After {count_noun(early.epochs, 'epoch')} the mean confidence of all texts is "
        f"{before.confidence:.2f}, after {late.epochs} it is {after.confidence:.2f}. The text of "
        f"highest variability ({late.variability[widest]:.2f}) has confidence "
        f"{late.confidence[widest]:.2f} and correctness {late.correctness[widest]:.2f}."
    )
    return StepFinding(0 if change >= _CLEAR else 1 if change <= -_CLEAR else 2, sentences)


def of_regions(full: DataMap, wrong_at_the_end: int) -> StepFinding:
    """Find how large the hard-to-learn region is.

    Parameters
    ----------
    full : DataMap
    wrong_at_the_end : int
        Number of hard-to-learn texts that the trained model still gets wrong.
    """
    counts = np.bincount(full.region, minlength=len(REGIONS))
    easy, ambiguous, hard = (counts / len(full)).tolist()
    sentences = (
        f"{counts[2]:,} of {count_noun(len(full), 'text')} ({_percent(hard, 0.05, 0.2)}) are "
        f"hard-to-learn, {_percent(ambiguous)} ambiguous and {_percent(easy)} easy-to-learn."
    )
    if counts[2]:
        sentences += (
            f" After training, the model still contradicts the gold label of {wrong_at_the_end:,} "
            "of the hard-to-learn ones. Which is wrong there, the model or the label? Only reading "
            "the texts can tell."
        )
    return StepFinding(0 if hard < 0.05 else 1 if hard <= 0.2 else 2, sentences)


def of_seed_map(pair: MapPair) -> StepFinding:
    """Find how far the map of the seed set agrees with the full map."""
    return StepFinding(0 if pair.same >= 0.9 else 1 if pair.same >= 0.6 else 2, pair.sentence)


def of_boundary(study: ThresholdStudy, size: int) -> StepFinding:
    """Find which P(high-cor) the `size` texts have that CAL asks for at t_cor 0.2."""
    probability, batch = study.probability(T_COR), study.batch(T_COR, size)
    fallback = f" {_sentence(batch.fallback)}" if batch.fallback else ""
    if probability is None:
        return StepFinding(None, f"CAL could not split the labelled texts.{fallback}")
    picked = probability[batch.positions]
    sides = study.balance(T_COR)
    sentences = (
        f"At t_cor {T_COR:g}, of the labelled texts {sides.high:,} are high-cor and {sides.low:,} "
        f"low-cor. The {count_noun(len(picked), 'text')} that CAL asks for have P(high-cor) from "
        f"{picked.min():.2f} to {picked.max():.2f}; of all {len(probability):,} in the pool "
        f"{_percent(float((probability > 0.5).mean()), 0, 1)} are above the boundary at 0.5."
        f"{fallback}"
    )
    if np.abs(picked - 0.5).mean() <= _NEAR:
        return StepFinding(2, sentences)
    sentences += " Hardly any text is near the boundary, so CAL takes the nearest there are."
    return StepFinding(0 if picked.mean() > 0.5 else 1, sentences)


def of_threshold(study: ThresholdStudy, size: int) -> StepFinding:
    """Find how much of the batch of `size` texts stays when t_cor moves from 0.2 to 0.6."""
    before, after = study.batch(T_COR, size), study.batch(OTHER_T_COR, size)
    kept = len(compare_batches(before, after).kept)
    share = kept / max(1, len(after.positions))
    sentences = f"{kept:,} of the {count_noun(len(after.positions), 'text')} stay."
    for t_cor, batch in ((T_COR, before), (OTHER_T_COR, after)):
        sides, accuracy = study.balance(t_cor), study.accuracy(t_cor)
        sentences += (
            f" At {t_cor:g} there are {sides.high:,} high-cor and {sides.low:,} low-cor texts to "
            "learn from"
        )
        if np.isfinite(accuracy) and not batch.fallback:
            learnt = accuracy - sides.majority_share >= _LEARNT
            sentences += (
                f", and the discriminator is right for {accuracy:.1%} of them; always predicting "
                f"the larger side would be right for {sides.majority_share:.1%}, so it has learnt "
                f"{'something' if learnt else 'hardly more than that'}"
            )
        sentences += "." + (f" {_sentence(batch.fallback)}" if batch.fallback else "")
    return StepFinding(0 if share >= 0.75 else 2 if share <= 0.1 else 1, sentences)


def of_strategies(
    picks: Mapping[str, RegionShares], full: DataMap, accuracies: Mapping[str, tuple[float, float]]
) -> StepFinding:
    """Find the strategy with the largest share of picks that are not easy-to-learn.

    Parameters
    ----------
    picks : mapping of str to RegionShares
        Region shares of the picks, by strategy.
    full : DataMap
        The map that the regions are taken from.
    accuracies : mapping of str to (float, float)
        Test accuracy before the first batch and after the last, by strategy.
    """
    not_easy = {name: 1 - float(picks[name].pooled[0, 0]) for name in STRATEGIES}
    ranked = sorted(STRATEGIES, key=lambda name: -not_easy[name])
    shares = ", ".join(f"{strategy_name(name)} {_percent(not_easy[name])}" for name in ranked)
    number = int(picks[ranked[0]].picks[0])
    sentences = (
        f"Share that is not easy-to-learn, of {count_noun(number, 'pick')} each: {shares}. Of all "
        f"texts on the map it is {_percent(1 - full.statistics().region_shares[0])}."
    )
    lead = not_easy[ranked[0]] - not_easy[ranked[1]]
    if lead < _CLEAR:
        sentences += (
            f" {strategy_name(ranked[0])} and {strategy_name(ranked[1])} are too close to call."
        )
    reached = ", ".join(f"{strategy_name(name)} {accuracies[name][1]:.3f}" for name in ranked)
    sentences += (
        f" Test accuracy was {accuracies['random'][0]:.3f} at the start; at the end it was: "
        f"{reached}. One seed and so few batches cannot show a winner; the Compare page goes "
        "further."
    )
    return StepFinding(STRATEGIES.index(ranked[0]) if lead >= _CLEAR else None, sentences)


def of_noise(noisy: DataMap, flipped: NDArray[np.bool_]) -> StepFinding:
    """Find where wrong labels are on the `noisy` map, which was trained with them.

    Parameters
    ----------
    noisy : DataMap
    flipped : NDArray of bool, shape (n,)
        Texts with a wrong label.
    """
    wrong, right = noisy.statistics(flipped), noisy.statistics(~flipped)
    lowest = np.argsort(noisy.confidence, kind="stable")[: wrong.count]
    share, overall = float(flipped[lowest].mean()), float(flipped.mean())
    sentences = (
        f"Of {count_noun(wrong.count, 'text')} with a wrong label "
        f"{_percent(wrong.region_shares[2])} are hard-to-learn and "
        f"{_percent(wrong.region_shares[1])} ambiguous; of the others "
        f"{_percent(right.region_shares[2])} and {_percent(right.region_shares[1])}. Mean "
        f"confidence is {wrong.confidence:.2f} against {right.confidence:.2f}. Of the "
        f"{wrong.count:,} texts lowest on the map {_percent(share)} have a wrong label, of all "
        f"texts {_percent(overall)}: "
    )
    sentences += (
        "to find mistakes, read from the bottom."
        if share >= 2 * overall
        else "here the bottom of the map is no good place to look for mistakes."
    )
    ambiguous, hard = (wrong.region_shares[i] - right.region_shares[i] for i in (1, 2))
    if max(ambiguous, hard) < 2 * _CLEAR:
        return StepFinding(0, sentences)
    return StepFinding(1 if hard >= ambiguous else 2, sentences)


def _percent(share: float, *limits: float) -> str:
    """Return a share in percent, rounded without crossing one of the `limits`."""
    return f"{format_against(100 * share, *(100 * limit for limit in limits), digits=0)}%"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
