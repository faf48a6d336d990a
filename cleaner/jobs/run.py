"""A job from beginning to end: read, clean, write, in order and with bounded memory."""

from __future__ import annotations

import json
import os
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from cleaner import formats
from cleaner.atomic import write_atomically
from cleaner.documents import judge
from cleaner.engines import Engine
from cleaner.formats.compression import compress, reader
from cleaner.formats.problems import CHANGED, InputError, unreadable
from cleaner.jobs.block import Done, Job, Task, count_whole
from cleaner.jobs.handover import SpillError
from cleaner.jobs.ledger import Ledger
from cleaner.jobs.plan import Plan, Shard

_SKIP_RECORD = "; --on-error skip puts such records aside"
_SKIP_FILE = "; --on-error skip leaves such files out"


class JobError(Exception):
    """The job has stopped; the message names file and record.  What is done is kept for --resume."""


@contextmanager
def _writing(place: Path) -> Iterator[None]:
    """Turn an OSError into a JobError that names the output."""
    try:
        yield
    except OSError as error:
        raise _unwritable(place, error) from None


def _unwritable(place: Path, error: OSError) -> JobError:
    reason = os.strerror(error.errno).lower() if error.errno else str(error)
    return JobError(f"{place}: cannot be written ({reason}); mend it, then --resume does the rest")


@dataclass
class Summary:
    """What a job has done; `seconds` and what follows from it are the only figures that differ between two runs."""

    counts: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[str, str]] = field(default_factory=list)
    shards: int = 0
    seconds: float = 0.0

    @property
    def spun_share(self) -> float:
        """The share (0..1) of documents judged "spun"."""
        return self.counts["spun"] / max(1, self.counts["documents"])

    def as_json(self) -> dict[str, Any]:
        """The content of --stats."""
        names = ("documents", "clean", "suspect", "spun", "changed", "edits", "dropped", "quarantined", "skipped")
        counts = {name: self.counts[name] for name in (*names, "bytes", "characters")}
        speed = {
            "seconds": round(self.seconds, 3),
            "documents_per_second": round(self.counts["documents"] / max(self.seconds, 1e-9), 1),
            "megabytes_per_second": round(self.counts["bytes"] / 1e6 / max(self.seconds, 1e-9), 3),
        }
        failed = [{"path": name, "error": reason} for name, reason in self.failed]
        return {"files": self.shards, **counts, "spun_share": round(self.spun_share, 6), **speed, "failed": failed}


class Watcher(Protocol):
    """Is told how a job goes."""

    def advance(self, summary: Summary, position: int) -> None:
        """`position` is how many bytes of all input, as stored, are done."""


@dataclass(frozen=True, slots=True)
class _End:
    """Behind the last block of a shard: the error that ended it, if one did."""

    shard: int
    error: str | None


def run(plan: Plan, job: Job, engine: Engine, watcher: Watcher | None = None, *, resume: bool = False) -> Summary:
    """Do all of `plan`, or with `resume` what is left of it; raises JobError, LedgerError and EngineError.

    The outputs of a file appear when all of it is done, and not before.
    """
    started = time.perf_counter()
    with _writing(plan.state):
        ledger = Ledger(plan.state, plan.fingerprint(job), resume=resume)
    try:
        summary = _Run(plan, job, ledger, watcher).through(engine)
    except BaseException:
        ledger.close()
        raise
    summary.seconds = time.perf_counter() - started
    with _writing(plan.manifest):
        _write_manifest(plan, job, ledger)
        ledger.remove()
    return summary


