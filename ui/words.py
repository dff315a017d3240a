"""What the terms of the method mean, for the tooltips beside them, and what each page is for."""

from cartography.strategies import STRATEGIES

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
    "low-cor. CAL learns to tell the two apart and picks the pool texts nearest the boundary; the "
    "paper uses 0.2."
)
EPOCHS = "Times the model reads all its training texts. The paper's maps show 10, its runs use 30."
SEED_SET = "The seed set: a small stratified sample of the corpus, labelled before anything else."
SEED_SIZE = (
    "Seed size: labels to start from. Left empty: 500 up to 20,000 texts, 1,000 above, and at most "
    "a tenth of the texts."
)
QUERY_SIZE = "Query size: texts asked for in each iteration; the paper asks for 50."
ITERATIONS = "Iterations: how many batches are asked for, each followed by a fresh training."
SEED = "Decides every random draw: the same seed on the same machine gives the same picks."
SCORE = "Score: how much the strategy wants the text; the higher, the sooner it is picked."
PREDICTED = "The class that the model predicted. In a batch: before it was taught the text."
ACCURACY = "Test accuracy: the share of the test set whose gold label the model predicts."
POOLING = "How the vectors of a text's words are joined into its features; the paper takes the sum."
VECTORS = (
    "Word vectors turn words into numbers. Trained on the corpus: fastText on these texts. From a "
    "file: .vec, .vec.gz or .bin, such as those of fasttext.cc."
)
MAX_LENGTH = "Read only the first words of each text; empty: all of them."
STRATEGY = "Query strategy: what decides which texts of the pool are labelled next."
PLACED = (
    "Statistics and region of a picked text are its place on the map of the training that it was "
    "first part of (Figure 4)."
)

_STRATEGIES = {
    "random": "Random: every text of the pool is as likely as any other",
    "lc": "Least confidence: the lowest highest class probability",
    "entropy": "Entropy: the most spread class probabilities",
    "margin": "Margin: the smallest lead of the first class over the second",
    "bald": "BALD as in the paper: Monte Carlo dropout",
    "bald-mi": "BALD by mutual information: dropout passes that disagree",
    "dal": "DAL: what a discriminator takes for unlabelled",
    "cal": "CAL: nearest the boundary of high-cor and low-cor",
    "cal-dal": "CAL + DAL: half of the batch from each",
}


def strategy(name: str) -> str:
    """A strategy's name and what it does, in a line."""
    return _STRATEGIES.get(name, name)


def strategies() -> list[str]:
    """The names of all strategies, CAL first."""
    return sorted(STRATEGIES, key=lambda name: (name != "cal", list(STRATEGIES).index(name)))
