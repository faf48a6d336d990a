"""`cleaner explain`: the readings of a phrase."""

from __future__ import annotations

import json
from pathlib import Path

from cli_process import run


def test_every_reading_with_confidence_and_source(tmp_path: Path) -> None:
    done = run("explain", "White Home officers mentioned", cwd=tmp_path)
    assert done.out.splitlines() == [
        "White Home  expression, stub.tsv:7",
        "  0.99  White House",
        "  0.00  white home",
        "officers  phrase, stub.tsv:7",
        "  0.91  officials",
        "  0.09  officers",
        "mentioned  phrase, stub.tsv:7",
        "  0.75  said",
        "reads as  White House officials said",
    ]
    assert (done.code, done.err) == (0, "")


def test_quotation_marks_may_be_forgotten(tmp_path: Path) -> None:
    quoted = run("explain", "White Home officers mentioned", cwd=tmp_path)
    assert run("explain", "White", "Home", "officers", "mentioned", cwd=tmp_path) == quoted


def test_nothing_found(tmp_path: Path) -> None:
    done = run("explain", "a quiet phrase", cwd=tmp_path)
    assert (done.code, done.out) == (0, "nothing found: every word may be its author's\n")


def test_json(tmp_path: Path) -> None:
    (content,) = json.loads(run("explain", "--format", "json", "White Home", cwd=tmp_path).out)
    assert content["restored"] == "White House"
    assert content["findings"][0]["alternatives"] == [{"text": "white home", "confidence": 0.0004}]
