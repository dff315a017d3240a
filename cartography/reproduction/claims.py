"""The paper's claims, each judged by the results: as the paper has it, against it or uncertain."""

from dataclasses import dataclass

import pandas as pd

from cartography.evaluation.verdict import BASELINE, EPSILON_LIMIT
from cartography.formatting import count_noun, format_against, join_names, strategy_name
from cartography.models.presets import PAPER
from cartography.reproduction.estimates import (
    Estimate,
    estimate,
    final_accuracy,
    full_training,
    mean_accuracy,
    paired_difference,
)
from cartography.reproduction.plan import T_COR_LEVELS
from cartography.reproduction.published import PUBLISHED, TABLE_2_STRATEGIES
from cartography.reproduction.results import Results
from cartography.reproduction.tables import dominance, select_curves, verdicts_against_random
from cartography.reproduction.words import (
    AGAINST,
    AS_PUBLISHED,
    OUTCOMES,
    UNCERTAIN,
    describe_estimate,
    describe_labels_saved,
)

NOT_RUN = "not run"
# Largest half-width of an interval of accuracy that can confirm a number of the paper.
MAX_HALF_WIDTH = 0.05


@dataclass(frozen=True)
class ClaimFinding:
    """The result on a claim.

    Attributes
    ----------
    outcome : str
        The outcome in a few words.
    numbers : str
        The numbers that it is based on, or "".
    """

    outcome: str
    numbers: str = ""

    @property
    def text(self) -> str:
        """Outcome and numbers."""
        return f"{self.outcome}: {self.numbers}" if self.numbers else self.outcome


@dataclass(frozen=True)
class Claim:
    """A claim of the paper and the result of one method on it."""

    text: str
    finding: ClaimFinding


def claims(results: Results, method: str) -> tuple[Claim, ...]:
    """Judge the paper's claims on a data set.

    Parameters
    ----------
    results : Results
        Raw results of the data set.
    method : str
        Name of the method.

    Returns
    -------
    tuple of Claim
        In the order of the paper.
    """
    paper = PUBLISHED[results.corpus["dataset"]]
    full, cal = full_training(results, method), final_accuracy(results, method, "cal")
    cal_dal = final_accuracy(results, method, "cal-dal")
    return (
        Claim(
            "CAL has an advantage over Random (by these two alone)",
            _cal_over_random(results, method),
        ),
        Claim("CAL dominates every other strategy (Table 2)", _cal_over_all(results, method)),
        Claim(
            "CAL is ahead of DAL (Section 5; in the mean over all iterations)",
            compare_sign(_lead(results, method, "cal", "dal"), 1),
        ),
        Claim(
            "Every strategy but DAL is ahead of Random (Section 5; in that mean)",
            _all_over_random(results, method),
        ),
        Claim(
            f"CAL's final accuracy is {paper.cal:.3f} (Table 3)",
            compare_number(estimate(cal), paper.cal),
        ),
        Claim(f"t_cor {PAPER.t_cor:g} is best for CAL (Table 3)", _best_t_cor(results, method)),
        Claim(
            f"CAL+DAL ends below CAL (Section 5: {paper.cal_dal - paper.cal:+.3f})",
            compare_sign(estimate(paired_difference(cal_dal, cal)), -1),
        ),
        Claim(
            f"All texts give {paper.full:.3f} (Section 5)",
            compare_number(estimate(full), paper.full),
        ),
        _cal_against_full(estimate(paired_difference(cal, full)), paper.cal - paper.full),
    )


def compare_number(ours: Estimate, published: float) -> ClaimFinding:
    """Compare an estimate with a number of the paper, which is treated as exact.

    Parameters
    ----------
    ours : Estimate
        Our estimate.
    published : float
        The paper's number.

    Returns
    -------
    ClaimFinding
        Above or below the paper's if the interval excludes the number; as the paper has it if the
        interval contains it, but uncertain if it is wider than plus or minus `MAX_HALF_WIDTH`.
    """
    if not ours.seeds:
        return ClaimFinding(NOT_RUN)
    sign = ours.minus(published).sign
    if sign:
        outcome = "above the paper's" if sign > 0 else "below the paper's"
    else:
        outcome = AS_PUBLISHED if ours.half_width <= MAX_HALF_WIDTH else UNCERTAIN
    return ClaimFinding(outcome, describe_estimate(ours))


def compare_sign(difference: Estimate, published: int) -> ClaimFinding:
    """Compare the sign of a difference with the paper's, 1 or -1.

    Parameters
    ----------
    difference : Estimate
        Our difference.
    published : {1, -1}
        Sign of the paper's difference.

    Returns
    -------
    ClaimFinding
        Uncertain if the interval contains 0.
    """
    if not difference.seeds:
        return ClaimFinding(NOT_RUN)
    outcome = {published: AS_PUBLISHED, -published: AGAINST, 0: UNCERTAIN}[difference.sign]
    return ClaimFinding(outcome, describe_estimate(difference, signed=True))


