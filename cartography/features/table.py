"""The kinds of features by name, and what each costs and gives."""

from __future__ import annotations

from typing import Any

from cartography.errors import CartographyError
from cartography.features.corpus_features import CorpusFeatures
from cartography.features.encoders import EncoderFeatures
from cartography.features.given_features import GivenFeatures
from cartography.features.kinds import FeatureKind
from cartography.features.word_features import WordFeatures

KINDS = {
    "corpus": "Fitted on these texts, in seconds, in any language; nothing to download. The "
    "default.",
    "words": "Word vectors, summed: the paper's. Trained on these texts by fastText, four times "
    "slower than corpus, or from a file; better only with vectors of much larger corpora.",
    "encoder": "A sentence encoder: most accurate with few labels, if it knows the language. Needs "
    "a model and, without a GPU, minutes for 10,000 texts.",
    "file": "Features that another program made, a row of numbers for each text.",
}
"""What each kind of features costs and gives, in a sentence or two."""


def feature_kind(choice: str, **word_options: Any) -> FeatureKind:
    """Return the kind of features that a choice names.

    Parameters
    ----------
    choice : str
        "corpus"; "words"; "encoder:MODEL", a folder or a name on the Hub; or "file:PATH[:COLUMN]",
        an .npy file or a table with a column of lists of numbers.
    **word_options
        Fields of `WordFeatures`, for "words" alone. None is the default.

    Returns
    -------
    FeatureKind

    Raises
    ------
    CartographyError
        There is no such kind, it needs a name, or it takes no such option.

    Examples
    --------
    >>> feature_kind("words", pooling="mean").pooling
    'mean'
    """
    kind, _, name = choice.partition(":")
    given = {option: value for option, value in word_options.items() if value is not None}
    if kind not in KINDS:
        raise CartographyError(
            f"--features {choice[:60]!r} is no kind of features; give corpus, words, "
            "encoder:MODEL or file:PATH[:COLUMN]"
        )
    if kind != "words" and given:
        option = next(iter(given)).replace("_", "-")
        raise CartographyError(f"--{option} is for word vectors: add --features words")
    if bool(name) != (kind in ("encoder", "file")):
        example = {"encoder": "encoder:FOLDER", "file": "file:features.npy"}.get(kind, kind)
        raise CartographyError(f"--features {choice[:60]!r} is incomplete; give {example}")
    if kind == "words":
        return WordFeatures(**given)
    if kind == "encoder":
        return EncoderFeatures(name)
    if kind == "file":
        return GivenFeatures.of_name(name)
    return CorpusFeatures()
