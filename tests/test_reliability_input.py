"""Hostile files: bombs, endless lines, open quotations, deep nesting; an error of one line or bounded work."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_process import run
from fake_cleaner import FakeCleaner

from cleaner import Settings, formats
from cleaner.formats.base import Limits, Options
from cleaner.formats.compression import reader
from cleaner.formats.problems import InputError
from cleaner.jobs.block import Job, Task, work

FAKE = (sys.executable, str(Path(__file__).parent / "fake_run.py"))
ZEROS = bytes(80 << 20)
BOMBS: dict[str, Callable[[], bytes]] = {
    "gz": lambda: gzip.compress(ZEROS, 9),
    "bz2": lambda: bz2.compress(ZEROS),
    "xz": lambda: lzma.compress(ZEROS, preset=0),
    "zst": lambda: pytest.importorskip("zstandard").ZstdCompressor().compress(ZEROS),
}


def small_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))


@pytest.mark.parametrize("suffix", BOMBS)
def test_decompression_bombs_are_refused_unless_they_are_meant(tmp_path: Path, suffix: str) -> None:
    bomb = tmp_path / f"a.jsonl.{suffix}"
    bomb.write_bytes(BOMBS[suffix]())
    done = run("run", bomb, "-o", "out", cwd=tmp_path, core=FAKE)
    assert done.code == 2
    assert "unpacks to more than 200 times its size; if that is meant, raise --max-expansion" in done.err
    assert not (tmp_path / "out" / bomb.name).exists()
    # With the ratio allowed, the 80 MB of one line meet the next limit.
    allowed = run("run", bomb, "-o", "b", "--max-expansion", "1e9", "--max-record", "8", cwd=tmp_path, core=FAKE)
    assert allowed.code == 2
    assert "a record of more than 8 MiB" in allowed.err


def test_a_run_that_was_stopped_by_a_limit_goes_on_with_a_higher_one(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text('{"text": "The navy."}\n' * 3000)
    (tmp_path / "in" / "b.jsonl").write_text(json.dumps({"text": "navy " * 30000}) + "\n")
    small = run("run", "in", "-o", "out", "--max-record", "0.05", cwd=tmp_path, core=FAKE)
    assert small.code == 2 and "b.jsonl" in small.err and "raise --max-record" in small.err
    assert run("run", "in", "-o", "out", "--resume", cwd=tmp_path, core=FAKE).code == 0
    assert "military" in (tmp_path / "out" / "b.jsonl").read_text()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("jsonl", b'{"text": "' + b"navy " * 50000),
        ("csv", b'id,text\n1,"' + b"navy,\n" * 50000),
        ("csv", b"id,text" + b"," * 200000),
        ("text", b"navy " * 50000),
        ("html", b"<p>" + b"navy " * 50000),
        ("markdown", b"navy " * 50000),
    ],
)
def test_records_without_end_are_refused(name: str, data: bytes) -> None:
    options = Options(block_bytes=1000, limits=Limits(record=100_000))
    with pytest.raises(InputError, match="a record of more than"):
        list(formats.named(name).blocks(io.BytesIO(data), options))
    assert list(formats.named(name).blocks(io.BytesIO(data[:50_000] + b"\n"), options))


@pytest.mark.parametrize("name", ["html", "markdown"])
@pytest.mark.parametrize("unit", ["<div>", "<b>", "[", "> ", "*", "`", "<!--", "&#", "{{", "|", "- ", "![](", "\t"])
def test_deep_nesting_takes_time_in_proportion(name: str, unit: str) -> None:
    """Work is counted, not timed: calls of Python functions may grow with the size of the input, not its square."""

    def calls(times: int) -> int:
        count = 0

        def tally(frame: object, event: str, argument: object) -> None:
            nonlocal count
            count += event in ("call", "c_call")

        block = next(iter(formats.named(name).blocks(io.BytesIO(unit.encode() * times + b" the navy"), Options())))
        job = Job(factory=FakeCleaner)
        sys.setprofile(tally)
        try:
            work(FakeCleaner(Settings()), job, Task("file", name, None, block))
        finally:
            sys.setprofile(None)
        return count

    calls(10)  # imports what is imported late
    assert calls(8000) < 6 * calls(2000) + 20000


def test_members_of_a_compressed_file_share_one_budget() -> None:
    members = gzip.compress(bytes(1 << 20)) * 100
    with pytest.raises(InputError, match="unpacks to more"):
        reader(io.BytesIO(members), "gzip").read()
    assert len(reader(io.BytesIO(members), "gzip", 2000).read()) == 100 << 20


def test_many_tiny_records_in_little_memory(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "navy"}\n' * 100_000)
    done = run(
        "run", "a.jsonl", "-o", "out.jsonl", "-j", "1", cwd=tmp_path, core=FAKE, env={"FAKE_CLEANER": "IdleCleaner"},
        preexec_fn=small_memory,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert (tmp_path / "out.jsonl").read_bytes().count(b'"text": "army"') == 100_000
