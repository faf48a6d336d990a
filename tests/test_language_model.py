"""The language model against a naive implementation, its file format, and the shipped file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.language_model import (
    HYPHENATED,
    NUMBER,
    PROTECTED,
    SHIPPED,
    SPECIAL,
    START,
    UNKNOWN,
    LanguageModel,
    LanguageModelError,
    save,
)
from cleaner.segment import paragraphs, tokenize, word_hash
from cleaner.training.corpus import encode, merge
from cleaner.training.kneser_ney import Bools, Grams, Ints, count_grams, estimate, fit, perplexity
from cleaner.training.language_model import BIGRAMS, GAINS, SIZES, TRIGRAMS, compile_model, quantize, vocabulary
from cleaner.training.static_function import Layout, build

Gram = tuple[int, ...]


@dataclass
class Naive:
    """Interpolated modified Kneser-Ney, word for word from the formula, in dictionaries."""

    texts: Sequence[Sequence[int]]
    vocabulary: int
    dropped: set[Gram] = field(default_factory=set)
    order: int = 3

    @cached_property
    def raw(self) -> dict[int, Counter[Gram]]:
        counts: dict[int, Counter[Gram]] = {k: Counter() for k in range(1, self.order + 1)}
        for text in self.texts:
            line = (START, *text)
            for k, end in product(counts, range(2, len(line) + 1)):
                if end >= k:
                    counts[k][line[end - k : end]] += 1
        return counts

    @cached_property
    def counts(self) -> dict[int, Counter[Gram]]:
        counts = {self.order: self.raw[self.order]}
        for k in range(self.order - 1, 0, -1):
            counts[k] = Counter({gram: n for gram, n in self.raw[k].items() if gram[0] == START})
            for gram, n in counts[k + 1].items():
                if gram[1:][0] != START:
                    counts[k][gram[1:]] += n if gram in self.dropped else 1
        return counts

    def discount(self, k: int, count: int) -> float:
        n1, n2, n3, n4 = (max(1, sum(n == c for n in self.counts[k].values())) for c in (1, 2, 3, 4))
        y = n1 / (n1 + 2 * n2)
        c = min(count, 3)
        raw = {1: 1 - 2 * y * n2 / n1, 2: 2 - 3 * y * n3 / n2, 3: 3 - 4 * y * n4 / n3}[c]
        return min(max(raw, 0.1 * c), 0.9 * c)

    @cached_property
    def followers(self) -> dict[Gram, dict[int, tuple[int, float]]]:
        """For each context, the count of each word after it and what of that is stored with the n-gram itself."""
        table: dict[Gram, dict[int, tuple[int, float]]] = {}
        for k, counts in self.counts.items():
            discount = {c: self.discount(k, c) for c in (1, 2, 3)}
            for gram, n in counts.items():
                kept = 0.0 if gram in self.dropped else n - discount[min(n, 3)]
                table.setdefault(gram[:-1], {})[gram[-1]] = (n, kept)
        return table

    def prob(self, context: Gram, word: int) -> float:
        shorter = self.prob(context[1:], word) if context else 1 / (self.vocabulary - 1)
        if context not in self.followers:
            return shorter
        after = self.followers[context]
        total = sum(n for n, _ in after.values())
        left = 1 - sum(kept for _, kept in after.values()) / total
        return after.get(word, (0, 0.0))[1] / total + left * shorter


def stream_of(texts: Iterable[Sequence[int]]) -> Ints:
    return np.array([word for text in texts for word in (START, *text)], np.int32)


def gram(tables: Sequence[Grams], order: int, row: int | np.integer[Any]) -> Gram:
    table = tables[order - 1]
    return (*(gram(tables, order - 1, table.prefix[row]) if order > 1 else ()), int(table.word[row]))


WORDS = 9
SMALL = st.lists(st.lists(st.sampled_from([0, *range(2, WORDS)]), min_size=1, max_size=12), min_size=1, max_size=12)


@settings(deadline=None, max_examples=60)
@given(SMALL, st.lists(st.booleans(), min_size=7, max_size=7), st.booleans())
def test_estimates_agree_with_the_naive_ones(texts: list[list[int]], pattern: list[bool], pruned: bool) -> None:
    tables = count_grams(stream_of(texts), WORDS, 3)
    kept: list[Bools] = [np.ones(len(t), bool) for t in tables]
    if pruned:
        kept[1:] = [np.resize(pattern, len(t)) for t in tables[1:]]
    naive = Naive(texts, WORDS, {gram(tables, k, r) for k in (2, 3) for r in np.flatnonzero(~kept[k - 1])})
    levels = estimate(tables, kept)
    for order, (table, level) in enumerate(zip(tables, levels, strict=True), 1):
        for row in range(len(table)):
            found = gram(tables, order, row)
            if found[-1] != START:
                assert level.prob[row] == pytest.approx(naive.prob(found[:-1], found[-1]), rel=1e-9)
    for context in product(range(WORDS), repeat=2):
        assert sum(naive.prob(context, w) for w in range(WORDS) if w != START) == pytest.approx(1, abs=1e-9)


def zipf_texts(words: int, texts: int, seed: int) -> list[list[int]]:
    """Texts in which words repeat as in language: a word often brings the same next words."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(texts):
        text = [5]
        for _ in range(30):
            step = int(random.zipf(1.6)) if random.random() < 0.7 else int(random.integers(words))
            text.append(5 + (3 * text[-1] + step) % (words - 5))
        made.append(text)
    return made


