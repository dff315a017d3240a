"""Where the released code departs from the paper's text: each departure a switch by itself."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from cartography.errors import CartographyError
from cartography.features.word_vectors import Tokens

Dynamics = Literal["epoch_end", "training_pass"]


def _released(value: Any, reason: str) -> dict[str, Any]:
    """What a switch says of itself besides the paper's value: the released one, and why."""
    return {"released": value, "reason": reason}


@dataclass(frozen=True)
class Switches:
    """Where the released code departs from the paper's text, each departure by itself.

    The defaults are the paper's. `describe_switches` says what each one does. Three departures are
    none: class weights that are computed and not used, AG News without its titles, and an error at
    a text that is too long.
    """

    hidden_layers: int = field(
        default=3,
        metadata=_released(
            2,
            "The paper has three hidden layers of 300 and psi is the third (Section 4.3); the "
            "released model has two, and psi is the second.",
        ),
    )
    weight_reset: bool = field(
        default=True,
        metadata=_released(
            False,
            "The paper resets weights in every iteration; the released reset finds nothing to "
            "reset, so weights and optimiser go on through all trainings.",
        ),
    )
    dropout_at_test: bool = field(
        default=False,
        metadata=_released(
            True,
            "The released code calls dropout without saying that it is not training: it is on "
            "whenever the model predicts, also for the test accuracy and for psi.",
        ),
    )
    dynamics: Dynamics = field(
        default="epoch_end",
        metadata=_released(
            "training_pass",
            "The paper reads the gold-label probability at the end of each epoch (Equations 1 to "
            "3); the released code reads it in the training pass, dropout on, before each step.",
        ),
    )
    rounded_correctness: bool = field(
        default=False,
        metadata=_released(
            True,
            "The released code rounds correctness to fifths before it compares it with t_cor, so "
            "that with 30 epochs 'above 0.2' is a fraction of 0.3 or more.",
        ),
    )
    padding: bool = field(
        default=False,
        metadata=_released(
            True,
            "The released code fills texts up with the index 0, which is the first word of the "
            "training set: its vector is added for every token that a text is short of the "
            "longest.",
        ),
    )
    shuffle: bool = field(
        default=True,
        metadata=_released(
            False,
            "The released code never shuffles: batches keep the order in which texts were "
            "labelled, and a file sorted by class is learned class by class.",
        ),
    )
    stratified_seed: bool = field(
        default=True,
        metadata=_released(
            False,
            "The paper's seed set is stratified; the released one is a random split with one "
            "fixed seed, 42, for all runs.",
        ),
    )
    cal_representations: Literal["trained", "first_epoch"] = field(
        default="trained",
        metadata=_released(
            "first_epoch",
            "CAL's discriminator learns from psi of the labelled texts: of the trained model in "
            "the paper, of the first epoch's training pass in the released code. The pool's is "
            "the trained model's in both.",
        ),
    )
    dal_representations: Literal["trained", "every_epoch"] = field(
        default="trained",
        metadata=_released(
            "every_epoch",
            "DAL's discriminator sees each labelled text once in the paper, and in the released "
            "code once for every epoch, with psi of that epoch's training pass.",
        ),
    )
    linear_discriminator: bool = field(
        default=False,
        metadata=_released(
            True,
            "The paper's discriminator has a hidden layer of 300; the released one is one linear "
            "layer to two units, with ReLU on these outputs. Where both are 0, P is 0.5 to the "
            "last bit, and such ties go by the order of the pool.",
        ),
    )
    log_bald: bool = field(
        default=False,
        metadata=_released(
            True,
            "BALD averages the probabilities of its passes in the paper, their logarithms in the "
            "released code (and brings the result back to a distribution).",
        ),
    )
    dal_last_epoch: bool = field(
        default=False,
        metadata=_released(
            True,
            "DAL scores the pool by the trained discriminator in the paper; the released code "
            "takes the probabilities seen in its last training epoch.",
        ),
    )
    tokens: Tokens = field(
        default="words",
        metadata=_released(
            "white_space",
            "The paper does not name its tokens; ours are words and punctuation. The released "
            "code removes backslashes and splits on white space.",
        ),
    )

    @classmethod
    def released(cls) -> "Switches":
        """All as the released code has it."""
        return cls(**{each.name: each.metadata["released"] for each in fields(cls)})

    def with_settings(self, settings: Iterable[str]) -> "Switches":
        """These with each of `settings` changed, given as name=value: on or off for what is true
        or false. Raises CartographyError for an unknown name or value.
        """
        return replace(self, **dict(_parsed(setting) for setting in settings))

    def settings(self) -> dict[str, str]:
        """The value of each switch, as `with_settings` takes it."""
        return {each.name: _worded(getattr(self, each.name)) for each in fields(self)}


def describe_switches() -> dict[str, str]:
    """What each switch of `Switches` does, and why it is there."""
    return {each.name: str(each.metadata["reason"]) for each in fields(Switches)}


def switch_values(name: str) -> tuple[str, ...]:
    """The values that the switch `name` may have, the paper's first."""
    [found] = [each for each in fields(Switches) if each.name == name]
    return _worded(found.default), _worded(found.metadata["released"])


def _worded(value: object) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def _parsed(setting: str) -> tuple[str, Any]:
    name, _, value = setting.partition("=")
    by_name = {each.name: each for each in fields(Switches)}
    if name not in by_name:
        raise CartographyError(
            f"--set {setting}: there is no switch {name!r}; they are {', '.join(by_name)}"
        )
    for possible in (by_name[name].default, by_name[name].metadata["released"]):
        if value == _worded(possible):
            return name, possible
    raise CartographyError(f"--set {setting}: {name} is {' or '.join(switch_values(name))}")
