"""Compile open thesauri into the channel P(spun | original) of spinners that nobody has seen.

    python -m cleaner.training.thesaurus --wordnet FOLDER --moby FILE -o cleaner/models/en.thesaurus

FOLDER holds the database files of WordNet 3.x (data.*, index.sense), FILE the lines of the Moby thesaurus (a head word
and its synonyms, separated by commas).  See docs/thesaurus.md for where both come from and how the weights were fitted.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cleaner.language_model import SPECIAL, UNKNOWN, LanguageModel
from cleaner.lexicon import normalized
from cleaner.segment import tokenize
from cleaner.thesaurus import MAX_ORIGINAL, MAX_SPUN, save
from cleaner.training.inflect import inflect
from cleaner.training.thesauri import Lists, WordNet, read_moby, read_wordnet

ROWS = 2_400_000  # pairs of forms that fit 10 MiB
READINGS = 200  # originals kept of a spun form
MOST_SPUN = 250  # synonyms considered of an original
LEAST_SPUN = 5  # and kept of it, however rare it is
RARE_SWAP = -19.5  # log P(original, spun) of lemmas from which a pair is considered
BARE = 0.1  # share of an inflected form's swaps that lose the inflection
COMMON_WORD = -15.0  # log-probability from which a word can be an original: Zipf frequency 2.5
COMMON_PHRASE = -16.5  # and from which a phrase can: seven in a hundred million words
RARE_SPUN = 1.2  # Zipf frequency below which no spun form is expected
KINDRED = 150  # words that share most lists with an original, taken as its synonyms too
FLATTEN = 0.8  # spinners choose more evenly among synonyms than the few that the weights were fitted on

Floats = NDArray[np.float64]
_POS = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}


# --- closeness of two words -----------------------------------------------------------------------------------

_RELATIONS = {"&": "similar", "$": "similar", "^": "similar", "@": "wider", "~": "narrower"}
FEATURES = (
    "synonym", "similar", "wider", "narrower", "hops", "kindred", "listed", "lists", "mutual",
    "long list", "frequency", "frequency squared", "phrase", "other part of speech", "same stem",
)  # fmt: skip
# Fitted by `fit` on pairs of known spinners; docs/thesaurus.md tells how, and how well they carry over.
WEIGHTS = np.array([1.1, 0.67, 0.86, 0.62, -0.09, 0.9, 0.45, 0.89, -0.57, 0.28, 0.81, -0.78, -2.02, -1.02, 0.51])


@cache
def zipf(word: str) -> float:
    """Frequency of a word: log10 of its occurrences in a billion words."""
    from wordfreq import zipf_frequency

    return zipf_frequency(word, "en")


@dataclass
class Closeness:
    """Features of the pairs (original, spun) of lemmas, from all thesauri."""

    wordnet: WordNet
    moby: Mapping[str, Sequence[str]]
    lists: Lists = field(init=False)

    def __post_init__(self) -> None:
        self.lists = Lists(self.moby)

    def relations(self, lemma: str) -> dict[str, dict[str, float]]:
        """For each word near `lemma` in WordNet, by which relations and through what share of the senses."""
        found: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
        for key, share in self.wordnet.shares(lemma):
            synset = self.wordnet.synsets[key]
            for word in synset.lemmas:
                found[word]["synonym"] += share
                for other, other_share in self.wordnet.shares(word) if word != lemma else ():
                    if other != key:
                        for far in self.wordnet.synsets[other].lemmas:
                            found[far]["hops"] += share * other_share
            for symbol, other in synset.links:
                if relation := _RELATIONS.get(symbol):
                    for word in self.wordnet.synsets[other].lemmas:
                        found[word][relation] += share
        return {word: dict(relations) for word, relations in found.items()}

    def candidates(self, lemma: str) -> tuple[list[str], Floats]:
        """The words that `lemma` may become, and their features (words, features)."""
        relations = self.relations(lemma)
        kindred = self.lists.kindred(lemma)
        listed, heads = set(self.moby.get(lemma, ())), set(self.lists.heads.get(lemma, ()))
        near = {*relations, *listed, *heads, *list(kindred)[:KINDRED]}
        words = [w for w in sorted(near) if w != lemma and usable(w)]
        here = self.wordnet.parts.get(lemma, frozenset())
        rows = []
        for word in words:
            links = relations.get(word, {})
            out, back = word in listed, word in heads
            there = self.wordnet.parts.get(word, frozenset())
            rows.append(
                (
                    *(links.get(name, 0.0) for name in FEATURES[:5]),
                    kindred.get(word, 0.0),
                    out,
                    back,
                    out and back,
                    out * np.log1p(len(listed)) / 5,
                    rarity(word),
                    rarity(word) ** 2 / 4,
                    " " in word,
                    bool(here and there and not here & there),
                    word[:5] == lemma[:5],
                )
            )
        x = np.array(rows, float).reshape(len(rows), len(FEATURES))
        x[:, :6] = np.log1p(20 * x[:, :6])
        return words, x

    def swaps(self, lemma: str, weights: Floats) -> dict[str, float]:
        """P(spun lemma | lemma, swapped), the most probable ones first."""
        words, x = self.candidates(lemma)
        if not words:
            return {}
        p = softmax(FLATTEN * (x @ weights))
        return {words[i]: float(p[i]) for i in np.argsort(-p, kind="stable")[:MOST_SPUN]}


@cache
def usable(word: str) -> bool:
    """Whether a spinner's table can hold this form: lower case, a few known words."""
    if not word[:1].isalpha() or word != word.lower() or "one's" in word or "oneself" in word:
        return False
    return len(tokenize(word)) <= MAX_SPUN and all(zipf(w) >= RARE_SPUN for w in word.split())


