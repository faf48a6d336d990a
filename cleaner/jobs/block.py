"""The work of one worker: a block of a file in, the blocks of output that it leads to out."""

from __future__ import annotations

import base64
import json
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from cleaner import formats
from cleaner.documents import judge
from cleaner.edits import Edit
from cleaner.formats.base import Bad, Block, Format, Item, Options, Outcome, Record, Verbatim
from cleaner.formats.compression import compress
from cleaner.formats.passage import Passage
from cleaner.formats.problems import RecordError
from cleaner.policies import Fate, Policy
from cleaner.result import Finding, Result, Verdict
from cleaner.settings import Settings

Layout = Literal["documents", "dolma"]


class Cleans(Protocol):
    """What a job needs of a cleaner."""

    def clean_many(self, texts: Iterable[str]) -> Iterator[Result]:
        """The results, lazily and in order."""


def shipped(settings: Settings) -> Cleans:
    """The cleaner that comes with the package."""
    from cleaner.cleaner import Cleaner

    return Cleaner(settings)


@dataclass(frozen=True, slots=True)
class Job:
    """All that a worker has to know; it can be pickled.

    `layout` "dolma" writes span attributes in place of documents.  `factory` makes the cleaner in each worker.
    `scratch` is a folder in which workers on this machine may leave their output to be collected.
    """

    settings: Settings = field(default_factory=Settings)
    options: Options = field(default_factory=Options)
    policy: Policy = field(default_factory=Policy)
    layout: Layout = "documents"
    skip: bool = False
    factory: Callable[[Settings], Cleans] = shipped
    scratch: Path | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A block, and the file that it belongs to; `path` is the file if the block stands in it as it is."""

    name: str
    format: str
    compression: str | None
    block: Block
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Spill:
    """Output in a file of its own, to be collected; `checksum` is its CRC-32."""

    path: Path
    size: int
    checksum: int


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a block.

    `streams` are the bytes to append to each output ("documents", "quarantine", "skipped", "edits").
    `weights` (characters, probability) say how spun the parts of a whole file are.  `failure` is the first
    bad record (number, reason) where bad records are not to be skipped.  `spills` takes the place of `streams` where
    the output is collected from files; `lost` says why the block could not be read.
    """

    streams: dict[str, bytes]
    counts: Counter[str]
    weights: tuple[tuple[int, float, Verdict], ...] = ()
    failure: tuple[int, str] | None = None
    spills: dict[str, Spill] = field(default_factory=dict)
    lost: str | None = None


def work(cleaner: Cleans, job: Job, task: Task) -> Done:
    """Clean one block."""
    format_ = formats.named(task.format)
    counts: Counter[str] = Counter()
    kept: list[tuple[Record | Verbatim, Outcome | None]] = []
    quarantined: list[tuple[Record | Verbatim, Outcome | None]] = []
    attributes: list[bytes] = []
    edits: list[bytes] = []
    skipped: list[bytes] = []
    weights = []
    number = task.block.record - 1
    items = format_.items(task.block, job.options)
    for found, judged in outcomes(items, cleaner, spans=job.layout == "dolma"):
        number += 1
        item, outcome, fate = _decided(found, judged, job)
        if isinstance(item, Bad):
            if not job.skip:
                return Done({}, counts, failure=(number, item.reason))
            skipped.append(_skipped(task.name, number, item.reason, item.data))
            counts["skipped"] += 1
            continue
        if isinstance(item, Verbatim) or outcome is None:
            kept.append((item, None))
            continue
        if format_.whole:
            weights.append((outcome.length, outcome.probability, outcome.verdict))
            # A part of a file cannot go elsewhere: the fate of the whole is decided when all of it is known.
            fate = "keep"
        else:
            counts["documents"] += 1
            counts[outcome.verdict] += 1
            counts["changed"] += bool(outcome.edits)
        counts["characters"] += outcome.length
        counts["edits"] += len(outcome.edits)
        if job.layout == "dolma":
            attributes.append(_attributes(item.id or f"{task.name}:{number}", outcome))
        elif fate == "keep":
            kept.append((item, outcome))
        elif fate == "quarantine":
            quarantined.append((item, outcome))
        counts["dropped"] += fate == "drop"
        counts["quarantined"] += fate == "quarantine"
        if format_.whole and job.options.fields and job.layout == "documents":
            edits.append(_line({"length": outcome.length, **outcome.fields()}))
    counts["bytes"] = len(task.block.data)
    streams = _streams(format_, task, job, kept, quarantined, attributes)
    streams |= {"skipped": b"".join(skipped), "edits": b"".join(edits)}
    return Done({name: data for name, data in streams.items() if data}, counts, tuple(weights))


def count_whole(weights: Sequence[tuple[int, float, Verdict]], counts: Counter[str]) -> None:
    """Count a file that is one document, once the weights of all its blocks are known."""
    if weights:
        verdict, _ = judge(weights)
        counts["documents"] += 1
        counts[verdict] += 1
        counts["changed"] += bool(counts["edits"])


def _decided(item: Item, outcome: Outcome | None, job: Job) -> tuple[Item, Outcome | None, Fate]:
    """What the policy makes of a record; `Bad` where the file's encoding lacks what the edits would write."""
    if outcome is None or isinstance(item, (Verbatim, Bad)):
        return item, None, "keep"
    fate, outcome = job.policy.apply(outcome)
    if outcome.edits and job.layout == "documents":
        try:
            item.render(outcome)
        except RecordError as error:
            return Bad(str(error), item.render(None)), None, "keep"
    return item, outcome, fate


