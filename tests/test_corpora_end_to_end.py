"""`cleaner run` with the shipped model."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_process import REAL, ROOT, environment, run

pytestmark = pytest.mark.end_to_end

DEMO = (ROOT / "cleaner/demo.txt").read_text(encoding="utf-8")
QUIET = "The weather was fine, and the children played in the garden until their mother called them in for supper.\n"


def test_a_corpus_is_judged_restored_and_undone_alike_by_one_and_two_workers(tmp_path: Path) -> None:
    texts = [DEMO, QUIET * 3, "", DEMO[: len(DEMO) // 2]]
    data = "".join(json.dumps({"id": i, "text": text}) + "\n" for i, text in enumerate(texts)).encode()
    (tmp_path / "a.jsonl").write_bytes(data)
    (tmp_path / "page.html").write_text("".join(f"<p>{line}</p>\n" for line in DEMO.splitlines()), encoding="utf-8")
    for workers in ("1", "2"):
        done = run("run", "a.jsonl", "page.html", "-o", f"out{workers}", "-j", workers, cwd=tmp_path, core=REAL)
        assert done.code == 0, done.err
    one, two = tmp_path / "out1", tmp_path / "out2"
    for path in one.iterdir():
        assert path.read_bytes() == (two / path.name).read_bytes()
    rows = [json.loads(line) for line in (one / "a.jsonl").read_bytes().splitlines()]
    assert [row["cleaner_verdict"] for row in rows] == ["spun", "clean", "clean", "spun"]
    assert "White House" in rows[0]["text"]
    assert rows[1]["text"] == texts[1]
    assert "White House" in (one / "page.html").read_text(encoding="utf-8")
    assert run("undo", "out1/a.jsonl", "-o", "back.jsonl", cwd=tmp_path, core=REAL).code == 0
    assert (tmp_path / "back.jsonl").read_bytes() == data
    assert run("undo", "-i", "out1/page.html", cwd=tmp_path, core=REAL).code == 0
    assert (one / "page.html").read_bytes() == (tmp_path / "page.html").read_bytes()


@pytest.mark.slow
def test_killed_at_20_random_moments_and_resumed(tmp_path: Path) -> None:
    """With one worker and with two, whose processes are killed at once or left behind; nothing is ever half there."""
    generator = random.Random(7)
    paragraphs = [*DEMO.split("\n\n"), *[QUIET] * 40]
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.jsonl", "b.jsonl.gz"):
        texts = ("\n\n".join(generator.choices(paragraphs, k=4)) for _ in range(120))
        data = "".join(json.dumps({"id": i, "text": text}) + "\n" for i, text in enumerate(texts)).encode()
        (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    (folder / "c.txt").write_text("\n\n".join(generator.choices(paragraphs, k=200)), encoding="utf-8")
    env = environment(FAKE_CLEANER="shipped", FAKE_BLOCK="8000", PYTHONPATH=f"{ROOT}{os.pathsep}{ROOT / 'tests'}")
    command = [sys.executable, str(ROOT / "tests/fake_run.py"), "run", "in", "-q"]
    subprocess.run([*command, "-o", "whole", "-j", "2"], cwd=tmp_path, env=env, check=True)
    whole = contents(tmp_path / "whole")
    kills = 0
    while kills < 20:
        workers = str(1 + kills % 2)
        process = subprocess.Popen(
            [*command, "-o", "out", "--resume", "-j", workers], cwd=tmp_path, env=env, start_new_session=True
        )
        time.sleep(generator.uniform(0.2, 3.0))
        os.killpg(process.pid, signal.SIGKILL) if kills % 3 else process.kill()
        process.wait()
        kills += 1
        for name, data in contents(tmp_path / "out").items():
            assert data == whole[name]
    subprocess.run([*command, "-o", "out", "--resume", "-j", "2"], cwd=tmp_path, env=env, check=True)
    assert contents(tmp_path / "out") == whole


def contents(folder: Path) -> dict[str, bytes]:
    """All files of an output, those of an unfinished run left out."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".cleaner" not in path.parts
    }
