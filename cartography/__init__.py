"""Data maps from training dynamics, and active learning from data maps."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

# A name is loaded when it is first asked for: a script that only trains does not wait for readers,
# figures and tables, nor need them installed.
if TYPE_CHECKING:
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

_MODULES = {
    "corpus": (
        "Corpus",
        "describe",
        "hold_out",
    ),
    "data_map": (
        "REGIONS",
        "DataMap",
        "Thresholds",
    ),
    "dynamics": (
        "DynamicsRecorder",
        "TrainingDynamics",
    ),
    "embedding": (
        "Embedding",
        "embed",
    ),
    "errors": ("CartographyError",),
    "figures": (
        "accuracy_figure",
        "data_map_figure",
        "write_html",
    ),
    "learn_runs": ("read_learning",),
    "learner": (
        "ActiveLearner",
        "Batch",
    ),
    "map_runs": ("read_map",),
    "presets": (
        "PAPER",
        "PRESETS",
        "RELEASED",
        "Preset",
        "Recipe",
    ),
    "reading": (
        "read_corpus",
        "read_train_test",
    ),
    "simulation": (
        "Arm",
        "Iteration",
        "simulate",
    ),
    "strategies": (
        "STRATEGIES",
        "Query",
        "View",
    ),
    "switches": ("Switches",),
    "training": (
        "Epoch",
        "TrainingSet",
        "fit",
    ),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)


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
