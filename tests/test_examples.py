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
