"""Work spread over the cores of the machine: threads of Python, each with one thread of torch.

Torch's own threads wait for one another after every product, and the products of a training step
are so small that this takes longer than the product, on a busy machine many times longer. The
jobs here are large, an epoch of some models or a block of rows, and wait for nobody. A job is
computed by one thread whatever the number of cores, so its result does not depend on it.
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

_here = threading.local()


def worker_count(device: torch.device) -> int:
    """How many jobs `run_jobs` runs at once: on the CPU one a core, which OMP_NUM_THREADS limits; 1
    on another device, and inside a job.
    """
    if device.type != "cpu" or getattr(_here, "in_a_job", False):
        return 1
    return _CORES


def run_jobs(jobs: Sequence[Callable[[], T]], device: torch.device) -> list[T]:
    """The results of all `jobs`, in their order."""
    if device.type != "cpu":
        return [job() for job in jobs]
    if len(jobs) == 1 or worker_count(device) == 1:
        with _one_thread():
            return [job() for job in jobs]
    return list(_pool(worker_count(device)).map(lambda job: job(), jobs))


def run_rounds(
    workers: Sequence[Callable[[], T]], count: int, device: torch.device
) -> Generator[list[T], None, None]:
    """Call each of the `workers` `count` times; yields what all answered the first time, and so on.

    On the CPU a worker does not wait for the others between its calls, so that no core is idle
    where they cannot be shared out evenly.
    """
    if len(workers) == 1 or worker_count(device) == 1:
        for _ in range(count):
            yield run_jobs(workers, device)
        return
    pool, stopped = _pool(worker_count(device)), threading.Event()
    answers: list[list[Future[T]]] = [[Future() for _ in range(count)] for _ in workers]

    # Handed on, not referred to: a function that holds itself, and with it the workers, is freed
    # by no more than the garbage collector.
    def call(again: Callable[..., None], worker: int, number: int) -> None:
        if stopped.is_set():
            return
        try:
            answers[worker][number].set_result(workers[worker]())
        except BaseException as error:
            answers[worker][number].set_exception(error)
            return
        if number + 1 < count:
            pool.submit(again, again, worker, number + 1)

    for worker in range(len(workers)):
        pool.submit(call, call, worker, 0)
    try:
        for number in range(count):
            yield [each[number].result() for each in answers]
            for each in answers:
                each[number] = Future()  # what was taken need not be kept
    finally:
        stopped.set()


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="cartography", initializer=_enter)


# Threads do not survive a fork; the child makes its own.
os.register_at_fork(after_in_child=_pool.cache_clear)


def _enter() -> None:
    _here.in_a_job = True
    torch.get_num_threads()  # a thread's first question sets it to what others last chose
    torch.set_num_threads(1)


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
