"""The lesson: its steps in order, each with a question that is answered before anything is shown.

`ui.panels.lesson.findings` answers the questions from the numbers of a corpus, with the position of
one of the choices given here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Need = Literal["maps", "study", "learning", "noise"]

NEEDS: dict[Need, str] = {
    "maps": "the seed map and the full map",
    "study": "the threshold study",
    "learning": "three short active-learning runs",
    "noise": "the map with wrong labels",
}
"""The runs that the lesson uses, in the order in which it needs them."""


@dataclass(frozen=True)
class LessonStep:
    """One idea of the lesson.

    Attributes
    ----------
    key, title : str
    idea, question : str
        What the step explains, and what it asks first.
    choices : tuple of str
        Possible answers.
    expected : int or None
        Position of the answer that the paper suggests; None if it suggests none. The numbers of a
        corpus decide whether it is right there.
    control : str
        What to try afterwards.
    needs : tuple of Need
        Runs that the step shows.
    page, page_name : str
        Where the same can be explored.
    """

    key: str
    title: str
    idea: str
    question: str
    choices: tuple[str, ...]
    expected: int | None
    control: str
    needs: tuple[Need, ...]
    page: str
    page_name: str


_MAP = ("pages/data_map.py", "Data map")
_THRESHOLD = ("pages/threshold.py", "Threshold")
_COMPARE = ("pages/compare.py", "Compare")

STEPS = (
    LessonStep(
        "dynamics",
        "Training dynamics",
        "Each text comes with a label that somebody gave it, its **gold label**. A model learns by "
        "reading all texts with their labels, again and again; each reading is an **epoch**. After "
        "every epoch we ask it about each text: *how probable is the gold label?* The answers, "
        "epoch by epoch, are the text's **training dynamics**.",
        "From the first epoch to the last, what will the probability of the gold label do?",
        (
            "Rise for nearly every text: 9 in 10 or more",
            "Rise for most, but fall for many",
            "Fall for as many as it rises for, or for more",
        ),
        None,
        "Look at one text, then at ten, then at all.",
        ("maps",),
        *_MAP,
    ),
    LessonStep(
        "point",
        "From a curve to a point",
        "Ten numbers for every text are too many to look at, so we keep a few. Their mean is the "
        "text's **confidence**: how high its point is. How much they swing is its "
        "**variability**: how far right it is. The share of epochs in which the model chose the "
        "gold label is its **correctness**: the colour and shape of the point.",
        "We can read the curves to the end, or stop after the first epoch. As we read on, what do "
        "the points of the whole corpus do?",
        (
            "Rise: mean confidence grows by 0.05 or more",
            "Sink: mean confidence falls by 0.05 or more",
            "Stay at about the same height",
        ),
        None,
        "Move the number of epochs that are read and follow the ringed point, then pick another "
        "text.",
        ("maps",),
        *_MAP,
    ),
    LessonStep(
        "regions",
        "Three regions",
        "A map has three regions. High on the left are **easy-to-learn** texts: right in nearly "
        "every epoch. Low on the left are **hard-to-learn** texts: wrong in nearly every epoch. "
        "The rest is **ambiguous**: the model is right now and then, or keeps changing its mind.",
        "How many texts of this corpus are hard-to-learn?",
        ("Fewer than 1 in 20", "From 1 in 20 to 1 in 5", "More than 1 in 5"),
        None,
        "Choose a region and read some of its texts. Would you have given them the same label?",
        ("maps",),
        *_MAP,
    ),
    LessonStep(
        "seed_map",
        "A map from few labels",
        "That map used the gold label of every text. At the start of a project only a few texts "
        "have one: the **seed set**. Its map comes from a model that has read these few alone.",
        "For how many texts of the seed set do both maps name the same region?",
        ("For at least 9 in 10", "For 6 to 9 in 10", "For fewer than 6 in 10"),
        None,
        "Both maps are below. On the full one, show the seed set alone and compare.",
        ("maps",),
        *_MAP,
    ),
    LessonStep(
        "boundary",
        "What CAL asks for",
        "In **active learning** the model chooses the texts that get the next labels. The strategy "
        "**CAL** splits the labelled texts by correctness: above a threshold, **t_cor**, they are "
        "*high-cor*, the others *low-cor*. A second, small model, the **discriminator**, learns to "
        "distinguish the two. Then it looks at the **pool**: all texts without a label.",
        "Which texts of the pool will CAL ask for?",
        (
            "Those that look high-cor",
            "Those that look low-cor",
            "Those that could be either",
        ),
        2,
        "Move t_cor. The band is the batch that CAL asks for.",
        ("study",),
        *_THRESHOLD,
    ),
    LessonStep(
        "threshold",
        "Why the threshold matters",
        "t_cor decides what the discriminator learns from. When one side has very few texts, there "
        "is little to learn; and another split draws another boundary through the pool.",
        "We move t_cor from 0.2 to 0.6. How much of the batch stays the same?",
        ("Three quarters of it or more", "Some of it", "A tenth of it or less"),
        None,
        "Move t_cor and compare each side of the split, the discriminator and the batch with those "
        "at 0.2.",
        ("study",),
        *_THRESHOLD,
    ),
    LessonStep(
        "strategies",
        "Strategies differ",
        "CAL is one query strategy of many. **Random** asks for any texts. **LC**, least "
        "confidence, asks for those that the model is least sure of. All three start from the "
        "same seed set and ask for three batches; the full map shows us where they pick.",
        "Which one picks the largest share of texts that are *not* easy-to-learn?",
        ("Random", "LC", "CAL"),
        None,
        "Choose a strategy; its picks are ringed. Then look at the shares of all three.",
        ("maps", "learning"),
        *_COMPARE,
    ),
    LessonStep(
        "noise",
        "Where label noise goes",
        "People make mistakes when they label. Here we make some on purpose: we give some texts a "
        "wrong label, remember which, and draw the full map again.",
        "With 20% of the labels wrong, where are these texts on the new map?",
        (
            "Among the others, where nobody would notice",
            "At the bottom: hard-to-learn",
            "On the right and in the middle: ambiguous",
        ),
        1,
        "Change how many labels are wrong. Another share draws another map, which takes a moment.",
        ("maps", "noise"),
        *_MAP,
    ),
)

STRATEGIES = ("random", "lc", "cal")
"""The strategies that the lesson compares, in the order of the step's choices."""

T_COR, OTHER_T_COR = 0.2, 0.6
"""The thresholds that the questions name."""

FLIPS = (0.05, 0.2, 0.4)
FLIP = 0.2
"""The shares of labels that can be flipped, and the one that the question names."""
