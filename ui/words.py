"""What the terms of the method mean, for the tooltips next to them, and what each page is for."""

from cartography.formatting import strategy_name
from cartography.strategies.table import STRATEGIES

CONFIDENCE = (
    "Confidence: the mean probability that the model gave the gold label, over the epochs of "
    "training (Equation 1)."
)
VARIABILITY = (
    "Variability: the standard deviation of the gold label's probability over the epochs "
    "(Equation 2). High where the model keeps changing its mind."
)
CORRECTNESS = (
    "Correctness: the fraction of epochs in which the gold label was predicted (Equation 3)."
)
REGION = (
    "Easy-to-learn texts are predicted right in nearly every epoch, hard-to-learn texts in hardly "
    "any; ambiguous are those in between and those of high variability."
)
EASY = "Predicted right in nearly every epoch, with low variability."
AMBIGUOUS = "Predicted right in some epochs and wrong in others, or with high variability."
HARD = "Predicted wrong in nearly every epoch, with low variability: often mislabelled or unusual."
T_COR = (
    "t_cor, the threshold of correctness: labelled texts above it are high-cor, the others "
    "low-cor. CAL learns to distinguish the two and picks the pool texts nearest the boundary; the "
    "paper uses 0.2."
)
HIGH_SIDE = "High-cor: labelled texts whose correctness is above t_cor."
LOW_SIDE = "Low-cor: labelled texts whose correctness is t_cor or less."
EPOCHS = "Times the model reads all its training texts. The paper's maps show 10, its runs use 30."
SEED_SET = "The seed set: a small stratified sample of the corpus, labelled before anything else."
SEED_SIZE = (
    "Seed size: labels to start from. Left empty: 500 up to 20,000 texts, 1,000 above, and at most "
    "a tenth of the texts."
)
QUERY_SIZE = "Query size: texts asked for in each iteration; the paper asks for 50."
ITERATIONS = "Iterations: how many batches are asked for, each followed by a fresh training."
SEED = "Decides every random draw: the same seed on the same machine gives the same picks."
SEED_AND_FULL = (
    "The seed map (Figure 2) is trained on the seed set alone, the full map (Figure 1) on all "
    "texts. Active learning only ever sees the first."
)
FLIP = (
    "Flips this share of the gold labels at random before training, to see where label noise goes "
    "on the map. 0: the corpus as it is."
)
REPLAY = "The maps as they were after this epoch: the statistics of the epochs up to it."
COLOURS = (
    "Batch: when active learning picked each text, from a run on this corpus. Search: the texts "
    "that contain the words in the field below."
)
SEARCH = (
    "Words that the text contains, in upper or lower case, or a text's id. Other texts turn grey; "
    "none is hidden."
)
REASON = "Why the text is where it is, or was picked, from its own numbers."
CURVE = "The gold label's probability at the end of each epoch."
HIGH_COR = (
    "P(high-cor): how sure the discriminator is that the model would learn the text; "
    "CAL picks those nearest 0.5."
)
AGREEMENT = (
    "Agreement: Cohen's kappa between the predictions of this model and the one before on the test "
    "texts; no label is looked at."
)
DISCRIMINATOR = (
    "The strategy's own binary classifier (CAL and CAL+DAL: high-cor or low-cor; DAL: labelled or "
    "unlabelled): the share of its own training texts that it gets right."
)
SCORE = "Score: how much the strategy wants the text; the higher, the sooner it is picked."
PREDICTED = "The class that the model predicted. In a batch: before it was taught the text."
ACCURACY = "Test accuracy: the share of the test set whose gold label the model predicts."
POOLING = "How the vectors of a text's words are joined into its features; the paper takes the sum."
VECTORS = (
    "Word vectors turn words into numbers. Trained on the corpus: fastText on these texts. From a "
    "file: .vec, .vec.gz or .bin, such as those of fasttext.cc."
)
MAX_LENGTH = "Read only the first words of each text; empty: all of them."
GOLD_LABEL = (
    "Gold label: the class that a text has in the data, which training takes for the truth."
)
UNLABELLED = "Rows without a gold label. A data map needs gold labels, so it leaves them out."
TOKENS = "Words here are the runs of characters between white space."
EMPTY = "Texts without a word. Their features are all zero, so a model cannot distinguish them."
DUPLICATES = "Rows whose text an earlier row has too, character for character."
TEST = (
    "For the test accuracy. Without one, a data map has no accuracy, and active learning holds "
    "out a stratified tenth of the texts."
)
WORDS_COVERED = "The share of the distinct words of the texts that have a word vector."
TOKENS_COVERED = "The share of all words of the texts, each time they occur, that have a vector."
TEXTS_UNCOVERED = "Texts in which no word has a vector: their features are all zero."
STRATEGY = "Query strategy: what decides which texts of the pool are labelled next."
VERDICT = (
    "A strategy shows an advantage when two conditions agree: epsilon_min over Random is below "
    "0.2, and the 95 % interval of the labels that it saves is above 0. Anything else shows "
    "none, and so does a single seed."
)
SEED_BAND = (
    "A line is the mean over the seeds, its band reaches from the lowest to the highest of them. "
    "It is no confidence interval."
)
LABELS_SAVED = (
    "Labels saved: how many fewer labels than Random a strategy needs for the same test accuracy, "
    "the mean over the accuracies that both reach, seed against the same seed, with its 95 % "
    "interval over the seeds."
)
EPSILON_MIN = (
    "epsilon_min, by almost stochastic order (Table 2): how far the accuracies of one strategy, "
    "all seeds and iterations together, are from being at every quantile at least those of "
    "another. 0: it dominates; below 0.5: it almost dominates. Bonferroni-corrected at alpha 0.05."
)
OVERLAP = (
    "Overlap (Table 4): the texts that two strategies both picked, same seed against same seed. "
    "Two strategies that pick alike would be two names for one."
)
REFERENCE = (
    "The reference map: the data map of a training on all texts of the corpus. Each pick has one "
    "place on it, whoever picked it and when."
)
PICK_DENSITY = (
    "The share of a strategy's picks in each cell of variability and confidence. The line goes "
    "round nine tenths of all texts."
)
PRESET = (
    "Preset: the whole method. Paper: as the paper states it. Released: as the code that its "
    "authors released carries it out, which departs from it in many points."
)
SWITCHES = (
    "Each switch is a point in which the released code departs from the paper. Choose those that "
    "are to be as the other preset has them."
)
METHOD = (
    "Method: the preset that a run was made by and the switches that were changed from it; where "
    "none is named, the paper's."
)
WHEN_TO_STOP = (
    "Three signals from the run's own numbers, as advice: a run never stops for them. What labels "
    "cost and what accuracy is worth is yours to weigh."
)
FRESH_WEIGHTS = (
    "Every training starts from fresh weights, so two models in a row agree less than models that "
    "carry theirs on: in runs on TREC, kappa lay between 0.7 and 0.85. A kappa of 0.99 may never "
    "be reached here, and that signal alone is no reason to go on."
)
CARRIED_WEIGHTS = (
    "Here (weight_reset=off) every training goes on from the weights of the one before, so two "
    "models in a row agree more than models trained afresh: a high kappa says less."
)
NEAR_DUPLICATES = (
    "Near-duplicates share at least four fifths of their words (Jaccard similarity 0.8): a batch "
    "that contains them pays for the same label twice."
)
TRAILS = (
    "A line for each picked text, from its place on the map of the training that it was first part "
    "of to its place now."
)
PICKED = "Why the strategy picked the text, by its score."
LIES = "Why the text is in its region, by its numbers on the map of its first training."
PLACED = (
    "Statistics and region of a picked text are its place on the map of the training that it was "
    "first part of (Figure 4)."
)

_STRATEGIES = {
    "random": "every text of the pool is as likely as any other",
    "lc": "least confidence, the lowest highest class probability",
    "entropy": "the most spread class probabilities",
    "margin": "the smallest lead of the first class over the second",
    "bald": "as in the paper, by Monte Carlo dropout",
    "bald-mi": "by mutual information, dropout passes that disagree",
    "dal": "what a discriminator takes for unlabelled",
    "cal": "nearest the boundary of high-cor and low-cor",
    "cal-dal": "half of the batch from each of the two",
}


def strategy(name: str) -> str:
    """A strategy's name and what it does, in a line."""
    return f"{strategy_name(name)}: {_STRATEGIES[name]}"


def strategies() -> list[str]:
    """The names of all strategies, CAL first."""
    return sorted(STRATEGIES, key=lambda name: (name != "cal", list(STRATEGIES).index(name)))
