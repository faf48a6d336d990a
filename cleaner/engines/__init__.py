"""Where the work of a job is done: in this process, on all cores, or on a cluster; the same output everywhere."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Protocol

from cleaner.jobs.block import Done, Job, Task


class Engine(Protocol):
    """Does tasks in any order and any place."""

    def run(self, tasks: Iterator[Task], job: Job) -> Generator[Done, None, None]:
        """What comes of each task, in the order of the tasks; takes no more tasks than it has workers for.

        Closing the generator stops the work.  Raises EngineError where a worker is lost for good.
        """


class EngineError(RuntimeError):
    """The engine cannot go on."""
