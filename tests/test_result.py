"""A result says what becomes of a text, and makes the text only when it is asked for."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, replace

import pytest

from cleaner.result import Finding, Paragraph, Result

TEXT = "He mentioned so.\n\n  And he left. \n"
FINDING = Finding(3, 12, "mentioned", "phrase", "said", 0.9, applied=True)


def test_what_nothing_is_applied_to_is_the_text_itself() -> None:
    for findings in ((), (replace(FINDING, applied=False),)):
        result = Result(TEXT, "clean", 0.1, None, None, findings)
        assert result.text is result.original is result.undo()
    restored = Result(TEXT, "spun", 0.99, "news", None, (FINDING,))
    assert restored.text == "He said so.\n\n  And he left. \n" and restored.undo() == TEXT


def test_honest_paragraphs_are_those_of_the_text() -> None:
    result = Result(TEXT, "clean", 0.1, None, None, ())
    marked = Paragraph(0, 16, 0.0), Paragraph(20, 32, 0.0)
    assert result.paragraphs == marked and isinstance(result.paragraphs, tuple)
    assert result == Result(TEXT, "clean", 0.1, None, marked, ())
    assert hash(result) == hash(Result(TEXT, "clean", 0.1, None, marked, ()))
    assert result != Result(TEXT, "clean", 0.1, None, (Paragraph(0, 16, 0.5), marked[1]), ())
    assert result != replace(result, verdict="suspect") and result != TEXT


def test_it_is_the_same_on_the_other_side_of_a_pipe() -> None:
    result = Result(TEXT, "spun", 0.99, "news", (Paragraph(0, 16, 1.0, "news"),), (FINDING,))
    fresh = len(pickle.dumps(result))
    assert result.text and result.paragraphs
    assert len(pickle.dumps(result)) == fresh
    assert pickle.loads(pickle.dumps(result)) == result
    with pytest.raises(FrozenInstanceError):
        result.verdict = "clean"  # type: ignore[misc]
