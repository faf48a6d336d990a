"""Step 5d: text that went through machine translation and back, by the patterns that it leaves.

Whatever the language and the engine, articles, prepositions and pronouns come back in places where nobody puts them,
and words stand in an order that the language model does not expect.  Each paragraph's words are reduced to a skeleton
(frequent words as they are, the others by their form); its n-grams, with how much each word surprises the language
model, are the features of a logistic regression (Volansky et al. 2015, doi:10.1093/llc/fqt031, on translationese).

A document that stands out is read with a channel of its own (`CHANNEL`), a dialect for each language that pairs were
made with.  Compounds come back as chains ("the age of retirement" for "the retirement age"): readings of all chains
that a document has are added to the channel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cleaner.arrays import Archive
from cleaner.calibration import Calibration, Platt
from cleaner.islands import Batch
from cleaner.language_model import START, LanguageModel
from cleaner.lexicon import Channel, Entry, extended, phrase_key
from cleaner.segment import Tokens, tokenize, word_hash

Floats = NDArray[np.float64]
Keys = NDArray[np.uint64]
Ints = NDArray[np.int64]

CHANNEL = Path(__file__).parent / "models" / "en.translated"
DIALECT = "translated-"  # begins the names of the channel's dialects
OTHER = "translated-other"  # of languages that no pairs were made with
# Of the readings of such a language, those that deserve .8 by the others' measure are right as often as not.
UNKNOWN = Calibration(Platt(intercept=-1.4))
# The sum of a document's features (nats) at which it is as likely translated as not: one honest story of 1961 reaches
# 36.7.  Neighbouring features say the same thing over again, so what differs from it is divided by TEMPERATURE.
ALARM = 38.0
TEMPERATURE = 4.0
# Words of a document that bear witness: an author's odd habits do not become more telling with length.
WITNESSES = 400
# P(a compound, or a possessive, comes back as a chain), for each dialect: high from the Romance languages.
CHAINED = {"ca": 0.9, "eo": 0.02, "es": 0.9, "gl": 0.9, "sh": 0.02, "other": 0.05}
# Forms of the words that are not frequent; the first two stand for what lies outside the paragraph and for punctuation.
_OUTSIDE, _MARK, _NUMBER, _NAME, _OTHER, FORMS = 0, 1, 2, 3, 4, 12
_ENDINGS = (("ing", 5), ("ed", 6), ("ly", 7), ("ion", 8), ("'s", 9), ("s", 10), ("al", 11))
_BITS = np.uint64(16)
_ODD = np.uint64(0x9E3779B97F4A7C15)
_MODIFIERS = 2  # words after "of" that may have stood before its head
_FUNCTION_WORDS = """
    a all an and any are as at be been but by each end for from he her his i if in is it its kind lot many more most no
    not number of on one or part she some sort that the their these they this those three to two type was we were which
    who whom with you