VOCABULARY = [*SPECIAL, *sorted((f"w{i}" for i in range(55)), key=word_hash)]
TEXTS = zipf_texts(len(VOCABULARY), 300, seed=1)


def model_of(path: Path, room: float | None = None) -> tuple[LanguageModel, Naive]:
    """A model file of TEXTS, pruned to `room`, and the naive model of the same n-grams."""
    tables = count_grams(stream_of(TEXTS), len(VOCABULARY), 3)
    levels = estimate(tables) if room is None else fit(tables, room, SIZES)
    dropped = {gram(tables, k, r) for k in (2, 3) for r in np.flatnonzero(~levels[k - 1].kept)}
    save(path, *compile_model(VOCABULARY, tables, levels))
    return LanguageModel.open(path), Naive(TEXTS, len(VOCABULARY), dropped)


@pytest.mark.parametrize("room", [None, 4000.0])
def test_file_answers_like_the_naive_model_and_sums_to_one(tmp_path: Path, room: float | None) -> None:
    model, naive = model_of(tmp_path / "small.lm", room)
    assert (room is None) == (not naive.dropped)
    words = [w for w in range(len(VOCABULARY)) if w != START]
    seen = [text[i : i + 2] for text in TEXTS[:20] for i in (0, 7)]
    unseen = [c for c in product(range(5, 25, 3), (0, 9, 20)) if c not in naive.followers]
    assert unseen
    errors = []
    for a, b in [*seen, *unseen, (START, START), (START, 5)]:
        exact = np.array([naive.prob((a, b), w) for w in words])
        scores = model.log_prob(np.array([(a, b, w) for w in words], np.int32))
        assert scores.dtype == np.float32
        assert np.exp(scores).sum() == pytest.approx(1, abs=0.05)
        errors.append(scores - np.log(exact))
    # The rest of the error is that of square-root steps: of 64 gains and 64 weights.
    assert np.abs(errors).max() < 0.2
    assert np.abs(np.mean(errors)) < 0.01


def test_each_row_is_answered_alone(tmp_path: Path) -> None:
    model, _ = model_of(tmp_path / "small.lm")
    ngrams = np.random.default_rng(2).integers(0, len(VOCABULARY), (500, 3)).astype(np.int32)
    together = model.log_prob(ngrams)
    assert [float(model.log_prob(row[None])[0]) for row in ngrams] == together.tolist()
    assert model.log_prob(ngrams[:0]).shape == (0,)
    a, b, c = (np.ascontiguousarray(column) for column in ngrams.T)
    assert model.log_prob3(a, b, c).tolist() == together.tolist()


def test_perplexity_is_that_of_the_naive_model() -> None:
    tables = count_grams(stream_of(TEXTS), len(VOCABULARY), 3)
    naive = Naive(TEXTS, len(VOCABULARY))
    others = zipf_texts(len(VOCABULARY), 3, seed=5)
    logs = []
    for text in others:
        line = [START, *text]
        logs += [np.log(naive.prob(tuple(line[max(i - 2, 0) : i]), line[i])) for i in range(1, len(line))]
    found, tokens = perplexity(tables, estimate(tables), stream_of(others))
    assert tokens == len(logs)
    assert found == pytest.approx(np.exp(-np.mean(logs)), rel=1e-9)


def test_pruning_keeps_shorter_ngrams_and_room() -> None:
    tables = count_grams(stream_of(TEXTS), len(VOCABULARY), 3)
    for room in (1000, 3000):
        levels = fit(tables, room, SIZES)
        taken = sum(size * np.count_nonzero(level.kept) for size, level in zip(SIZES, levels[1:], strict=True))
        assert 0.9 * room < taken <= room
        assert levels[1].kept[tables[2].prefix[levels[2].kept]].all()
        assert levels[1].kept[tables[2].suffix[levels[2].kept]].all()


@pytest.mark.parametrize("layout", [BIGRAMS, TRIGRAMS, GAINS])
@pytest.mark.parametrize("size", [0, 1, 7, 1000, 100_000])
def test_static_function_knows_its_keys_and_few_others(layout: Layout, size: int) -> None:
    random = np.random.default_rng(size)
    keys = np.unique(random.integers(0, 2**63, 3 * size, np.uint64))[:size]
    random.shuffle(keys)
    codes = random.integers(0, 2**layout.code_bits, size)
    function = build(keys, codes, layout)
    found, known = function(keys)
    assert known.all()
    assert found.tolist() == codes.tolist()
    _, known = function(random.integers(2**63, 2**64, 500_000, np.uint64))
    assert known.mean() < 1.5 * 2**-layout.fingerprint_bits + 1e-5
    if size >= 100_000:
        assert function.table.nbytes / size == pytest.approx(layout.key_size, rel=0.12)


