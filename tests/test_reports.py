"""Reports for machines: schema, places, and a diff that git applies."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from cli_process import ROOT, run
from fake_cleaner import FakeCleaner, restored
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cleaner.reports.unified import unified
from cleaner.settings import Settings

TEXT = "Quiet.\nThe White Home officers mentioned it, 100%.\r\ngibberish assist\nLeave a\nReply\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a b,c.txt").write_text(TEXT, newline="")
    (tmp_path / "clean.md").write_text("Nothing.\n")
    return tmp_path


def test_sarif_is_valid_and_points_at_the_text(folder: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    done = run("check", "--format", "sarif", ".", cwd=folder)
    log = json.loads(done.raw)
    schema = json.loads((ROOT / "tests/data/sarif-2.1.0-rtm.5.json").read_text())
    jsonschema.Draft4Validator(schema).validate(log)
    results = log["runs"][0]["results"]
    assert [r["ruleId"] for r in results] == ["document", "expression", "phrase", "phrase", "phrase", "furniture"]
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    for r in results:
        assert rules[r["ruleIndex"]]["id"] == r["ruleId"]
        assert r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b%2Cc.txt"
    for r in results[1:]:
        region = r["locations"][0]["physicalLocation"]["region"]
        found = TEXT[region["charOffset"] :][: region["charLength"]]
        line = re.split(r"\r\n|\n", TEXT)[region["startLine"] - 1]
        assert line[region["startColumn"] - 1 :].startswith(found.split("\n")[0])
    fix = results[1]["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert fix["insertedContent"] == {"text": "White House"}
    assert "fixes" not in results[4]


def test_sarif_without_findings_is_valid(tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    (tmp_path / "a.txt").write_text("Nothing.\n")
    log = json.loads(run("check", "--format", "sarif", "a.txt", cwd=tmp_path).raw)
    jsonschema.Draft4Validator(json.loads((ROOT / "tests/data/sarif-2.1.0-rtm.5.json").read_text())).validate(log)
    assert log["runs"][0]["results"] == []


def test_ids_are_stable_when_the_text_changes_elsewhere(folder: Path) -> None:
    def ids() -> list[str]:
        log = json.loads(run("check", "--format", "sarif", ".", cwd=folder).raw)
        return [r["partialFingerprints"].get("finding/v1") for r in log["runs"][0]["results"]]

    before = ids()
    (folder / "a b,c.txt").write_text("A new line.\n\n" + TEXT, newline="")
    assert ids() == before


def test_github_annotations(folder: Path) -> None:
    lines = run("check", "--format", "github", ".", cwd=folder).out.splitlines()
    assert lines[0] == ("::warning file=a b%2Cc.txt,title=garbled text::this text is spun (probability 0.999)")
    place = "line=2,endLine=2,col=5,endColumn=15"
    assert lines[1] == f"::warning file=a b%2Cc.txt,{place},title=garbled text::White Home -> White House (0.99)"
    assert lines[-1].endswith("::Leave a\\nReply -> (nothing) (0.99)")


def test_json_lines_are_the_items_of_the_array(folder: Path) -> None:
    array = json.loads(run("check", "--format", "json", ".", cwd=folder).raw)
    lines = run("check", "--format", "jsonl", ".", cwd=folder).raw.splitlines()
    assert [json.loads(line) for line in lines] == array
    fixed = [json.loads(line) for line in run("fix", "--format", "jsonl", ".", cwd=folder).raw.splitlines()]
    assert "White House" in fixed[0]["restored"]


@pytest.mark.parametrize("end", ["\n", ""])
def test_git_applies_the_unified_diff(tmp_path: Path, end: str) -> None:
    text = "".join(f"line {i}{' officers' if i % 9 == 0 else ''}\r\n" for i in range(60)) + "two officers" + end
    (tmp_path / "a.txt").write_text(text, newline="")
    diff = run("fix", "--format", "diff", "a.txt", cwd=tmp_path)
    assert diff.out.startswith("--- a/a.txt\n+++ b/a.txt\n@@ ")
    subprocess.run(["git", "apply", "-p1", "-"], cwd=tmp_path, input=diff.raw, check=True)
    assert (tmp_path / "a.txt").read_bytes().decode() == text.replace("officers", "officials")
    assert run("fix", "--format", "diff", "a.txt", cwd=tmp_path).out == ""


PARTS = ["navy", "erase this ", "\n", " ", "x\n", "in response to", "\r\n", "words\n" * 8]


@hypothesis_settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(PARTS), max_size=30))
def test_any_unified_diff_applies(tmp_path_factory: pytest.TempPathFactory, parts: list[str]) -> None:
    text = "".join(parts)
    result = FakeCleaner(Settings()).clean(text)
    if result.text == text:
        return
    folder = tmp_path_factory.mktemp("diff")
    (folder / "a.txt").write_bytes(text.encode())
    diff = "".join(unified("a.txt", result)).encode()
    subprocess.run(["git", "apply", "-p1", "--unidiff-zero", "-"], cwd=folder, input=diff, check=True)
    after = folder / "a.txt"
    assert (after.read_bytes().decode() if after.exists() else "") == restored(text)
