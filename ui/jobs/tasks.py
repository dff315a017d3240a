"""The tasks that pages ask for: equal questions give equal tasks, so pages share their answers.

Every number is given to the command line, also the usual one; a seed size of None is the one that
active learning starts from, by the size of the corpus. Of the method, what is not the paper's is.
"""

from __future__ import annotations

from collections.abc import Sequence

from cartography.models.presets import PAPER, SEEDS
from cartography.strategies.table import USES_T_COR
from ui.jobs import background
from ui.jobs.background import Task
from ui.jobs.methods import AS_PAPER, Method
from ui.state.session import DataChoice

MAP_EPOCHS = 10  # of the paper's data maps (Figures 1 and 2)
FULL = "all"
AUTO = "auto"


def maps(
    choice: DataChoice,
    seed_size: int | None = None,
    epochs: int = MAP_EPOCHS,
    flip: float | None = None,
) -> Task:
    """The seed map and the full map of a corpus, trained side by side: two runs in one task.

    `flip`: with this fraction of the gold labels flipped.
    """
    options = {"seed-size": (seed_size or AUTO, FULL), "epochs": epochs, "flip": flip or None}
    return background.task("map", choice, options, "flipped" if flip else "")


def study(
    choice: DataChoice,
    seed_size: int | None = None,
    epochs: int = PAPER.classifier.epochs,
    seed: int = SEEDS[0],
) -> Task:
    """The threshold study of a corpus."""
    options = {"seed-size": seed_size, "epochs": epochs, "seed": seed}
    return background.task("threshold", choice, options)


def learning(
    choice: DataChoice,
    strategies: Sequence[str],
    *,
    t_cor: Sequence[float] = (PAPER.t_cor,),
    seeds: Sequence[int] = SEEDS[:1],
    seed_size: int | None = None,
    query_size: int = PAPER.query_size,
    iterations: int = PAPER.iterations,
    epochs: int = PAPER.classifier.epochs,
    method: Method = AS_PAPER,
) -> Task:
    """Active learning with each of the strategies, thresholds and seeds: a run for each."""
    options = {
        "strategy": tuple(strategies),
        # The other strategies do not look at it, so it must not make theirs another task.
        "t-cor": tuple(t_cor) if USES_T_COR & set(strategies) else None,
        "seed": tuple(seeds),
        "seed-size": seed_size,
        "query-size": query_size,
        "iterations": iterations,
        "epochs": epochs,
        "preset": method.preset if method.preset != PAPER.name else None,
        "set": method.changed or None,
    }
    label = f"{' '.join(strategies)}{method.suffix}"
    return background.task("learn", choice, options, label)


def method_of(task: Task) -> Method:
    """The method that a task asks for. Raises CartographyError where it is unknown."""
    return Method.asked(task.option("preset", PAPER.name), task.option("set", ()))


def embedding(choice: DataChoice) -> Task:
    """The features of a corpus, and what its word vectors cover."""
    return background.task("embed", choice, {})
