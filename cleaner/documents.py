"""A whole file as the texts to clean, and their results as one result for the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cleaner import formats
from cleaner.formats.passage import Passage
from cleaner.result import Finding, Paragraph, Result, Verdict
from cleaner.suppression import suppressed


def passages(name: str, text: str) -> list[Passage]:
    """The prose of a file, by the kind that its name tells, without what marks in it switch off.

    Together the sources of the passages are `text`, up to what follows the last.  Raises RecordError.
    """
    ignored = suppressed(text)
    if ignored == [(0, len(text))]:
        return []
    found = _by_kind(name, text)
    if not ignored:
        return found
    out, at = [], 0
    for passage in found:
        end = at + len(passage.source)
        inside = [(max(a, at) - at, min(b, end) - at) for a, b in ignored if a < end and b > at]
        out.append(passage.without(inside) if inside else passage)
        at = end
    return out


def _by_kind(name: str, text: str) -> list[Passage]:
    # Plain text, the most common kind, costs no import.
    kind = formats.name_of(name)
    if kind == "markdown":
        from cleaner.formats.markdown import passages as markdown

        return list(markdown(text))
    if kind == "html":
        from cleaner.formats.html import passages as html

        return list(html(text))
    return [Passage(text, text)]


def combined(text: str, parts: Sequence[tuple[Passage, Result]]) -> Result:
    """The results of all passages as the result of `text`, with its offsets."""
    if len(parts) == 1 and parts[0][0].source == text:
        return parts[0][0].project(parts[0][1])
    findings: list[Finding] = []
    paragraphs: list[Paragraph] = []
    at = 0
    for passage, result in parts:
        projected = passage.project(result)
        findings += [replace(f, start=f.start + at, end=f.end + at) for f in projected.findings]
        paragraphs += [replace(p, start=p.start + at, end=p.end + at) for p in projected.paragraphs]
        at += len(passage.source)
    verdict, probability = judge([(len(p.source), r.spun_probability, r.verdict) for p, r in parts])
    surest = max((r for _, r in parts), key=lambda r: r.spun_probability, default=None)
    dialect = surest.dialect if surest else None
    return Result(text, verdict, probability, dialect, tuple(paragraphs), tuple(findings))


def judge(parts: Sequence[tuple[int, float, Verdict]]) -> tuple[Verdict, float]:
    """The verdict and probability of a text from those of its parts (length, probability, verdict).

    One part speaks for itself.  Of several, the text is suspect as soon as one is not clean, and "spun" if half of
    its length is.

    >>> judge([(90, 0.01, "clean"), (10, 0.99, "spun")])
    ('suspect', 0.99)
    """
    if len(parts) == 1:
        return parts[0][2], parts[0][1]
    total = sum(n for n, _, _ in parts)
    spun = sum(n for n, _, verdict in parts if verdict == "spun")
    verdict: Verdict = "clean"
    if any(verdict != "clean" for _, _, verdict in parts):
        verdict = "spun" if spun * 2 >= total else "suspect"
    return verdict, max((p for _, p, _ in parts), default=0.0)