@cache
def rarity(phrase: str) -> float:
    """Zipf frequency of the rarest word of a phrase, less 4."""
    return min(map(zipf, phrase.split())) - 4


def softmax(x: Floats) -> Floats:
    """Probabilities in proportion to exp(x)."""
    p: Floats = np.exp(x - x.max())
    p /= p.sum()
    return p


def fit(pairs: Mapping[tuple[str, str], float], closeness: Closeness, rounds: int = 50, ridge: float = 1.0) -> Floats:
    """Weights that make the observed (original, spun) lemma pairs most probable: a conditional logit (McFadden 1974)
    by Newton's method with a ridge; pairs whose spun form is no candidate count for nothing."""
    by_original: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for (original, spun), times in pairs.items():
        by_original[original][spun] = times
    data = []
    for original, counts in by_original.items():
        words, x = closeness.candidates(original)
        n = np.array([counts.get(w, 0.0) for w in words])
        if n.sum() > 0:
            data.append((x, n))
    weights = np.zeros(len(FEATURES))
    for _ in range(rounds):
        gradient = -ridge * weights
        curvature = ridge * np.eye(len(weights))
        for x, n in data:
            p = softmax(x @ weights)
            mean = p @ x
            gradient += n @ x - n.sum() * mean
            curvature += n.sum() * ((x * p[:, None]).T @ x - np.outer(mean, mean))
        step = np.linalg.solve(curvature, gradient)
        weights += step / max(1.0, float(np.abs(step).max()))  # far from the summit, Newton's step overshoots
        if np.abs(step).max() < 1e-3:
            break
    return weights


# --- from lemmas to the forms of a text ------------------------------------------------------------------------


def parts_of(original: str, spun: str, wordnet: WordNet) -> frozenset[str]:
    """The parts of speech (n, v, a, r) in which `spun` can stand for `original`; empty if unknown."""
    here = wordnet.parts.get(original, frozenset())
    there = wordnet.parts.get(spun)
    if there is None:
        words = spun.split()
        first, last = (wordnet.parts.get(w, frozenset()) for w in (words[0], words[-1]))
        there = frozenset() if len(words) == 1 else (first & {"v"}) or (last & {"n", "a"})
    return here & there


