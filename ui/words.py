"""Tooltips: the terms of the method, each explained in a sentence or two."""

from cartography.formatting import strategy_name
from cartography.labelling.suspects import RANKINGS
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
EPOCHS = "Epochs: passes over all training texts. The paper's maps use 10 epochs, its runs 30."
SEED_SET = "The seed set: a small stratified sample of the corpus, labelled before anything else."
SEED_SIZE = (
    "Seed size: number of labelled texts at the start. If empty: 500 for up to 20,000 texts, 1,000 "
    "for more, but at most a tenth of the texts."
)
QUERY_SIZE = "Query size: number of texts to label in each iteration; 50 in the paper."
ITERATIONS = "Iterations: number of batches to query. Each batch is followed by a training."
SEED = "Seed of all random draws: the same seed on the same machine gives the same picks."
MODE = (
    "Simulate: labels are known and withheld, to see what a strategy would have done. Label: give "
    "the labels yourself."
)
ALPHA = (
    "Krippendorff's alpha: 1 is full agreement, 0 what chance would give. Below about 0.67 the "
    "classes are not yet clear enough to draw conclusions from (Krippendorff 2004)."
)
SUSPECTS = (
    "Trains on all labels, and five more models that each leave out a fifth of them, then ranks "
    "the labels by how doubtful they are. No label is changed: you decide."
)
ISSUES = (
    "Confident learning's estimate (Northcutt et al. 2021): the labels whose text is confidently "
    "another class, by a model that was not trained on it. It is an estimate, not a count."
)
PLANTED_NOISE = (
    "Trains 18 models, so it takes about three times as long as a search. Nothing of your labels "
    "is changed."
)
NEIGHBOURS = "By the cosine similarity of the features, among all labelled texts."
SEED_AND_FULL = (
    "The seed map (Figure 2) is trained on the seed set alone, the full map (Figure 1) on all "
    "texts. Active learning never sees the full map."
)
FLIP = (
    "Flips this share of the gold labels at random before training, to see where label noise goes "
    "on the map. 0: the corpus as it is."
)
REPLAY = "The maps after this epoch, computed from the epochs up to it."
COLOURS = (
    "Batch: when active learning picked each text, from a run on this corpus. Search: the texts "
    "that contain the words in the field below."
)
SEARCH = (
    "Words in the text (upper or lower case) or a text's id. Texts that do not match turn grey; "
    "none is hidden."
)
REASON = "Why the text is where it is, or was picked, from its own numbers."
CURVE = "The gold label's probability at the end of each epoch."
HIGH_COR = (
    "P(high-cor): the discriminator's probability that a text is high-cor. CAL picks the texts "
    "nearest 0.5."
)
AGREEMENT = (
    "Agreement: Cohen's kappa between the predictions of this model and the previous one on the "
    "test texts. It needs no labels."
)
DISCRIMINATOR = (
    "Accuracy of the strategy's own binary classifier on the texts it was trained on. CAL and "
    "CAL+DAL: high-cor or low-cor; DAL: labelled or unlabelled."
)
SCORE = "Score: how strongly the strategy prefers the text. The highest scores are picked first."
PREDICTED = (
    "The class that the model predicted. In a batch: predicted before the text was labelled."
)
ACCURACY = "Test accuracy: the share of the test set whose gold label the model predicts."
POOLING = (
    "How the vectors of a text's words are combined into its features; the paper uses the sum."
)
VECTORS = (
    "Word vectors turn words into numbers. Trained on the corpus: fastText on these texts. From a "
    "file: .vec, .txt (GloVe; both also as .gz or .zip) or .bin (fastText, word2vec)."
)
FEATURES = (
    "Features: the numbers that the classifier sees of a text. With few labels they decide more of "
    "the accuracy than any strategy."
)
OWN_FEATURES = (
    "A column of lists of numbers, found by the ids of the texts. An .npy file has none: its rows "
    "are in the order of the texts, those of the test set last."
)
MAX_LENGTH = "Read only the first words of each text; empty: all of them."
GOLD_LABEL = "Gold label: the class that the data give for a text. Training treats it as correct."
UNLABELLED = "Rows without a gold label. A data map needs gold labels, so it leaves them out."
THIRDS = (
    "Dataset Cartography takes the third of highest confidence as easy-to-learn, that of highest "
    "variability as ambiguous and that of lowest confidence as hard-to-learn. Its regions overlap. "
    "On the command line, `cartography open MAP --top ambiguous=0.33 --csv FILE` writes one."
)
IMPORTED = (
    "Another tool or another model made it. Here it can be looked at like a map of your own; there "
    "is nothing to train."
)
ENCODING = (
    "How letters are written as bytes. Choose the one in which the lines below read right; UTF-8 "
    "files need none."
)
EXPORT_FORMS = (
    "All values are written unchanged, with the other columns of your table. Only the form for a "
    "spreadsheet puts an apostrophe before what would run there as a formula; it is taken off when "
    "the file is read here. Annotation tools import theirs with predictions."
)
NO_LABEL = (
    "Texts in the label column that mean: no label. The usual marks are nan, NULL, N/A, - and the "
    "like, and -1 where the other labels are whole numbers from 0."
)
SEVERAL = "The classifier gives a text one class, so one of its labels must be chosen."
CLASS_NAMES = "Lines such as: 1 = location. Classes that get the same name are joined."
TOKENS = "Words here are separated by white space."
EMPTY = "Texts without a word. Their features are all zero, so a model cannot distinguish them."
DUPLICATES = "Rows whose text is identical to the text of an earlier row."
TEST = (
    "Used for the test accuracy. Without a test set, a data map has no accuracy, and active "
    "learning holds out a stratified tenth of the texts."
)
WORDS_COVERED = "The share of the distinct words of the texts that have a word vector."
TOKENS_COVERED = "The share of all words of the texts, each time they occur, that have a vector."
TEXTS_UNCOVERED = "Texts in which no word has a vector: their features are all zero."
STRATEGY = "Query strategy: what decides which texts of the pool are labelled next."
VERDICT = (
    "A strategy shows an advantage if epsilon_min over Random is below 0.2 and the 95 % interval "
    "of the labels saved is above 0. Otherwise, or with a single seed, it shows none."
)
SEED_BAND = (
    "A line is the mean over the seeds; its band spans the lowest to the highest seed. The band is "
    "not a confidence interval."
)
LABELS_SAVED = (
    "Labels saved: how many fewer labels than Random a strategy needs for the same test accuracy. "
    "It is the mean over the accuracies that both reach, comparing equal seeds, with a 95 % "
    "interval over the seeds."
)
EPSILON_MIN = (
    "epsilon_min, from almost stochastic order (Table 2): how far the accuracies of one strategy, "
    "over all seeds and iterations, are from being at least those of another at every quantile. 0: "
    "it dominates; below 0.5: it almost dominates. Bonferroni-corrected at alpha 0.05."
)
OVERLAP = (
    "Overlap (Table 4): the texts that two strategies both picked, comparing equal seeds. A high "
    "overlap means that the two strategies hardly differ."
)
REFERENCE = (
    "The reference map: the data map of a model trained on all texts of the corpus. Each pick has "
    "one position on it, whichever strategy picked it and when."
)
PICK_DENSITY = (
    "The share of a strategy's picks in each cell of variability and confidence. The line encloses "
    "nine tenths of all texts."
)
PRESET = (
    "Preset: all settings of the method. Standard: for use; with few labels as accurate as "
    "logistic regression. Paper: as the paper states them. Released: as in the authors' released "
    "code, which departs from the paper in many points. Features are chosen on the page "
    "Dataset; the paper's are word vectors."
)
SWITCHES = (
    "Each switch is a point where the released code departs from the paper. Select those that "
    "should be otherwise than in the preset."
)
METHOD = (
    "Method: the preset of a run and the switches changed from it. If none is named, it is "
    "standard."
)
WHEN_TO_STOP = (
    "Three signals from the run's own numbers. They are advice: a run never stops because of them. "
    "Weighing the cost of labels against accuracy is up to you."
)
FRESH_WEIGHTS = (
    "Every training starts from fresh weights, so successive models agree less than models that "
    "continue from earlier weights: in runs on TREC, kappa was between 0.7 and 0.85. A kappa of "
    "0.99 may never be reached here, and that alone is no reason to continue."
)
CARRIED_WEIGHTS = (
    "Here (weight_reset=off) every training continues from the previous weights, so successive "
    "models agree more than models trained afresh: a high kappa means less."
)
NEAR_DUPLICATES = (
    "Near-duplicates share at least four fifths of their words (Jaccard similarity 0.8): a batch "
    "that contains them pays for the same label twice."
)
TRAILS = (
    "A line for each picked text, from its position on the map of the first training that included "
    "it to its position now."
)
PICKED = "Why the strategy picked the text, by its score."
LIES = "Why the text is in its region, by its numbers on the map of its first training."
PLACED = (
    "Statistics and region of a picked text come from the map of the first training that included "
    "it (Figure 4)."
)

