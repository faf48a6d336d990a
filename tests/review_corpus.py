"""Made-up articles and a core that is a table, for the report and the review page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from cleaner.result import Finding, Kind, Paragraph, Result
from cleaner.rewriter import in_case_of
from cleaner.settings import Settings

# text: (kind, replacement, confidence, alternatives)
TABLE: dict[str, tuple[Kind, str | None, float, tuple[tuple[str, float], ...]]] = {
    "white home": ("expression", "White House", 0.996, ()),
    "chilly conflict": ("expression", "Cold War", 0.993, (("cool war", 0.004),)),
    "safety council": ("expression", "Security Council", 0.981, ()),
    "in response to": ("phrase", "according to", 0.972, (("in line with", 0.02),)),
    "officers": ("phrase", "officials", 0.914, (("officers", 0.05), ("officer corps", 0.02))),
    "mentioned": ("phrase", "said", 0.752, (("noted", 0.13), ("stated", 0.08))),
    "navy": ("phrase", "military", 0.561, (("naval", 0.31), ("fleet", 0.07))),
    "assist": ("phrase", "help", 0.43, (("support", 0.35), ("aid", 0.12))),
    "fireplace": ("phrase", "fire", 0.887, (("shoot", 0.06),)),
    "greater than": ("phrase", "more than", 0.942, (("over", 0.05),)),
    "authorities's": ("residue", "government's", 0.871, ()),
    "gasoline": ("phrase", "fuel", 0.508, (("gas", 0.44), ("petrol", 0.03))),
    "gibberish": ("phrase", None, 0.62, ()),
    "leave a reply": ("furniture", "", 0.9, ()),
}
_PATTERN = re.compile(
    "|".join(rf"(?<!\w){re.escape(phrase)}(?!\w)" for phrase in sorted(TABLE, key=len)[::-1]), re.IGNORECASE
)
_OPENING = re.compile(r"(?:\A|[.:\n“])\s*\Z")

SPUN = [
    "White Home officers mentioned on Tuesday that the Chilly Conflict was a lesson and not a plan.",
    "In response to three officers, the navy will assist the coastal towns with "
    "greater than 40 trucks of gasoline and a field hospital.",
    "“We aren't going to fireplace the primary shot,” the minister mentioned. "
    "The authorities's plan goes to the Safety Council next week.",
    "Harbour masters along the coast mentioned that gasoline was short and that "
    "nobody had asked them for their views before the decision.",
    "A spokesman for the navy declined to talk about the matter, in response to "
    "a brief note that reached the newsroom late at night.",
]
HONEST = [
    "The ferry to the island leaves at noon and again at four, weather "
    "permitting, and takes some two hours for the crossing.",
    "Nobody in the village could remember a warmer March, and the plum trees "
    "had already shed most of their blossom by the fair.",
    "Mrs Okafor keeps the ledger herself. She began it in the year the bridge "
    "was built and has not missed an evening since.",
    "The committee met twice, agreed on the colour of the railings, and left "
    "the question of the budget to its next meeting.",
]
HOSTILE = (
    '<script>window.hacked = 1</script> White Home officers mentioned <img src=x onerror="window.hacked=2"> it.\n'
    "</script><svg onload=window.hacked=3> The navy </textarea><iframe "
    "src=javascript:parent.hacked=4></iframe> will assist.\n"
    "<!-- <script> javascript:window.hacked=5 --> {{7*7}} ${window.hacked=6} "
    "Café 'officers' \u202edesrever\u202c 😀 officers\n"
)


class TableCleaner:
    """The public interface over `TABLE`: the same input, the same findings."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()

    def clean(self, text: str) -> Result:
        found = tuple(self._finding(match, text) for match in _PATTERN.finditer(text))
        paragraphs = tuple(self._paragraph(text, *m.span()) for m in re.finditer(r"[^\r\n]*[^\r\n\s][^\r\n]*", text))
        probability = max((p.spun_probability for p in paragraphs), default=0.0)
        verdict: Any = "spun" if probability >= 0.9 else "suspect" if probability >= 0.5 else "clean"
        return Result(text, verdict, probability, "news-a" if verdict == "spun" else None, paragraphs, found)

    def clean_many(self, texts: Iterable[str], workers: int = 1) -> Iterator[Result]:
        return map(self.clean, texts)

    def _paragraph(self, text: str, start: int, end: int) -> Paragraph:
        hits = sum(TABLE[m[0].lower()][0] != "furniture" for m in _PATTERN.finditer(text, start, end))
        probability = (0.008, 0.31, 0.83, 0.97, 0.991, 0.998)[min(hits, 5)]
        return Paragraph(start, end, probability, "news-a" if probability >= 0.5 else None)

    def _finding(self, match: re.Match[str], whole: str) -> Finding:
        text = match[0]
        kind, cure, confidence, others = TABLE[text.lower()]
        if cure is not None and kind in ("phrase", "expression"):
            opens = _OPENING.search(whole, 0, match.start()) is not None
            cure = in_case_of(text, cure, opens_sentence=opens)
            others = tuple((in_case_of(text, other, opens_sentence=opens), p) for other, p in others)
        wanted = confidence >= self.settings.threshold and (kind != "furniture" or self.settings.furniture)
        source = f"news-a: {text.lower()} <- {cure.lower()}" if cure else kind
        finding = Finding(*match.span(), text, kind, cure, confidence, others, source)
        return replace(finding, applied=wanted and cure is not None)


def article(number: int, length: int = 6) -> str:
    """A made-up article; of every five one is spun, one has a spun paragraph, and three are honest."""
    spun = {0: length, 1: 1}.get(number % 5, 0)
    chosen = [SPUN[(number + i) % len(SPUN)] if i < spun else HONEST[(number + i) % len(HONEST)] for i in range(length)]
    return "\n\n".join(chosen) + "\n"
