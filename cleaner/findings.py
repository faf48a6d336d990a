"""Step 6: from the best readings of a batch to findings, each with its confidence and alternatives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from cleaner.detector import Reading
from cleaner.islands import Batch, Candidates
from cleaner.lexicon import Channel
from cleaner.result import Finding
from cleaner.rewriter import article_for, in_case_of, opens_sentence, trimmed
from cleaner.segment import Tokens

MOST_ALTERNATIVES = 4


class Choice(NamedTuple):
    """The readings of the tokens `start` .. `end` - 1 of paragraph `paragraph`, best first: (original, probability).

    `dialect` numbers the dialect that explains the best one.
    """

    paragraph: int
    start: int
    end: int
    readings: tuple[tuple[str, float], ...]
    dialect: int


def choices(b: Batch, c: Candidates, reading: Reading, channel: Channel) -> Iterator[Choice]:
    """The choice that each edit of the best paths makes, in text order.

    Candidates that differ only in words which both sides share are one reading, so their posteriors add up.
    """
    weighty = np.flatnonzero(reading.posterior > 1e-3)
    readings: defaultdict[tuple[int, int, int], defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    keys = {}
    for i in np.union1d(weighty, reading.best).tolist():
        paragraph = int(b.paragraph[c.start[i]])
        tokens, offset = b.tokens[paragraph], int(b.first[paragraph])
        start, size = int(c.start[i]) - offset, int(c.size[i])
        edit = trimmed(tokens.norms[start : start + size], start, channel.text[channel.original[c.row[i]]])
        keys[i] = paragraph, edit.start, edit.end
        readings[keys[i]][edit.text] += float(reading.posterior[i])
    for i in reading.best.tolist():
        ranked = sorted(readings[keys[i]].items(), key=lambda r: (-r[1], r[0]))
        yield Choice(*keys[i], tuple(ranked), int(channel.log_swap[c.row[i]].argmax()))


def findings(text: str, tokens: Tokens, found: list[Choice], spun: float, channel: Channel) -> Iterator[Finding]:
    """The findings of one paragraph; `spun` (0..1) is the probability that it is spun."""
    for choice in found:
        start, end = choice.start, choice.end
        rendered = [(_rendered(text, tokens, start, end, original), p * spun) for original, p in choice.readings]
        replacement, confidence = rendered[0]
        a, z = tokens.starts[start], tokens.ends[end - 1]
        # An article before the phrase agrees with the restored word.
        if start and tokens.joined[start] and tokens.norms[start - 1] in ("a", "an"):
            article = text[tokens.starts[start - 1] : tokens.ends[start - 1]]
            right = article_for(article, replacement)
            if right.lower() != article.lower() and tokens.norms[start] != replacement.lower():
                a = tokens.starts[start - 1]
                between = text[tokens.ends[start - 1] : tokens.starts[start]]
                rendered = [(article_for(article, r) + between + r, p) for r, p in rendered]
        yield Finding(
            a,
            z,
            text[a:z],
            "phrase",
            rendered[0][0],
            min(confidence, 1.0),
            tuple((r, round(p, 4)) for r, p in rendered[1 : 1 + MOST_ALTERNATIVES] if p >= 0.01),
            f"{channel.dialects[choice.dialect]}: {' '.join(tokens.norms[start:end])} <- {choice.readings[0][0]}",
        )


def _rendered(text: str, tokens: Tokens, start: int, end: int, original: str) -> str:
    surface = text[tokens.starts[start] : tokens.ends[end - 1]]
    replacement = in_case_of(surface, original, opens_sentence=opens_sentence(tokens, start))
    return replacement.replace("'", "’") if "’" in text and "'" not in text else replacement


def group(found: Iterator[Choice]) -> dict[int, list[Choice]]:
    """Choices by paragraph."""
    by_paragraph: defaultdict[int, list[Choice]] = defaultdict(list)
    for choice in found:
        by_paragraph[choice.paragraph].append(choice)
    return by_paragraph
