"""Corpus jobs: order, policies, side files, workers, and what is on disk whenever a job is stopped."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from cli_process import ROOT, Run, environment, hear_interrupts, run
from fake_cleaner import restored

from cleaner.formats.base import Options

FAKE = (sys.executable, str(Path(__file__).parent / "fake_run.py"))


def job(*args: str | Path, cwd: Path, **options: Any) -> Run:
    env = {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", **options.pop("env", {})}
    return run("run", *args, cwd=cwd, core=FAKE, env=env, **options)


def corpus(folder: Path, documents: int = 400, files: int = 3) -> dict[str, list[dict[str, Any]]]:
    """JSON lines in compressed and plain files, with a text and a CSV file beside them."""
    generator = random.Random(documents)
    words = ["The navy", "spoke", "in response to", "quiet", "words é", "and more.\n", "mentioned"]
    folder.mkdir(parents=True, exist_ok=True)
    made = {}
    for k in range(files):
        records = [
            {"id": f"{k}-{i}", "text": " ".join(generator.choices(words, k=generator.randrange(60))), "n": i / 7}
            for i in range(documents)
        ]
        data = "".join(json.dumps(record) + "\n" for record in records).encode()
        name = f"part-{k}.jsonl" + (".gz" if k % 2 else "")
        (folder / name).write_bytes(gzip.compress(data) if k % 2 else data)
        made[name] = records
    (folder / "z.txt").write_text("A long text about the navy.\n" * documents)
    (folder / "y.csv").write_text("id,text\n" + "1,the navy mentioned\n" * documents)
    return made


def tree(folder: Path) -> dict[str, str]:
    """Names and checksums of all files, those of an unfinished run left out."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".cleaner" not in path.parts
    }


