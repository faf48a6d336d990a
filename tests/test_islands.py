"""From tokens to islands: nothing ambiguous is left out, and islands are independent of each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import TinyLanguageModel, tiny_channel, tiny_detector

from cleaner.analysis import _surfaces
from cleaner.islands import MEMORY, UNCHANGED, Batch, batch
from cleaner.segment import tokenize

MODEL = TinyLanguageModel("the army took part in the war . it's the army of the country , according to the army .")
CHANNEL = tiny_channel(
    {
        "x": [("war", "warfare"), ("war", "conflict"), ("according to", "in response to"), ("took part in", "joined")],
        "y": [("army", "navy"), ("the army", "the navy"), ("it is", "it's"), ("country", "nation")],
    }
)
DETECTOR = tiny_detector(MODEL, CHANNEL)
PARAGRAPHS = st.lists(
    st.sampled_from(
        ["warfare", "the", "navy", "in response to", "conflict", "it’s", "nation", "“", ",", ".", "joined", "of", "12%"]
    ),
    max_size=16,
).map(" ".join)
TEXTS = st.lists(PARAGRAPHS, min_size=1, max_size=5)


def laid(paragraphs: list[str], documents: list[int] | None = None) -> Batch:
    tokens = [tokenize(p) for p in paragraphs]
    _, shielded = _surfaces(paragraphs, tokens)
    return batch(tokens, documents or [0] * len(paragraphs), DETECTOR.model, shielded)


def even(paragraphs: int = 1) -> np.ndarray:
    return np.full((paragraphs, 2), -np.log(2.0))


@settings(deadline=None)
@given(TEXTS)
def test_every_candidate_lies_in_one_island(paragraphs: list[str]) -> None:
    b = laid(paragraphs)
    c, islands = DETECTOR.candidates(b)
    for start, size in zip(c.start, c.size, strict=True):
        holds = (islands.begin <= start) & (start + size <= islands.stop)
        assert holds.sum() == 1
        assert b.paragraph[start] == b.paragraph[start + size - 1] == islands.paragraph[holds][0]
    swaps = islands.candidate[islands.candidate != UNCHANGED]
    assert sorted(swaps.tolist()) == list(range(len(c.start)))


@settings(deadline=None)
@given(TEXTS)
def test_between_islands_stand_tokens_enough(paragraphs: list[str]) -> None:
    b = laid(paragraphs)
    c, islands = DETECTOR.candidates(b)
    ambiguous = {int(t) for s, n in zip(c.start, c.size, strict=True) for t in range(s, s + n)}
    for begin, stop, paragraph in zip(islands.begin, islands.stop, islands.paragraph, strict=True):
        assert begin in ambiguous
        end = b.first[paragraph + 1]
        assert stop == end or not ambiguous & set(range(stop - MEMORY, stop))
    assert np.all(islands.stop[:-1] <= islands.begin[1:])


@settings(deadline=None)
@given(TEXTS)
def test_without_swaps_an_island_says_what_the_text_says(paragraphs: list[str]) -> None:
    b = laid(paragraphs)
    c, islands = DETECTOR.candidates(b)
    score, edges = islands.score(np.full(len(c.start), -np.inf), np.zeros(len(b.ids))), islands.islands
    stays = islands.candidate == UNCHANGED
    assert np.array_equal(edges.words[stays, 0], b.ids[islands.token[stays]])
    assert np.all(edges.end[stays] == edges.start[stays] + 1)
    assert np.all(np.isneginf(score[~stays]))
    # Each token of an island has just one reading that leaves it alone, and the chain of them is unbroken.
    for first, stop in zip(edges.first[:-1], edges.first[1:], strict=True):
        mine = edges.start[stays]
        assert mine[(mine >= first) & (mine < stop)].tolist() == list(range(first, stop - 1))


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_a_paragraph_reads_alike_alone_and_among_others(paragraphs: list[str]) -> None:
    together = laid(paragraphs)
    c, islands = DETECTOR.candidates(together)
    read = DETECTOR.read(together, c, islands, even(len(paragraphs)))
    best = {(int(c.start[i]), int(c.size[i]), int(c.row[i])) for i in read.best}
    alone_best = set()
    for number, paragraph in enumerate(paragraphs):
        b = laid([paragraph])
        own, own_islands = DETECTOR.candidates(b)
        alone = DETECTOR.read(b, own, own_islands, even())
        mine = together.paragraph[c.start] == number
        assert np.allclose(read.posterior[mine], alone.posterior, atol=1e-9)
        assert read.log_ratio[number] == pytest.approx(alone.log_ratio[0], abs=1e-9)
        assert np.allclose(read.dialect[number], alone.dialect[0], atol=1e-9)
        offset = int(together.first[number])
        alone_best |= {(int(own.start[i]) + offset, int(own.size[i]), int(own.row[i])) for i in alone.best}
    assert best == alone_best


@pytest.mark.parametrize(
    ("text", "swapped"),
    [
        ("the navy", {"the navy": {"the army"}, "navy": {"army"}}),
        ("the “navy”", {"navy": {"army"}}),  # a phrase does not reach across a quotation mark
        ("the\n navy", {"the navy": {"the army"}, "navy": {"army"}}),
        ("it's warfare", {"it 's": {"it is"}, "warfare": {"war"}}),
        ("The man’s navy isn't here", {"navy": {"army"}}),  # a curly apostrophe among straight ones is the author's
        ("That’s it's navy", {"it 's": {"it is"}, "navy": {"army"}}),
        ("it’s it's", {"it 's": {"it is"}}),
    ],
)
def test_candidates(text: str, swapped: dict[str, set[str]]) -> None:
    b = laid([text])
    c, _ = DETECTOR.candidates(b)
    norms = b.tokens[0].norms
    found: dict[str, set[str]] = {}
    for start, size, row in zip(c.start, c.size, c.row, strict=True):
        phrase = " ".join(norms[start : start + size])
        found.setdefault(phrase, set()).add(CHANNEL.text[CHANNEL.original[row]])
    assert found == swapped


@pytest.mark.parametrize("paragraphs", [[""], ["", "—"], ["“”"], ["", "the navy", ""]])
def test_empty_paragraphs_are_read(paragraphs: list[str]) -> None:
    b = laid(paragraphs)
    c, islands = DETECTOR.candidates(b)
    reading = DETECTOR.read(b, c, islands, even(len(paragraphs)))
    assert len(reading.log_ratio) == len(paragraphs)
    assert reading.log_ratio[0] == 0.0
