"""A job from a pipe to a pipe: no state, no side files."""

from __future__ import annotations

import io
import time
from typing import BinaryIO

from cleaner import formats
from cleaner.engines import Engine
from cleaner.formats.compression import compress, detect, reader
from cleaner.formats.problems import InputError
from cleaner.jobs.block import Job, Task, count_whole
from cleaner.jobs.run import JobError, Summary
from cleaner.result import Verdict


def run_stream(name: str, format_name: str, source: BinaryIO, target: BinaryIO, job: Job, engine: Engine) -> Summary:
    """Clean `source` into `target`, block after block and with the same compression; raises JobError and OSError."""
    format_ = formats.named(format_name)
    buffered = source if isinstance(source, io.BufferedReader) else io.BufferedReader(source)  # type: ignore[type-var]
    compression = detect(buffered.peek(8)[:8])
    summary, started = Summary(shards=1), time.perf_counter()
    tasks = (
        Task(name, format_name, compression, block)
        for block in format_.blocks(reader(buffered, compression, job.options.limits.expansion), job.options)
    )
    results = engine.run(tasks, job)
    written = False
    weights: list[tuple[int, float, Verdict]] = []
    try:
        for done in results:
            if done.failure:
                place = name if format_.whole else f"{name}: record {done.failure[0]}"
                raise JobError(f"{place}: {done.failure[1]}")
            summary.counts.update(done.counts)
            weights += done.weights
            data = done.streams.get("documents", b"")
            written = bool(target.write(data)) or written
    except InputError as error:
        raise JobError(f"{name}: {error}") from None
    finally:
        results.close()
    count_whole(weights, summary.counts)
    if not written:
        target.write(compress(b"", compression))
    target.flush()
    summary.seconds = time.perf_counter() - started
    return summary
