"""The examples do what the README says of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cli_process import ROOT, environment

from cleaner.cli.files import demo


@pytest.mark.parametrize("arguments", [[], ["articles.jsonl"]])
def test_ingestion_restores_and_passes_the_rest_on(tmp_path: Path, arguments: list[str]) -> None:
    honest = "The weather was fine, and the two friends walked along the river until it got dark."
    records = [{"id": 1, "text": demo().text}, {"id": 2, "text": honest}]
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (tmp_path / "articles.jsonl").write_text(lines)
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "ingest.py", *arguments],
        cwd=tmp_path,
        input="" if arguments else lines,
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert (done.returncode, done.stderr) == (0, "")
    restored, untouched = map(json.loads, done.stdout.splitlines())
    assert (restored["id"], restored["verdict"]) == (1, "spun")
    assert restored["text"].startswith("The White House said on Tuesday")
    assert untouched == {"id": 2, "text": honest, "verdict": "clean"}


@pytest.mark.parametrize("answer", ["y", "n"])
def test_cleanup_shows_and_then_mends_if_told_to(tmp_path: Path, answer: str) -> None:
    (tmp_path / "articles").mkdir()
    article = tmp_path / "articles" / "one.txt"
    article.write_text(demo().text, encoding="utf-8")
    done = subprocess.run(
        [ROOT / "examples" / "cleanup.sh", "articles"],
        cwd=tmp_path,
        input=f"{answer}\n",
        capture_output=True,
        text=True,
        env={**environment(), "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"},
    )
    assert done.stderr.count("Traceback") == 0
    assert "Home" in done.stdout and "Change these files?" in done.stdout
    assert article.read_text(encoding="utf-8").startswith("The White House said") == (answer == "y")


def test_the_hook_refuses_garbled_text(tmp_path: Path) -> None:
    pytest.importorskip("pre_commit")
    config = (ROOT / "examples" / "pre-commit-config.yaml").read_text(encoding="utf-8")
    (tmp_path / ".pre-commit-config.yaml").write_text(config, encoding="utf-8")
    (tmp_path / "article.txt").write_text(demo().text, encoding="utf-8")
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    env = {**environment(), "PATH": path, "PRE_COMMIT_HOME": str(tmp_path / "home"), "HOME": str(tmp_path)}
    for command in (["git", "init", "-q"], ["git", "add", "article.txt", ".pre-commit-config.yaml"]):
        subprocess.run(command, cwd=tmp_path, env=env, check=True)
    command = [sys.executable, "-m", "pre_commit", "run", "--all-files"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 1 and "Home -> House" in done.stdout + done.stderr