"""
_FUNCTION = frozenset(_FUNCTION_WORDS.split())
_STEPS = 3.0  # nats of surprise in a step
_LOWEST, _HIGHEST = -4, 5  # steps


@dataclass(frozen=True, eq=False)
class Translationese(Archive):
    """The regression: `words` (ascending hashes of the frequent words), and for each feature, of ascending `key`, its
    `weight` (nats for "translated" against "honest")."""

    SHIPPED: ClassVar[Path] = Path(__file__).parent / "models" / "en.translationese"

    words: Keys
    key: Keys
    weight: NDArray[np.float32]

    def probability(self, b: Batch, capital: NDArray[np.bool_], model: LanguageModel) -> Floats:
        """P(translated and back) of each document of a batch."""
        n_documents = int(b.document.max(initial=-1)) + 1
        ratio = np.bincount(b.document, weights=self.log_ratio(b, capital, model), minlength=n_documents)
        words = np.bincount(b.document[b.paragraph], minlength=n_documents)
        odds = (ratio * np.minimum(words, WITNESSES) / np.maximum(words, 1) - ALARM) / TEMPERATURE
        return np.asarray(1 / (1 + np.exp(-np.clip(odds, -700, 700))))

    def log_ratio(self, b: Batch, capital: NDArray[np.bool_], model: LanguageModel) -> Floats:
        """For each paragraph of a batch, log P(translated | x) - log P(honest | x) at even odds."""
        total = np.zeros(len(b.document))
        for keys in features(b, capital, self.words, model):
            at = np.minimum(np.searchsorted(self.key, keys), len(self.key) - 1)
            weight = np.where(self.key[at] == keys, self.weight[at], np.float32(0))
            total += np.bincount(b.paragraph, weights=weight, minlength=len(total))
        return total


def features(b: Batch, capital: NDArray[np.bool_], words: Keys, model: LanguageModel) -> list[Keys]:
    """The features of a batch: arrays of keys, each with one for every token."""
    code = skeleton(b, capital, words)
    one, two = before(code, b, 1), before(code, b, 2)
    step = np.clip(np.rint(surprise(b, model) / _STEPS), _LOWEST, _HIGHEST) - _LOWEST
    return [_key(1, code), _key(2, one, code), _key(3, two, one, code), _key(4, step.astype(np.int64), code)]


def skeleton(b: Batch, capital: NDArray[np.bool_], words: Keys) -> Ints:
    """The code of each token: its form, or FORMS and its place among the frequent `words`."""
    at = np.minimum(np.searchsorted(words, b.hashes), len(words) - 1)
    known = words[at] == b.hashes
    code = np.where(known, at + FORMS, _OTHER)
    norms = [norm for tokens in b.tokens for norm in tokens.norms]
    for i in np.flatnonzero(~known).tolist():
        code[i] = _NAME if capital[i] else form(norms[i])
    return code


@lru_cache(maxsize=1 << 16)
def form(norm: str) -> int:
    """The class of a word by its looks.

    >>> [form(word) for word in ("tables", "walked", "1,200", "-")] == [10, 6, 2, 1]
    True
    """
    if not norm[:1].isalnum():
        return _MARK
    if norm[0].isdigit():
        return _NUMBER
    return next((code for ending, code in _ENDINGS if norm.endswith(ending)), _OTHER)


def before(code: NDArray[Any], b: Batch, n: int) -> Ints:
    """The code `n` tokens before each token, in its paragraph."""
    at = np.arange(len(code)) - n
    return np.where(at >= b.first[b.paragraph], code[np.maximum(at, 0)], _OUTSIDE)


def surprise(b: Batch, model: LanguageModel) -> Floats:
    """How much less likely than on its own (nats) each token is after the two before it."""
    begin, at = b.first[b.paragraph], np.arange(len(b.ids))
    back = [np.where(at - n >= begin, b.ids[np.maximum(at - n, 0)], np.int32(START)) for n in (2, 1)]
    return np.asarray(model.unigram(b.ids) - model.log_prob3(back[0], back[1], b.ids), float)


def _key(kind: int, *codes: Ints) -> Keys:
    key = np.full(len(codes[0]), kind, np.uint64)
    for code in codes:
        key <<= _BITS
        key |= code.astype(np.uint64)
    return key


@cache
def shipped() -> tuple[Translationese, Channel]:
    """The models that come with the package."""
    return Translationese.open(), Channel.open(CHANNEL)


def with_chains(channel: Channel, paragraphs: Iterable[Tokens]) -> Channel:
    """The channel with a reading for each chain of these paragraphs: "age of retirement" was "retirement age"."""
    rows = sorted({row for tokens in paragraphs for row in chains(tokens.norms, tokens.kinds)})
    if not rows:
        return channel
    longer = extended(channel, (Entry(*row, 1, 1, "derived") for row in rows))
    pairs = [[phrase_key([word_hash(word) for word in tokenize(side).norms]) for side in row] for row in rows]
    original, spun = (np.array(side, np.uint64) for side in zip(*pairs, strict=True))
    new = np.isin(longer.spun_key + longer.original_key[longer.original] * _ODD, spun + original * _ODD)
    chained = np.array([CHAINED[name.removeprefix(DIALECT)] for name in channel.dialects])
    log_swap, log_stay = longer.log_swap.copy(), longer.log_stay.copy()
    log_swap[new] = np.log(chained)
    log_stay[np.isin(longer.original_key, original)] = np.log1p(-chained)
    return replace(longer, log_swap=log_swap, log_stay=log_stay)


def chains(norms: Sequence[str], kinds: str) -> Iterator[tuple[str, str]]:
    """What the chains of a paragraph may have been, and what they are.

    >>> sorted(chains(["the", "age", "of", "retirement"], "wwww"))[-1]
    ('the retirement age', 'the age of retirement')
    """

    def content(at: int) -> bool:
        return 0 <= at < len(norms) and kinds[at] == "w" and norms[at].isalpha() and norms[at] not in _FUNCTION

    for i in (i for i, norm in enumerate(norms) if norm == "of" and content(i - 1)):
        article = i + 1 < len(norms) and norms[i + 1] == "the"
        head, first, definite = norms[i - 1], i + 1 + article, i > 1 and norms[i - 2] == "the"
        for size in range(1, _MODIFIERS + 1):
            if not content(first + size - 1):
                break
            modifier = " ".join(norms[first : first + size])
            chain = f"{head} of {'the ' * article}{modifier}"
            yield f"{modifier} {head}", chain
            yield f"{modifier}'s {head}", chain
            if article:
                yield f"the {modifier}'s {head}", chain
            if definite:
                yield f"the {modifier} {head}", f"the {chain}"
                yield f"{'the ' * article}{modifier}'s {head}", f"the {chain}"
