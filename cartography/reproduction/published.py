"""The numbers that the paper reports (Zhang and Plank, Findings of EMNLP 2021)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

TABLE_2_STRATEGIES = ("random", "lc", "entropy", "bald", "dal", "cal")
"""The strategies of Table 2, in its order."""

EPSILON_LIMIT = 0.5
"""The epsilon_min below which the paper calls one strategy better than another."""

TABLE_4_PAIRS = (
    ("cal", "dal"),
    ("cal", "lc"),
    ("cal", "random"),
    ("dal", "lc"),
    ("dal", "random"),
    ("lc", "random"),
)
"""The pairs of strategies in Table 4, in its order."""


@dataclass(frozen=True)
class PublishedResults:
    """The paper's numbers for one data set: means over five seeds, without a spread.

    Attributes
    ----------
    name : str
        Name of the data set.
    train, test, classes, seed_size : int
        Counts of Table 1.
    epsilon : tuple of tuples of float or None
        Table 2: epsilon_min of each of `TABLE_2_STRATEGIES` (row) over each (column); None on the
        diagonal.
    by_t_cor : mapping of float to float or None
        Table 3: final accuracy of CAL by t_cor; None where the paper has no number.
    overlap : tuple of int
        Table 4: texts that both strategies of each of `TABLE_4_PAIRS` picked, out of `picks`.
    full : float
        Accuracy after training on all texts (Section 5).
    cal_dal : float
        Final accuracy of CAL and DAL with half a batch each (Section 5).
    discriminator : mapping of str to str
        Training accuracy of the discriminator by strategy, in words (Section 4.3).
    seconds : float
        Seconds per iteration of CAL on an A100 (Section 7).
    efficiency : str
        The claim on data efficiency (Section 5).
    density : str
        What the appendix says about Figure 5 or 6.
    picks : int
        Picks per strategy in Table 4, over all seeds.
    iterations, query_size : int
        Number of batches and texts per batch.
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
        """Final accuracy of CAL at the paper's t_cor, 0.2."""
        final = self.by_t_cor[0.2]
        assert final is not None
        return final

    def epsilon_of(self, strategy: str, over: str) -> float | None:
        """Return epsilon_min of `strategy` over another; None for the same strategy."""
        return self.epsilon[TABLE_2_STRATEGIES.index(strategy)][TABLE_2_STRATEGIES.index(over)]


TREC = PublishedResults(
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
    efficiency="CAL reaches the accuracy of all texts with around 14 % of them and then exceeds it",
    density="many texts have a confidence of about 0.3 and a low correctness",
)

AG_NEWS = PublishedResults(
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
    density="most texts have a confidence of about 0.8 and a high correctness",
)

PUBLISHED: Mapping[str, PublishedResults] = MappingProxyType({"trec": TREC, "agnews": AG_NEWS})
"""The paper's numbers by the data set name in `Results.corpus`."""
