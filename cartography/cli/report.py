"""The line that a command prints about a run at its end."""

from pathlib import Path

import typer

from cartography.runs.active_runs import read_active_run
from cartography.runs.manifest import SUMMARY, read_json


def report(folder: Path) -> None:
    """Print one line about a run: its folder and its results."""
    if not (folder / SUMMARY).exists():
        done = len(read_active_run(folder).iterations)
        typer.echo(f"{folder}: paused after {done} trainings; the same command resumes")
        return
    summary = read_json(folder / SUMMARY)
    parts = []
    if "region_shares" in summary:
        shares = ", ".join(
            f"{name} {share:.1%}" for name, share in summary["region_shares"].items()
        )
        parts.append(f"{summary['items']:,} texts: {shares}")
    if "first_accuracy" in summary:
        parts.append(
            f"{summary['labelled']:,} labels, accuracy {summary['first_accuracy']:.3f} at first, "
            f"{summary['mean_accuracy']:.3f} on average"
        )
    if "test_accuracy" in summary:
        parts.append(
            f"test accuracy {summary['test_accuracy']:.3f}, macro-F1 {summary['test_macro_f1']:.3f}"
        )
    if "under_training" in summary:
        parts.append(summary["under_training"])
    typer.echo(f"{folder}: " + "; ".join(parts))
