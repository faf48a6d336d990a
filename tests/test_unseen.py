"""Spinners that no table knows: suspicion by the thesaurus."""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import pairwise

import numpy as np

from cleaner import Cleaner
from cleaner.cleaner import recognizer, shipped
from cleaner.closer import look_closer, offer, readings
from cleaner.findings import CHANGED
from cleaner.islands import Batch, batch, rarity
from cleaner.language_model import START
from cleaner.segment import tokenize
from cleaner.unseen import (
    CAP,
    CLOSED_CLASS,
    FIRST,
    LEAST_GAIN,
    MOST,
    RATES,
    SCALE,
    SUREST,
    Suspicion,
    evidence,
    suspicion,
    swapped,
)

HONEST = (
    "The council will vote on the new budget next week, and most members expect a long debate about the cost of the "
    "bridge. Local people have asked for better roads and cheaper buses for many years. The mayor said that the city "
    "could not afford both, but she promised to look at the plans again before the end of the month."
)
# The same with a synonym for every third word or so, as a word-by-word spinner of no known make would put it.
GARBLED = (
    "The council will ballot on the fresh budget adjacent week, and most members anticipate a lengthy disputation on "
    "the expenditure of the span. Local folk have besought for ameliorated roads and tawdry omnibuses for many years. "
    "The mayor uttered that the metropolis could not afford both, but she vowed to gaze at the schemes anew before the "
    "terminus of the month."
)


@cache
def parsed(*texts: str) -> Batch:
    tokens = [tokenize(text) for text in texts]
    shielded = np.zeros(sum(map(len, tokens)), bool)
    return batch(tokens, range(len(texts)), shipped().model, shielded)


def suspect(*texts: str) -> Suspicion:
    b = parsed(*texts)
    models = recognizer()
    return suspicion(evidence(b, np.zeros(len(b.ids), bool), models.thesaurus, models.discriminator, shipped().model))


def test_garbled_text_stands_out() -> None:
    found = suspect(HONEST, GARBLED)
    assert found.log_ratio[0] < 0 < 10 < found.log_ratio[1]
    assert found.probability[0] < 0.02 and found.probability[1] > 0.99
    assert found.rate[1] > found.rate[0]


def test_batch_equals_alone() -> None:
    together = suspect(HONEST, GARBLED)
    alone = [suspect(HONEST), suspect(GARBLED)]
    assert np.allclose(together.log_ratio, [s.log_ratio[0] for s in alone], atol=1e-9)


def test_agrees_with_the_formula_word_by_word() -> None:
    model, table = shipped().model, recognizer().thesaurus
    b = parsed(GARBLED)
    ids = [START, START, *b.ids.tolist()]

    def fit(place: int, word: int) -> float:
        words = [*ids[place : place + 2], word, *ids[place + 3 : place + 5]]
        grams = np.array([words[k : k + 3] for k in range(len(words) - 2)], np.int32)
        return float(model.log_prob(grams).sum()) + float(rarity(np.array([word], np.int32))[0])

    told = []
    for place, key in enumerate(b.hashes):
        if b.tokens[0].norms[place] in CLOSED_CLASS.split():
            continue
        found = table.swaps([np.array([key])], MOST)
        odds = 0.0
        for row in found.row:
            text = table.text(int(table.original[row]))
            if len(tokenize(text)) == 1:
                word = int(model.ids([text])[0])
                gain = fit(place, word) - fit(place, int(b.ids[place]))
                odds += np.exp(min(float(table.log_swap(np.array([row]))[0]) + SCALE * gain, CAP))
        known = len(table.known([np.array([key])]).row) > 0
        if known or odds:
            strange = float(recognizer().discriminator(b, np.array([place]))[0])
            w = FIRST.of_word
            weight = (w.natural if strange < 0 else w.strange) * strange + w.gain * np.log(odds + LEAST_GAIN)
            told.append((b.tokens[0].norms[place], np.exp(min(weight + w.known * known + w.constant, SUREST))))
    count = Counter(word for word, _ in told)
    ratios = [sum(np.log(1 - r + r * w) / count[word] for word, w in told) for r in RATES]
    assert abs(suspect(GARBLED).log_ratio[0] - (np.logaddexp.reduce(ratios) - np.log(len(RATES)))) < 1e-3


