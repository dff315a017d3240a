"""Switches for the differences between the paper's text and its released code."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from cartography.errors import CartographyError
from cartography.features.word_vectors import Tokens

Dynamics = Literal["epoch_end", "training_pass"]
"""When the gold-label probability is recorded, see `Recipe`."""


def _released(value: Any, reason: str) -> dict[str, Any]:
    """Metadata of a switch: the value of the released code, and what the difference is."""
    return {"released": value, "reason": reason}


@dataclass(frozen=True)
class Switches:
    """The differences between the paper's text and its released code, each as a switch.

    The defaults are the paper's values. `describe_switches` explains each switch. Three differences
    have no switch: the released code computes class weights but does not use them, reads AG News
    without titles, and stops with an error at a text that is too long.
    """

    hidden_layers: int = field(
        default=3,
        metadata=_released(
            2,
            "The paper has three hidden layers of 300 units and psi is the third (Section 4.3); "
            "the released model has two, and psi is the second.",
        ),
    )
    weight_reset: bool = field(
        default=True,
        metadata=_released(
            False,
            "The paper resets the weights in every iteration; the released reset finds nothing "
            "to reset, so weights and optimiser continue through all trainings.",
        ),
    )
    dropout_at_test: bool = field(
        default=False,
        metadata=_released(
            True,
            "The released code calls dropout without telling it that the model is not training, "
            "so dropout is on in all predictions, including those for the test accuracy and "
            "for psi.",
        ),
    )
    dynamics: Dynamics = field(
        default="epoch_end",
        metadata=_released(
            "training_pass",
            "The paper records the gold-label probability at the end of each epoch (Equations 1 "
            "to 3); the released code records it in the training pass, with dropout on, before "
            "each step.",
        ),
    )
    rounded_correctness: bool = field(
        default=False,
        metadata=_released(
            True,
            "The released code rounds correctness to fifths before it compares it with t_cor, "
            "so that with 30 epochs 'above 0.2' means a fraction of 0.3 or more.",
        ),
    )
    padding: bool = field(
        default=False,
        metadata=_released(
            True,
            "The released code pads texts with index 0, which is the first word of the training "
            "set: its vector is added once for every token by which a text is shorter than the "
            "longest one.",
        ),
    )
    shuffle: bool = field(
        default=True,
        metadata=_released(
            False,
            "The released code never shuffles: batches keep the order in which texts were "
            "labelled, so a file sorted by class is learned class by class.",
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
            "the paper, of the training pass of the first epoch in the released code. For the "
            "pool, both use psi of the trained model.",
        ),
    )
    dal_representations: Literal["trained", "every_epoch"] = field(
        default="trained",
        metadata=_released(
            "every_epoch",
            "DAL's discriminator sees each labelled text once in the paper; in the released "
            "code it sees it once per epoch, with psi of that epoch's training pass.",
        ),
    )
    linear_discriminator: bool = field(
        default=False,
        metadata=_released(
            True,
            "The paper's discriminator has a hidden layer of 300 units; the released one is one "
            "linear layer to two units, with a ReLU on these outputs. Where both outputs are "
            "0, P is exactly 0.5, and such ties follow the order of the pool.",
        ),
    )
    log_bald: bool = field(
        default=False,
        metadata=_released(
            True,
            "BALD averages the probabilities of its passes in the paper, and their logarithms "
            "in the released code (which then normalises the result to a distribution).",
        ),
    )
    dal_last_epoch: bool = field(
        default=False,
        metadata=_released(
            True,
            "DAL scores the pool with the trained discriminator in the paper; the released code "
            "uses the probabilities that the discriminator gave in its last training epoch.",
        ),
    )
    tokens: Tokens = field(
        default="words",
        metadata=_released(
            "white_space",
            "The paper does not define its tokens; this project uses words and punctuation "
            "marks. The released code removes backslashes and splits at white space.",
        ),
    )

    @classmethod
    def released(cls) -> "Switches":
        """All switches at the values of the released code."""
        return cls(**{switch.name: switch.metadata["released"] for switch in fields(cls)})

    def with_settings(self, settings: Iterable[str]) -> "Switches":
        """Change some switches.

        Parameters
        ----------
        settings : iterable of str
            Each a "name=value". The values of a Boolean switch are "on" and "off".

        Returns
        -------
        Switches

        Raises
        ------
        CartographyError
            A name or a value is unknown.

        Examples
        --------
        >>> Switches().with_settings(["shuffle=off"]).shuffle
        False
        """
        return replace(self, **dict(_parse_setting(setting) for setting in settings))

    def settings(self) -> dict[str, str]:
        """The value of each switch by name, as text that `with_settings` accepts."""
        return {switch.name: _value_text(getattr(self, switch.name)) for switch in fields(self)}


def describe_switches() -> dict[str, str]:
    """The difference behind each switch, by the switch's name."""
    return {switch.name: str(switch.metadata["reason"]) for switch in fields(Switches)}


def switch_values(name: str) -> tuple[str, ...]:
    """The two values of a switch as text, the paper's first."""
    [switch] = [switch for switch in fields(Switches) if switch.name == name]
    return _value_text(switch.default), _value_text(switch.metadata["released"])


def _value_text(value: object) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def _parse_setting(setting: str) -> tuple[str, Any]:
    name, _, text = setting.partition("=")
    by_name = {switch.name: switch for switch in fields(Switches)}
    if name not in by_name:
        raise CartographyError(
            f"--set {setting}: there is no switch {name!r}; the switches are {', '.join(by_name)}"
        )
    for value in (by_name[name].default, by_name[name].metadata["released"]):
        if text == _value_text(value):
            return name, value
    raise CartographyError(f"--set {setting}: {name} must be {' or '.join(switch_values(name))}")