def _cal_against_full(ours: Estimate, lead: float) -> Claim:
    """CAL's final accuracy minus that of all texts; `lead` is the paper's difference."""
    if lead > 0:
        return Claim(f"CAL ends above all texts (Section 5: {lead:+.3f})", compare_sign(ours, 1))
    return Claim(
        f"CAL ends close below all texts (Section 5: {lead:+.3f})", compare_number(ours, lead)
    )


def _lead(results: Results, method: str, strategy: str, other: str) -> Estimate:
    """Mean accuracy of `strategy` minus that of `other`."""
    means = (mean_accuracy(results, method, name) for name in (strategy, other))
    return estimate(paired_difference(*means))


def _all_over_random(results: Results, method: str) -> ClaimFinding:
    """Each strategy of Table 2 against Random; the paper has only DAL behind."""
    leads = {
        strategy: _lead(results, method, strategy, BASELINE)
        for strategy in TABLE_2_STRATEGIES
        if strategy != BASELINE
    }
    dal = leads.pop("dal")
    signs = {strategy_name(name): lead.sign for name, lead in leads.items() if lead.seeds}
    if not signs:
        return ClaimFinding(NOT_RUN)
    ahead = [name for name, sign in signs.items() if sign > 0]
    behind = [name for name, sign in signs.items() if sign < 0]
    numbers = f"shown for {join_names(ahead) if ahead else 'none'} of {len(signs)}"
    if dal.seeds:
        position = {1: "ahead", -1: "behind", 0: "neither ahead nor behind"}[dal.sign]
        numbers += f"; DAL is {position}"
    if behind:
        return ClaimFinding(AGAINST, f"{numbers}; {join_names(behind)} behind")
    confirmed = len(ahead) == len(leads) and dal.seeds and dal.sign <= 0
    return ClaimFinding(AS_PUBLISHED if confirmed else UNCERTAIN, numbers)


def _cal_over_random(results: Results, method: str) -> ClaimFinding:
    verdicts = verdicts_against_random(select_curves(results, method, ("random", "cal")))
    if verdicts is None:
        return ClaimFinding(NOT_RUN)
    (cal,) = verdicts.each
    epsilon = format_against(cal.epsilon, EPSILON_LIMIT)
    return ClaimFinding(
        OUTCOMES[cal.outcome],
        f"epsilon_min {epsilon}, labels saved {describe_labels_saved(cal.saved)}",
    )


def _cal_over_all(results: Results, method: str) -> ClaimFinding:
    """epsilon_min of CAL over each other strategy, with the limit of the verdicts."""
    runs = select_curves(results, method)
    strategies = {run.strategy for run in runs}
    others = [strategy_name(name) for name in TABLE_2_STRATEGIES if name in strategies - {"cal"}]
    if "cal" not in strategies or not others:
        return ClaimFinding(NOT_RUN)
    table, cal = dominance(runs).pooled, strategy_name("cal")
    below = [name for name in others if table.of(cal, name) < EPSILON_LIMIT]
    above = [name for name in others if table.of(name, cal) < EPSILON_LIMIT]
    numbers = f"epsilon_min below {EPSILON_LIMIT:g} over {len(below)} of {len(others)}"
    if above:
        return ClaimFinding(AGAINST, f"{numbers}; {join_names(above)} over CAL")
    complete = len(others) == len(TABLE_2_STRATEGIES) - 1 and len({run.seed for run in runs}) > 1
    return ClaimFinding(AS_PUBLISHED if complete and below == others else UNCERTAIN, numbers)


def _best_t_cor(results: Results, method: str) -> ClaimFinding:
    """The paper's t_cor against each other level of Table 3, paired by seed."""
    paper = PUBLISHED[results.corpus["dataset"]]
    ours = final_accuracy(results, method, "cal")
    others: dict[float, pd.Series] = {
        level: paired_difference(ours, final_accuracy(results, method, "cal", level))
        for level in T_COR_LEVELS
        if level != PAPER.t_cor and paper.by_t_cor[level] is not None
    }
    signs = {level: estimate(lead).sign for level, lead in others.items() if not lead.empty}
    if not signs:
        return ClaimFinding(NOT_RUN)
    higher = [f"{level:g}" for level, sign in signs.items() if sign < 0]
    if higher:
        return ClaimFinding(AGAINST, f"t_cor {join_names(higher)} ends higher")
    lower = sum(sign > 0 for sign in signs.values())
    return ClaimFinding(
        AS_PUBLISHED if lower == len(others) else UNCERTAIN,
        f"shown to end higher than {lower} of {count_noun(len(signs), 'other level')}",
    )