class _Run:
    def __init__(self, plan: Plan, job: Job, ledger: Ledger, watcher: Watcher | None) -> None:
        self._plan, self._job, self._ledger, self._watcher = plan, job, ledger, watcher
        # Blocks on the way through the engine, with the position behind each, and the ends of shards among them.
        self._events: deque[tuple[int, int] | _End] = deque()
        self._summary = Summary()
        # Why blocks of a shard could not be read by the worker that they were given to.
        self._lost: dict[int, str] = {}
        self._before = [0]
        for shard in plan.shards:
            self._before.append(self._before[-1] + shard.size)

    def through(self, engine: Engine) -> Summary:
        for line in self._ledger.finished.values():
            self._count(line)
        self._summary.counts.update(self._ledger.current[1].counts)
        results = engine.run(self._tasks(), replace(self._job, scratch=self._ledger.scratch))
        try:
            for done in results:
                self._end_shards()
                event = self._events.popleft()
                assert not isinstance(event, _End)
                self._block(*event, done)
            self._end_shards()
        except SpillError as error:
            raise _unwritable(self._plan.shards[self._ledger.current[0]].outputs["documents"], error) from None
        finally:
            results.close()
        return self._summary

    def _count(self, line: dict[str, Any]) -> None:
        self._summary.shards += 1
        self._summary.counts.update(line["counts"])
        if line["error"]:
            self._summary.failed.append((self._plan.shards[line["shard"]].name, line["error"]))

    def _tasks(self) -> Iterator[Task]:
        """All blocks that are left, with a note of each in `_events`."""
        for index, shard in enumerate(self._plan.shards):
            if index in self._ledger.finished:
                continue
            current, progress = self._ledger.current
            done = progress.blocks if current == index else 0
            error = None
            try:
                with shard.path.open("rb") as file:
                    _unchanged(shard, os.fstat(file.fileno()))
                    for block in formats.named(shard.format).blocks(self._stream(shard, file), self._job.options):
                        if block.index >= done:
                            self._events.append((index, self._before[index] + file.tell()))
                            path = None if shard.compression else shard.path
                            yield Task(shard.name, shard.format, shard.compression, block, path)
                    _unchanged(shard, os.fstat(file.fileno()))
            except InputError as problem:
                error = str(problem)
            except OSError as problem:
                error = unreadable(problem)
            self._events.append(_End(index, error))

    def _stream(self, shard: Shard, file: BinaryIO) -> BinaryIO:
        return reader(file, shard.compression, self._job.options.limits.expansion)

    def _block(self, index: int, position: int, done: Done) -> None:
        shard = self._plan.shards[index]
        if done.lost is not None and not self._job.skip:
            raise JobError(f"{shard.path}: {done.lost}{_SKIP_FILE}")
        if done.lost is not None or index in self._lost:
            # Nothing goes behind a gap: the journal has blocks without a break.
            self._lost.setdefault(index, done.lost or "")
            return
        if done.failure is not None:
            number, reason = done.failure
            if formats.named(shard.format).whole:
                raise JobError(f"{shard.path}: {reason}{_SKIP_FILE}")
            raise JobError(f"{shard.path}: record {number}: {reason}{_SKIP_RECORD}")
        with _writing(shard.outputs["documents"]):
            self._ledger.append(index, done)
        self._summary.counts.update(done.counts)
        if self._watcher:
            self._watcher.advance(self._summary, position)

    def _end_shards(self) -> None:
        while self._events and isinstance(event := self._events[0], _End):
            self._events.popleft()
            with _writing(self._plan.shards[event.shard].outputs["documents"]):
                self._end(event)

    def _end(self, end: _End) -> None:
        shard, ledger = self._plan.shards[end.shard], self._ledger
        end = replace(end, error=end.error or self._lost.get(end.shard) or _change(shard))
        if end.error and not self._job.skip:
            raise JobError(f"{shard.path}: {end.error}{_SKIP_FILE}")
        index, progress = ledger.current
        if index != end.shard or not progress.sizes.get("documents"):
            # An empty file stays a file, and one that is compressed a member.
            ledger.append(end.shard, Done({"documents": compress(b"", shard.output_compression)}, Counter()))
            progress = ledger.current[1]
        ledger.close_streams()
        counts = Counter(progress.counts)
        if not end.error and not counts["skipped"]:
            count_whole(progress.weights, counts)
        outputs = {}
        for stream, path in self._published(shard, end, counts).items():
            partial = ledger.partial(stream)
            if partial is None:
                continue
            if stream in ("documents", "quarantine") and self._job.layout == "documents":
                formats.named(shard.format).finish(partial, shard.path, self._job.options)
            outputs[stream] = (partial, path)
        entry = {"input": shard.name, "error": end.error, "counts": dict(counts)}
        ledger.publish(end.shard, outputs, entry)
        self._summary.shards += 1
        self._summary.counts.update(counts - progress.counts)
        if end.error:
            self._summary.failed.append((shard.name, end.error))

    def _published(self, shard: Shard, end: _End, counts: Counter[str]) -> dict[str, Path]:
        """Which outputs are to appear, and where; a file that could be read in part only does not appear."""
        outputs = dict(shard.outputs)
        whole = formats.named(shard.format).whole
        if end.error or (whole and counts["skipped"]):
            return {"skipped": outputs["skipped"]}
        if not counts["quarantined"]:
            outputs.pop("quarantine")
        if whole and self._job.policy.name in ("drop", "quarantine"):
            _, probability = judge(self._ledger.current[1].weights)
            if probability >= self._job.policy.threshold:
                counts["dropped" if self._job.policy.name == "drop" else "quarantined"] += 1
                outputs = {} if self._job.policy.name == "drop" else {"documents": shard.outputs["quarantine"]}
        return outputs


def _unchanged(shard: Shard, stat: os.stat_result) -> None:
    if (stat.st_size, stat.st_mtime_ns) != (shard.size, shard.modified):
        raise InputError(CHANGED)


def _change(shard: Shard) -> str | None:
    """What is wrong with a file that has been read to its end: workers may have read it later than this process."""
    try:
        _unchanged(shard, shard.path.stat())
    except InputError as problem:
        return str(problem)
    except OSError as problem:
        return unreadable(problem)
    return None


def is_manifest_of(plan: Plan, job: Job) -> bool:
    """Whether the manifest that is there is of this very job."""
    try:
        content = json.loads(plan.manifest.read_bytes())
        return all(content[name] == value for name, value in plan.fingerprint(job).items())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _write_manifest(plan: Plan, job: Job, ledger: Ledger) -> None:
    """List all outputs; nothing in it depends on when, where and in how many pieces the job ran."""
    root = plan.manifest.parent
    shards = []
    for index in range(len(plan.shards)):
        line = ledger.finished[index]
        outputs = {
            stream: {**output, "path": os.path.relpath(output["path"], root)}
            for stream, output in line["outputs"].items()
        }
        counts = {name: line["counts"][name] for name in sorted(line["counts"]) if line["counts"][name]}
        shards.append({"input": line["input"], "error": line["error"], "outputs": outputs, "counts": counts})
    content = {**plan.fingerprint(job), "shards": shards}
    # By way of the state folder, so that a run killed in the middle leaves nothing among the outputs.
    made = plan.state / plan.manifest.name
    write_atomically(made, json.dumps(content, indent=1).encode() + b"\n")
    made.replace(plan.manifest)
