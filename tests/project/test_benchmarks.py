"""Every benchmark still runs, and finds no collapse; and what they measure with measures."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
# What a bare machine with a GPU does not have.
ABSENT = "datasets plotly sklearn typer rich fasttext pyarrow scipy charset_normalizer streamlit"


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Imports a module of the benchmarks by name; they find one another as scripts do."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    before = set(sys.modules)
    yield __import__
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(ROOT / "benchmarks")):
            del sys.modules[name]


@pytest.mark.parametrize("name", ["learning", "step", "seeds", "large", "growth"])
def test_a_benchmark_runs_and_nothing_has_collapsed(name: str) -> None:
    done = run(f"benchmarks/{name}.py", "--smoke")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("\n| ") >= 3


def test_the_one_for_a_gpu_runs_on_a_bare_machine(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        f"import sys\nsys.modules.update(dict.fromkeys({ABSENT.split()!r}))\n"
    )
    out = tmp_path / "out"
    done = run("benchmarks/gpu.py", "--smoke", "--out", out, PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((out / "gpu.json").read_text())
    assert len(found["checks"]) == 18
    assert all(each["holds"] for each in found["checks"])
    named = " ".join(each["what"] for each in found["timings"])
    for strategy in ("random", "cal-dal", "bald-mi", "dal"):
        assert f"iteration of {strategy}, AG News" in named
    assert "the whole paper: 2 corpora, 30 arms" in named


class TestMeasure:
    def test_a_target_knows_its_bar_and_its_collapse(self, modules: Any) -> None:
        Target = modules("measure").Target
        faster, seconds = Target(10, 6, "x", at_least=True), Target(1, 3, "s")
        assert [faster.verdict(value) for value in (10, 9.9, 5.9)] == [
            "goal met",
            "bar met",
            "bar missed",
        ]
        assert [seconds.verdict(value) for value in (1, 1.1, 3.1)] == [
            "goal met",
            "bar met",
            "bar missed",
        ]
        assert [faster.collapsed(value) for value in (2.1, 1.9)] == [False, True]
        assert [seconds.collapsed(value) for value in (8.9, 9.1, float("nan"))] == [
            False,
            True,
            True,
        ]
        assert seconds.scaled(0.5) == Target(0.5, 1.5, "s")

    def test_a_ratio_is_the_median_of_those_of_the_pairs(self, modules: Any) -> None:
        paired = modules("measure").Paired((1.0, 2.0, 4.0), (3.0, 4.0, 40.0))
        assert paired.ratio == 3.0

    def test_runs_alternate_after_one_uncounted(self, modules: Any) -> None:
        calls: list[str] = []
        runs = modules("measure").in_turn(lambda: calls.append("a"), lambda: calls.append("b"), 2)
        assert "".join(calls) == "aabab"
        assert len(runs.ours) == len(runs.theirs) == 2

    def test_an_exponent_is_that_of_the_power(self, modules: Any) -> None:
        sizes = np.array([10, 100, 1000])
        assert modules("measure").exponent(sizes, 7 * sizes**1.5) == pytest.approx(1.5)

    def test_a_fresh_process_does_not_count_the_memory_of_its_parent(self, tmp_path: Path) -> None:
        (tmp_path / "hungry.py").write_text(
            "import sys\n"
            f"sys.path.insert(0, {str(ROOT / 'benchmarks')!r})\n"
            "import numpy as np\n"
            "from measure import in_fresh_process, peak\n"
            "def eaten():\n"
            "    return len(b'x' * 400_000_000)\n"
            "if __name__ == '__main__':\n"
            "    held = np.ones(1_500_000_000 // 8)\n"
            "    print(*in_fresh_process(eaten), peak())\n"
        )
        done = run(tmp_path / "hungry.py")
        assert done.returncode == 0, done.stderr
        answer, used, own = map(float, done.stdout.split())
        assert answer == 400_000_000
        assert 0.4 < used < 1.2
        assert own > 1.5


class TestWorkload:
    def test_summed_tokens_are_the_features(self, modules: Any) -> None:
        workload, problems = modules("workload"), modules("problems")
        shape = replace(workload.small(problems.AG_NEWS, 600, 24), vocabulary=300)
        with workload.workshop() as folder:
            work = workload.load(shape, None, folder)
            train, test, vectors = work.tokens()
            assert "synthetic" in work.origin
            assert train.numbers.shape == (600, 24)
            assert test.numbers.shape == (500, 24)
            assert not vectors[0].any()
            sums = vectors.astype(np.float64)[train.numbers].sum(axis=1)
            np.testing.assert_allclose(sums, work.problem.features, atol=1e-4)
        assert not folder.exists()

    def test_too_few_rows_are_drawn_with_replacement(self, modules: Any) -> None:
        problems = modules("problems")
        drawn = problems.sized(5, 40, np.random.default_rng(0))
        assert set(drawn.tolist()) <= set(range(5))
        assert len(drawn) == 40
        assert problems.drawn_words(5, 40) == "40 texts drawn with replacement from 5"
        assert problems.sized(40, 40, np.random.default_rng(0)).tolist() == list(range(40))

    def test_a_file_of_features_is_read_in_the_size_of_a_shape(
        self, modules: Any, tmp_path: Path
    ) -> None:
        problems = modules("problems")
        shape = replace(problems.TREC, rows=30, test_rows=4)
        made = problems.made_up(shape)
        np.savez(
            tmp_path / "trec.npz",
            features=made.features[:20].astype(np.float16),
            labels=made.corpus.labels[:20],
            test_features=made.test_features.astype(np.float16),
            test_labels=made.test.labels,
        )
        read = problems.from_file(tmp_path / "trec.npz", shape)
        assert read.origin == "trec.npz, 30 texts drawn with replacement from 20"
        assert read.features.shape == (30, 300)
        np.testing.assert_allclose(read.test_features, made.test_features, atol=2e-3)
        np.testing.assert_array_equal(read.test.labels, made.test.labels)


def test_what_is_extrapolated_goes_on_as_it_grew(modules: Any) -> None:
    extrapolated = modules("gpu").extrapolated
    # A first training of 9 s, then iterations of 1, 2 and 3 s; those to come take 4 and 5.
    assert extrapolated([0, 9, 10, 12, 15], 6) == pytest.approx(24)
    assert extrapolated([0, 9, 10], 4) == pytest.approx(12)
    assert extrapolated([0, 9], 2) == pytest.approx(18)


def test_a_difference_that_is_too_large_or_no_number_fails(modules: Any) -> None:
    checks = modules("agreement").Checks()
    checks.add("alike", 9e-5)
    assert checks.hold
    checks.add("not a number", float("nan"))
    assert not checks.hold
    checks = modules("agreement").Checks()
    checks.add("apart", 2e-4)
    assert not checks.hold
