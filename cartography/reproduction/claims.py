"""The paper's claims, each held against the results: as the paper has it, against it, uncertain."""

from dataclasses import dataclass

import pandas as pd

from cartography.evaluation.verdict import BASELINE, EPSILON_LIMIT
from cartography.formatting import count_noun, format_against, join_names, strategy_name
from cartography.models.presets import PAPER
from cartography.reproduction.estimates import (
    Estimate,
    estimate,
    last,
    on_all_texts,
    over_iterations,
    paired,
)
from cartography.reproduction.plan import LEVELS
from cartography.reproduction.published import COMPARED, PUBLISHED
from cartography.reproduction.results import Results
from cartography.reproduction.tables import compared_runs, dominance, verdicts_on_random
from cartography.reproduction.words import (
    AGAINST,
    AS_PUBLISHED,
    OUTCOMES,
    UNCERTAIN,
    describe_estimate,
    describe_labels_saved,
)

NOT_RUN = "not run"
# Half an interval of accuracy, the widest that can still speak for a figure of the paper.
NARROW = 0.05


@dataclass(frozen=True)
class ClaimFinding:
    """What the results say to a claim: the `outcome` in a word or two, and the numbers."""

    outcome: str
    numbers: str = ""

    @property
    def told(self) -> str:
        """Both, for a reader."""
        return f"{self.outcome}: {self.numbers}" if self.numbers else self.outcome


@dataclass(frozen=True)
class Claim:
    """A claim of the paper with what a method's results say to it."""

    text: str
    finding: ClaimFinding


def claims(results: Results, method: str) -> tuple[Claim, ...]:
    """The paper's claims on the data set, in the order of its text, for finished runs."""
    paper = PUBLISHED[results.corpus["dataset"]]
    full, cal = on_all_texts(results, method), last(results, method, "cal")
    both = last(results, method, "cal-dal")
    lead = paper.cal - paper.full
    return (
        Claim(
            "CAL has an advantage over Random (by these two alone)", _over_random(results, method)
        ),
        Claim("CAL dominates every other strategy (Table 2)", _over_all(results, method)),
        Claim(
            "CAL is ahead of DAL (Section 5; in the mean over all iterations)",
            of_side(_ahead(results, method, "cal", "dal"), 1),
        ),
        Claim(
            "Every strategy but DAL is ahead of Random (Section 5; in that mean)",
            _all_but_dal(results, method),
        ),
        Claim(
            f"CAL's final accuracy is {paper.cal:.3f} (Table 3)",
            of_figure(estimate(cal), paper.cal),
        ),
        Claim(f"t_cor {PAPER.t_cor:g} is best for CAL (Table 3)", _best_level(results, method)),
        Claim(
            f"CAL+DAL ends below CAL (Section 5: {paper.cal_dal - paper.cal:+.3f})",
            of_side(estimate(paired(both, cal)), -1),
        ),
        Claim(
            f"All texts give {paper.full:.3f} (Section 5)", of_figure(estimate(full), paper.full)
        ),
        _beside_all_texts(estimate(paired(cal, full)), lead),
    )


def _beside_all_texts(ours: Estimate, lead: float) -> Claim:
    """CAL's end less all texts: above them where the paper has it above, else as close below."""
    if lead > 0:
        return Claim(f"CAL ends above all texts (Section 5: {lead:+.3f})", of_side(ours, 1))
    return Claim(f"CAL ends close below all texts (Section 5: {lead:+.3f})", of_figure(ours, lead))


def _ahead(results: Results, method: str, strategy: str, other: str) -> Estimate:
    """The one's accuracy less the other's, in the mean over the iterations."""
    means = (over_iterations(results, method, each) for each in (strategy, other))
    return estimate(paired(*means))


