"""Corpus jobs that are stopped: what is on disk then, and that they go on as if nothing had been."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest
from cli_process import ROOT, environment, hear_interrupts
from jobs_data import FAKE, corpus, job, read, tree

from cleaner.formats.base import Options


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
