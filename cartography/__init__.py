"""Data maps from training dynamics, and active learning from data maps."""

from cartography.corpus import Corpus, describe, hold_out
from cartography.data_map import REGIONS, DataMap, Thresholds
from cartography.dynamics import DynamicsRecorder, TrainingDynamics
from cartography.embedding import Embedding, embed
from cartography.errors import CartographyError
from cartography.figures import accuracy_figure, data_map_figure, write_html
from cartography.learn_runs import read_learning
from cartography.learner import ActiveLearner, Batch
from cartography.map_runs import read_map
from cartography.presets import PAPER, PRESETS, RELEASED, Preset, Recipe
from cartography.reading import read_corpus, read_train_test
from cartography.simulation import Arm, Iteration, simulate
from cartography.strategies import STRATEGIES, Query, View
from cartography.switches import Switches
from cartography.training import Epoch, TrainingSet, fit

__all__ = [
    "PAPER",
    "PRESETS",
    "REGIONS",
    "RELEASED",
    "STRATEGIES",
    "ActiveLearner",
    "Arm",
    "Batch",
    "CartographyError",
    "Corpus",
    "DataMap",
    "DynamicsRecorder",
    "Embedding",
    "Epoch",
    "Iteration",
    "Preset",
    "Query",
    "Recipe",
    "Switches",
    "Thresholds",
    "TrainingDynamics",
    "TrainingSet",
    "View",
    "accuracy_figure",
    "data_map_figure",
    "describe",
    "embed",
    "fit",
    "hold_out",
    "read_corpus",
    "read_learning",
    "read_map",
    "read_train_test",
    "simulate",
    "write_html",
]
