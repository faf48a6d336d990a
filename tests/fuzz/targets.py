"""What is fuzzed: each target takes any bytes, and fails only by an exception that the interface does not promise.

`python -m benchmarks.reliability.fuzz TARGET` drives one with atheris; the test suite replays `corpus/`, where every
input that ever broke something is kept, and mutates it a little.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from fake_cleaner import FakeCleaner
from promises import check

from cleaner import Cleaner, Settings, formats
from cleaner.baseline import Baseline, BaselineError
from cleaner.configuration import SHARED_FILE, ConfigurationError, load
from cleaner.documents import combined, passages
from cleaner.edits import Edit, undo
from cleaner.formats.base import Options
from cleaner.formats.compression import reader
from cleaner.formats.problems import InputError, RecordError
from cleaner.jobs.block import Job, Task, work
from cleaner.jobs.undo import UndoError, undo_file
from cleaner.lexicon import Channel, LexiconError, extended, read_own
from cleaner.segment import MAX_PARAGRAPH, normalize, paragraphs, parts, tokenize
from cleaner.suppression import suppressed

Target = Callable[[bytes], None]


def text_of(data: bytes) -> str:
    """Any text from any bytes: what is not UTF-8 becomes lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


@contextmanager
def file_of(name: str, data: bytes) -> Iterator[Path]:
    """A file of this name and content in a folder of its own."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        yield path


def tokeniser(data: bytes) -> None:
    """Paragraphs and tokens stand where they say, and miss nothing."""
    text = text_of(data)
    end = 0
    for span in paragraphs(text):
        assert end <= span.start < span.end <= span.start + MAX_PARAGRAPH
        assert not text[end : span.start].strip()
        end = span.end
        tokens = tokenize(text, *span)
        at = span.start
        for norm, kind, a, b in zip(tokens.norms, tokens.kinds, tokens.starts, tokens.ends, strict=True):
            assert at <= a < b <= span.end
            assert kind == "p" or norm == normalize(text[a:b])
            at = b
    assert not text[end:].strip()
    at = 0
    for part in parts(text, 1000):
        assert part.start == at
        at = part.end
    assert at == len(text)
    at = 0
    for a, b in suppressed(text):
        assert at <= a <= b <= len(text)
        at = b


READERS = ("text", "markdown", "html", "jsonl", "csv", "parquet", "warc")
_COMPRESSIONS = (None, "gzip", "bzip2", "xz", "zstd")
# Hostile streams that would unpack to more than this are somebody else's test.
_MOST = 1 << 18


def readers(data: bytes) -> None:
    """Every format reads any file or says what is wrong; unchanged records come out as they were; undo works.

    The first byte chooses the format, the compression, and whether a file is cleaned or written back untouched.
    """
    if not data:
        return
    choice, data = data[0], data[1:]
    name = READERS[choice % len(READERS)]
    compression = _COMPRESSIONS[choice // len(READERS) % len(_COMPRESSIONS)]
    with suppress(InputError):
        content = reader(io.BytesIO(data), compression).read(_MOST)
        _cleaned_and_undone(name, content)
        if name in formats.WHOLE:
            with suppress(RecordError):
                _checked(name, text_of(content))


def _cleaned_and_undone(name: str, content: bytes) -> None:
    """A file as `cleaner run` and `cleaner undo` read it."""
    format_, options = formats.named(name), Options(block_bytes=200)
    job = Job(options=options, skip=True, factory=FakeCleaner)
    streams: dict[str, bytes] = {}
    for block in format_.blocks(io.BytesIO(content), options):
        for stream, made in work(FakeCleaner(Settings()), job, Task("file", name, None, block)).streams.items():
            streams[stream] = streams.get(stream, b"") + made
    if "skipped" in streams or name in ("parquet", "warc"):
        return
    suffix = {"text": "txt", "markdown": "md"}.get(name, name)
    with file_of(f"a.{suffix}", streams.get("documents", b"")) as path:
        path.with_name(f"a.{suffix}.edits.jsonl").write_bytes(streams.get("edits", b""))
        undo_file(path, path.with_name("back"), options)
        assert path.with_name("back").read_bytes() == content


def _checked(name: str, text: str) -> None:
    """A file as `cleaner check` and `cleaner fix` read it."""
    file = {"text": "a.txt", "markdown": "a.md", "html": "a.html"}[name]
    found = passages(file, text)
    assert text.startswith("".join(p.source for p in found))
    cleaner = FakeCleaner(Settings())
    result = combined(text, [(p, cleaner.clean(p.text)) for p in found])
    end = 0
    for f in result.findings:
        assert end <= f.start <= f.end <= len(text)
        assert text[f.start : f.end] == f.text
        end = f.end
    edits = [Edit(f.start, f.end, f.text, f.replacement or "", f.confidence) for f in result.findings if f.applied]
    assert undo(result.text, edits) == text


@cache
def _shipped_channel() -> Channel:
    return Channel.open()


def lexicons(data: bytes) -> None:
    """A table of one's own is read, or its fault named; what was read can be used."""
    with file_of("own.tsv", data) as path, suppress(LexiconError):
        entries = list(read_own(path))
        extended(_shipped_channel(), entries[:50])


def settings(data: bytes) -> None:
    """Settings files, baselines and side files of undo are read, or their fault named."""
    with file_of(SHARED_FILE, data) as path, suppress(ConfigurationError):
        load(path).options()
    with file_of("cleaner.toml", data) as path, suppress(ConfigurationError):
        load(path).effective()
    with file_of("baseline.json", data) as path, suppress(BaselineError):
        Baseline.read(path).new("a", Cleaner().clean(""))
    with file_of("a.txt.edits.jsonl", data) as side:
        path = side.with_name("a.txt")
        path.write_text("The military was here.")
        with suppress(UndoError):
            undo_file(path, path, Options())


@cache
def _cleaner(threshold: float, furniture: bool) -> Cleaner:
    return Cleaner(Settings(threshold=threshold, report_threshold=threshold / 2, furniture=furniture))


def clean(data: bytes) -> None:
    """The whole of `clean`, on any text, keeps what results promise; the first byte chooses settings."""
    if not data:
        return
    cleaner = _cleaner((0.5, 0.0, 0.9)[data[0] % 3], bool(data[0] & 4))
    text = text_of(data[1:])
    result = cleaner.explain(text) if data[0] & 8 else cleaner.clean(text)
    if not data[0] & 8:
        check(text, result, cleaner.settings)
    json.dumps([f.replacement for f in result.findings])


TARGETS: dict[str, Target] = {f.__name__: f for f in (tokeniser, readers, lexicons, settings, clean)}
