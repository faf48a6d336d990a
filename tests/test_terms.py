"""Garbled names and terms of art in whole texts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cleaner import Cleaner, Settings, clean

ABSTRACT = (
    "We compare three ways to sort letters by their senders. The first uses counterfeit consciousness, the second a "
    "handful of rules, and the third asks a clerk. On our dataset the algorithm of the clerk was more accurate than "
    "both systems, with an error of three samples in the thousand, and the outcomes were measurably critical at the "
    "five per cent level."
)


def test_terms_are_restored_in_a_text_that_is_honest_otherwise() -> None:
    result = clean(ABSTRACT)
    assert "uses artificial intelligence, the second" in result.text
    assert "statistically significant at the five" in result.text
    assert {f.kind for f in result.findings} == {"expression"}
    assert all(ABSTRACT[f.start : f.end] == f.text for f in result.findings)


def test_the_article_before_a_term_agrees() -> None:
    text = "The authors trained a counterfeit neural organization on ten years of rainfall and river levels."
    assert "an artificial neural network on ten years" in clean(f"{ABSTRACT} {text}").text


def test_casing_follows_the_place() -> None:
    result = clean("Counterfeit consciousness is changing how radiologists read scans. " + ABSTRACT)
    assert result.text.startswith("Artificial intelligence is changing")


@pytest.mark.parametrize(
    "text",
    [
        "The study team met on Monday to go over the plan of the work group and to share out the tasks.",
        "Her false modesty fooled nobody at the dinner, least of all the old judge beside her.",
        "A deep breath, a profound silence, and then the whole hall rose to its feet.",
        "The bank of the river gave way in the night, and the capital of the firm went with it.",
        "He kept a bone collection, a colony of bees and a large private library in the attic.",
    ],
)
def test_honest_phrases_that_compose_onto_terms_stay(text: str) -> None:
    assert clean(text).text == text


# Two articles on one event: what a clean one says of names helps to read a garbled one.
HONEST = (
    "Ministers of nine countries met in Bergen on Monday for the opening of the Northern Fisheries Dialogue. The "
    "Northern Fisheries Dialogue was founded in 1994 to settle quarrels over cod quotas.\n\nHosts of the Northern "
    "Fisheries Dialogue hope for a treaty by the spring."
)
GARBLED = (
    "The Northern Fishery Dialog opened in Bergen on Monday, in response to officers from 9 nations. The chief "
    "minister mentioned the nations would speak about the quotas of cod, in response to a press release.\n\nThe "
    "ministers additionally mentioned that the talks on the Northern Fishery Dialog would assist the fishermen, who "
    "have been hit by increased costs because the begin of the yr."
)


def test_a_reference_lends_its_names(tmp_path: Path) -> None:
    (tmp_path / "event.txt").write_text(HONEST, encoding="utf-8")
    alone = clean(GARBLED)
    helped = Cleaner(Settings(reference=(tmp_path,))).clean(GARBLED)
    name = "Northern Fisheries Dialogue"
    assert name in helped.text and name not in alone.text
    assert min(f.confidence for f in helped.findings if f.replacement == name) > 0.5


def test_an_honest_text_stays_with_a_reference(tmp_path: Path) -> None:
    (tmp_path / "event.txt").write_text(HONEST, encoding="utf-8")
    text = (
        "The Northern Line was shut on Monday. Ministers of the northern countries spoke of fisheries and of dialogue."
    )
    assert Cleaner(Settings(reference=(tmp_path,))).clean(text).text == text


def test_an_unreadable_reference_is_named(tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_bytes(b"caf\xe9")
    (tmp_path / "text.txt").write_text("Nothing here.")
    command = [sys.executable, "-m", "cleaner", "check", "--reference", "page.txt", "text.txt"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "page.txt" in done.stderr and "UTF-8" in done.stderr
    assert "Traceback" not in done.stderr
