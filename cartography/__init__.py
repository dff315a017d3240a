"""Data maps from training dynamics, and active learning from data maps."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# A name is loaded when it is first asked for: a script that only trains does not wait for readers,
# figures and tables, and does not need them installed.
if TYPE_CHECKING:
    from cartography.active.group import Batch
    from cartography.active.learner import ActiveLearner
    from cartography.active.simulation import Iteration, Trial
    from cartography.corpora.corpus import Corpus, describe, hold_out
    from cartography.corpora.reading import read_corpus, read_train_test
    from cartography.errors import CartographyError
    from cartography.features.embedding import Embedding, embed
    from cartography.features.table import feature_kind
    from cartography.figures import accuracy_figure, data_map_figure, write_html
    from cartography.labelling.session import LabelSession
    from cartography.labelling.store import LabelStore
    from cartography.maps.data_map import REGIONS, DataMap, Thresholds
    from cartography.maps.dynamics import DynamicsRecorder, TrainingDynamics
    from cartography.models.presets import PAPER, PRESETS, RELEASED, STANDARD, Preset, Recipe
    from cartography.models.switches import Switches
    from cartography.models.trainer import TrainingSet
    from cartography.models.training import Epoch, train_epochs
    from cartography.runs.active_runs import read_active_run
    from cartography.runs.map_runs import read_map
    from cartography.strategies.pool_view import PoolView
    from cartography.strategies.selection import Selection
    from cartography.strategies.table import STRATEGIES
    from cartography.workflows.calls import compare, map, simulate
    from cartography.workflows.projects import create_project, open_project
    from cartography.workflows.results import CorpusMap, Simulation, StrategyComparison

_MODULES = {
    "active.group": ("Batch",),
    "active.learner": ("ActiveLearner",),
    "active.simulation": (
        "Iteration",
        "Trial",
    ),
    "corpora.corpus": (
        "Corpus",
        "describe",
        "hold_out",
    ),
    "corpora.reading": (
        "read_corpus",
        "read_train_test",
    ),
    "errors": ("CartographyError",),
    "features.embedding": (
        "Embedding",
        "embed",
    ),
    "figures": (
        "accuracy_figure",
        "data_map_figure",
        "write_html",
    ),
    "labelling.session": ("LabelSession",),
    "labelling.store": ("LabelStore",),
    "maps.data_map": (
        "REGIONS",
        "DataMap",
        "Thresholds",
    ),
    "maps.dynamics": (
        "DynamicsRecorder",
        "TrainingDynamics",
    ),
    "features.table": ("feature_kind",),
    "models.presets": (
        "PAPER",
        "PRESETS",
        "RELEASED",
        "STANDARD",
        "Preset",
        "Recipe",
    ),
    "models.switches": ("Switches",),
    "models.trainer": ("TrainingSet",),
    "models.training": (
        "Epoch",
        "train_epochs",
    ),
    "runs.active_runs": ("read_active_run",),
    "runs.map_runs": ("read_map",),
    "strategies.pool_view": ("PoolView",),
    "strategies.selection": ("Selection",),
    "strategies.table": ("STRATEGIES",),
    "workflows.calls": ("compare", "map", "simulate"),
    "workflows.projects": ("create_project", "open_project"),
    "workflows.results": ("CorpusMap", "Simulation", "StrategyComparison"),
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
    "STANDARD",
    "STRATEGIES",
    "ActiveLearner",
    "Batch",
    "CartographyError",
    "Corpus",
    "CorpusMap",
    "DataMap",
    "DynamicsRecorder",
    "Embedding",
    "Epoch",
    "Iteration",
    "LabelSession",
    "LabelStore",
    "PoolView",
    "Preset",
    "Recipe",
    "Selection",
    "Simulation",
    "StrategyComparison",
    "Switches",
    "Thresholds",
    "TrainingDynamics",
    "TrainingSet",
    "Trial",
    "accuracy_figure",
    "compare",
    "create_project",
    "data_map_figure",
    "describe",
    "embed",
    "feature_kind",
    "hold_out",
    "map",
    "open_project",
    "read_active_run",
    "read_corpus",
    "read_map",
    "read_train_test",
    "simulate",
    "train_epochs",
    "write_html",
]
