"""Parallel work on several cores: Python threads, each with one torch thread.

Torch's own threads synchronise after every matrix product. The products of a training step are so
small that synchronising takes longer than computing, and many times longer on a busy machine. The
jobs here are large (an epoch of some models, or a block of rows) and do not wait for one another.
One thread computes a job whatever the number of cores, so the result does not depend on it.
"""

import os
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

import torch

T = TypeVar("T")

# As many as torch itself would use, which OMP_NUM_THREADS limits.
_CORES = torch.get_num_threads()

_thread_state = threading.local()


def worker_count(device: torch.device) -> int:
    """Return how many jobs `run_jobs` runs at once.

    Parameters
    ----------
    device : torch.device

    Returns
    -------
    int
        On the CPU one per core, limited by OMP_NUM_THREADS. On another device, and inside a job, 1.
    """
    if device.type != "cpu" or getattr(_thread_state, "in_job", False):
        return 1
    return _CORES


def run_jobs(jobs: Sequence[Callable[[], T]], device: torch.device) -> list[T]:
    """Run `jobs`, on the CPU in parallel.

    Parameters
    ----------
    jobs : sequence of callables without arguments
    device : torch.device
        The device that the jobs compute on.

    Returns
    -------
    list
        The results, in the order of `jobs`. An exception in a job is raised here.
    """
    if device.type != "cpu":
        return [job() for job in jobs]
    if len(jobs) == 1 or worker_count(device) == 1:
        with _single_torch_thread():
            return [job() for job in jobs]
    return list(_thread_pool(worker_count(device)).map(lambda job: job(), jobs))


def run_rounds(
    workers: Sequence[Callable[[], T]], count: int, device: torch.device
) -> Generator[list[T], None, None]:
    """Call every worker `count` times and yield the results round by round.

    On the CPU a worker starts its next call without waiting for the others. This keeps all cores
    busy where the workers do not divide evenly among them.

    Parameters
    ----------
    workers : sequence of callables without arguments
    count : int
        Number of calls per worker.
    device : torch.device
        The device that the workers compute on.

    Yields
    ------
    list
        The results of one round, in the order of `workers`. An exception in a worker is raised
        here. Closing the generator stops further calls.
    """
    if len(workers) == 1 or worker_count(device) == 1:
        for _ in range(count):
            yield run_jobs(workers, device)
        return
    pool, stopped = _thread_pool(worker_count(device)), threading.Event()
    futures: list[list[Future[T]]] = [[Future() for _ in range(count)] for _ in workers]

    # Takes itself as an argument: a closure that refers to itself is a reference cycle and would
    # keep the workers in memory until the garbage collector runs.
    def run_call(run_next: Callable[..., None], worker: int, number: int) -> None:
        if stopped.is_set():
            return
        try:
            futures[worker][number].set_result(workers[worker]())
        except BaseException as error:
            futures[worker][number].set_exception(error)
            return
        if number + 1 < count:
            pool.submit(run_next, run_next, worker, number + 1)

    for worker in range(len(workers)):
        pool.submit(run_call, run_call, worker, 0)
    try:
        for number in range(count):
            yield [worker_futures[number].result() for worker_futures in futures]
            for worker_futures in futures:
                worker_futures[number] = Future()  # frees the results of this round
    finally:
        stopped.set()


@cache
def _thread_pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="cartography", initializer=_start_worker)


# Threads do not survive a fork, so a child process makes its own pool. Windows has no fork.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_thread_pool.cache_clear)


def _start_worker() -> None:
    _thread_state.in_job = True
    # The first call in a thread adopts the process-wide setting, so it must precede our own.
    torch.get_num_threads()
    torch.set_num_threads(1)


@contextmanager
def _single_torch_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
