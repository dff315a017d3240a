"""All settings of the method, as frozen dataclasses that are recorded with each run."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cartography.errors import CartographyError
from cartography.models.switches import Dynamics, Switches

if TYPE_CHECKING:
    from cartography.features.kinds import FeatureKind
    from cartography.features.word_features import Pooling

MOST_EPOCHS = 10_000
LARGEST_BATCH = 1_000_000
"""Limits of a recipe: a training that would not end, or not fit in memory, is refused."""

SMALL_CORPUS = 20_000
"""Up to this number of texts a corpus gets the paper's sizes for TREC, above it those for AG News.

The paper uses batches of 16 and 500 labels at the start on TREC (5,452 texts), and 64 and 1,000
on AG News (120,000 texts).
"""

SEEDS = (398048, 127003, 259479, 869323, 570852)
"""The five seeds of the paper (Section 7)."""

_UNITS = 300  # per hidden layer (Section 4.3)


@dataclass(frozen=True)
class Recipe:
    """How a multi-layer perceptron is built and trained (Section 4.3, Section 7).

    Attributes
    ----------
    hidden : tuple of int
        Units of each hidden layer.
    dropout : float
        Probability of dropping a unit, in [0, 1).
    learning_rate : float
    epochs : int
        The number of times that the gold-label probabilities are recorded.
    dynamics : {"epoch_end", "training_pass"}
        When the gold-label probability of a text is recorded: by a separate pass at the end of
        each epoch (Equations 1 to 3), or in the training pass, before the step on its batch.
    batch_size : int or None
        None: 16 or 64, by the size of the corpus.
    betas : tuple of float
        AdamW's decay rates of the moments.
    epsilon : float
        AdamW's epsilon.
    weight_decay : float
    shuffle : bool
        If False, batches keep the order of the training set.
    dropout_at_test : bool
        Leave dropout on in the pass at the end of an epoch and in all predictions.
    relu_outputs : bool
        Apply a ReLU to the logits.
    least_steps : int
        An epoch is one pass over the training set, or as many as the whole training needs to take
        this number of steps: a small set is passed over more often.

    Raises
    ------
    CartographyError
        The epochs, the batch size or the dropout are out of range.
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
    least_steps: int = 0

    def __post_init__(self) -> None:
        for name, value, most in (
            ("epochs", self.epochs, MOST_EPOCHS),
            ("batch size", self.batch_size, LARGEST_BATCH),
        ):
            if value is not None and not 1 <= value <= most:
                raise CartographyError(f"the {name} must be 1 to {most:,}, not {value:,}")
        if not 0 <= self.dropout < 1:
            raise CartographyError(f"dropout must be at least 0 and below 1, not {self.dropout}")


