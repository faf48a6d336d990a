"""Ray Data on a cluster: blocks of a job are rows of a dataset, cleaned by `map_batches`.  Needs the extra `ray`.

A job is an unbounded stream of blocks and a dataset has an end, so the blocks go through in waves, each a dataset of
its own.  The order is kept, and a block whose worker is lost is cleaned again by another.
"""

from __future__ import annotations

import logging
import pickle
import socket
import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from cleaner.engines import EngineError
from cleaner.formats.problems import needs
from cleaner.jobs.block import Cleans, Done, Job, Task, work

# How often a block is tried again on another worker before the job stops.
_RETRIES = 5
# What a wave holds: enough to make up for the half second that a dataset takes to begin and to end.
_WAVE_BYTES = 128 << 20


class RayEngine:
    """The cluster at `address`, or with None one that is started on this machine for the job.

    `workers` bounds the blocks that are cleaned at the same time; by default the cluster's processors do.
    """

    def __init__(self, address: str | None = None, workers: int | None = None) -> None:
        self._address = address
        self._workers = workers

    def run(self, tasks: Iterator[Task], job: Job) -> Generator[Done, None, None]:
        with needs("ray", "Ray clusters"):
            ray: Any = import_module("ray")
            data: Any = import_module("ray.data")
            arrow: Any = import_module("pyarrow")
        with self._cluster(ray), _in_order(data):
            for wave in _waves(tasks):
                tables = [
                    arrow.table({"task": arrow.array([pickle.dumps(task)], arrow.large_binary())}) for task in wave
                ]
                cleaned = data.from_arrow(tables).map_batches(
                    _clean,
                    batch_size=None,
                    batch_format="pyarrow",
                    fn_kwargs={"job": pickle.dumps(job)},
                    concurrency=self._workers,
                    num_cpus=1,
                    ray_remote_args_fn=_tries,
                )
                try:
                    for table in cleaned.iter_batches(batch_size=None, batch_format="pyarrow"):
                        yield from map(pickle.loads, table.column("done").to_pylist())
                except ray.exceptions.RayError as error:
                    raise EngineError(_said(ray, error)) from None

    @contextmanager
    def _cluster(self, ray: Any) -> Iterator[None]:
        if ray.is_initialized():
            yield
            return
        _reach(self._address)
        options = {"num_cpus": self._workers} if self._address is None and self._workers else {}
        try:
            ray.init(address=self._address, log_to_driver=False, logging_level="ERROR", **options)
        except (ConnectionError, ValueError) as error:
            raise EngineError(f"no Ray cluster at {self._address} ({error})") from None
        try:
            yield
        finally:
            ray.shutdown()


@contextmanager
def _in_order(data: Any) -> Iterator[None]:
    """Datasets keep the order of their rows, and say nothing on standard error."""
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = data.DataContext.get_current()
    before = context.execution_options.preserve_order, context.enable_progress_bars
    context.execution_options.preserve_order, context.enable_progress_bars = True, False
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "`ray_remote_args_fn` is deprecated")
            warnings.filterwarnings("ignore", "The maximum number of concurrent tasks")
            yield
    finally:
        context.execution_options.preserve_order, context.enable_progress_bars = before


def _tries() -> dict[str, Any]:
    return {"max_retries": _RETRIES}


def _waves(tasks: Iterator[Task]) -> Iterator[list[Task]]:
    wave: list[Task] = []
    size = 0
    for task in tasks:
        wave.append(task)
        size += len(task.block.data)
        if size >= _WAVE_BYTES:
            yield wave
            wave, size = [], 0
    if wave:
        yield wave


def _said(ray: Any, error: Exception) -> str:
    if isinstance(error, ray.exceptions.WorkerCrashedError):
        return f"a block has killed its worker {_RETRIES + 1} times; see the log of Ray"
    return f"a worker has failed ({getattr(error, 'cause', None) or error})"


def _reach(address: str | None) -> None:
    """Ray itself would try for minutes; raises EngineError where nobody answers."""
    host, colon, port = (address or "").removeprefix("ray://").rpartition(":")
    if not colon:
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
    except (OSError, ValueError) as error:
        raise EngineError(f"no Ray cluster at {address} ({error})") from None


_cleaners: dict[bytes, Cleans] = {}


def _clean(batch: Any, job: bytes) -> Any:
    """A table of tasks as one of what came of them; each worker process makes its cleaner once for a job."""
    pa: Any = import_module("pyarrow")
    settled: Job = pickle.loads(job)
    if job not in _cleaners:
        _cleaners.clear()
        _cleaners[job] = settled.factory(settled.settings)
    done = [work(_cleaners[job], settled, pickle.loads(task)) for task in batch.column("task").to_pylist()]
    return pa.table({"done": pa.array(map(pickle.dumps, done), pa.large_binary())})
