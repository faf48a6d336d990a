"""The report to look at: one HTML file with everything in it, which loads nothing and sends nothing."""

from __future__ import annotations

import json
from base64 import b64encode
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from html import escape
from pathlib import PurePath
from typing import Any

from cleaner import __version__
from cleaner.reports import assets
from cleaner.reports.layout import number, one_line
from cleaner.result import Result
from cleaner.settings import Settings

BINS = 20
_MOST_SWAPS = 100
_MOST_FOLDERS = 200


class HtmlReport:
    """Collects documents; `page` is the report as it stands."""

    def __init__(self, settings: Settings, title: str = "Cleaner report") -> None:
        self._settings = settings
        self._title = title
        self._documents: list[dict[str, Any]] = []

    def add(self, name: str, result: Result) -> None:
        self._documents.append(document(name, result))

    def finish(self) -> None:
        """Nothing is left to do: the page is made when it is asked for."""

    def page(self, *, seconds: float | None = None, made: str = "") -> bytes:
        """The report in UTF-8; `seconds` is the time that the documents took, `made` tells when that was."""
        settings = {name: getattr(self._settings, name) for name in ("threshold", "suspect", "spun")}
        data = {
            "title": self._title,
            "settings": settings,
            "overview": overview(self._documents, seconds),
            "documents": self._documents,
        }
        style = assets.read("base.css") + assets.read("report.css")
        script = assets.read("marks.js") + assets.read("report.js")
        subtitle = [number(len(self._documents), "document"), made, f"cleaner {__version__}"]
        page = assets.read("report.html") % {
            "policy": _policy(style, script),
            "title": escape(one_line(self._title)),
            "subtitle": escape(" · ".join(filter(None, subtitle))),
            "style": style,
            "script": script,
            "data": embedded(data),
        }
        return page.encode()


def document(name: str, result: Result) -> dict[str, Any]:
    """What the page needs of one document; offsets count UTF-16 units, as browsers do.

    A document without findings comes without its text: there is nothing to see in it.
    """
    unit = utf16(result.original)
    findings = [
        [
            unit(f.start),
            unit(f.end),
            f.kind,
            f.replacement,
            rounded(f.confidence),
            [[text, rounded(p)] for text, p in f.alternatives],
            f.source,
            f.applied,
        ]
        for f in result.findings
    ]
    return {
        "name": name,
        "verdict": result.verdict,
        "probability": rounded(result.spun_probability),
        "dialect": result.dialect,
        "words": len(result.original.split()),
        "text": result.original if findings else "",
        "paragraphs": [[unit(start), unit(end), rounded(p)] for start, end, p in rows(result)],
        "findings": findings,
    }


def rows(result: Result) -> Iterator[tuple[int, int, float]]:
    """The paragraphs with their probabilities, and between them whatever else is not blank, with 0."""
    done = 0
    length = len(result.original)
    for start, end, p in [*((p.start, p.end, p.spun_probability) for p in result.paragraphs), (length, length, 0.0)]:
        between = result.original[done:start]
        if between.strip():
            lead = len(between) - len(between.lstrip())
            yield done + lead, done + len(between.rstrip()), 0.0
        if end > start:
            yield start, end, p
        done = end


def rounded(probability: float) -> float:
    """A probability with four decimals, but never up to certainty.

    >>> rounded(0.99999), rounded(0.12345), rounded(1.0)
    (0.9999, 0.1235, 1.0)
    """
    return min(round(probability, 4), 0.9999) if probability < 1 else probability


def utf16(text: str) -> Callable[[int], int]:
    """A function from code points of `text` to UTF-16 units.

    >>> unit = utf16("a\\N{GRINNING FACE}b")
    >>> unit(1), unit(2), unit(3)
    (1, 3, 4)
    """
    astral = [] if text.isascii() else [i for i, character in enumerate(text) if character > "\uffff"]
    return lambda offset: offset + bisect_left(astral, offset)


def overview(documents: Sequence[dict[str, Any]], seconds: float | None) -> dict[str, Any]:
    """The corpus at a glance: totals, documents by probability and by folder, and the most frequent swaps."""
    verdicts = Counter(d["verdict"] for d in documents)
    histogram = [{"clean": 0, "suspect": 0, "spun": 0} for _ in range(BINS)]
    folders: defaultdict[str, Counter[str]] = defaultdict(Counter)
    swaps: defaultdict[tuple[str, str | None], list[float]] = defaultdict(list)
    kinds: Counter[str] = Counter()
    for d in documents:
        histogram[min(int(d["probability"] * BINS), BINS - 1)][d["verdict"]] += 1
        folders[str(PurePath(d["name"]).parent)][d["verdict"]] += 1
        for _, _, kind, _, _, _, _, _ in d["findings"]:
            kinds[kind] += 1
        for text, replacement, confidence in _swaps(d):
            swaps[text, replacement].append(confidence)
    words = sum(d["words"] for d in documents)
    frequent = sorted(swaps.items(), key=lambda swap: (-len(swap[1]), swap[0][0], swap[0][1] or ""))[:_MOST_SWAPS]
    largest = sorted(folders.items(), key=lambda folder: (-folder[1].total(), folder[0]))[:_MOST_FOLDERS]
    return {
        "documents": len(documents),
        "words": words,
        "words_per_second": round(words / seconds) if seconds else None,
        "verdicts": {verdict: verdicts[verdict] for verdict in ("clean", "suspect", "spun")},
        "findings": kinds.total(),
        "applied": sum(f[7] for d in documents for f in d["findings"]),
        "kinds": sorted(kinds),
        "histogram": histogram,
        "folders": [
            {"name": name, **{verdict: counts[verdict] for verdict in ("clean", "suspect", "spun")}}
            for name, counts in largest
        ],
        "swaps": [
            {
                "text": text,
                "replacement": replacement,
                "count": len(p),
                "confidence": round(sum(p) / len(p), 4),
            }
            for (text, replacement), p in frequent
        ],
    }


def _swaps(document: dict[str, Any]) -> Iterator[tuple[str, str | None, float]]:
    """Text, replacement and confidence of each phrase or expression, in lower case."""
    # Offsets are UTF-16 units, and two bytes of this encoding are one of them.
    text = document["text"].encode("utf-16-le", "surrogatepass")
    for start, end, kind, replacement, confidence, *_ in document["findings"]:
        if kind in ("phrase", "expression"):
            found = text[2 * start : 2 * end].decode("utf-16-le", "surrogatepass")
            yield found.lower(), replacement and replacement.lower(), confidence


def embedded(data: object) -> str:
    """JSON that cannot end the script element it stands in, whatever text is in it."""
    text = json.dumps(data, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _policy(style: str, script: str) -> str:
    """The browser runs this style and this script, by their hashes, and nothing else."""
    sources = {"style": style, "script": script}
    hashes = {kind: b64encode(sha256(text.encode()).digest()).decode() for kind, text in sources.items()}
    allowed = [f"{kind}-src 'sha256-{digest}'" for kind, digest in hashes.items()]
    return "; ".join(["default-src 'none'", *allowed, "img-src data:", "base-uri 'none'", "form-action 'none'"])
