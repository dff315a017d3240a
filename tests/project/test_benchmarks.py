"""Smoke runs of the benchmarks, and tests of their measurement helpers."""

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
# Packages that a bare machine with a GPU may lack.
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
    """A function that imports a benchmark module by name, with the import path of a script."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    loaded = set(sys.modules)
    yield __import__
    for name in set(sys.modules) - loaded:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(ROOT / "benchmarks")):
            del sys.modules[name]


@pytest.mark.parametrize("name", ["learning", "step", "seeds", "large", "growth"])
def test_smoke_run_finds_no_collapse(name: str) -> None:
    process = run(f"benchmarks/{name}.py", "--smoke")
    assert process.returncode == 0, process.stdout + process.stderr
    assert process.stdout.count("\n| ") >= 3


def test_smoke_run_of_hostile_files_finds_no_fault() -> None:
    process = run("benchmarks/hostile.py", "--smoke")
    assert process.returncode == 0, process.stdout + process.stderr
    assert ", 0 with a fault: " in process.stdout


def test_gpu_benchmark_runs_on_a_bare_machine(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        f"import sys\nsys.modules.update(dict.fromkeys({ABSENT.split()!r}))\n"
    )
    out = tmp_path / "out"
    process = run("benchmarks/gpu.py", "--smoke", "--out", out, PYTHONPATH=str(tmp_path))
    assert process.returncode == 0, process.stdout + process.stderr
    report = json.loads((out / "gpu.json").read_text())
    assert len(report["checks"]) == 18
    assert all(check["holds"] for check in report["checks"])
    timed = " ".join(timing["what"] for timing in report["timings"])
    for strategy in ("random", "cal-dal", "bald-mi", "dal"):
        assert f"iteration of {strategy}, AG News" in timed
    assert "the whole paper: 2 corpora, 30 trials" in timed


class TestHostile:
    def test_a_lost_row_that_nobody_tells_of_is_a_fault(self, modules: Any) -> None:
        hostile = modules("hostile")
        case = hostile.Case("a.csv", b"", rows=10)
        base = hostile.Outcome(0, 1.0, 1e8, False, "", "")
        expected = {(7, 3): (), (7, 2): ("SILENT LOSS",), (11, 0): ("ROWS MADE UP",)}
        for (read, told), faults in expected.items():
            out = json.dumps({"read": read, "told": told, "notes": []})
            assert hostile.judge(case, replace(base, out=out), base).faults == faults

    def test_time_memory_and_messages_have_bounds(self, modules: Any) -> None:
        hostile = modules("hostile")
        case = hostile.Case("a.csv", b"")
        base = hostile.Outcome(0, 1.0, 1e8, False, "", "")

        def faults(message: str, **changes: Any) -> tuple[str, ...]:
            outcome = replace(base, out=json.dumps({"refused": message}), **changes)
            return tuple(hostile.judge(case, outcome, base).faults)

        assert faults("no") == ()
        assert faults("no\nno") == faults("n" * 3_000) == faults("\x1b[2J") == ("NOT ONE LINE",)
        assert faults("no", seconds=6.5, memory=7e8) == ("OVER 5 s", "OVER 500 MB")
        assert faults("no", memory=1.2e9) == ("OVER 1 GB",)
        assert faults("no", code=-9, killed=True) == ("OVER 60 s",)
        assert faults("no", code=1) == ("TRACEBACK",)


class TestMeasure:
    def test_target_verdicts_and_collapse(self, modules: Any) -> None:
        Target = modules("measure").Target
        speed_up, seconds = Target(10, 6, "x", at_least=True), Target(1, 3, "s")
        assert [speed_up.verdict(value) for value in (10, 9.9, 5.9)] == [
            "goal met",
            "bar met",
            "bar missed",
        ]
        assert [seconds.verdict(value) for value in (1, 1.1, 3.1)] == [
            "goal met",
            "bar met",
            "bar missed",
        ]
        assert [speed_up.collapsed(value) for value in (2.1, 1.9)] == [False, True]
        assert [seconds.collapsed(value) for value in (8.9, 9.1, float("nan"))] == [
            False,
            True,
            True,
        ]
        assert seconds.scaled(0.5) == Target(0.5, 1.5, "s")

    def test_ratio_is_the_median_over_pairs(self, modules: Any) -> None:
        times = modules("measure").PairedTimes((1.0, 2.0, 4.0), (3.0, 4.0, 40.0))
        assert times.ratio == 3.0

    def test_runs_alternate_after_a_warm_up(self, modules: Any) -> None:
        calls: list[str] = []
        times = modules("measure").alternate_runs(
            lambda: calls.append("a"), lambda: calls.append("b"), 2
        )
        assert "".join(calls) == "aabab"
        assert len(times.candidate) == len(times.baseline) == 2

    def test_fit_exponent_of_a_power_law(self, modules: Any) -> None:
        sizes = np.array([10, 100, 1000])
        assert modules("measure").fit_exponent(sizes, 7 * sizes**1.5) == pytest.approx(1.5)

    def test_fresh_process_does_not_count_memory_of_its_parent(self, tmp_path: Path) -> None:
        (tmp_path / "memory.py").write_text(
            "import sys\n"
            f"sys.path.insert(0, {str(ROOT / 'benchmarks')!r})\n"
            "import numpy as np\n"
            "from measure import in_fresh_process, peak_memory\n"
            "def allocate():\n"
            "    return len(b'x' * 400_000_000)\n"
            "if __name__ == '__main__':\n"
            "    array = np.ones(1_500_000_000 // 8)\n"
            "    print(*in_fresh_process(allocate), peak_memory())\n"
        )
        process = run(tmp_path / "memory.py")
        assert process.returncode == 0, process.stderr
        result, child_peak, parent_peak = map(float, process.stdout.split())
        assert result == 400_000_000
        assert 0.4 < child_peak < 1.2
        assert parent_peak > 1.5


class TestWorkload:
    def test_token_vectors_sum_to_features(self, modules: Any) -> None:
        workload, problems = modules("workload"), modules("problems")
        shape = replace(workload.shrink(problems.AG_NEWS, 600, 24), vocabulary=300)
        with workload.temporary_cache() as folder:
            work = workload.load_workload(shape, None, folder)
            train, test, vectors = work.tokens()
            assert "synthetic" in work.origin
            assert train.numbers.shape == (600, 24)
            assert test.numbers.shape == (500, 24)
            assert not vectors[0].any()
            sums = vectors.astype(np.float64)[train.numbers].sum(axis=1)
            np.testing.assert_allclose(sums, work.problem.features, atol=1e-4)
        assert not folder.exists()

    def test_rows_are_drawn_with_replacement_if_too_few(self, modules: Any) -> None:
        problems = modules("problems")
        rows = problems.sample_rows(5, 40, np.random.default_rng(0))
        assert set(rows.tolist()) <= set(range(5))
        assert len(rows) == 40
        assert problems.describe_sample(5, 40) == "40 texts drawn with replacement from 5"
        assert problems.sample_rows(40, 40, np.random.default_rng(0)).tolist() == list(range(40))

    def test_load_problem_has_the_sizes_of_the_shape(self, modules: Any, tmp_path: Path) -> None:
        problems = modules("problems")
        shape = replace(problems.TREC, rows=30, test_rows=4)
        problem = problems.synthetic_problem(shape)
        np.savez(
            tmp_path / "trec.npz",
            features=problem.features[:20].astype(np.float16),
            labels=problem.corpus.labels[:20],
            test_features=problem.test_features.astype(np.float16),
            test_labels=problem.test.labels,
        )
        loaded = problems.load_problem(tmp_path / "trec.npz", shape)
        assert loaded.origin == "trec.npz, 30 texts drawn with replacement from 20"
        assert loaded.features.shape == (30, 300)
        np.testing.assert_allclose(loaded.test_features, problem.test_features, atol=2e-3)
        np.testing.assert_array_equal(loaded.test.labels, problem.test.labels)


def test_extrapolation_is_linear(modules: Any) -> None:
    extrapolate = modules("gpu").extrapolate
    # A first training of 9 s, then iterations of 1, 2 and 3 s; the next two take 4 and 5 s.
    assert extrapolate([0, 9, 10, 12, 15], 6) == pytest.approx(24)
    assert extrapolate([0, 9, 10], 4) == pytest.approx(12)
    assert extrapolate([0, 9], 2) == pytest.approx(18)


def test_large_or_nan_difference_fails_a_check(modules: Any) -> None:
    checks = modules("agreement").Checks()
    checks.add("small", 9e-5)
    assert checks.passed
    checks.add("NaN", float("nan"))
    assert not checks.passed
    checks = modules("agreement").Checks()
    checks.add("large", 2e-4)
    assert not checks.passed
