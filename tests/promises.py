"""What every result promises, checked without a line of the code that keeps the promises."""

from __future__ import annotations

import re

from cleaner.result import Result
from cleaner.settings import Settings

# What no repair of language may touch: code, markup, template fields, links and addresses.
LINE = re.compile(r"[^\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
PROTECTED = re.compile(
    r"`[^`\n]+`|\{\{[^{}\n]*\}\}|\$\{[^{}\n]*\}|\bhttps?://[^\s<>\"”’)\]]+|\b[a-z]+@[a-z]+\.[a-z]+\b"
    r"|</?[A-Za-z][^<>\n]{0,500}>"
)


def check(text: str, result: Result, settings: Settings) -> None:
    """Raises AssertionError if `result` is not what the interface promises for `text`."""
    assert result.original == text == result.undo()
    end, pieces = 0, []
    for f in result.findings:
        assert end <= f.start < f.end <= len(text), f
        assert f.text == text[f.start : f.end], f
        assert settings.report_threshold <= f.confidence <= 1, f
        assert all(0 <= p <= 1 for _, p in f.alternatives), f
        assert not f.applied or f.confidence >= settings.threshold, f
        assert f.source, f
        new = f.replacement if f.applied and f.replacement is not None else f.text
        pieces += [text[end : f.start], new]
        end = f.end
    assert "".join([*pieces, text[end:]]) == result.text
    _check_paragraphs(text, result)
    _check_protected(text, result)
    assert 0 <= result.spun_probability <= 1
    assert result.verdict in ("clean", "suspect", "spun")
    assert (result.verdict == "clean") == (result.spun_probability < settings.suspect)
    assert result.verdict == "clean" or result.dialect


def _check_paragraphs(text: str, result: Result) -> None:
    end = 0
    for p in result.paragraphs:
        assert end <= p.start < p.end <= len(text), p
        assert not text[end : p.start].strip(), p
        assert 0 <= p.spun_probability <= 1, p
        end = p.end
    assert not text[end:].strip()


def _check_protected(text: str, result: Result) -> None:
    words = [f for f in result.findings if f.kind in ("phrase", "expression")]
    if words:
        # Inline code ends with its line, whatever Unicode takes for the end of one.
        lines = [(m.start(), m.end()) for m in LINE.finditer(text)]
        spans = [m.span() for a, b in lines for m in PROTECTED.finditer(text, a, b)]
        assert not [(f, a, b) for f in words for a, b in spans if f.start < b and a < f.end]