def _all_but_dal(results: Results, method: str) -> ClaimFinding:
    """Each strategy of Table 2 but DAL against Random, and DAL, which the paper has behind."""
    leads = {
        strategy: _ahead(results, method, strategy, BASELINE)
        for strategy in COMPARED
        if strategy != BASELINE
    }
    dal = leads.pop("dal")
    known = {strategy: lead for strategy, lead in leads.items() if lead.seeds}
    if not known:
        return ClaimFinding(NOT_RUN)
    ahead = [strategy_name(strategy) for strategy, lead in known.items() if lead.side > 0]
    behind = [strategy_name(strategy) for strategy, lead in known.items() if lead.side < 0]
    numbers = f"shown for {join_names(ahead) if ahead else 'none'} of {len(known)}"
    if dal.seeds:
        where = {1: "ahead", -1: "behind", 0: "neither ahead nor behind"}[dal.side]
        numbers += f"; DAL is {where}"
    if behind:
        return ClaimFinding(AGAINST, f"{numbers}; {join_names(behind)} behind")
    whole = len(ahead) == len(leads) and dal.seeds and dal.side <= 0
    return ClaimFinding(AS_PUBLISHED if whole else UNCERTAIN, numbers)


def of_figure(ours: Estimate, published: float) -> ClaimFinding:
    """Whether our interval holds a figure of the paper, which is taken as exact; uncertain where it
    is so wide that it would hold almost any.
    """
    if not ours.seeds:
        return ClaimFinding(NOT_RUN)
    difference = ours.less(published)
    if difference.side:
        outcome = "above the paper's" if difference.side > 0 else "below the paper's"
    else:
        outcome = AS_PUBLISHED if ours.half <= NARROW else UNCERTAIN
    return ClaimFinding(outcome, describe_estimate(ours))


def of_side(difference: Estimate, published: int) -> ClaimFinding:
    """Whether a difference lies on the side of 0, 1 or -1, that the paper has it on."""
    if not difference.seeds:
        return ClaimFinding(NOT_RUN)
    outcome = {published: AS_PUBLISHED, -published: AGAINST, 0: UNCERTAIN}[difference.side]
    return ClaimFinding(outcome, describe_estimate(difference, signed=True))


def _over_random(results: Results, method: str) -> ClaimFinding:
    found = verdicts_on_random(compared_runs(results, method, ("random", "cal")))
    if found is None:
        return ClaimFinding(NOT_RUN)
    (cal,) = found.each
    epsilon = format_against(cal.epsilon, EPSILON_LIMIT)
    return ClaimFinding(
        OUTCOMES[cal.outcome],
        f"epsilon_min {epsilon}, labels saved {describe_labels_saved(cal.saved)}",
    )


def _over_all(results: Results, method: str) -> ClaimFinding:
    """CAL over each other strategy, with the limit that the verdicts have."""
    runs = compared_runs(results, method)
    strategies = {run.strategy for run in runs}
    others = [strategy_name(each) for each in COMPARED if each in strategies - {"cal"}]
    if "cal" not in strategies or not others:
        return ClaimFinding(NOT_RUN)
    table, cal = dominance(runs).pooled, strategy_name("cal")
    below = [name for name in others if table.of(cal, name) < EPSILON_LIMIT]
    above = [name for name in others if table.of(name, cal) < EPSILON_LIMIT]
    numbers = f"epsilon_min below {EPSILON_LIMIT:g} over {len(below)} of {len(others)}"
    if above:
        return ClaimFinding(AGAINST, f"{numbers}; {join_names(above)} over CAL")
    whole = len(others) == len(COMPARED) - 1 and len({run.seed for run in runs}) > 1
    return ClaimFinding(AS_PUBLISHED if whole and below == others else UNCERTAIN, numbers)


def _best_level(results: Results, method: str) -> ClaimFinding:
    """The paper's t_cor against each other level of Table 3, paired by seed."""
    paper = PUBLISHED[results.corpus["dataset"]]
    ours = last(results, method, "cal")
    others: dict[float, pd.Series] = {
        level: paired(ours, last(results, method, "cal", level))
        for level in LEVELS
        if level != PAPER.t_cor and paper.by_t_cor[level] is not None
    }
    known = {level: estimate(lead) for level, lead in others.items() if not lead.empty}
    if not known:
        return ClaimFinding(NOT_RUN)
    worse = [f"{level:g}" for level, lead in known.items() if lead.side < 0]
    better = [level for level, lead in known.items() if lead.side > 0]
    if worse:
        return ClaimFinding(AGAINST, f"t_cor {join_names(worse)} ends higher")
    numbers = f"shown to end higher than {len(better)} of {count_noun(len(known), 'other level')}"
    whole = len(better) == len(others)
    return ClaimFinding(AS_PUBLISHED if whole else UNCERTAIN, numbers)
