"""Progress bars on the console, with the rate and the remaining time."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

Item = TypeVar("Item")


def make_console(quiet: bool) -> Console:
    """Return a console on standard error, so that standard output contains only results."""
    return Console(stderr=True, quiet=quiet, highlight=False, markup=False, soft_wrap=True)


class _Rate(ProgressColumn):
    """Steps per second, or seconds per step if a step takes longer than one second."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.unit = unit

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        if not speed:
            return Text("")
        if speed >= 1:
            return Text(f"{speed:.1f} {self.unit}s/s")
        return Text(f"{1 / speed:.1f} s/{self.unit}")


def track_progress(
    steps: Iterable[Item],
    total: int,
    completed: Callable[[Item], int],
    unit: str,
    console: Console,
) -> Iterator[Item]:
    """Iterate over `steps` and show a progress bar.

    Parameters
    ----------
    steps : iterable
    total : int
        Number of units in the whole work.
    completed : callable
        Returns the number of units that are completed after an item.
    unit : str
        Singular noun of the unit, such as "epoch".
    console : Console
        The bar is not drawn if the console is quiet.

    Yields
    ------
    item
        The items of `steps`.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(unit),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=console.quiet) as progress:
        task = progress.add_task(f"{unit}s", total=total)
        for item in steps:
            progress.update(task, completed=completed(item))
            yield item
