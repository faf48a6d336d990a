"""`cleaner run` with the shipped model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_process import REAL, ROOT, run

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
