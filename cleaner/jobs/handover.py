"""How blocks and their output reach other processes of this machine: by name, so that no pipe has to carry them."""

from __future__ import annotations

import os
import zlib
from collections import Counter
from dataclasses import replace
from pathlib import Path

from cleaner.formats.problems import CHANGED, InputError, unreadable
from cleaner.jobs.block import Cleans, Done, Job, Spill, Task, work


class SpillError(OSError):
    """The output of a block cannot be written."""


def light(task: Task) -> tuple[Task, int]:
    """The task without its data if that can be read again, and how long the data is."""
    length = len(task.block.data)
    if task.path is None or task.block.start is None:
        return task, length
    return replace(task, block=replace(task.block, data=b"")), length


def work_light(cleaner: Cleans, job: Job, task: Task, length: int) -> Done:
    """`work` on a light task; its output is left in `job.scratch` if there is one.  Raises SpillError."""
    try:
        whole = _loaded(task, length)
    except InputError as error:
        return Done({}, Counter(), lost=str(error))
    done = work(cleaner, job, whole)
    if job.scratch is None:
        return done
    return replace(done, streams={}, spills={name: _spill(data, job.scratch) for name, data in done.streams.items()})


def _loaded(task: Task, length: int) -> Task:
    """Raises InputError."""
    if task.path is None or task.block.start is None:
        return task
    try:
        with task.path.open("rb") as file:
            file.seek(task.block.start)
            data = file.read(length)
    except OSError as error:
        raise InputError(unreadable(error)) from None
    if len(data) != length:
        raise InputError(CHANGED)
    return replace(task, block=replace(task.block, data=data))


def _spill(data: bytes, folder: Path) -> Spill:
    path = folder / os.urandom(8).hex()
    try:
        path.write_bytes(data)
    except OSError as error:
        raise SpillError(error.errno, error.strerror) from None
    return Spill(path, len(data), zlib.crc32(data))
