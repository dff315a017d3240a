"""The method that a command is asked for: a preset, its switches and the sizes of a training."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cartography.models.presets import PRESETS, Preset


def method(
    preset: str,
    settings: Sequence[str],
    rows: int,
    *,
    epochs: int,
    batch_size: int | None,
    **sizes: Any,
) -> Preset:
    """The `preset` with `settings` of its switches and other `sizes`, for a corpus of `rows` texts.

    `epochs` are the main classifier's; the batch size is both classifiers'. Raises
    CartographyError for an unknown switch or value.
    """
    chosen = PRESETS[preset]
    chosen = chosen.with_switches(chosen.switches.with_settings(settings))
    chosen = replace(chosen.with_classifier(epochs=epochs, batch_size=batch_size), **sizes)
    discriminator = replace(chosen.discriminator, batch_size=batch_size)
    return replace(chosen, discriminator=discriminator).for_corpus(rows)
