"""Small corpora of texts alone, for tests of features."""

import numpy as np

from cartography.corpora.corpus import Corpus


def corpus(*texts: str, name: str = "made up") -> Corpus:
    """Return unlabelled texts as a corpus, with the row numbers as ids."""
    n = len(texts)
    return Corpus(
        name=name,
        ids=np.arange(n).astype(str).astype(object),
        texts=np.array(texts, dtype=object),
        labels=np.full(n, -1),
        classes=(),
    )
