"""Simulated spinning: what it lists as the right reading is what stood there, and scores are those of a plain loop."""

from __future__ import annotations

from functools import cache

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tiny import TinyLanguageModel, tiny_channel

from cleaner.language_model import START
from cleaner.lexicon import phrase_key, phrase_keys
from cleaner.segment import tokenize, word_hash
from cleaner.training.simulation import Chunk, Examples, Simulator, chunks, language_scores, paragraph_bounds, pruned

TEXT = "the army of the country took part in the war , according to the navy ; in response a nation joined a conflict"
MODEL = TinyLanguageModel(f"{TEXT} and its warfare after the battle")
PAIRS = {
    "x": [("war", "conflict"), ("war", "warfare"), ("battle", "warfare"), ("took part in", "joined"), ("army", "navy")],
    "y": [("the army", "the navy"), ("according to", "in response to"), ("country", "nation"), ("conflict", "war")],
}
CHANNEL = tiny_channel(PAIRS)
WORDS = ["the", "army", "war", "took", "part", "in", "country", "conflict", "according", "to", "navy", "of", "battle"]
CORPORA = st.lists(st.lists(st.sampled_from(WORDS), max_size=12), min_size=1, max_size=4)


@cache
def spinner() -> Simulator:
    norms = [tokenize(s).norms for pairs in PAIRS.values() for _, s in pairs]
    words = {phrase_key([word_hash(w) for w in n]): MODEL.ids(n).tolist() for n in norms}
    return Simulator(CHANNEL, words, MODEL)  # type: ignore[arg-type]


def stream(corpus: list[list[str]]) -> tuple[list[str], Chunk]:
    norms = [w for paragraph in corpus for w in ["<s>", *paragraph]]
    hashes = np.array([0 if w == "<s>" else word_hash(w) for w in norms], np.uint64)
    return norms, Chunk(hashes, MODEL.ids(norms))


def spun(corpus: list[list[str]], seed: int) -> tuple[list[str], Chunk, Examples]:
    norms, chunk = stream(corpus)
    return norms, chunk, spinner().examples(chunk, seed % 2, np.random.default_rng(seed))


@given(CORPORA, st.integers(0, 1000))
def test_the_right_reading_is_what_stood_there(corpus: list[list[str]], seed: int) -> None:
    norms, _, e = spun(corpus, seed)
    right = np.bincount(e.span[e.right], minlength=len(e.low))
    assert np.all(right == 1)
    for low, high, words in zip(e.low[e.span[e.right]], e.high[e.span[e.right]], e.words[e.right], strict=True):
        phrase = norms[low:high]
        assert "<s>" not in phrase
        assert words[words >= 0].tolist() == MODEL.ids(phrase).tolist()


@given(CORPORA, st.integers(0, 1000))
def test_the_readings_of_a_span_differ_and_one_leaves_it_alone(corpus: list[list[str]], seed: int) -> None:
    _, _, e = spun(corpus, seed)
    assert np.all(np.diff(e.span) >= 0)
    for span in range(len(e.low)):
        readings = [tuple(row) for row in e.words[e.span == span].tolist()]
        assert len(readings) >= 2
        assert len(set(readings)) == len(readings)


@given(CORPORA, st.integers(0, 1000))
def test_swaps_do_not_overlap_and_a_phrase_keeps_one_form(corpus: list[list[str]], seed: int) -> None:
    _, chunk = stream(corpus)
    keys = phrase_keys(chunk.hashes, chunk.hashes != 0)
    start, row = spinner().spin(keys, 0, np.random.default_rng(seed))
    covered = [t for s, r in zip(start, row, strict=True) for t in range(s, s + size_of(int(r)))]
    assert len(covered) == len(set(covered))
    # One form for each phrase throughout a chunk.
    assert len(set(row.tolist())) == len({int(o) for o in CHANNEL.original[row]})


def size_of(row: int) -> int:
    return len(tokenize(CHANNEL.text[CHANNEL.original[row]]))


@settings(max_examples=60)
@given(CORPORA, st.integers(0, 1000))
def test_language_scores_agree_with_a_plain_loop(corpus: list[list[str]], seed: int) -> None:
    _, chunk, e = spun(corpus, seed)
    found = language_scores(MODEL, chunk.ids, e)  # type: ignore[arg-type]
    ids = chunk.ids.tolist()
    for i, span in enumerate(e.span):
        low, high = int(e.low[span]), int(e.high[span])
        paragraph_start = max(k for k in range(low) if ids[k] == START)
        paragraph_end = next((k for k in range(high, len(ids)) if ids[k] == START), len(ids))
        before = ([START, START, *ids[paragraph_start + 1 : low]])[-2:]
        words = [*e.words[i][e.words[i] >= 0].tolist(), *ids[high : min(high + 2, paragraph_end)]]
        line = [*before, *words]
        grams = [np.array([g], np.int32) for g in line]
        expected = sum(float(MODEL.log_prob3(*grams[k - 2 : k + 1])[0]) for k in range(2, len(line)))
        assert abs(found[i] - expected) < 1e-4


@given(CORPORA)
def test_paragraph_bounds(corpus: list[list[str]]) -> None:
    norms, chunk = stream(corpus)
    begin, end = paragraph_bounds(chunk.ids)
    for i, norm in enumerate(norms):
        if norm != "<s>":
            own = norms[begin[i] : end[i]]
            assert "<s>" not in own and begin[i] <= i < end[i]
            assert begin[i] == 0 or norms[begin[i] - 1] == "<s>"
            assert end[i] == len(norms) or norms[end[i]] == "<s>"


@given(CORPORA, st.integers(0, 1000), st.floats(0, 40))
def test_pruned_spans_keep_the_right_reading_and_a_rival(corpus: list[list[str]], seed: int, spread: float) -> None:
    _, _, e = spun(corpus, seed)
    assume(len(e.span))
    language = np.random.default_rng(seed).uniform(-spread, 0, len(e.span))
    left, scores = pruned(e, language)
    assert len(scores) == len(left.span) == len(left.right)
    for span in np.unique(left.span):
        mine = left.span == span
        assert mine.sum() >= 2 and left.right[mine].sum() == 1
        best = (scores + left.channel)[mine].max()
        assert np.all((scores + left.channel)[mine] > best - 12.01)


def test_chunks_are_whole_paragraphs_and_none_comes_twice() -> None:
    corpus = [[WORDS[(i + k) % len(WORDS)] for k in range(i % 7)] + ["war"] * 3 for i in range(60)]
    _, whole = stream(corpus)
    pieces = list(chunks(whole, 40, np.random.default_rng(3)))
    assert all(piece.ids[0] == START for piece in pieces)
    assert sum(len(piece.ids) for piece in pieces) <= len(whole.ids)
    assert len(pieces) > 5 and max(len(p.ids) for p in pieces) <= 40 + 10
