"""From pairs of an original and what a spinner made of it: which phrases it swapped, and which it left alone.

Words that both texts share anchor them to each other; between the anchors, phrases of up to six words are aligned by
what all pairs say together (`cleaner.learning.align`).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from rapidfuzz.distance import Indel

from cleaner.learning.align import Block, Link, Phrase, align
from cleaner.learning.prior import lift
from cleaner.lexicon import MAX_WORDS, Entry
from cleaner.reports.layout import number
from cleaner.segment import Tokens, tokenize
from cleaner.thesaurus import Thesaurus
from cleaner.training.induce import induce

# Shared words that may be part of a swapped phrase: so many next to what changed, and between two changes.
_CONTEXT = 1
_BETWEEN = 1
_LONGEST = 24  # words that differ on either side of a block; where more do, somebody has rewritten it
_SHORTER = 0.25  # P(a phrase goes on with another word)
PART = 120_000  # words of the originals that are aligned together, in about 800 MB
PARSIMONY = 0.9  # weight of the evidence for a pair, for each word beyond one on either side
SIZES = {
    **{(m, n): 0.99 * _SHORTER ** (m + n - 2) * 0.55 for m in range(1, MAX_WORDS + 1) for n in range(1, MAX_WORDS + 1)},
    **{(1, 0): 0.0005, (0, 1): 0.0005},
}
_LINE = re.compile(r".*\S.*")


class Pair(NamedTuple):
    """An original and the spun text that was made of it."""

    original: str
    spun: str


class Edit(NamedTuple):
    """spun[start:end] stood for `original`."""

    start: int
    end: int
    original: str


@dataclass(frozen=True, slots=True)
class _Region:
    """Tokens low..high of an original's stretch and start..end of the spun one's that are to be aligned."""

    pair: int
    sides: tuple[Tokens, Tokens]
    low: int
    high: int
    start: int
    end: int

    @property
    def block(self) -> Block:
        original, spun = self.sides
        return Block(original.norms[self.low : self.high], spun.norms[self.start : self.end])


class PairsError(ValueError):
    """A file of pairs that cannot be used; the message names file, line and mend."""


def read_pairs(path: Path, fields: tuple[str, str] = ("original", "spun")) -> Iterator[Pair]:
    """Yield the pairs of a JSON Lines file, whose `fields` hold the original and the spun text; raises PairsError."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    yield _pair(json.loads(line), fields)
                except UnicodeDecodeError:
                    raise PairsError(f"{path}:{number}: not UTF-8; convert the file") from None
                except json.JSONDecodeError as error:
                    raise PairsError(f"{path}:{number}: not a line of JSON ({error}); mend the line") from None
                except ValueError as error:
                    raise PairsError(f"{path}:{number}: {error}") from None


def _pair(record: Any, fields: tuple[str, str]) -> Pair:
    if not isinstance(record, dict):
        raise ValueError('a record must be an object, such as {"original": "...", "spun": "..."}')
    for name in fields:
        if name not in record:
            there = ", ".join(map(str, record)) or "none"
            raise ValueError(f"no field {name!r}; name both fields with --fields ORIGINAL,SPUN (there are: {there})")
        if not isinstance(record[name], str):
            raise ValueError(f"the field {name!r} must be text, not {json.dumps(record[name])[:40]}")
    return Pair(*(record[name] for name in fields))


class PairsLearner:
    """Learns from pairs, a part of them at a time."""

    def __init__(self, pairs: Sequence[Pair], thesaurus: Thesaurus) -> None:
        self._pairs = pairs
        self._thesaurus = thesaurus
        self._parts = _parts(pairs)

    @property
    def job(self) -> dict[str, Any]:
        content = sha256()
        for pair in self._pairs:
            content.update(json.dumps(pair).encode())
        return {"learn": "pairs", "pairs": len(self._pairs), "content": content.hexdigest()}

    @property
    def source(self) -> str:
        return number(len(self._pairs), "pair")

    @property
    def parts(self) -> int:
        return len(self._parts)

    def part(self, done: Sequence[Any]) -> Any:
        return edits(self._parts[len(done)], self._thesaurus)

    def lexicon(self, done: Sequence[Any]) -> list[Entry]:
        return lexicon(self._pairs, [[Edit(*edit) for edit in own] for part in done for own in part])


def _parts(pairs: Sequence[Pair]) -> list[Sequence[Pair]]:
    """Cut a list of pairs so that the originals of each part, but for a single one, have at most PART words."""
    cuts, total = [0], 0
    for at, pair in enumerate(pairs):
        size = len(pair.original.split())
        if total and total + size > PART:
            cuts.append(at)
            total = 0
        total += size
    return [pairs[a:b] for a, b in zip(cuts, [*cuts[1:], len(pairs)], strict=True)]