@dataclass(frozen=True)
class Preset:
    """All settings of the method.

    `switches` also decide some fields of both recipes: change them by `with_switches` only.

    Attributes
    ----------
    name : str
    classifier, discriminator : Recipe
    switches : Switches
    t_cor : float
        The correctness threshold of CAL (Algorithm 1).
    mc_passes : int
        Number of Monte Carlo dropout passes of BALD (Section 4.2).
    seed_size : int or None
        None: 500 or 1,000, by the size of the corpus, and at most a tenth of it.
    query_size : int
        Texts per query.
    iterations : int
        Number of queries.
    padded_to : int or None
        Length in tokens to which the switch `padding` pads texts. None: 42 or 200, by the size of
        the corpus.
    features : str
        The kind of features by default, see `feature_kind`.
    scaled_features : bool
        Whether features get the scale of `PrincipalScaling`.

    Raises
    ------
    CartographyError
        A size or t_cor is out of its range.
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
    features: str = "words"
    scaled_features: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.t_cor <= 1:
            raise CartographyError(f"t_cor is a fraction of the epochs, 0 to 1; it is {self.t_cor}")
        sizes = {"seed size": self.seed_size, "query size": self.query_size}
        for name, size in sizes.items():
            if size is not None and size < 1:
                raise CartographyError(f"the {name} is 1 or more; it is {size}")
        if self.iterations < 0:
            raise CartographyError(f"the iterations are 0 or more; they are {self.iterations}")

    def for_corpus(self, rows: int) -> Preset:
        """Fill in the sizes that are None.

        Parameters
        ----------
        rows : int
            Number of texts of the corpus.

        Returns
        -------
        Preset
        """
        small = rows <= SMALL_CORPUS
        batch_size = 16 if small else 64
        # On a corpus of a few hundred texts, the paper's seed sets would leave no pool.
        seed_size = min(500 if small else 1_000, max(10, rows // 10))
        return replace(
            self,
            classifier=replace(
                self.classifier, batch_size=self.classifier.batch_size or batch_size
            ),
            discriminator=replace(
                self.discriminator, batch_size=self.discriminator.batch_size or batch_size
            ),
            seed_size=seed_size if self.seed_size is None else self.seed_size,
            padded_to=self.padded_to or (42 if small else 200),
        )

    def with_classifier(self, **changes: Any) -> Preset:
        """Replace fields of the main classifier's recipe."""
        return replace(self, classifier=replace(self.classifier, **changes))

    def with_switches(self, switches: Switches) -> Preset:
        """Replace the switches, and the fields of both recipes that depend on them."""
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

    @property
    def switches_of_words(self) -> tuple[str, ...]:
        """The switches that change word vectors, as name=value, and are not the paper's."""
        chosen, paper = self.switches.settings(), Switches().settings()
        return tuple(
            f"{name}={chosen[name]}"
            for name in ("tokens", "padding")
            if chosen[name] != paper[name]
        )

    def feature_kind(
        self,
        choice: str | None = None,
        *,
        vectors: str | Path | None = None,
        pooling: Pooling | None = None,
        max_length: int | None = None,
    ) -> FeatureKind:
        """Return the kind of features that is asked for, or that of the preset.

        Parameters
        ----------
        choice : str, optional
            As in `cartography.features.table.feature_kind`. Default: "words" if there are
            `vectors`, else that of the preset.
        vectors, pooling, max_length : optional
            Fields of `WordFeatures`; the switches decide its others.

        Raises
        ------
        CartographyError
            There is no such kind, or it takes no such option.
        """
        from cartography.features.table import feature_kind

        choice = choice or ("words" if vectors else self.features)
        options: dict[str, Any] = {
            "vectors": vectors,
            "pooling": pooling,
            "max_length": max_length,
        }
        if choice == "words":
            options["tokens"] = self.switches.tokens
            options["padded_to"] = self.padded_to if self.switches.padding else None
        return feature_kind(choice, **options)

    def as_dict(self) -> dict[str, Any]:
        """The preset as a dictionary of plain values, for a manifest."""
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
    # The discriminator has no dropout, so the training pass shows its accuracy. A second pass
    # over a whole pool (DAL) would only take time.
    discriminator=Recipe(
        hidden=(_UNITS,),
        dropout=0.0,
        learning_rate=5e-5,
        epochs=30,
        dynamics="training_pass",
    ),
)
"""The method as described in the paper."""

RELEASED = replace(PAPER, name="released").with_switches(Switches.released())
"""The method as implemented by the paper's released code."""

STANDARD = replace(
    PAPER,
    name="standard",
    classifier=replace(
        PAPER.classifier,
        learning_rate=5e-4,
        # A larger epsilon keeps AdamW from moving the weights of weak directions, which are mostly
        # noise with few labels, as fast as those of strong ones.
        epsilon=1e-3,
        epochs=20,
        batch_size=32,
        least_steps=500,
    ),
    # Few texts stay wrong for a fifth of the epochs; this level takes about as many as the paper's
    # takes on the paper's map.
    t_cor=0.8,
    features="corpus",
    scaled_features=True,
).with_switches(Switches(hidden_layers=1))
"""For use: features and a recipe that reach the accuracy of logistic regression with few labels.

The paper's recipe is far from trained on few labels of many classes. docs/features.md has the
measurements behind each value.
"""

PRESETS = {preset.name: preset for preset in (STANDARD, PAPER, RELEASED)}
"""The presets by name."""

PAPER_PRESETS = {preset.name: preset for preset in (PAPER, RELEASED)}
"""The two forms of the paper's method."""
