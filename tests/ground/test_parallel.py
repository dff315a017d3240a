"""Work over the cores: in order, each job with one thread of torch, never waiting for itself."""

import threading
import time

import pytest
import torch

from cartography import parallel as cores
from cartography.parallel import run_jobs, run_rounds

CPU = torch.device("cpu")


@pytest.fixture
def two_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cartography.parallel._CORES", 2)


@pytest.mark.usefixtures("two_threads")
def test_jobs_run_side_by_side_and_answer_in_order() -> None:
    meet = threading.Barrier(2, timeout=20)

    def job(number: int) -> tuple[int, int]:
        meet.wait()
        return number, torch.get_num_threads()

    found = run_jobs([lambda number=number: job(number) for number in range(4)], CPU)
    assert found == [(0, 1), (1, 1), (2, 1), (3, 1)]


def test_a_job_keeps_its_one_thread_when_others_choose_more() -> None:
    threads = torch.get_num_threads()
    found = []

    def worker() -> None:
        cores._enter()
        other = threading.Thread(target=lambda: torch.set_num_threads(threads + 1))
        other.start()
        other.join()
        found.append(torch.get_num_threads())

    started = threading.Thread(target=worker)
    started.start()
    started.join()
    assert found == [1]


@pytest.mark.usefixtures("two_threads")
def test_a_job_that_spreads_its_own_work_does_it_alone() -> None:
    def job() -> tuple[int, list[int]]:
        return cores.worker_count(CPU), run_jobs([torch.get_num_threads] * 3, CPU)

    assert run_jobs([job] * 5, CPU) == [(1, [1, 1, 1])] * 5
    assert run_jobs([torch.get_num_threads], CPU) == [1]
    assert run_jobs([], CPU) == []


@pytest.mark.usefixtures("two_threads")
def test_a_mistake_in_a_job_is_the_callers() -> None:
    def job() -> None:
        raise ValueError("mend this")

    with pytest.raises(ValueError, match="mend this"):
        run_jobs([job, job], CPU)
    assert run_jobs([lambda: 1, lambda: 2], CPU) == [1, 2]


def test_other_devices_are_left_to_themselves() -> None:
    assert cores.worker_count(torch.device("meta")) == 1
    assert run_jobs([lambda: 1, lambda: 2], torch.device("meta")) == [1, 2]


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_rounds_answer_in_order_though_no_worker_waits(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cartography.parallel._CORES", threads)
    counts = [0, 0, 0]

    def worker(number: int) -> tuple[int, int]:
        counts[number] += 1
        return number, counts[number]

    workers = [lambda number=number: worker(number) for number in range(3)]
    found = list(run_rounds(workers, 4, CPU))
    assert found == [[(number, call) for number in range(3)] for call in (1, 2, 3, 4)]


@pytest.mark.usefixtures("two_threads")
def test_rounds_end_when_nobody_wants_more_and_pass_on_mistakes() -> None:
    called = threading.Semaphore(0)

    def patient() -> None:
        time.sleep(0.01)
        called.release()

    def wrong() -> None:
        raise ValueError("mend this")

    taken = run_rounds([patient, patient], 500, CPU)
    next(taken)
    taken.close()
    calls = 0
    while called.acquire(timeout=0.5):
        calls += 1  # those under way come to their end, and no other begins
    assert 2 <= calls < 50
    with pytest.raises(ValueError, match="mend this"):
        list(run_rounds([wrong, patient], 3, CPU))
