"""The command line over the shipped model: the built-in example, and what is written for it."""

from __future__ import annotations

import difflib
import json
import re
from pathlib import Path

import pytest
from cli_process import REAL, ROOT, run, run_on_terminal

ORIGINAL = (ROOT / "tests" / "data" / "demo_original.txt").read_text(encoding="utf-8")
DEMO = ROOT / "cleaner" / "demo.txt"


def words_wrong(text: str, truth: str) -> int:
    """How many words of `truth` are not in `text` at their place."""
    a, b = text.split(), truth.split()
    return len(b) - sum(
        block.size for block in difflib.SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    )


def test_demo_shows_verdict_bar_and_repairs_and_exits_with_0(tmp_path: Path) -> None:
    done = run("check", "--demo", cwd=tmp_path, core=REAL)
    verdict, *findings = done.out.splitlines()
    assert (done.code, done.err) == (0, "")
    assert re.fullmatch(r"demo\.txt: spun \(probability (?:0\.99\d|1\.000), dialect [\w-]+\) [▁▂▃▄▅▆▇█]{9}", verdict)
    assert verdict[-4] in "▁▂"  # the sixth paragraph is as its author wrote it
    assert all(re.fullmatch(r"demo\.txt:\d+:\d+: .+ -> .+ \([01]\.\d\d\)", line) for line in findings)
    assert len(findings) > 50


@pytest.mark.parametrize(
    ("garbled", "original"),
    [("White Home", "White House"), ("Chilly Conflict", "Cold War"), ("Safety Council", "Security Council")],
)
def test_names_of_the_demo_are_restored(tmp_path: Path, garbled: str, original: str) -> None:
    out = run("fix", DEMO, cwd=tmp_path, core=REAL).out
    assert garbled not in out
    assert original in out


def test_most_of_the_demo_is_restored(tmp_path: Path) -> None:
    garbled = DEMO.read_text(encoding="utf-8")
    restored = run("fix", DEMO, cwd=tmp_path, core=REAL).out
    assert words_wrong(restored, ORIGINAL) <= 0.4 * words_wrong(garbled, ORIGINAL)
    assert restored.split("\n\n")[5] == garbled.split("\n\n")[5]


def test_original_of_the_demo_is_clean(tmp_path: Path) -> None:
    done = run("check", ROOT / "tests" / "data" / "demo_original.txt", cwd=tmp_path, core=REAL)
    assert (done.code, done.out, done.err) == (0, "", "")


def test_all_forms_of_report_agree(tmp_path: Path) -> None:
    report = json.loads(run("fix", "--format", "json", DEMO, cwd=tmp_path, core=REAL).raw)[0]
    assert report["restored"] == run("fix", DEMO, cwd=tmp_path, core=REAL).out
    applied = [finding for finding in report["findings"] if finding["applied"]]
    diff = run("fix", "--diff", DEMO, cwd=tmp_path, core=REAL).out
    assert re.findall(r"\[-(.*?)-\]", diff) == [finding["text"] for finding in applied]
    assert re.findall(r"\{\+(.*?)\+\}", diff) == [f["replacement"] for f in applied if f["replacement"]]


def test_demo_on_a_terminal(tmp_path: Path) -> None:
    out = run_on_terminal("check", "--demo", cwd=tmp_path, core=REAL).out
    assert "\x1b[" in out
    assert "9 paragraphs" in out


def test_explain(tmp_path: Path) -> None:
    out = run("explain", "White Home officers mentioned", cwd=tmp_path, core=REAL).out
    assert re.search(r"^Home  \S+, \S+", out, re.MULTILINE)
    assert re.search(r"^  0\.\d\d  House$", out, re.MULTILINE)
    assert re.search(r"^  0\.\d\d  officials$", out, re.MULTILINE)
