"""The alignment of phrases: against a naive reference, and what must hold of any of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.learning.align import Block, Floats, Ints, Link, Phrase, align

SIZES = {(1, 1): 0.7, (1, 2): 0.1, (2, 1): 0.1, (2, 2): 0.05, (1, 0): 0.03, (0, 1): 0.02}
WORDS = st.lists(st.sampled_from("abcde"), min_size=1, max_size=5).map(tuple)
BLOCKS = st.lists(st.builds(Block, WORDS, WORDS), min_size=1, max_size=6, unique=True)


def lift(phrases: Sequence[Phrase], original: Ints, spun: Ints, chance: Floats) -> Floats:
    """Equal phrases are ten times as likely as by chance, others by their lengths."""
    pairs = zip(original.tolist(), spun.tolist(), strict=True)
    return np.array([10.0 if o == s else 1 / (1 + len(phrases[o]) + len(phrases[s])) for o, s in pairs])


def segmentations(block: Block) -> Iterator[list[tuple[int, int, int, int]]]:
    """All ways to cut a block into pairs of phrases."""

    def rest(i: int, j: int) -> Iterator[list[tuple[int, int, int, int]]]:
        if i == len(block.original) and j == len(block.spun):
            yield []
        for m, n in SIZES:
            if i + m <= len(block.original) and j + n <= len(block.spun):
                yield from ([(i, i + m, j, j + n), *more] for more in rest(i + m, j + n))

    return rest(0, 0)


@given(st.builds(Block, WORDS, WORDS))
@settings(deadline=None)
def test_a_block_alone_is_cut_as_the_prior_has_it(block: Block) -> None:
    def weight(cut: tuple[int, int, int, int]) -> float:
        a, b, c, d = cut
        same = block.original[a:b] == block.spun[c:d]
        seen = len(block.original) if a == b else occurrences(block.original, block.original[a:b])
        return SIZES[b - a, d - c] * (10.0 if same else 1 / (1 + b - a + d - c)) / (seen - 1 + 1)

    def occurrences(words: Phrase, phrase: Phrase) -> int:
        return sum(words[i : i + len(phrase)] == phrase for i in range(len(words)))

    ways = list(segmentations(block))
    chances = [prod(map(weight, way)) for way in ways]
    (links,) = align([block], [1], SIZES, lift, rounds=1)
    found = [(link.low, link.high, link.start, link.end) for link in links]
    assert np.isclose(chances[ways.index(found)], max(chances))
    for link in links:
        share = sum(p for way, p in zip(ways, chances, strict=True) if link[:4] in way) / sum(chances)
        assert np.isclose(link.posterior, share)


@given(BLOCKS, st.data())
@settings(max_examples=50, deadline=None)
def test_links_cover_both_sides_in_order(blocks: list[Block], data: st.DataObject) -> None:
    weights = data.draw(st.lists(st.integers(1, 9), min_size=len(blocks), max_size=len(blocks)))
    for block, links in zip(blocks, align(blocks, weights, SIZES, lift), strict=True):
        ends = [(0, 0), *((link.high, link.end) for link in links)]
        starts = [*((link.low, link.start) for link in links), (len(block.original), len(block.spun))]
        assert starts == ends
        assert all(0 <= link.posterior <= 1 + 1e-9 for link in links)


def cut(block: Block, links: list[Link]) -> list[tuple[str, str]]:
    return [(" ".join(block.original[k.low : k.high]), " ".join(block.spun[k.start : k.end])) for k in links]


def test_blocks_teach_each_other() -> None:
    texts = [
        ("deep net", "profound web"),
        ("deep sea", "profound ocean"),
        ("the net", "the web"),
        ("a sea", "an ocean"),
    ]
    blocks = [Block(tuple(o.split()), tuple(s.split())) for o, s in texts]
    links = [cut(b, found) for b, found in zip(blocks, align(blocks, [1] * 4, SIZES, lift), strict=True)]
    assert links[0] == [("deep", "profound"), ("net", "web")]
    assert links[1] == [("deep", "profound"), ("sea", "ocean")]


def test_a_pair_is_no_evidence_for_itself() -> None:
    block = Block(("look", "up"), ("glance", "upwards"))
    alone, others = (
        next(iter(align([block, Block(("x",), ("y",))], [times, 1], SIZES, lift, {("look", "up"): 3})))[0]
        for times in (1, 9)
    )
    assert others.gain > alone.gain