def forms(original: str, spun: str, parts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The base pair, then the inflected ones, with adverbs in -ly made of adjectives."""
    yield original, spun
    for pos in sorted(parts):
        yield from inflect(original, _POS[pos], spun)
        if pos == "a":
            adverbs = _adverb(original), _adverb(spun)
            if adverbs[0] and adverbs[1]:
                yield adverbs[0], adverbs[1]


@cache
def _adverb(adjective: str) -> str | None:
    if adjective.endswith("ic"):
        adverb = adjective + "ally"
    elif adjective.endswith("y"):
        adverb = adjective[:-1] + "ily"
    elif adjective.endswith("le"):
        adverb = adjective[:-1] + "y"
    else:
        adverb = adjective + "ly"
    return adverb if " " not in adjective and zipf(adverb) >= RARE_SPUN else None


def originals(closeness: Closeness, model: LanguageModel) -> Iterator[str]:
    """The lemmas and phrases whose forms can be originals."""
    for lemma in sorted({*closeness.wordnet.parts, *closeness.moby}):
        if not usable(lemma) or len(tokenize(lemma)) > MAX_ORIGINAL:
            continue
        # An inflected form can be commoner than its lemma.
        if log_frequency(lemma, model) >= COMMON_PHRASE:
            yield lemma


def log_frequency(phrase: str, model: LanguageModel) -> float:
    """log P(phrase) at any place of a text; minus infinity if the language model does not know all of its words, for
    then it could not judge the reading either."""
    ids = model.ids(tokenize(phrase).norms)
    if (ids < len(SPECIAL)).any():
        return -np.inf
    if len(ids) == 1:
        return float(model.unigram(ids)[0])
    rows = np.lib.stride_tricks.sliding_window_view(np.r_[np.full(2, UNKNOWN, np.int32), ids], 3)
    return float(model.log_prob(np.ascontiguousarray(rows)).sum())


def compile_table(closeness: Closeness, model: LanguageModel, weights: Floats) -> dict[str, dict[str, float]]:
    """P(spun | original, swapped) for all forms; the probabilities of each original sum to 1."""
    mass: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    bare: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    frequency = cache(lambda form: log_frequency(form, model))
    for lemma in originals(closeness, model):
        weight = float(np.exp(frequency(lemma)))
        for rank, (spun, p) in enumerate(closeness.swaps(lemma, weights).items()):
            if rank >= LEAST_SPUN and np.log(p) + frequency(lemma) < RARE_SWAP:
                break
            for form, spun_form in dict.fromkeys(forms(lemma, spun, parts_of(lemma, spun, closeness.wordnet))):
                if frequency(form) >= (COMMON_PHRASE if " " in form else COMMON_WORD):
                    mass[form][spun_form] += weight * p
                    if form != lemma and spun_form != spun:
                        bare[form][spun] += weight * p
    table = {}
    for form, swaps in mass.items():
        table[form] = _shares(swaps, form, 1 - BARE if form in bare else 1.0)
        for spun, p in _shares(bare.get(form, {}), form, BARE).items():
            table[form][spun] = table[form].get(spun, 0.0) + p
    return select(table, frequency, ROWS)


def select(
    table: Mapping[str, Mapping[str, float]], prior: Callable[[str], float], size: int
) -> dict[str, dict[str, float]]:
    """The `size` pairs of greatest P(original) P(spun | original), which cover the most swaps of a text; `prior` is log
    P(original).  Of a spun form at most READINGS originals are kept, for no context lifts those that come after; of an
    original at least LEAST_SPUN spun forms, where these allow it.  What remains of each original sums to 1."""
    pairs = [(o, s) for o, swaps in table.items() for s in swaps]
    joint = np.array([np.log(p) + prior(o) for o, swaps in table.items() for p in swaps.values()])
    score = np.where(_rank([s for _, s in pairs], joint) < READINGS, joint, -np.inf)
    score[(_rank([o for o, _ in pairs], joint) < LEAST_SPUN) & np.isfinite(score)] = np.inf
    kept: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for i in np.argsort(-score, kind="stable")[:size]:
        if score[i] > -np.inf:
            original, spun = pairs[i]
            kept[original][spun] = table[original][spun]
    return {form: {s: p / sum(swaps.values()) for s, p in swaps.items()} for form, swaps in sorted(kept.items())}


def _rank(group: Sequence[str], score: Floats) -> NDArray[np.int64]:
    """The place of each item among those of its group, the greatest score first."""
    index: dict[str, int] = {}
    number = np.array([index.setdefault(name, len(index)) for name in group])
    order = np.lexsort((-score, number))
    begin = np.r_[True, np.diff(number[order]) != 0]
    place = np.arange(len(order))
    rank = np.empty(len(order), np.int64)
    rank[order] = place - np.maximum.accumulate(np.where(begin, place, 0))
    return rank


def _shares(swaps: Mapping[str, float], form: str, whole: float) -> dict[str, float]:
    """`swaps` but the form itself, in lexicon form, scaled to sum to `whole`."""
    merged: defaultdict[str, float] = defaultdict(float)
    for spun, p in swaps.items():
        if spun != form:
            merged[normalized(spun)] += p
    total = sum(merged.values())
    return {spun: whole * p / total for spun, p in merged.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wordnet", type=Path, required=True, help="folder with data.noun ... index.sense")
    parser.add_argument("--moby", type=Path, required=True, help="the Moby thesaurus, one list a line")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    closeness = Closeness(read_wordnet(options.wordnet), read_moby(options.moby))
    model = LanguageModel.open()
    save(options.output, compile_table(closeness, model, WEIGHTS), lambda phrase: log_frequency(phrase, model))


if __name__ == "__main__":
    main()
