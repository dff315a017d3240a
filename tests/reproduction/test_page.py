"""docs/reproduction.md against its raw results: one cell per table, computed independently."""

import json
import re
import statistics
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, t

from cartography.reproduction.published import PUBLISHED
from cartography.reproduction.report import report
from cartography.reproduction.results import read_results

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "reproduction.md").read_text(encoding="utf-8")
# In the order of the page.
DATASETS = [name for name in PUBLISHED if (DOCS / "reproduction" / name).is_dir()]

Cells = dict[str, dict[str, str]]


class Raw:
    """The raw results of a data set, and its section of the page."""

    def __init__(self, dataset: str) -> None:
        folder = DOCS / "reproduction" / dataset
        self.dataset = dataset
        self.corpus = json.loads((folder / "corpus.json").read_text(encoding="utf-8"))
        self.accuracy, self.full, self.picks, self.maps = (
            pd.read_csv(folder / name)
            for name in ("accuracy.csv", "full.csv", "picks.csv", "maps.csv.gz")
        )
        [self.section] = re.findall(
            rf"^## {PUBLISHED[dataset].name}\n(.*?)(?=^## )", PAGE, re.M | re.S
        )

    def table(self, title: str) -> Cells:
        """The cells of the table with this title, by row and column."""
        [body] = re.findall(
            rf"^\*\*{re.escape(title)}\.\*\* .*\n\n((?:\|.*\n)+)", self.section, re.M
        )
        header, _, *rows = (
            [cell.strip() for cell in line.strip("|\n").split("|")] for line in body.splitlines()
        )
        return {row[0]: dict(zip(header[1:], row[1:], strict=True)) for row in rows}

    def runs(self, preset: str, strategy: str, t_cor: float | None = None) -> pd.DataFrame:
        rows = self.accuracy.query("method == @preset and strategy == @strategy")
        return rows[rows["t_cor"] == t_cor] if t_cor is not None else rows

    def by_iteration(self, runs: pd.DataFrame, column: str = "accuracy") -> dict[int, list[float]]:
        return {int(number): list(rows[column]) for number, rows in runs.groupby("iteration")}


@pytest.fixture(scope="module", params=DATASETS)
def raw(request: pytest.FixtureRequest) -> Raw:
    return Raw(request.param)


def half_width(values: Sequence[float]) -> float:
    error = statistics.stdev(values) / len(values) ** 0.5
    return float(t.ppf(0.975, len(values) - 1) * error)


def mean_cell(values: Sequence[float], digits: int = 3) -> str:
    return f"{statistics.mean(values):.{digits}f} ± {half_width(values):.{digits}f}"


def test_the_page_is_what_its_command_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(DOCS.parent)
    [command] = re.findall(r"^    cartography (reproduce --report .*)$", PAGE, re.M)
    folders = [Path("docs/reproduction") / name for name in DATASETS]
    assert re.findall(r"--report (\S+)", command) == [folder.as_posix() for folder in folders]
    results = [read_results(folder) for folder in folders]
    assert report(results, Path("docs/reproduction")) + "\n" == PAGE
    pictures = re.findall(r"\]\(([^)]*\.png)\)", PAGE)
    assert len(pictures) == 8 * len(DATASETS)
    for picture in pictures:
        assert (DOCS / picture).is_file(), picture


def test_table_1_counts_the_texts(raw: Raw) -> None:
    cells = raw.table("Table 1")["ours"]
    assert cells["seeds"] == str(raw.accuracy["seed"].nunique())
    assert cells["seed set"] == f"{raw.accuracy['labelled'].min():,}"
    assert cells["batches"] == str(raw.accuracy["iteration"].max())
    texts = raw.maps.query("method == 'paper' and mapped == 'all'")
    assert cells["training texts"] == f"{len(texts):,}"


def test_figures_1_2_5_and_6(raw: Raw) -> None:
    cells = raw.table("Figures 1, 2, 5 and 6")["preset released, the seed set"]
    rows = raw.maps.query("method == 'released' and mapped == 'seed'")
    assert cells["texts"] == f"{len(rows):,}"
    assert cells["variability"] == f"{rows['variability'].mean():.2f}"
    assert cells["above 0.7"] == f"{100 * (rows['confidence'] > 0.7).mean():.0f} %"
    hard = (rows["correctness"] <= 0.2) & (rows["variability"] < 0.3)
    assert cells["hard"] == f"{100 * hard.mean():.0f} %"


def test_table_3_and_all_texts(raw: Raw) -> None:
    cells = raw.table("Table 3 and Section 5")
    full = list(raw.full.query("method == 'released'")["accuracy"])
    assert cells["all texts"]["preset released"] == mean_cell(full)
    published = PUBLISHED[raw.dataset].by_t_cor[0.2]
    assert published is not None
    last = raw.by_iteration(raw.runs("paper", "cal", 0.2))[raw.corpus["iterations"]]
    row = cells["CAL, t_cor 0.2"]
    assert (row["the paper's"], row["preset paper"]) == (f"{published:.3f}", mean_cell(last))
    difference = statistics.mean(last) - published
    assert row["paper: difference"].strip("*") == f"{difference:+.3f} ± {half_width(last):.3f}"
    assert row["paper: difference"].startswith("**") == (abs(difference) > half_width(last))