def read(path: Path) -> list[dict[str, Any]]:
    data = path.read_bytes()
    return [json.loads(line) for line in (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()]


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


def test_killed_at_random_moments_and_resumed(tmp_path: Path) -> None:
    corpus(tmp_path / "in", 100)
    assert job("in", "-o", "whole", cwd=tmp_path).code == 0
    generator = random.Random(5)
    env = environment(FAKE_CLEANER="SlowCleaner", FAKE_BLOCK="4000", PYTHONPATH=f"{ROOT}{os.pathsep}{ROOT / 'tests'}")
    # Blocks of another size would be compressed in other members: the reference is made alike.
    assert job("in", "-o", "whole", "--overwrite", cwd=tmp_path, env={"FAKE_BLOCK": "4000"}).code == 0
    command = [*FAKE, "run", "in", "-o", "out", "-q", "--resume"]
    kills = 0
    while kills < 20:
        workers = "2" if kills % 4 == 3 else "1"
        process = subprocess.Popen([*command, "-j", workers], cwd=tmp_path, env=env, stderr=subprocess.PIPE)
        time.sleep(generator.uniform(0.25, 0.6))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if process.returncode == 0:
            # Done before it could be killed: begin again.
            assert tree(tmp_path / "out") == tree(tmp_path / "whole")
            subprocess.run(["rm", "-r", "out"], cwd=tmp_path, check=True)
            continue
        kills += 1
        for name, checksum in tree(tmp_path / "out").items() if (tmp_path / "out").exists() else ():
            assert checksum == tree(tmp_path / "whole")[name]
    done = job("in", "-o", "out", "--resume", cwd=tmp_path, env={"FAKE_BLOCK": "4000"})
    assert done.code == 0, done.err
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


@pytest.mark.parametrize("damage", ["torn journal", "lost data", "more data", "wrong data"])
def test_state_damaged_by_a_power_cut_is_found_out(tmp_path: Path, damage: str) -> None:
    corpus(tmp_path / "in", 100, files=1)
    with (tmp_path / "in/part-0.jsonl").open("ab") as file:
        file.write(b"broken\n")
    env = {"FAKE_BLOCK": "4000"}
    assert job("in/part-0.jsonl", "-o", "out/", cwd=tmp_path, env=env).code == 2
    journal, partial = tmp_path / "out/.cleaner/journal.jsonl", tmp_path / "out/.cleaner/documents.partial"
    data = partial.read_bytes()
    assert len(data) > 9000
    if damage == "torn journal":
        journal.write_bytes(journal.read_bytes()[:-30])
    elif damage == "lost data":
        partial.write_bytes(data[:-5000])
    elif damage == "more data":
        partial.write_bytes(data + b"torn")
    else:
        partial.write_bytes(data[:-6000] + bytes(6000))
    again = job("in/part-0.jsonl", "-o", "out/", "--resume", cwd=tmp_path, env=env)
    assert "part-0.jsonl: record 101: broken JSON" in again.err
    assert partial.read_bytes() == data


def test_resume_refuses_another_job(tmp_path: Path) -> None:
    corpus(tmp_path / "in", 20, files=1)
    (tmp_path / "in/part-0.jsonl").write_bytes((tmp_path / "in/part-0.jsonl").read_bytes() + b"broken\n")
    env = {"FAKE_BLOCK": "2000"}
    assert job("in/part-0.jsonl", "-o", "out", cwd=tmp_path, env=env).code == 2
    assert "an interrupted run is there" in job("in/part-0.jsonl", "-o", "out", cwd=tmp_path, env=env).err
    other = job("in/part-0.jsonl", "-o", "out", "--resume", "--policy", "drop", cwd=tmp_path, env=env)
    assert "the interrupted run was another one (job.policy.name was 'fix', now 'drop')" in other.err
    (tmp_path / "in/part-0.jsonl").write_bytes(b'{"text": "navy"}\n')
    assert "its input files have changed" in job("in/part-0.jsonl", "-o", "out", "--resume", cwd=tmp_path, env=env).err
    assert job("in/part-0.jsonl", "-o", "out", "--overwrite", cwd=tmp_path, env=env).code == 0


def test_a_run_that_a_bad_record_has_stopped_goes_on_without_it(tmp_path: Path) -> None:
    corpus(tmp_path / "in", 20, files=1)
    path = tmp_path / "in/part-0.jsonl"
    path.write_bytes(path.read_bytes() + b"broken\n" + path.read_bytes())
    env = {"FAKE_BLOCK": "2000"}
    stopped = job("in", "-o", "out", cwd=tmp_path, env=env)
    assert (stopped.code, "in/part-0.jsonl: record 21: broken JSON" in stopped.err) == (2, True)
    before = (tmp_path / "out/.cleaner/journal.jsonl").read_bytes()
    assert len(before.splitlines()) > 2
    assert job("in", "-o", "out", "--resume", "--on-error", "skip", cwd=tmp_path, env=env).code == 0
    assert job("in", "-o", "whole", "--on-error", "skip", cwd=tmp_path, env=env).code == 0
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_a_finished_run_is_not_overwritten_unasked(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "navy"}\n')
    assert job("a.jsonl", "-o", "out/", cwd=tmp_path).code == 0
    before = (tmp_path / "out/a.jsonl").stat().st_mtime_ns
    assert "a finished run is there; --overwrite replaces it" in job("a.jsonl", "-o", "out/", cwd=tmp_path).err
    again = job("a.jsonl", "-o", "out/", "--resume", cwd=tmp_path)
    assert (again.code, again.err) == (0, "cleaner: all of it is done already\n")
    assert (tmp_path / "out/a.jsonl").stat().st_mtime_ns == before


def test_interruption_keeps_what_is_done(tmp_path: Path) -> None:
    corpus(tmp_path / "in", 400)
    env = environment(FAKE_CLEANER="SlowCleaner", FAKE_BLOCK="4000", PYTHONPATH=f"{ROOT}{os.pathsep}{ROOT / 'tests'}")
    for workers in ("1", "2"):
        process = subprocess.Popen(
            [*FAKE, "run", "in", "-o", f"out{workers}", "-j", workers],
            cwd=tmp_path,
            env=env,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=hear_interrupts,
        )
        journal = tmp_path / f"out{workers}/.cleaner/journal.jsonl"
        while not journal.exists() or journal.read_bytes().count(b"\n") < 4:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does: to the workers too
        err = process.communicate(timeout=20)[1].decode()
        assert process.returncode == 130
        assert err == "cleaner: interrupted; what is done is kept, and --resume does the rest\n"
        assert journal.exists()


@pytest.mark.parametrize(("workers", "block"), [("1", "20000"), ("2", "20000"), ("2", "100000")])
def test_full_disk_leaves_the_input_and_no_half_output(tmp_path: Path, workers: str, block: str) -> None:
    corpus(tmp_path / "in", 400, files=1)
    before = tree(tmp_path / "in")

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    env = {"FAKE_BLOCK": block}
    command = ("in/part-0.jsonl", "-o", "out.jsonl", "-j", workers)
    done = job(*command, cwd=tmp_path, preexec_fn=small_files, env=env)
    assert done.code == 2
    assert done.err == "cleaner: out.jsonl: cannot be written (file too large); mend it, then --resume does the rest\n"
    assert tree(tmp_path / "in") == before
    assert not (tmp_path / "out.jsonl").exists()
    assert job(*command, "--resume", cwd=tmp_path, env=env).code == 0
    assert job("in/part-0.jsonl", "-o", "other.jsonl", cwd=tmp_path, env=env).code == 0
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "other.jsonl").read_bytes()