def _streams(
    format_: Format,
    task: Task,
    job: Job,
    kept: list[tuple[Record | Verbatim, Outcome | None]],
    quarantined: list[tuple[Record | Verbatim, Outcome | None]],
    attributes: list[bytes],
) -> dict[str, bytes]:
    packed = task.compression
    if job.layout == "dolma":
        streams = {"documents": b"".join(attributes)}
    else:
        packed = format_.output_compression(packed)
        streams = {"documents": format_.render(task.block, kept, job.options)}
        if job.policy.name == "quarantine" and not format_.whole:
            streams["quarantine"] = format_.render(task.block, quarantined, job.options)
    return {name: compress(data, packed) for name, data in streams.items() if data}


def outcomes(items: Iterable[Item], cleaner: Cleans, *, spans: bool = True) -> Iterator[tuple[Item, Outcome | None]]:
    """Each item with its outcome, in order; a record whose text turns out to be broken comes back as `Bad`.

    Without `spans` the outcomes have no findings and paragraphs, of which a very long text has too many to keep.
    """
    waiting: deque[tuple[Item, Passage | None]] = deque()

    def texts() -> Iterator[str]:
        for item in items:
            if isinstance(item, (Verbatim, Bad)):
                waiting.append((item, None))
                continue
            last: Passage | None = None
            try:
                for passage in item.passages():
                    if last is not None:
                        waiting.append((item, last))
                        yield last.text
                    last = passage
            except RecordError as error:
                waiting.append((Bad(str(error), item.render(None)), None))
                continue
            # The end of the record is known before the result of its last passage.
            waiting.extend(((item, last), (item, None)))
            if last is not None:
                yield last.text

    parts = _Parts(spans)

    def ended() -> Iterator[tuple[Item, Outcome | None]]:
        """All items before the next one that waits for a result."""
        nonlocal parts
        while waiting and waiting[0][1] is None:
            item, _ = waiting.popleft()
            yield item, parts.outcome() if isinstance(item, Record) else None
            parts = _Parts(spans)

    for result in cleaner.clean_many(texts()):
        if waiting[0][1] is None:
            yield from ended()
        item, passage = waiting.popleft()
        assert passage is not None and not isinstance(item, (Verbatim, Bad))
        if not result.findings and not spans and not parts.judged and waiting and waiting[0][1] is None:
            waiting.popleft()  # most records: one passage in which nothing was found
            yield item, _untouched(item, passage, result)
        else:
            parts.add(item, passage, result)
    yield from ended()


def _untouched(record: Record, passage: Passage, result: Result) -> Outcome:
    """The outcome of a record that has one passage and no findings."""
    length = len(passage.source if record.whole else passage.text)
    return Outcome(result.verdict, result.spun_probability, result.dialect, length, None, (), (), ())


class _Parts:
    """The outcome of a record, passage after passage; of a long text nothing is kept but what will be written."""

    def __init__(self, spans: bool) -> None:
        self._spans = spans
        self.length = 0
        self.sources: list[bytes | memoryview] = []
        self.edits: list[Edit] = []
        self.findings: list[tuple[int, int, float]] = []
        self.paragraphs: list[tuple[int, int, float]] = []
        self.judged: list[tuple[int, float, Verdict]] = []
        self.dialects: list[tuple[float, str | None]] = []

    def add(self, record: Record, passage: Passage, result: Result) -> None:
        at = self.length
        if record.whole:
            result = passage.project(result)
            source: list[bytes | memoryview] = [result.text.encode("utf-8", "surrogatepass")]
            length = len(passage.source)
            edits: list[tuple[Finding, str | None]] = [(f, None) for f in result.findings if f.applied]
        else:
            result = passage.permitted(result)
            applied = [f for f in result.findings if f.applied]
            spans = [passage.locate(f.start, f.end) for f in applied]
            new = [passage.escape(f.replacement or "") for f in applied]
            changes = [(s.start, s.end, n) for s, n in zip(spans, new, strict=True)]
            source, length = passage.spliced(changes), len(passage.text)
            raw = [passage.source[s.start : s.end] for s in spans]
            edits = [(f, None if r == passage.escape(f.text) else r) for f, r in zip(applied, raw, strict=True)]
        self.sources += source
        self.edits += [
            Edit(f.start + at, f.end + at, f.text, f.replacement or "", f.confidence, raw) for f, raw in edits
        ]
        if self._spans:
            self.findings += [(f.start + at, f.end + at, round(f.confidence, 6)) for f in result.findings]
            self.paragraphs += [(p.start + at, p.end + at, round(p.spun_probability, 6)) for p in result.paragraphs]
        self.judged.append((length, result.spun_probability, result.verdict))
        self.dialects.append((result.spun_probability, result.dialect))
        self.length += length

    def outcome(self) -> Outcome:
        verdict, probability = judge(self.judged)
        dialect = max(self.dialects, key=lambda part: part[0])[1]
        return Outcome(
            verdict,
            probability,
            dialect,
            self.length,
            tuple(self.sources) if self.edits else None,
            tuple(self.edits),
            tuple(self.findings),
            tuple(self.paragraphs),
        )


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _skipped(name: str, number: int, reason: str, data: bytes) -> bytes:
    """A line of the side file: `data` is the record's text, or `base64` its bytes if they are no UTF-8."""
    content: dict[str, Any] = {"path": name, "record": number, "error": reason}
    try:
        content["data"] = data.decode()
    except UnicodeDecodeError:
        content["base64"] = base64.b64encode(data).decode()
    return _line(content)


def _attributes(name: str, outcome: Outcome) -> bytes:
    """A line of span attributes as Dolma has them: [start, end, score] in code points of the text."""
    return _line(
        {
            "id": name,
            "attributes": {
                "cleaner__spun": [[0, outcome.length, round(outcome.probability, 6)]],
                "cleaner__paragraphs": outcome.paragraphs,
                "cleaner__findings": outcome.findings,
            },
        }
    )
