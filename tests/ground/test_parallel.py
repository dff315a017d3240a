"""Parallel work: results in order, one torch thread per job, and no job that waits for itself."""

import subprocess
import sys
import threading
import time

import pytest
import torch

from cartography import parallel
from cartography.parallel import run_jobs, run_rounds

CPU = torch.device("cpu")

WITHOUT_FORK = """
import os

import torch  # first, as it decides by sys.platform whether to register

for name in ("fork", "register_at_fork"):
    if hasattr(os, name):
        delattr(os, name)

import cartography.models.training
from cartography.parallel import run_jobs

print(run_jobs([lambda: 1, lambda: 2], torch.device("cpu")))
"""


@pytest.fixture
def two_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cartography.parallel._CORES", 2)


@pytest.mark.usefixtures("two_threads")
def test_jobs_run_in_parallel_and_return_in_order() -> None:
    barrier = threading.Barrier(2, timeout=20)

    def job(number: int) -> tuple[int, int]:
        barrier.wait()
        return number, torch.get_num_threads()

    results = run_jobs([lambda number=number: job(number) for number in range(4)], CPU)
    assert results == [(0, 1), (1, 1), (2, 1), (3, 1)]


def test_a_job_keeps_one_thread_when_another_thread_sets_more() -> None:
    threads = torch.get_num_threads()
    counts = []

    def work() -> None:
        parallel._start_worker()
        other = threading.Thread(target=lambda: torch.set_num_threads(threads + 1))
        other.start()
        other.join()
        counts.append(torch.get_num_threads())

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    assert counts == [1]


@pytest.mark.usefixtures("two_threads")
def test_jobs_inside_a_job_run_one_after_another() -> None:
    def job() -> tuple[int, list[int]]:
        return parallel.worker_count(CPU), run_jobs([torch.get_num_threads] * 3, CPU)

    assert run_jobs([job] * 5, CPU) == [(1, [1, 1, 1])] * 5
    assert run_jobs([torch.get_num_threads], CPU) == [1]
    assert run_jobs([], CPU) == []


@pytest.mark.usefixtures("two_threads")
def test_an_exception_in_a_job_reaches_the_caller() -> None:
    def job() -> None:
        raise ValueError("fix this")

    with pytest.raises(ValueError, match="fix this"):
        run_jobs([job, job], CPU)
    assert run_jobs([lambda: 1, lambda: 2], CPU) == [1, 2]


def test_jobs_on_another_device_use_no_threads() -> None:
    assert parallel.worker_count(torch.device("meta")) == 1
    assert run_jobs([lambda: 1, lambda: 2], torch.device("meta")) == [1, 2]


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_rounds_return_in_order_without_waiting(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cartography.parallel._CORES", threads)
    calls = [0, 0, 0]

    def work(number: int) -> tuple[int, int]:
        calls[number] += 1
        return number, calls[number]

    workers = [lambda number=number: work(number) for number in range(3)]
    rounds = list(run_rounds(workers, 4, CPU))
    assert rounds == [[(number, call) for number in range(3)] for call in (1, 2, 3, 4)]


@pytest.mark.usefixtures("two_threads")
def test_closing_the_rounds_stops_the_workers_and_exceptions_reach_the_caller() -> None:
    call = threading.Semaphore(0)

    def slow() -> None:
        time.sleep(0.01)
        call.release()

    def broken() -> None:
        raise ValueError("fix this")

    rounds = run_rounds([slow, slow], 500, CPU)
    next(rounds)
    rounds.close()
    calls = 0
    while call.acquire(timeout=0.5):
        calls += 1  # calls that had started finish, and no other starts
    assert 2 <= calls < 50
    with pytest.raises(ValueError, match="fix this"):
        list(run_rounds([broken, slow], 3, CPU))


def test_training_and_jobs_work_on_a_system_without_fork() -> None:
    process = subprocess.run(
        [sys.executable, "-c", WITHOUT_FORK], capture_output=True, text=True, timeout=120
    )
    assert (process.returncode, process.stdout) == (0, "[1, 2]\n"), process.stderr
