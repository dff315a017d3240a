"""Every switch of the method, in frozen values that a run records whole."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from cartography.errors import CartographyError
from cartography.models.switches import Dynamics, Switches

# The paper trains in batches of 16 on TREC (5,452 texts) and of 64 on AG News (120,000), and
# starts from 500 and 1,000 labels. Where a user names neither, the corpus's size decides
# between these two settings.
SMALL_CORPUS = 20_000

SEEDS = (398048, 127003, 259479, 869323, 570852)
"""The five seeds of the paper (Section 7)."""

_UNITS = 300  # of every hidden layer (Section 4.3)


@dataclass(frozen=True)
class Recipe:
    """How one multi-layer perceptron is built and trained (Section 4.3, Section 7).

    `dynamics` says when a text's gold-label probability is read: in a pass of its own at the end
    of each epoch (Equations 1 to 3), or in the training pass, batch by batch, before the step.
    `dropout_at_test` leaves dropout on in the former and wherever the model predicts. Without
    `shuffle` batches keep the order of the training set. `relu_outputs` puts a ReLU on the logits.
    `batch_size` None means 16 or 64, by the size of the corpus.
    """

    hidden: tuple[int, ...]
    dropout: float
    learning_rate: float
    epochs: int
    dynamics: Dynamics
    batch_size: int | None = None
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    weight_decay: float = 0.01
    shuffle: bool = True
    dropout_at_test: bool = False
    relu_outputs: bool = False

    def __post_init__(self) -> None:
        if self.epochs < 1 or (self.batch_size is not None and self.batch_size < 1):
            raise CartographyError(
                f"a training needs epochs and a batch size of 1 or more; they are {self.epochs} "
                f"and {self.batch_size}"
            )
        if not 0 <= self.dropout < 1:
            raise CartographyError(f"dropout is a share from 0 to below 1; it is {self.dropout}")


@dataclass(frozen=True)
class Preset:
    """The whole method: both classifiers, the strategies' settings and the loop's sizes.

    `t_cor` is the correctness threshold of CAL (Algorithm 1), `mc_passes` the number of
    Monte Carlo dropout passes of BALD (Section 4.2). `seed_size` None means 500 or 1,000, by the
    size of the corpus, and at most a tenth of it. `padded_to` is the length in tokens that the
    switch `padding` fills texts up to; None means 42 or 200, by the size of the corpus.

    `switches` also decide parts of both recipes: change them by `with_switches` alone.
    """

    name: str
    classifier: Recipe
    discriminator: Recipe
    switches: Switches = field(default_factory=Switches)
    t_cor: float = 0.2
    mc_passes: int = 10
    seed_size: int | None = None
    query_size: int = 50
    iterations: int = 30
    padded_to: int | None = None

    def for_corpus(self, rows: int) -> "Preset":
        """This preset with the sizes left open decided for a corpus of `rows` texts."""
        small = rows <= SMALL_CORPUS
        batch_size = 16 if small else 64
        # On a corpus of a few hundred texts the paper's seed sets would leave no pool.
        seed_size = min(500 if small else 1_000, max(10, rows // 10))
        return replace(
            self,
            classifier=replace(
                self.classifier, batch_size=self.classifier.batch_size or batch_size
            ),
            discriminator=replace(
                self.discriminator, batch_size=self.discriminator.batch_size or batch_size
            ),
            seed_size=self.seed_size or seed_size,
            padded_to=self.padded_to or (42 if small else 200),
        )

    def with_classifier(self, **changes: Any) -> "Preset":
        """This preset with fields of its main classifier's recipe replaced."""
        return replace(self, classifier=replace(self.classifier, **changes))

    def with_switches(self, switches: Switches) -> "Preset":
        """This preset with other `switches`, and what follows from them in both recipes."""
        return replace(
            self,
            switches=switches,
            classifier=replace(
                self.classifier,
                hidden=(_UNITS,) * switches.hidden_layers,
                dynamics=switches.dynamics,
                shuffle=switches.shuffle,
                dropout_at_test=switches.dropout_at_test,
            ),
            discriminator=replace(
                self.discriminator,
                hidden=() if switches.linear_discriminator else (_UNITS,),
                relu_outputs=switches.linear_discriminator,
                shuffle=switches.shuffle,
            ),
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a manifest."""
        return asdict(self)


PAPER = Preset(
    name="paper",
    classifier=Recipe(
        hidden=(_UNITS,) * 3,
        dropout=0.3,
        learning_rate=1e-4,
        epochs=30,
        dynamics="epoch_end",
    ),
    # Without dropout, the training pass already shows the discriminator's accuracy; a second
    # pass over a whole pool (DAL) would only cost time.
    discriminator=Recipe(
        hidden=(_UNITS,),
        dropout=0.0,
        learning_rate=5e-5,
        epochs=30,
        dynamics="training_pass",
    ),
)
"""The method as the paper states it."""

RELEASED = replace(PAPER, name="released").with_switches(Switches.released())
"""The method as the released code carries it out."""

PRESETS = {preset.name: preset for preset in (PAPER, RELEASED)}
"""The presets by name."""
