"""Progress on the console: bars with the rate and the time left."""

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
    """Progress goes to standard error, so that standard output holds results alone."""
    return Console(stderr=True, quiet=quiet, highlight=False, markup=False, soft_wrap=True)


class _Rate(ProgressColumn):
    """Steps a second, or seconds a step where a step takes longer than one."""

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
    number: Callable[[Item], int],
    unit: str,
    console: Console,
) -> Iterator[Item]:
    """The items of `steps`, with a bar, the rate and the time left; `number` of `total` are done
    with each item.
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
            progress.update(task, completed=number(item))
            yield item