_STRATEGIES = {
    "random": "every text of the pool is as likely as any other",
    "lc": "least confidence, the lowest maximum class probability",
    "entropy": "the highest entropy of the class probabilities",
    "margin": "the smallest gap between the two most probable classes",
    "bald": "as in the paper, by Monte Carlo dropout",
    "bald-mi": "by mutual information, dropout passes that disagree",
    "dal": "the texts that a discriminator most takes for unlabelled",
    "cal": "nearest the boundary between high-cor and low-cor",
    "cal-dal": "half of the batch from CAL, half from DAL",
}


def strategy(name: str) -> str:
    """Return the display name of a strategy and what it picks, in one line."""
    return f"{strategy_name(name)}: {_STRATEGIES[name]}"


def rankings() -> str:
    """Return a tooltip that explains the rankings of label suspects."""
    lines = [f"**{name}**: {ranking.description}" for name, ranking in RANKINGS.items()]
    area = (
        "Log odds and the area under the margin (AUM, Pleiss et al. 2020) are the same with two "
        "classes. With C classes they differ by at most log(C - 1): AUM compares the label with "
        "the strongest other class, log odds with all others together."
    )
    return "\n\n".join([*lines, area])


def strategies() -> list[str]:
    """Return the names of all strategies, CAL first."""
    return sorted(STRATEGIES, key=lambda name: (name != "cal", list(STRATEGIES).index(name)))
