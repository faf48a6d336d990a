"""One process, or several on this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait

from cleaner.engines import EngineError
from cleaner.jobs.block import Cleans, Done, Job, Task, work
from cleaner.jobs.handover import light, work_light

# Blocks on their way hold at most so many bytes, unless one alone is longer.
_HELD_BYTES = 64 << 20
# How many blocks for each worker are on their way: results come in order, and one block can take a hundred times as
# long as those behind it.
_AHEAD = 16


class LocalEngine:
    """`workers` processes; one means this process itself."""

    def __init__(self, workers: int = 1) -> None:
        self._workers = workers

    def run(self, tasks: Iterator[Task], job: Job) -> Generator[Done, None, None]:
        if self._workers > 1:
            yield from self._parallel(tasks, job)
            return
        cleaner: Cleans | None = None
        for task in tasks:
            cleaner = cleaner or job.factory(job.settings)
            yield work(cleaner, job, task)

    def _parallel(self, tasks: Iterator[Task], job: Job) -> Generator[Done, None, None]:
        # Spawned, not forked: whoever calls may have threads, and libraries with threads of their own.
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(self._workers, context, _begin, (job,))
        running: deque[tuple[int, Future[Done]]] = deque()
        held = 0
        try:
            for task, size in map(light, tasks):
                while running and (len(running) >= _AHEAD * self._workers or held + size > _HELD_BYTES):
                    held -= running[0][0]
                    yield running.popleft()[1].result()
                with _deaf():
                    running.append((size, pool.submit(_work, task, size)))
                held += size
            while running:
                yield running.popleft()[1].result()
        except BrokenProcessPool:
            raise EngineError("a worker was killed (out of memory?); use fewer --workers, then --resume") from None
        finally:
            if running:
                # ProcessPoolExecutor has no public way to stop work that has begun before Python 3.14.
                for process in list((pool._processes or {}).values()):
                    process.terminate()
            pool.shutdown(cancel_futures=True)


@contextmanager
def _deaf() -> Iterator[None]:
    """Workers born meanwhile never hear an interruption, not even while they start; this process does afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_state: tuple[Cleans, Job] | None = None


def _begin(job: Job) -> None:
    """Make the cleaner of this worker; an interruption is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, daemon=True).start()
    global _state
    _state = job.factory(job.settings), job


def _follow_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _work(task: Task, size: int) -> Done:
    assert _state is not None
    return work_light(*_state, task, size)