def test_figure_3(raw: Raw) -> None:
    cells = raw.table("Figure 3")["CAL"]
    by_preset = [raw.runs(preset, "cal", 0.2) for preset in ("paper", "released")]
    assert cells["10"] == " / ".join(mean_cell(raw.by_iteration(runs)[10]) for runs in by_preset)
    means = [list(runs.groupby("seed")["accuracy"].mean()) for runs in by_preset]
    assert cells["mean"] == " / ".join(map(mean_cell, means))


def test_table_2(raw: Raw) -> None:
    """CAL over Random, from quantiles on a fine grid and another bootstrap."""
    cal, random = (
        raw.runs("paper", *trial)["accuracy"].to_numpy() for trial in (("cal", 0.2), ("random",))
    )
    grid = (np.arange(3000) + 0.5) / 3000

    def ratio(a: np.ndarray, b: np.ndarray) -> float:
        a, b = (np.quantile(scores, grid, method="inverted_cdf") for scores in (a, b))
        return float((np.maximum(b - a, 0) ** 2).sum() / ((b - a) ** 2).sum())

    rng = np.random.default_rng(1)
    ratios = [
        ratio(*(rng.choice(scores, len(scores)) for scores in (cal, random))) for _ in range(400)
    ]
    strategies = len(raw.table("Table 2"))
    level = 0.05 / (strategies * (strategies - 1))
    bound = ratio(cal, random) + np.std(ratios) * norm.ppf(1 - level)
    _, paper, _ = raw.table("Table 2")["CAL"]["Random"].split(" / ")
    assert float(paper) == pytest.approx(np.clip(bound, 0, 1), abs=0.05)


def test_table_4(raw: Raw) -> None:
    rows = raw.picks[raw.picks["method"] == "paper"]
    batches = {
        trial: [set(ids.split(" ")) for ids in batch_rows["ids"]]
        for trial, batch_rows in rows.groupby(["strategy", "seed"])
    }
    shared = whole = picks = 0
    for seed in rows["seed"].unique():
        cal, random = batches["cal", seed], batches["random", seed]
        shared += sum(len(a & b) for a, b in zip(cal, random, strict=True))
        whole += len(set.union(*cal) & set.union(*random))
        picks += sum(map(len, cal))
    cells = raw.table("Table 4")["CAL and Random"]
    assert cells["paper: same batch"].split(" (")[0] == str(shared)
    assert cells["paper: same batch"].endswith(f"of {picks:,}")
    assert cells["paper: whole run"].split(" (")[0] == str(whole)


def test_figure_4(raw: Raw) -> None:
    numbers = (1, raw.corpus["iterations"] // 2, raw.corpus["iterations"])
    runs = raw.by_iteration(raw.runs("paper", "cal", 0.2), "variability")
    means = ", ".join(f"{statistics.mean(runs[number]):.2f}" for number in numbers)
    assert raw.table("Figure 4")["CAL"]["paper: variability"].split(" ± ")[0] == means


def test_discriminators_and_seconds(raw: Raw) -> None:
    last = raw.corpus["iterations"]
    finals = [
        raw.by_iteration(raw.runs(preset, "cal", 0.2), "discriminator_accuracy")[last]
        for preset in ("paper", "released")
    ]
    cells = raw.table("Discriminators")["CAL"]
    assert cells[f"batch {last}"] == " / ".join(map(mean_cell, finals))
    runs = raw.runs("paper", "cal", 0.2).query("iteration > 0")
    seconds = (runs["train_seconds"] + runs["select_seconds"]).groupby(runs["seed"]).mean()
    [number] = re.findall(
        r"\*\*Seconds per iteration\.\*\* .*?preset paper: .*?CAL ([^,;]*)", raw.section
    )
    assert number == f"{seconds.mean():.2f}"


def test_how_often_t_cor_was_moved(raw: Raw) -> None:
    queries = raw.runs("released", "cal", 0.2).query("iteration > 0")
    moved = int(queries["fallback"].str.contains(r"^t_cor 0\.2 leaves no").fillna(False).sum())
    lines = re.findall(r"\*\*t_cor moved\.\*\* .*?[;:] released: (.*?)(?:;|\. \()", raw.section)
    count = f"{moved} of {len(queries)} (CAL, t_cor 0.2)"
    assert any(count in line for line in lines) == (moved > 0)


def test_data_efficiency(raw: Raw) -> None:
    last = raw.runs("paper", "cal", 0.2).query("iteration == @raw.corpus['iterations']")
    full = raw.full.query("method == 'paper'").set_index("seed")["accuracy"]
    share = list(last.set_index("seed")["accuracy"] / full)
    [number] = re.findall(r"^- Preset paper: .*CAL ends at (\S+) ", raw.section, re.M)
    assert number == f"{statistics.mean(share):.3f}"


def test_the_effect_of_a_switch(raw: Raw) -> None:
    full = raw.full.pivot(index="seed", columns="method", values="accuracy")
    if "paper, padding=on" not in full:
        pytest.skip(f"{raw.dataset} has no runs of single switches")
    effect = list((full["paper, padding=on"] - full["paper"]).dropna())
    cell = raw.table("Switches")["paper, padding=on"]["all texts"]
    assert (
        cell.split("<br>")[1].strip("*")
        == f"{statistics.mean(effect):.3f} ± {half_width(effect):.3f}"
    )
