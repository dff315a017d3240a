"""The steps of the lesson, in order. Each asks for a prediction before it shows anything.

`ui.panels.lesson.findings` computes the answers from a corpus, as positions in `choices`.
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
        What to try after the prediction.
    needs : tuple of Need
        Runs that the step shows.
    page, page_name : str
        File and name of the page where the idea can be explored.
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
        "A curve for every text is too much to look at, so we sum each one up in three numbers. "
        "Its mean is the text's **confidence**: how high the point is. How much it swings is the "
        "**variability**: how far right the point is. The share of epochs in which the model "
        "chose the gold label is the **correctness**: the colour and shape of the point.",
        "We draw the map after the first epoch, then after two, and so on to the last. What do the "
        "points of the whole corpus do?",
        (
            "Rise: mean confidence grows by 0.05 or more",
            "Sink: mean confidence falls by 0.05 or more",
            "Stay at about the same height",
        ),
        None,
        "Change the number of epochs and follow the ringed point. Then pick another text.",
        ("maps",),
        *_MAP,
    ),
    LessonStep(
        "regions",
        "Three regions",
        "A map has three regions. High on the left are **easy-to-learn** texts: right in nearly "
        "every epoch. Low on the left are **hard-to-learn** texts: wrong in nearly every epoch. "
        "The rest are **ambiguous**: the model is right only some of the time, or keeps changing "
        "its mind.",
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
        "The map so far used the gold label of every text. At the start of a project only a few "
        "texts have one: the **seed set**. The seed map comes from a model trained on these few "
        "texts alone.",
        "How many texts of the seed set are in the same region on both maps?",
        ("At least 9 in 10", "From 6 to 9 in 10", "Fewer than 6 in 10"),
        None,
        "Compare the two maps. Use the switch to show only the seed set on the full map.",
        ("maps",),
        *_MAP,
    ),
    LessonStep(
        "boundary",
        "What CAL asks for",
        "In **active learning** a **strategy** chooses which texts get the next labels. The "
        "strategy **CAL** splits the labelled texts by correctness: those above a threshold, "
        "**t_cor**, are *high-cor*, the others *low-cor*. A second, small model, the "
        "**discriminator**, learns to distinguish the two. Then it is applied to the **pool**: all "
        "texts without a label.",
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
        "t_cor decides what the discriminator learns from. If one side has very few texts, there "
        "is little to learn. And a different split gives a different boundary in the pool.",
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
        "CAL is one of many query strategies. **Random** asks for texts at random. **LC**, least "
        "confidence, asks for those that the model is least sure of. All three start from the "
        "same seed set and ask for three batches. The full map shows where they pick.",
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
        "wrong label, remember which, and train the full map again.",
        "With 20% of the labels wrong, where are these texts on the new map?",
        (
            "Among the others, where nobody would notice",
            "At the bottom: hard-to-learn",
            "On the right and in the middle: ambiguous",
        ),
        1,
        "Change the share of wrong labels. Each share needs a new map, which takes a moment.",
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
