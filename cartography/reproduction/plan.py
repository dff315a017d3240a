"""What is run: the paper's grid under a preset, and the presets taken apart switch by switch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cartography.models.presets import PAPER, PRESETS, RELEASED, Preset
from cartography.models.switches import Switches
from cartography.strategies.table import USES_T_COR

Dataset = Literal["trec", "agnews"]

STRATEGIES = ("random", "cal", "lc", "entropy", "bald", "dal", "cal-dal")
"""The paper's six strategies, and CAL and DAL with half a batch each (Section 5)."""

BATCHES_OF = ("random", "lc", "dal", "cal")
"""The strategies whose batches Table 4 and Figure 4 compare."""

STATISTICS = ("confidence", "variability", "correctness")
"""What Figure 4 shows of a batch."""

LEVELS = (0.0, 0.2, 0.4, 0.6, 0.8)
"""The t_cor of Table 3."""

MAP_EPOCHS = 10
"""The epochs of the maps in Figures 1, 2, 5 and 6."""

MAPPED_NAMES = {"all": "all texts", "seed": "the seed set"}
"""What these maps are of: all texts (Figures 1, 5 and 6), and the seed set (Figure 2)."""

MAPPED = tuple(MAPPED_NAMES)
"""The same by their short names."""

UNREAD = ("log_bald", "dal_representations", "dal_last_epoch")
"""Switches that only BALD or DAL read: they cannot act on CAL, Random or a full training."""

CAL_ALONE = ("dynamics", "rounded_correctness", "cal_representations", "linear_discriminator")
"""Switches that Random does not read: with them its runs are those of the preset."""


@dataclass(frozen=True)
class Method:
    """A way of doing it, by name, and what is run that way.

    `strategies` are simulated with every seed, CAL at every one of `levels`; all texts are
    trained on with every seed. `mapped` are those of `MAPPED` of which a map is made, with the
    first seed.
    """

    name: str
    preset: Preset
    strategies: tuple[str, ...]
    levels: tuple[float, ...]
    mapped: tuple[str, ...] = ()

    @property
    def slug(self) -> str:
        """The name as that of a folder."""
        return self.name.replace(", ", "-").replace("=", "-")

    @property
    def variants(self) -> list[tuple[str, float | None]]:
        """Each strategy and the t_cor it is run at, None where it has no use for one: all at the
        preset's first, then CAL at the other levels.
        """
        own = self.preset.t_cor
        first = [(each, own if each in USES_T_COR else None) for each in self.strategies]
        others = [("cal", level) for level in self.levels if level != own]
        return [*first, *(others if "cal" in self.strategies else [])]


def grid(preset: str, strategies: Sequence[str] = STRATEGIES) -> Method:
    """The paper's experiments under the preset of this name."""
    return Method(preset, PRESETS[preset], tuple(strategies), LEVELS, MAPPED)


EARLIER = Method(
    "released, epochs=60",
    RELEASED.with_classifier(epochs=2 * RELEASED.classifier.epochs),
    ("random", "cal"),
    (RELEASED.t_cor,),
)
"""What comes nearest to an earlier public version of the authors' code.

github.com/jjzha/cartography-al, from its second iteration on, trains CAL and DAL, but no other
strategy, once more on the same texts before they ask; as its weights are never reset, this goes on
from the training before.
"""


def decomposition() -> list[Method]:
    """Each preset with one switch of the other's, for every switch that can act on CAL, Random
    or a full training.
    """
    found = []
    for base, other in ((PAPER, RELEASED), (RELEASED, PAPER)):
        for name, value in other.switches.settings().items():
            if name in UNREAD:
                continue
            switches: Switches = base.switches.with_settings([f"{name}={value}"])
            strategies = ("cal",) if name in CAL_ALONE else ("random", "cal")
            method = f"{base.name}, {name}={value}"
            preset = base.with_switches(switches)
            found.append(Method(method, preset, strategies, (base.t_cor,)))
    return found
