"""Tasks of the pages. The same settings give the same task, so pages share results.

Sizes are always written out as options, even at their defaults; the method only where it is
not the usual one. A seed size of None depends on the size of the corpus.
"""

from __future__ import annotations

from collections.abc import Sequence

from cartography.models.presets import PAPER, SEEDS, STANDARD
from cartography.strategies.table import USES_T_COR
from ui.jobs import background
from ui.jobs.background import Task
from ui.jobs.methods import USUAL, Method
from ui.state.session import DataChoice

MAP_EPOCHS = STANDARD.classifier.epochs
FULL = "all"
AUTO = "auto"


def maps(
    choice: DataChoice,
    seed_size: int | None = None,
    epochs: int = MAP_EPOCHS,
    flip: float | None = None,
) -> Task:
    """Build the task of two runs: the seed map and the full map of a corpus.

    Parameters
    ----------
    choice : DataChoice
    seed_size : int, optional
    epochs : int
    flip : float, optional
        Fraction of the gold labels that are flipped at random before training.
    """
    options = {
        "seed-size": (seed_size or AUTO, FULL),
        "epochs": epochs,
        "flip": flip or None,
        **_options_of(USUAL),
    }
    return background.task("map", choice, options, "flipped" if flip else "")


def study(
    choice: DataChoice,
    seed_size: int | None = None,
    epochs: int = STANDARD.classifier.epochs,
    seed: int = SEEDS[0],
    method: Method = USUAL,
) -> Task:
    """Build the task of a threshold study."""
    options = {"seed-size": seed_size, "epochs": epochs, "seed": seed, **_options_of(method)}
    return background.task("threshold", choice, options, method.suffix.removeprefix(", "))


def learning(
    choice: DataChoice,
    strategies: Sequence[str],
    *,
    t_cor: Sequence[float] = (STANDARD.t_cor,),
    seeds: Sequence[int] = SEEDS[:1],
    seed_size: int | None = None,
    query_size: int = STANDARD.query_size,
    iterations: int = STANDARD.iterations,
    epochs: int = STANDARD.classifier.epochs,
    method: Method = USUAL,
) -> Task:
    """Build the task of active-learning runs, one per strategy, threshold and seed.

    Parameters
    ----------
    choice : DataChoice
    strategies : sequence of str
    t_cor : sequence of float
        Ignored by strategies that do not use it.
    seeds : sequence of int
    seed_size : int, optional
    query_size, iterations, epochs : int
    method : Method
        Preset and changed switches.
    """
    options = {
        "strategy": tuple(strategies),
        # Without a strategy that uses it, t_cor must not change the task.
        "t-cor": tuple(t_cor) if USES_T_COR & set(strategies) else None,
        "seed": tuple(seeds),
        "seed-size": seed_size,
        "query-size": query_size,
        "iterations": iterations,
        "epochs": epochs,
        **_options_of(method),
    }
    label = f"{' '.join(strategies)}{method.suffix}"
    return background.task("learn", choice, options, label)


def _options_of(method: Method) -> dict[str, object]:
    """The options of a method. The preset is always written out: what is usual may change."""
    return {"preset": method.preset, "set": method.changed or None}


def method_of(task: Task) -> Method:
    """Return the method of a task.

    Raises
    ------
    CartographyError
        A switch or its value is unknown.
    """
    return Method.from_options(task.option("preset", PAPER.name), task.option("set", ()))


def opening(source: str) -> Task:
    """Build the task of opening a data map, or training dynamics, of another model."""
    return background.task("open", DataChoice(source=source, features=""), {})


def embedding(choice: DataChoice) -> Task:
    """Build the task of computing the features of a corpus and the coverage of its vectors."""
    return background.task("embed", choice, {})
