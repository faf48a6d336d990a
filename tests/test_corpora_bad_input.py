"""What `cleaner run` says of bad input: one line with file, record and what to do; exit 2, and no output half there."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_process import REAL, ROOT, environment, names, run

GOOD = b'{"text": "The weather was fine."}\n'
UTF8 = "JSON lines are UTF-8: convert the file"

# Name, content, what is said behind the name, and whether it is of a record (which can be put aside) or of the file.
RECORDS: list[tuple[str, bytes, str]] = [
    ("a.jsonl", GOOD * 2 + b'{"text": "open\n' + GOOD, "record 3: broken JSON: invalid control character at"),
    ("a.jsonl", GOOD + b'{"text": "a"\n', "record 2: broken JSON: expecting ',' delimiter"),
    ("a.jsonl", GOOD + b'{"body": "x"}\n', "record 2: no field 'text' (fields: 'body'); name the text's with --field"),
    ("a.jsonl", GOOD + b'{"text": 7}\n', "record 2: field 'text' must be a string, not a number"),
    ("a.jsonl", GOOD + b'{"text": null}\n', "record 2: field 'text' must be a string, not null"),
    ("a.jsonl", GOOD + b'["text"]\n', "record 2: a JSON object is needed, not an array"),
    ("a.jsonl", GOOD + b'{"text": "caf\xe9"}\n', f"record 2: byte 0xe9 at offset 13 is not UTF-8; {UTF8}"),
    ("a.jsonl", GOOD + b'{"text": "", "a": "\xe9"}\n', f"record 2: byte 0xe9 at offset 19 is not UTF-8; {UTF8}"),
    ("a.jsonl", GOOD.decode()[:-1].encode("utf-16"), f"record 1: byte 0xff at offset 0 is not UTF-8; {UTF8}"),
    ("a.jsonl", GOOD + b'{"text": "a", "cleaner_edits": []}\n', "record 2: has a field 'cleaner_edits' already"),
    ("a.jsonl.gz", gzip.compress(GOOD + b"{\n"), "record 2: broken JSON"),
    ("a.csv", b"text,n\na,1\nb\n", "record 2: 1 fields where the header has 2"),
    ("a.csv", b'text,n\n"never closed,1\n', "record 1: a quotation mark is never closed"),
    ("a.csv", b'text,n\n"a"b,1\n', "record 1: text behind a closing quotation mark"),
    (
        "a.csv",
        b"n,text\n1,caf\xe9\n",
        "record 1: byte 0xe9 at offset 5 is not UTF-8; convert the file or give its --enco",
    ),
]
FILES: list[tuple[str, bytes, str]] = [
    ("a.jsonl.gz", gzip.compress(GOOD * 5000)[:-40], "the gzip data ends too early; the file is cut off"),
    ("a.jsonl.bz2", bz2.compress(GOOD * 5000)[:-40], "the bzip2 data ends too early; the file is cut off"),
    ("a.jsonl.xz", lzma.compress(GOOD * 5000)[:-40], "the xz data ends too early; the file is cut off"),
    ("a.jsonl.gz", GOOD, "broken gzip data"),
    ("a.csv", b"", "no header; the first line has to name the columns"),
    ("a.csv", b"body\na\n", "no column 'text' (columns: 'body'); name the text's with --field"),
    ("a.txt", b"one\ncaf\xe9\n", "line 2: byte 0xe9 at offset 7 is not UTF-8; try --encoding cp1252"),
    ("a.md", b"caf\xe9\n", "line 1: byte 0xe9 at offset 3 is not UTF-8; try --encoding cp1252"),
    ("a.html", b"<p>caf\xe9</p>", "line 1: byte 0xe9 at offset 6 is not UTF-8; try --encoding cp1252"),
    ("a.txt", b"a\0", "a binary file (zero byte at offset 1); name text files, or give --encoding"),
]


def said(error: str) -> str:
    """The one line on standard error."""
    assert error.count("\n") == 1, error
    return error.removeprefix("cleaner: ").rstrip("\n")


def outputs(folder: Path) -> list[str]:
    """The files of an output, those of an unfinished run left out."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and ".cleaner" not in p.parts)


@pytest.mark.parametrize(("name", "content", "says"), RECORDS)
def test_a_bad_record_stops_the_run_or_is_put_aside(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)
    done = run("run", name, "-o", "out/", "-q", cwd=tmp_path, core=REAL)
    assert done.code == 2
    assert said(done.err).startswith(f"{name}: {says}")
    assert said(done.err).endswith("; --on-error skip puts such records aside")
    assert outputs(tmp_path / "out") == []
    assert (tmp_path / name).read_bytes() == content
    skipping = run("run", name, "-o", "out/", "-q", "--resume", "--on-error", "skip", cwd=tmp_path, core=REAL)
    assert (skipping.code, said(skipping.err)) == (0, "1 record skipped; the side files say which and why")
    aside = [json.loads(line) for line in (tmp_path / f"out/skipped/{name}.jsonl").read_bytes().splitlines()]
    assert len(aside) == 1
    assert f"record {aside[0]['record']}: {aside[0]['error']}".startswith(says[:60])
    assert name in outputs(tmp_path / "out")


