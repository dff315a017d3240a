"""How well each ranking of label suspects finds planted label noise.

    python benchmarks/suspects.py [trec agnews clinc150 | FILE.csv ...] [--data FOLDER]
        [--texts 10000] [--fraction 0.1] [--seeds 3]

A tenth of the labels is flipped at random; then the rankings of `cartography.labelling.suspects`
order the texts, with the features and the recipe of the preset standard. With n flipped labels, the
first table shows the precision of the first k texts of each ranking, and the recall of the first
n and 2n; the second table shows the regions of the data map, and the issues that confident learning
estimates. All in percent, as the mean over the seeds with the lowest and highest. Where cleanlab
is installed, it ranks by the same out-of-fold probabilities.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from accuracy import load
from numpy.typing import NDArray

from cartography.corpora.corpus import Corpus
from cartography.features.embedding import embed
from cartography.features.table import feature_kind
from cartography.labelling.planted_noise import NoiseReport, Spread, planted_noise
from cartography.labelling.suspects import RANKINGS, Ranking, Suspects
from cartography.models.presets import SEEDS, STANDARD
from cartography.models.training import as_tensor


def cleanlab_rankings() -> dict[str, Ranking]:
    """The scores and the issues of cleanlab, if it is installed.

    Its issues come first in the order in which it returns them, then all other texts.
    """
    if not importlib.util.find_spec("cleanlab"):
        return {}
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    def score(method: str, adjusted: bool) -> Ranking:
        return Ranking(
            "",
            lambda suspects: (
                1
                - get_label_quality_scores(
                    suspects.labels,
                    suspects.out_of_fold,
                    method=method,
                    adjust_pred_probs=adjusted,
                )
            ),
        )

    def issues_first(suspects: Suspects) -> NDArray[np.float64]:
        issues = find_label_issues(
            suspects.labels,
            suspects.out_of_fold,
            return_indices_ranked_by="self_confidence",
            n_jobs=1,
        )
        scores = score("self_confidence", False).score(suspects)
        scores[issues] = 2 + np.arange(len(issues))[::-1]
        return scores

    return {
        "cleanlab self_confidence": score("self_confidence", False),
        "cleanlab normalized_margin, adjusted": score("normalized_margin", True),
        "cleanlab confidence_weighted_entropy": score("confidence_weighted_entropy", False),
        "cleanlab find_label_issues": Ranking("", issues_first),
    }


def measure(corpus: Corpus, fraction: float, seeds: int) -> NoiseReport:
    """Plant noise in a corpus, with its default features."""
    (embedded,) = embed([corpus], feature_kind(STANDARD.features), scaled=True)
    return planted_noise(
        as_tensor(embedded.features, torch.device("cpu")),
        np.arange(len(corpus)),
        corpus.labels,
        len(corpus.classes),
        STANDARD,
        fraction,
        SEEDS[:seeds],
        rankings={**RANKINGS, **cleanlab_rankings()},
    )


def ranking_lines(name: str, report: NoiseReport) -> Iterator[str]:
    """The lines of a corpus in the first table."""
    count = report.flipped
    for ranking, depths in report.rankings.items():
        cells = [percent(depths[k].precision) for k in (10, 50, 100, count)]
        # At n, precision and recall are the same.
        cells.append(percent(depths[2 * count].recall))
        yield f"| {name} | {ranking} | {' | '.join(cells)} |"


def set_lines(name: str, report: NoiseReport) -> Iterator[str]:
    """The lines of a corpus in the second table."""
    for found_by, found in {**report.regions, "confident learning": report.issues}.items():
        cells = [f"{found.size.mean:,.0f}", percent(found.precision), percent(found.recall)]
        yield f"| {name} | {found_by} | {' | '.join(cells)} |"


def header(names: Sequence[str]) -> str:
    """The first two lines of a table."""
    return f"| {' | '.join(names)} |\n|{' --- |' * len(names)}"


def percent(value: Spread) -> str:
    """A fraction in percent with its lowest and highest."""
    return f"{value.mean:.0%} ({value.low:.0%} to {value.high:.0%})".replace("%", "")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "corpora", nargs="*", default=["trec", "agnews", "clinc150"], metavar="CORPUS"
    )
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("CARTOGRAPHY_DATA", ".")))
    parser.add_argument("--texts", type=int, default=10_000, help="at most")
    parser.add_argument("--fraction", type=float, default=0.1)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(header(["corpus", "ranking", "at 10", "at 50", "at 100", "at n", "recall at 2n"]))
    sets = []
    for name in options.corpora:
        corpus, _ = load(name, options.data)
        order = np.random.default_rng(0).permutation(len(corpus))
        corpus = corpus.take(np.sort(order[: options.texts]))
        report = measure(corpus, options.fraction, options.seeds)
        label = f"{Path(name).name} ({report.texts:,}, n = {report.flipped:,})"
        print("\n".join(ranking_lines(label, report)), flush=True)
        sets += set_lines(label, report)
    print("\n".join(["", header(["corpus", "set", "texts", "precision", "recall"]), *sets]))


if __name__ == "__main__":
    main()