def test_garbled_document_is_restored_in_part_and_the_honest_one_left() -> None:
    honest, garbled = Cleaner().clean_many([HONEST, GARBLED])
    assert honest.verdict == "clean" and honest.findings == ()
    assert garbled.verdict == "suspect" and garbled.dialect == "thesaurus"
    assert {"metropolis", "lengthy"} & {f.text for f in garbled.findings if f.applied}
    assert garbled.undo() == GARBLED


def test_what_a_text_repeats_is_no_further_evidence() -> None:
    for text in (HONEST, GARBLED):
        twice, often = (suspect(" ".join([text] * n)) for n in (2, 40))
        assert np.allclose(often.log_ratio, twice.log_ratio, rtol=0.02, atol=0.02)
        assert np.allclose(often.rate, twice.rate, atol=0.01)


def test_readings_share_the_probability_of_a_substitute() -> None:
    b, models = parsed(GARBLED), recognizer()
    told = evidence(b, np.zeros(len(b.ids), bool), models.thesaurus, models.discriminator, models.model)
    closer = look_closer(b, told)
    changed = swapped(closer.told, 0.3)
    found = list(readings(b, offer(b, closer, told.token, models.thesaurus, models.model), told.token, changed))
    places = [choice.start for choice in found]
    assert places == sorted(set(places)) and set(places) <= set(told.token.tolist())
    assert all(a.end <= b.start for a, b in pairwise(found))
    of = dict(zip(told.token.tolist(), changed.tolist(), strict=True))
    for choice in found:
        odds = [p for _, p in choice.readings]
        surest = max(of.get(place, 0.0) for place in range(choice.start, choice.end))
        assert odds == sorted(odds, reverse=True) and 0 < sum(odds) <= surest + 1e-9
        assert " ".join(b.tokens[0].norms[choice.start : choice.end]) not in dict(choice.readings)
    last = told.token[-3:]
    alone = list(readings(b, offer(b, closer, last, models.thesaurus, models.model), last, changed[-3:]))
    assert [c.readings[0][0] for c in alone] == [c.readings[0][0] for c in found if c.start >= last[0]]


def test_a_document_is_read_on_only_while_it_may_come_to_a_verdict() -> None:
    models = recognizer()
    read = {}
    for text in (HONEST, GARBLED):
        b = parsed(" ".join([text] * 8))
        told = evidence(b, np.zeros(len(b.ids), bool), models.thesaurus, models.discriminator, models.model)
        closer = look_closer(b, told)
        read[text] = (closer.vectors != 0).any(axis=1).mean()
        assert (
            len(closer.told.token) == (told.token[:, None] == np.flatnonzero((closer.vectors != 0).any(axis=1))).sum()
        )
        assert (closer.doubt.probability[0] >= 0.5) == (text == GARBLED)
    assert read[HONEST] < 0.5 and read[GARBLED] == 1


def test_phrases_are_read_as_one() -> None:
    b, models = parsed("The club lost its financial backing when the stadium burnt down."), recognizer()
    told = evidence(b, np.zeros(len(b.ids), bool), models.thesaurus, models.discriminator, models.model)
    token = np.array([b.tokens[0].norms.index("financial"), b.tokens[0].norms.index("backing")])
    found = offer(b, look_closer(b, told), token, models.thesaurus, models.model)
    assert found.start.tolist() == [token[0]] and found.stop.tolist() == [token[1] + 1]
    assert "funding" in found.text


def test_strange_words_without_a_likely_reading_are_reported_without_a_cure() -> None:
    result = Cleaner().clean(GARBLED)
    uncured = [f for f in result.findings if f.replacement is None]
    assert uncured and all(f.confidence >= CHANGED and not f.applied and f.source.endswith("<- ?") for f in uncured)
    assert all(a.end <= b.start for a, b in pairwise(result.findings))
    assert all(GARBLED[f.start : f.end] == f.text for f in result.findings)


def test_spellings_of_two_countries_are_no_evidence() -> None:
    american = HONEST.replace("debate about the cost", "debate over the color and the organization")
    british = american.replace("color", "colour").replace("organization", "organisation")
    assert abs(suspect(american).log_ratio[0] - suspect(british).log_ratio[0]) < 0.3