@pytest.mark.parametrize(("name", "content", "says"), FILES)
def test_a_file_that_cannot_be_read_stops_the_run_or_is_left_out(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)
    (tmp_path / "good.jsonl").write_bytes(GOOD)
    files = (name, "good.jsonl")
    done = run("run", *files, "-o", "out/", "-q", cwd=tmp_path, core=REAL)
    assert done.code == 2
    assert said(done.err).startswith(f"{name}: {says}")
    assert said(done.err).endswith("; --on-error skip leaves such files out")
    assert outputs(tmp_path / "out") == []
    skipping = run("run", *files, "-o", "out/", "-q", "--resume", "--on-error", "skip", cwd=tmp_path, core=REAL)
    assert skipping.code == 0
    assert name not in outputs(tmp_path / "out")
    assert "good.jsonl" in outputs(tmp_path / "out")


def table(**columns: list[object]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: table(text=["a", "b"])[:-20], "broken Parquet data"),
        (lambda: table(text=["a", "b"])[:20] + bytes(30) + table(text=["a", "b"])[50:], "broken Parquet data"),
        (lambda: b"", "broken Parquet data"),
        (lambda: table(body=["a"]), "no column 'text' (columns: 'body'); name the text's with --field"),
        (lambda: table(text=[1]), "column 'text' must hold strings, not int64"),
        (lambda: table(text=["a", None]), "record 2: field 'text' must be a string, not null"),
    ],
)
def test_bad_parquet(tmp_path: Path, make: Callable[[], bytes], says: str) -> None:
    pytest.importorskip("pyarrow")
    (tmp_path / "a.parquet").write_bytes(make())
    done = run("run", "a.parquet", "-o", "out/", "-q", cwd=tmp_path, core=REAL)
    assert done.code == 2
    assert said(done.err).startswith(f"a.parquet: {says}")
    assert "; --on-error skip " in done.err
    assert outputs(tmp_path / "out") == []


def test_bad_warc(tmp_path: Path) -> None:
    pytest.importorskip("fastwarc")
    head = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/\r\n"
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>The weather"
    (tmp_path / "cut.warc").write_bytes(
        head + b"Content-Type: application/http; msgtype=response\r\nContent-Length: 900\r\n\r\n" + page
    )
    (tmp_path / "none.warc").write_bytes(b"nothing")
    for name, says in (
        ("cut.warc", "the last WARC record ends too early; the file is cut off"),
        ("none.warc", "broken WARC data"),
    ):
        done = run("run", name, "-o", "out/", "-q", cwd=tmp_path, core=REAL)
        assert done.code == 2
        assert said(done.err).startswith(f"{name}: {says}")
        assert outputs(tmp_path / "out") == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_what_permissions_forbid(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(GOOD)
    (tmp_path / "closed").mkdir(mode=0o500)
    done = run("run", "a.jsonl", "-o", "closed/out", "-q", cwd=tmp_path, core=REAL)
    assert (done.code, "cannot be written (permission denied)" in done.err) == (2, True)
    (tmp_path / "a.jsonl").chmod(0)
    done = run("run", "a.jsonl", "-o", "out", "-q", cwd=tmp_path, core=REAL)
    assert (done.code, "a.jsonl: cannot be read (permission denied)" in done.err) == (2, True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_standard_output_or_the_statistics(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(GOOD)
    with Path("/dev/full").open("wb") as full:
        piped = subprocess.run(
            [*REAL, "run", "a.jsonl"], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, env=environment()
        )
    assert (piped.returncode, said(piped.stderr)) == (2, "standard output: no space left on device")
    done = run("run", "a.jsonl", "-o", "out/", "-q", "--stats", "no/stats.json", cwd=tmp_path, core=REAL)
    assert done.code == 2
    assert said(done.err) == "no/stats.json: cannot be written (no such file or directory); all else is done"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_file_that_grows_while_it_is_read(tmp_path: Path, workers: str) -> None:
    """Another process writes to it while this one cleans it."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"text": "The navy mentioned it."}\n' * 2000)
    env = environment(FAKE_CLEANER="SlowCleaner", FAKE_BLOCK="4000", PYTHONPATH=f"{ROOT}{os.pathsep}{ROOT / 'tests'}")
    command = [REAL[0], str(ROOT / "tests/fake_run.py"), "run", "a.jsonl", "-o", "out/", "-q", "-j", workers]
    process = subprocess.Popen(command, cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True)
    journal = tmp_path / "out/.cleaner/journal.jsonl"
    while not journal.exists() or journal.read_bytes().count(b"\n") < 3:
        time.sleep(0.02)
    with path.open("ab") as file:
        file.write(GOOD)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 2
    assert said(error).startswith("a.jsonl: the file was changed while it was read; run again when nobody writes to it")
    assert outputs(tmp_path / "out") == []
    assert names(tmp_path) == ["a.jsonl", "out"]
