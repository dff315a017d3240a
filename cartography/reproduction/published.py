"""What the paper reports (Zhang and Plank, Findings of EMNLP 2021), and where in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

COMPARED = ("random", "lc", "entropy", "bald", "dal", "cal")
"""The strategies of Table 2, in its order."""

EPSILON_LIMIT = 0.5
"""The epsilon_min below which the paper takes one strategy for better than another."""

PAIRS = (
    ("cal", "dal"),
    ("cal", "lc"),
    ("cal", "random"),
    ("dal", "lc"),
    ("dal", "random"),
    ("lc", "random"),
)
"""The pairs of Table 4, in its order."""


@dataclass(frozen=True)
class Published:
    """The paper's figures for one data set; all are means over its five seeds, without a spread.

    `train`, `test`, `classes` and `seed_size` are of Table 1. `epsilon` is Table 2, epsilon_min of
    each of `COMPARED` (row) over each (column), None on the diagonal. `by_t_cor` is Table 3, the
    final accuracy of CAL, None where it gives none. `overlap` is Table 4, in the order of `PAIRS`,
    out of `picks`. `full` is the accuracy of a training on all texts and `cal_dal` the final one
    of CAL and DAL with half a batch each (Section 5). `discriminator` is what Section 4.3 says of
    the training accuracy of each strategy's discriminator, and `seconds` what an iteration of CAL
    takes on an A100 (Section 7). `efficiency` is the claim on data efficiency of Section 5, and
    `density` what is said of Figure 5 or 6 (appendix).
    """

    name: str
    train: int
    test: int
    classes: int
    seed_size: int
    epsilon: tuple[tuple[float | None, ...], ...]
    by_t_cor: Mapping[float, float | None]
    overlap: tuple[int, ...]
    full: float
    cal_dal: float
    discriminator: Mapping[str, str]
    seconds: float
    efficiency: str
    density: str
    picks: int = 7_500
    iterations: int = 30
    query_size: int = 50

    @property
    def cal(self) -> float:
        """The final accuracy of CAL at the t_cor that the paper takes, 0.2."""
        final = self.by_t_cor[0.2]
        assert final is not None
        return final

    def epsilon_of(self, strategy: str, over: str) -> float | None:
        """epsilon_min of `strategy` over another; None of one over itself."""
        return self.epsilon[COMPARED.index(strategy)][COMPARED.index(over)]


TREC = Published(
    name="TREC",
    train=5_452,
    test=500,
    classes=6,
    seed_size=500,
    epsilon=(
        (None, 1.00, 1.00, 1.00, 1.00, 1.00),
        (0.00, None, 1.00, 0.78, 0.57, 1.00),
        (0.00, 0.00, None, 0.87, 0.60, 1.00),
        (0.00, 0.22, 0.13, None, 1.00, 1.00),
        (0.00, 0.43, 0.40, 1.00, None, 1.00),
        (0.00, 0.00, 0.00, 0.00, 0.00, None),
    ),
    by_t_cor=MappingProxyType({0.0: 0.676, 0.2: 0.724, 0.4: 0.701, 0.6: 0.706, 0.8: None}),
    overlap=(114, 101, 82, 81, 87, 100),
    full=0.634,
    cal_dal=0.695,
    discriminator=MappingProxyType(
        {"cal": "near chance, from batch 5 or 6 on towards 0.85", "dal": "around 0.89"}
    ),
    seconds=11,
    efficiency="CAL reaches the accuracy of all texts with around 14 % of them and passes it",
    density="plenty of the texts have a confidence of about 0.3 and a low correctness",
)

AG_NEWS = Published(
    name="AG News",
    train=120_000,
    test=7_600,
    classes=4,
    seed_size=1_000,
    epsilon=(
        (None, 1.00, 1.00, 1.00, 0.01, 1.00),
        (0.00, None, 1.00, 1.00, 0.01, 1.00),
        (0.00, 0.00, None, 1.00, 0.01, 1.00),
        (0.00, 0.00, 0.00, None, 0.01, 1.00),
        (0.99, 0.99, 0.99, 0.99, None, 1.00),
        (0.00, 0.00, 0.00, 0.00, 0.00, None),
    ),
    by_t_cor=MappingProxyType({0.0: 0.789, 0.2: 0.811, 0.4: 0.796, 0.6: 0.788, 0.8: 0.781}),
    overlap=(4, 2, 7, 3, 2, 2),
    full=0.820,
    cal_dal=0.789,
    discriminator=MappingProxyType(
        {"cal": "near chance, from batch 5 or 6 on 0.65 to 0.75", "dal": "around 0.98"}
    ),
    seconds=62,
    efficiency="CAL reaches around 99 % of the accuracy of all texts with 2 % of them",
    density="most of the texts have a confidence of about 0.8 and a high correctness",
)

PUBLISHED: Mapping[str, Published] = MappingProxyType({"trec": TREC, "agnews": AG_NEWS})
"""The paper's figures by the data set's name in `Results.corpus`."""
