"""A Ray cluster: the blocks of a job are tasks, which Ray does again if a worker is lost.  Needs the extra `ray`."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Generator, Iterator
from importlib import import_module
from typing import Any

from cleaner.engines import EngineError
from cleaner.formats.problems import needs
from cleaner.jobs.block import Cleans, Done, Job, Task, work

# How often a block is tried again on another worker before the job stops.
_RETRIES = 5


class RayEngine:
    """The cluster at `address`, or with None one that is started on this machine for the job.

    `workers` bounds the blocks on their way; by default there are as many as the cluster has processors.
    """

    def __init__(self, address: str | None = None, workers: int | None = None) -> None:
        self._address = address
        self._workers = workers

    def run(self, tasks: Iterator[Task], job: Job) -> Generator[Done, None, None]:
        with needs("ray", "Ray clusters"):
            ray: Any = import_module("ray")
        own = not ray.is_initialized()
        if own:
            _reach(self._address)
        if own:
            options = {"num_cpus": self._workers} if self._address is None and self._workers else {}
            try:
                ray.init(address=self._address, log_to_driver=False, logging_level="ERROR", **options)
            except (ConnectionError, ValueError) as error:
                raise EngineError(f"no Ray cluster at {self._address} ({error})") from None
        try:
            workers = self._workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
            remote = ray.remote(num_cpus=1, max_retries=_RETRIES)(_work)
            shared = ray.put(job)
            running: deque[Any] = deque()
            for task in tasks:
                running.append(remote.remote(shared, task))
                if len(running) > workers + 1:
                    yield ray.get(running.popleft())
            while running:
                yield ray.get(running.popleft())
        except ray.exceptions.WorkerCrashedError:
            raise EngineError(f"a block has killed its worker {_RETRIES + 1} times; see the log of Ray") from None
        except ray.exceptions.RayTaskError as error:
            raise EngineError(f"a worker has failed ({error.cause})") from None
        finally:
            if own:
                ray.shutdown()


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


def _work(job: Job, task: Task) -> Done:
    """Each worker process makes its cleaner once for a job."""
    import pickle

    key = pickle.dumps((job.settings, job.factory))
    if key not in _cleaners:
        _cleaners.clear()
        _cleaners[key] = job.factory(job.settings)
    return work(_cleaners[key], job, task)