def lexicon(pairs: Sequence[Pair], edits: Sequence[Sequence[Edit]]) -> list[Entry]:
    """The rows of a lexicon: what was swapped in each pair, and the phrases left alone that are swapped elsewhere."""
    rows = [{"spun": pair.spun, "edits": own} for pair, own in zip(pairs, edits, strict=True)]
    return [replace(entry, source="learned") for entry in induce(rows)]


def edits(pairs: Sequence[Pair], thesaurus: Thesaurus) -> list[list[Edit]]:
    """What was swapped in each pair, in order of the spun text."""
    stretches = [(owner, sides) for owner, pair in enumerate(pairs) for sides in _stretches(pair)]
    regions = [region for owner, sides in stretches for region in _regions(owner, sides)]
    times = Counter(region.block for region in regions)
    blocks = list(times)
    found: list[list[Edit]] = [[] for _ in pairs]
    if blocks:
        outside = _outside([original.norms for _, (original, _) in stretches], times)
        aligned = align(blocks, list(times.values()), SIZES, lift(thesaurus), outside, PARSIMONY)
        links = dict(zip(blocks, aligned, strict=True))
        for region in regions:
            found[region.pair] += _swaps(pairs[region.pair], region, links[region.block])
    return found


def _outside(originals: Iterable[Phrase], blocks: Mapping[Block, int]) -> dict[Phrase, int]:
    """How often each phrase of the blocks' originals stands elsewhere in the `originals`."""
    inside: Counter[Phrase] = Counter()
    for block, times in blocks.items():
        for phrase in _phrases(block.original):
            inside[phrase] += times
    everywhere = Counter(phrase for words in originals for phrase in _phrases(words) if phrase in inside)
    return {phrase: max(everywhere[phrase] - n, 0) for phrase, n in inside.items()}


def _phrases(words: Phrase) -> Iterator[Phrase]:
    return (words[i : i + n] for i in range(len(words)) for n in range(1, min(MAX_WORDS, len(words) - i) + 1))


def _regions(owner: int, sides: tuple[Tokens, Tokens]) -> Iterator[_Region]:
    """What differs in a stretch, with a little of what surrounds it."""
    original, spun = sides
    differ = [
        (op.src_start, op.src_end, op.dest_start, op.dest_end)
        for op in Indel.opcodes(original.norms, spun.norms)
        if op.tag != "equal"
    ]
    merged: list[tuple[int, int, int, int]] = []
    for low, high, start, end in differ:
        near = merged and low - merged[-1][1] <= _BETWEEN and max(high - merged[-1][0], end - merged[-1][2]) <= _LONGEST
        if near and _words(spun, merged[-1][3], start):
            merged[-1] = merged[-1][0], high, merged[-1][2], end
        else:
            merged.append((low, high, start, end))
    borders = [0, *(high for _, high, _, _ in merged)], [*(low for low, *_ in merged[1:]), len(original)]
    for (low, high, start, end), before, after in zip(merged, *borders, strict=False):
        left = _CONTEXT if low - before >= _CONTEXT and _words(spun, start - _CONTEXT, start) else 0
        right = _CONTEXT if after - high >= _CONTEXT and _words(spun, end, end + _CONTEXT) else 0
        region = _Region(owner, sides, low - left, high + right, start - left, end + right)
        if region.low < region.high and region.start < region.end and max(high - low, end - start) <= _LONGEST:
            yield region


def _stretches(pair: Pair) -> Iterator[tuple[Tokens, Tokens]]:
    """The lines of both sides, if they have as many; else the whole texts."""
    lines = [[m.span() for m in _LINE.finditer(text)] for text in pair]
    if len(lines[0]) == len(lines[1]):
        for original, spun in zip(*lines, strict=True):
            yield tokenize(pair.original, *original), tokenize(pair.spun, *spun)
    else:
        yield tokenize(pair.original), tokenize(pair.spun)


def _words(tokens: Tokens, start: int, end: int) -> bool:
    """Whether the tokens start..end, if any, are words."""
    return all(kind in "wn" for kind in tokens.kinds[start:end])


def _swaps(pair: Pair, region: _Region, links: Iterable[Link]) -> Iterator[Edit]:
    original, spun = region.sides
    for link in links:
        low, high = region.low + link.low, region.low + link.high
        start, end = region.start + link.start, region.start + link.end
        if low < high and start < end and original.norms[low:high] != spun.norms[start:end]:
            yield Edit(
                spun.starts[start], spun.ends[end - 1], pair.original[original.starts[low] : original.ends[high - 1]]
            )
