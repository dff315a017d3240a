"""The experiments to run: the paper's grid under a preset, and single-switch variants of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cartography.models.presets import PAPER, PAPER_PRESETS, RELEASED, Preset
from cartography.models.switches import Switches
from cartography.strategies.table import USES_T_COR

Dataset = Literal["trec", "agnews"]

STRATEGIES = ("random", "cal", "lc", "entropy", "bald", "dal", "cal-dal")
"""The paper's six strategies, and CAL and DAL with half a batch each (Section 5)."""

BATCH_STRATEGIES = ("random", "lc", "dal", "cal")
"""The strategies whose batches are compared in Table 4 and Figure 4."""

STATISTICS = ("confidence", "variability", "correctness")
"""The statistics of a batch in Figure 4."""

T_COR_LEVELS = (0.0, 0.2, 0.4, 0.6, 0.8)
"""The values of t_cor in Table 3."""

MAP_EPOCHS = 10
"""Epochs of the maps in Figures 1, 2, 5 and 6."""

MAP_NAMES = {"all": "all texts", "seed": "the seed set"}
"""Names of the maps by kind: of all texts (Figures 1, 5 and 6) and of the seed set (Figure 2)."""

MAP_KINDS = tuple(MAP_NAMES)
"""The kinds of maps."""

UNUSED_SWITCHES = ("log_bald", "dal_representations", "dal_last_epoch")
"""Switches that only BALD or DAL use: CAL, Random and a training on all texts ignore them."""

CAL_ONLY_SWITCHES = (
    "dynamics",
    "rounded_correctness",
    "cal_representations",
    "linear_discriminator",
)
"""Switches that Random does not use: its runs with them equal the preset's."""


@dataclass(frozen=True)
class Method:
    """A named configuration and its runs.

    The strategies and a training on all texts are run with every seed; the maps only with the
    first seed.

    Attributes
    ----------
    name : str
        Name in the results: that of a preset, or of a preset with one switch changed.
    preset : Preset
        The configuration.
    strategies : tuple of str
        Query strategies to simulate.
    t_cor_levels : tuple of float
        Values of t_cor for CAL; the other strategies use the preset's.
    maps : tuple of str
        Entries of `MAP_KINDS` for which a map is made.
    """

    name: str
    preset: Preset
    strategies: tuple[str, ...]
    t_cor_levels: tuple[float, ...]
    maps: tuple[str, ...] = ()

    @property
    def slug(self) -> str:
        """The name as a folder name."""
        return self.name.replace(", ", "-").replace("=", "-")

    @property
    def variants(self) -> list[tuple[str, float | None]]:
        """Pairs of strategy and t_cor, which is None for strategies that do not use it.

        All strategies at the preset's t_cor come first, then CAL at the other levels.
        """
        own = self.preset.t_cor
        first = [
            (strategy, own if strategy in USES_T_COR else None) for strategy in self.strategies
        ]
        others = [("cal", level) for level in self.t_cor_levels if level != own]
        return [*first, *(others if "cal" in self.strategies else [])]


def grid(preset: str, strategies: Sequence[str] = STRATEGIES) -> Method:
    """Return the paper's experiments under a preset.

    Parameters
    ----------
    preset : str
        Name of the preset.
    strategies : sequence of str
        Query strategies to simulate.

    Returns
    -------
    Method
    """
    return Method(preset, PAPER_PRESETS[preset], tuple(strategies), T_COR_LEVELS, MAP_KINDS)


EARLIER_CODE = Method(
    "released, epochs=60",
    RELEASED.with_classifier(epochs=2 * RELEASED.classifier.epochs),
    ("random", "cal"),
    (RELEASED.t_cor,),
)
"""Approximation of an earlier public version of the authors' code.

From its second iteration on, github.com/jjzha/cartography-al trains CAL and DAL, but no other
strategy, once more on the same texts before a query. The weights are never reset, so this
continues the training before.
"""


def decomposition() -> list[Method]:
    """Return each preset with one switch set to the other preset's value.

    Returns
    -------
    list of Method
        One method per preset and switch. Switches that cannot affect CAL, Random or a training on
        all texts (`UNUSED_SWITCHES`) are left out; Random is run only under switches that it uses.
    """
    methods = []
    for base, other in ((PAPER, RELEASED), (RELEASED, PAPER)):
        for name, value in other.switches.settings().items():
            if name in UNUSED_SWITCHES:
                continue
            switches: Switches = base.switches.with_settings([f"{name}={value}"])
            strategies = ("cal",) if name in CAL_ONLY_SWITCHES else ("random", "cal")
            preset = base.with_switches(switches)
            methods.append(
                Method(f"{base.name}, {name}={value}", preset, strategies, (base.t_cor,))
            )
    return methods