def test_output_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "navy"}\n')
    (tmp_path / "file").write_text("in the way")
    done = job("a.jsonl", "-o", "file/out", cwd=tmp_path)
    assert done.code == 2
    assert "cannot be written (not a directory)" in done.err


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


def test_a_file_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fake_cleaner import FakeCleaner

    from cleaner.discovery import Found
    from cleaner.engines.local import LocalEngine
    from cleaner.jobs.block import Job
    from cleaner.jobs.plan import plan
    from cleaner.jobs.run import JobError
    from cleaner.jobs.run import run as run_job

    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "navy"}\n')
    made = Job(factory=FakeCleaner)
    todo = plan([Found(path, path.name)], tmp_path / "out", made)
    path.write_text('{"text": "army"}\n{"text": "navy"}\n')
    with pytest.raises(JobError, match=r"a.jsonl: the file was changed while it was read"):
        run_job(todo, made, LocalEngine())


@pytest.mark.parametrize("skip", [False, True])
def test_a_file_that_is_cut_before_a_worker_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, skip: bool
) -> None:
    from fake_cleaner import TruncatingCleaner

    from cleaner.discovery import Found
    from cleaner.engines.local import LocalEngine
    from cleaner.jobs.block import Job
    from cleaner.jobs.plan import plan
    from cleaner.jobs.run import JobError
    from cleaner.jobs.run import run as run_job

    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for path in paths:
        path.write_text('{"text": "navy"}\n' * 50)
    monkeypatch.setenv("TRUNCATE", str(paths[0]))
    made = Job(factory=TruncatingCleaner, options=Options(block_bytes=100), skip=skip)
    todo = plan([Found(path, path.name) for path in paths], tmp_path / "out", made)
    if not skip:
        with pytest.raises(JobError, match=r"a.jsonl: the file was changed while it was read"):
            run_job(todo, made, LocalEngine(2))
        return
    summary = run_job(todo, made, LocalEngine(2))
    assert [name for name, _ in summary.failed] == ["a.jsonl"]
    assert not (tmp_path / "out/a.jsonl").exists()
    assert len(read(tmp_path / "out/b.jsonl")) == 50


def test_two_runs_never_write_to_one_place(tmp_path: Path) -> None:
    corpus(tmp_path / "in", 400)
    env = environment(FAKE_CLEANER="SlowCleaner", FAKE_BLOCK="4000", PYTHONPATH=f"{ROOT}{os.pathsep}{ROOT / 'tests'}")
    first = subprocess.Popen([*FAKE, "run", "in", "-o", "out", "-j", "1"], cwd=tmp_path, env=env)
    journal = tmp_path / "out/.cleaner/journal.jsonl"
    while not journal.exists() or journal.read_bytes().count(b"\n") < 4:
        time.sleep(0.02)
    second = job("in", "-o", "out", "--resume", cwd=tmp_path, env={"FAKE_BLOCK": "4000"})
    assert (second.code, first.poll()) == (2, None)
    assert second.err == "cleaner: another run is writing there; wait for it, or name another --output\n"
    assert first.wait() == 0


def test_a_worker_that_is_killed_is_told(tmp_path: Path) -> None:
    from fake_cleaner import DyingCleaner

    from cleaner.discovery import Found
    from cleaner.engines import EngineError
    from cleaner.engines.local import LocalEngine
    from cleaner.jobs.block import Job
    from cleaner.jobs.plan import plan
    from cleaner.jobs.run import run as run_job

    (tmp_path / "a.jsonl").write_text('{"text": "navy"}\n')
    made = Job(factory=DyingCleaner)
    todo = plan([Found(tmp_path / "a.jsonl", "a.jsonl")], tmp_path / "out", made)
    with pytest.raises(EngineError, match="a worker was killed"):
        run_job(todo, made, LocalEngine(2))


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
def test_a_line_of_200_mb_takes_less_than_1_gb(tmp_path: Path, workers: str) -> None:
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
    assert int(done.stdout) < 1000
    with (tmp_path / "out.jsonl").open("rb") as out:
        assert b"army" in out.read(2 << 20)