def test_static_function_refuses_keys_twice() -> None:
    with pytest.raises(ValueError, match="distinct"):
        build(np.array([5, 5], np.uint64), np.array([1, 2]), TRIGRAMS)


@given(st.lists(st.floats(0, 25), max_size=50), st.booleans())
def test_quantisation_error_is_at_most_half_a_step(values: list[float], negative: bool) -> None:
    exact = np.array(values) * (-1 if negative else 1)
    codes, book = quantize(exact, 32)
    assert len(book) == 32
    steps = np.abs(np.diff(book))
    assert np.all(np.abs(book[codes] - exact) <= steps.max() * 0.51 + 1e-6)


def test_words_and_ids(tmp_path: Path) -> None:
    model, _ = model_of(tmp_path / "small.lm")
    assert model.words == VOCABULARY
    assert model.ids(VOCABULARY).tolist() == list(range(len(VOCABULARY)))
    unknown = ["qqq", "12", "war-weary", "<protected>", "-", "7th", "<s>"]
    assert model.ids(unknown).tolist() == [UNKNOWN, NUMBER, HYPHENATED, PROTECTED, UNKNOWN, NUMBER, START]
    assert model.ids([]).tolist() == []
    assert model.hashes.tolist() == [word_hash(w) for w in VOCABULARY[len(SPECIAL) :]]
    assert model.unigram(np.array([START], np.int32))[0] < -90
    everything = np.array([i for i in range(len(VOCABULARY)) if i != START], np.int32)
    assert np.exp(model.unigram(everything)).sum() == pytest.approx(1, abs=0.01)


def test_corpus_is_the_tokens_of_all_paragraphs() -> None:
    texts = ["One fish.\n\nTwo fish, it's 7th!", "", "…\nRed-ish fish"]
    corpus = encode(texts)
    tokens = [t for text in texts for p in paragraphs(text) for t in ("<s>", *tokenize(text, *p).norms)]
    assert [corpus.types[i] for i in corpus.stream] == tokens
    assert corpus.lengths.tolist() == [12, 0, 5]
    joined = merge([encode(texts[:1]), encode(texts[1:])])
    assert joined.types == corpus.types
    assert joined.stream.tolist() == corpus.stream.tolist()
    train, held_out = corpus.split(2)
    assert (len(train), len(held_out)) == (17, 0)
    known = vocabulary(corpus.types, np.bincount(corpus.stream), 3)
    assert known.words == [*SPECIAL, "fish"]
    assert known.ids[corpus.stream[:3]].tolist() == [START, UNKNOWN, 5]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: b"", "not a language model"),
        (lambda data: b"PK\3\4" + data, "not a language model"),
        (lambda data: data[:10] + b"\x09" + data[11:], "format 9"),
        (lambda data: data[:12], "cut short"),
        (lambda data: data[:300], "cut short"),
        (lambda data: data[:-1], "cut short"),
        (lambda data: data + b"\0", "damaged"),
    ],
)
def test_damaged_files_are_refused_by_name(tmp_path: Path, damage: Callable[[bytes], bytes], message: str) -> None:
    model_of(tmp_path / "whole.lm")
    path = tmp_path / "damaged.lm"
    path.write_bytes(damage((tmp_path / "whole.lm").read_bytes()))
    with pytest.raises(LanguageModelError, match=message) as error:
        LanguageModel.open(path)
    assert str(path) in str(error.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        LanguageModel.open(tmp_path / "none.lm")


@pytest.fixture(scope="module")
def shipped() -> LanguageModel:
    return LanguageModel.open()


def test_shipped_model_sums_to_one(shipped: LanguageModel) -> None:
    words = np.array([w for w in range(len(shipped.words)) if w != START], np.int32)
    contexts = [
        "<s> <s>",
        "<s> the",
        "in the",
        "united nations",
        "he said",
        "war , ",
        "qzx qzx",
        "the qzx",
        "banana seven",
    ]
    for context in contexts:
        a, b = shipped.ids(context.split())
        total = np.exp(shipped.log_prob3(np.full_like(words, a), np.full_like(words, b), words).astype(float)).sum()
        assert total == pytest.approx(1, abs=0.1), context
    assert np.exp(shipped.unigram(words)).sum() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("according to the ministry", "in response to the ministry"),
        ("the security council", "the safety council"),
        ("prime minister of india", "high minister of india"),
        ("she said on monday", "she mentioned on monday"),
        ("the united states", "the joined states"),
        ("he was sentenced to 10 years in prison", "he was condemned to 10 years in jail"),
    ],
)
def test_shipped_model_prefers_what_people_write(shipped: LanguageModel, right: str, wrong: str) -> None:
    def score(text: str) -> float:
        ids = shipped.ids(["<s>", "<s>", *tokenize(text).norms])
        return float(shipped.log_prob3(ids[:-2], ids[1:-1], ids[2:]).sum())

    assert score(right) > score(wrong)


def test_shipped_model_is_small() -> None:
    assert SHIPPED.stat().st_size <= 25 * 2**20
