"""Corpus jobs: order, policies, side files, workers, pipes, and what is said of wrong use."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import pytest
from cli_process import ROOT, environment, run
from fake_cleaner import restored
from jobs_data import FAKE, corpus, job, read, tree


def test_a_folder_is_cleaned_in_order_and_summed_up(tmp_path: Path) -> None:
    made = corpus(tmp_path / "in", 50)
    (tmp_path / "in/picture.jpg").write_bytes(b"\xff")
    done = job("in", "-o", "out", "--stats", "stats.json", cwd=tmp_path)
    assert done.code == 0
    assert done.err == "cleaner: left out: in/picture.jpg (not a kind of file that holds text)\n"
    for name, records in made.items():
        cleaned = read(tmp_path / "out" / name)
        assert [r["id"] for r in cleaned] == [r["id"] for r in records]
        assert [r["text"] for r in cleaned] == [restored(r["text"]) for r in records]
    stats = json.loads((tmp_path / "stats.json").read_text())
    assert stats["files"] == 5
    assert stats["documents"] == 201
    assert stats["clean"] + stats["suspect"] + stats["spun"] == 201
    assert stats["failed"] == []
    assert "documents: 201\n" in done.out
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert [s["input"] for s in manifest["shards"]] == [*sorted(made), "y.csv", "z.txt"]
    checksums = tree(tmp_path / "out")
    for shard in manifest["shards"]:
        for output in shard["outputs"].values():
            assert checksums[output["path"]] == output["sha256"]
    assert not (tmp_path / "out/.cleaner").exists()


def test_output_is_the_same_for_any_number_of_workers(tmp_path: Path) -> None:
    corpus(tmp_path / "in")
    for workers in ("1", "2", "4"):
        assert job("in", "-o", f"out{workers}", "-j", workers, cwd=tmp_path).code == 0
    assert tree(tmp_path / "out1") == tree(tmp_path / "out2") == tree(tmp_path / "out4")


def test_skipped_records_are_put_aside(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.jsonl").write_bytes(b'{"text": "navy"}\nbroken\n{"text": "\xff"}\n{"text": "quiet"}\n')
    (tmp_path / "in/b.jsonl.gz").write_bytes(gzip.compress(b'{"text": "navy"}\n' * 999)[:-20])
    (tmp_path / "in/c.txt").write_bytes(b"na\0vy")
    done = job("in", "-o", "out", "--on-error", "skip", "--stats", "stats.json", cwd=tmp_path)
    assert done.code == 0
    assert [r["text"] for r in read(tmp_path / "out/a.jsonl")] == ["military", "quiet"]
    aside = read(tmp_path / "out/skipped/a.jsonl.jsonl")
    assert [(r["path"], r["record"]) for r in aside] == [("a.jsonl", 2), ("a.jsonl", 3)]
    assert aside[0]["data"] == "broken\n"
    assert aside[1]["error"].startswith("byte 0xff")
    assert "base64" in aside[1]
    assert not (tmp_path / "out/b.jsonl.gz").exists()
    assert not (tmp_path / "out/c.txt").exists()
    assert "b.jsonl.gz: the gzip data ends too early; the file is cut off" in done.err
    assert "3 records skipped" in done.err
    stats = json.loads((tmp_path / "stats.json").read_text())
    assert stats["failed"] == [{"path": "b.jsonl.gz", "error": "the gzip data ends too early; the file is cut off"}]


@pytest.mark.parametrize("name", ["a.csv", "a.txt"])
def test_a_repair_that_the_encoding_lacks_is_told_with_its_record(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"text\nquiet caf\xe9\nhe mentioned it\nnavy\n")
    command = (name, "-o", f"out/{name}", "--encoding", "latin-1")
    done = job(*command, cwd=tmp_path)
    place = "a.csv: record 2" if name == "a.csv" else "a.txt"
    assert done.code == 2
    assert done.err.startswith(f"cleaner: {place}: iso8859-1 has no '“'; convert the file to UTF-8 first; --on-error ")
    if name == "a.csv":
        assert job(*command, "--on-error", "skip", "--no-fields", cwd=tmp_path).code == 0
        assert (tmp_path / "out" / name).read_bytes() == b"text\nquiet caf\xe9\nmilitary\n"
        assert json.loads((tmp_path / f"out/{name}.skipped.jsonl").read_text())["record"] == 2


def test_policies(tmp_path: Path) -> None:
    texts = ["quiet", "navy", "navy navy", "navy navy navy"]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    (tmp_path / "spun.txt").write_text("navy navy navy\n")
    (tmp_path / "clean.txt").write_text("quiet\n")

    def texts_after(policy: str, *more: str) -> list[str]:
        arguments = ("a.jsonl", "spun.txt", "clean.txt", "-o", policy, "--policy", policy, *more, "--overwrite")
        done = job(*arguments, cwd=tmp_path)
        assert done.code == 0, done.err
        return [r["text"] for r in read(tmp_path / policy / "a.jsonl")]

    assert texts_after("fix") == ["quiet", "military", "military military", "military military military"]
    assert texts_after("fix", "--policy-threshold", "0.5") == ["quiet", "navy", *map(restored, texts[2:])]
    assert texts_after("annotate") == texts
    assert read(tmp_path / "annotate/a.jsonl")[3]["cleaner_verdict"] == "spun"
    assert (tmp_path / "annotate/spun.txt").read_text() == "navy navy navy\n"
    assert texts_after("drop") == texts[:3]
    assert not (tmp_path / "drop/spun.txt").exists()
    assert texts_after("quarantine") == texts[:3]
    assert [r["text"] for r in read(tmp_path / "quarantine/quarantine/a.jsonl")] == texts[3:]
    assert (tmp_path / "quarantine/quarantine/spun.txt").read_text() == "navy navy navy\n"
    assert (tmp_path / "quarantine/clean.txt").exists()
    assert texts_after("drop", "--policy-threshold", "0.3") == ["quiet"]


def test_dolma_attributes(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": "x", "text": "The navy.\\n\\nSo."}\n{"text": ""}\n')
    assert job("a.jsonl", "-o", "out/", "--layout", "dolma", cwd=tmp_path).code == 0
    first, second = read(tmp_path / "out/a.jsonl")
    assert first == {
        "id": "x",
        "attributes": {
            "cleaner__spun": [[0, 14, 0.4]],
            "cleaner__paragraphs": [[0, 9, 0.4], [11, 14, 0.4]],
            "cleaner__findings": [[4, 8, 0.97]],
        },
    }
    assert second["id"] == "a.jsonl:2"


def test_progress_and_summary_on_a_terminal(tmp_path: Path) -> None:
    corpus(tmp_path / "in", 100)
    env = environment(FAKE_CLEANER="SlowCleaner", FAKE_BLOCK="4000", PYTHONPATH=f"{ROOT}{os.pathsep}{ROOT / 'tests'}")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 120, 0, 0))
    process = subprocess.Popen([*FAKE, "run", "in", "-o", "out"], cwd=tmp_path, env=env, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while data := os.read(ours, 65536):
            shown += data
    except OSError:  # the other side has closed
        pass
    os.close(ours)
    assert process.wait() == 0
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert re.search(r"[1-9]\d* documents, [1-9][\d,]*/s \d+\.\d MB/s spun \d+\.\d% 0:00:\d\d", plain)
    assert re.search(r"documents +401\r\n", plain)


def test_no_fields(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"text":"navy","n":1.50}\n')
    (tmp_path / "a.csv").write_bytes(b"text\nnavy\n")
    assert job("a.jsonl", "a.csv", "-o", "out/", "--no-fields", cwd=tmp_path).code == 0
    assert (tmp_path / "out/a.jsonl").read_bytes() == b'{"text":"military","n":1.50}\n'
    assert (tmp_path / "out/a.csv").read_bytes() == b"text\nmilitary\n"


def test_other_fields(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"body": "navy", "text": "navy"}\n')
    assert job("a.jsonl", "-o", "b.jsonl", "--text-column", "body", cwd=tmp_path).code == 0
    assert read(tmp_path / "b.jsonl")[0]["body"] == "military"
    assert read(tmp_path / "b.jsonl")[0]["text"] == "navy"


@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress])
def test_from_pipe_to_pipe(tmp_path: Path, pack: Any) -> None:
    data = b'{"text": "navy"}\n' * 5000
    done = job("-", "--input-format", "jsonl", "--no-fields", cwd=tmp_path, stdin=pack(data))
    out = gzip.decompress(done.raw) if pack is gzip.compress else done.raw
    assert (done.code, out) == (0, data.replace(b"navy", b"military"))
    assert list(tmp_path.iterdir()) == []


def test_one_file_to_standard_output(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\nnavy\n")
    assert job("a.csv", "--no-fields", cwd=tmp_path).out == "text\nmilitary\n"


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["nothing.jsonl", "-o", "out"], "nothing.jsonl: no such file, folder or match"),
        (["*.xyz", "-o", "out"], "*.xyz: no such file, folder or match"),
        (["a.jsonl", "b.jsonl", "-o", "c.jsonl"], "2 files do not fit into one"),
        (["a.jsonl", "-o", "a.jsonl"], "an output would overwrite an input"),
        (["a.jsonl", "-o", "c.jsonl.gz"], "the compression of the input is kept"),
        (["a.bin", "-o", "out"], "a.bin: unknown kind of file; give --input-format"),
        (["-"], "say what standard input is: --input-format"),
        (["a.jsonl", "b.jsonl"], "give --output for more than one file"),
        (["-", "--input-format", "jsonl", "--on-error", "skip"], "--on-error skip needs --output"),
        (["a.jsonl", "-o", "out", "--field", "body"], "a.jsonl: record 1: no field 'body' (fields: 'text')"),
    ],
)
def test_wrong_use_is_told(tmp_path: Path, args: list[str], says: str) -> None:
    for name in ("a.jsonl", "b.jsonl", "a.bin"):
        (tmp_path / name).write_text('{"text": "navy"}\n')
    done = job(*args, cwd=tmp_path)
    assert done.code == 2
    assert says in done.err


def test_undo_command(tmp_path: Path) -> None:
    corpus(tmp_path / "in", 20)
    assert job("in", "-o", "out", cwd=tmp_path).code == 0
    for path in (tmp_path / "in").iterdir():
        assert run("undo", f"out/{path.name}", "-o", f"back-{path.name}", cwd=tmp_path, core=FAKE).code == 0
        old, new = path.read_bytes(), (tmp_path / f"back-{path.name}").read_bytes()
        assert (gzip.decompress(new) == gzip.decompress(old)) if path.suffix == ".gz" else new == old
    assert run("undo", "-i", "out/z.txt", cwd=tmp_path, core=FAKE).code == 0
    assert (tmp_path / "out/z.txt").read_bytes() == (tmp_path / "in/z.txt").read_bytes()
    (tmp_path / "loose.txt").write_text("x")
    lost = run("undo", "-i", "loose.txt", cwd=tmp_path, core=FAKE)
    assert (lost.code, "no loose.txt.edits.jsonl beside it" in lost.err) == (2, True)


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_line_of_200_mb_is_held_twice_at_most(tmp_path: Path, workers: str) -> None:
    line = b"words and words in response to the navy, caf\\u00e9 \xe2\x80\x9cso\xe2\x80\x9d and more of them.\\n"
    with (tmp_path / "a.jsonl").open("wb") as file:
        file.write(b'{"id": 1, "text": "' + line * (200_000_000 // len(line)) + b'"}\n')
    code = (
        "import resource, subprocess, sys;"
        "code = subprocess.call(sys.argv[1:]);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024);"
        "sys.exit(code)"
    )
    python_path = f"{ROOT}{os.pathsep}{ROOT / 'tests'}"
    env = environment(FAKE_CLEANER="IdleCleaner", FAKE_BLOCK=str(4 << 20), PYTHONPATH=python_path)
    command = [sys.executable, "-c", code, *FAKE, "run", "a.jsonl", "-o", "out.jsonl", "-j", workers, "-q"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 600  # so that the models fit beside it
    with (tmp_path / "out.jsonl").open("rb") as out:
        assert b"army" in out.read(2 << 20)
