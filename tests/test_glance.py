"""The glance at every word, and what it clears."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner import Cleaner, Settings, excerpts
from cleaner.cleaner import recognizer
from cleaner.cleaner import shipped as models
from cleaner.glance import (
    STEPS,
    STRETCHES,
    Glance,
    GlanceError,
    Network,
    common,
    histogram,
    pair_table,
    pair_weights,
    phrase_hashes,
    shipped,
    strangest,
)
from cleaner.screen import words
from cleaner.technical import technical
from cleaner.triage import STRANGE, sights, strangeness

HONEST = """The council said on Tuesday that it would not close the library this year, after hundreds of people had
signed a petition against the plan. Officials had argued that the building needed repairs which the town could not
afford, but the mayor told reporters that money had been found in the road budget. He hoped to open a small cafe there
by the summer, and asked local firms to come forward with offers."""
# The same with near synonyms, as somebody's thesaurus may have picked them.
SPUN = """The council uttered on Tuesday that it would not shut the library this twelvemonth, after hundreds of folks
had inked a plea against the scheme. Functionaries had contended that the edifice required reparations which the
township could not bear, but the mayor apprised newsmen that currency had been discovered in the road purse. He trusted
to unlock a petite cafe there by the summertime, and entreated indigenous houses to arrive onward with tenders."""
GARBLED = """In this paper we propose a novel method for the classification of medical images with counterfeit
consciousness. The results of our experiments on three datasets show that the proposed algorithm improves accuracy."""
CHARACTERS = "aehstn THE\n.,;:!?-'’“é0 9\u00a0Ж\x0b"
PROSE = st.lists(
    st.sampled_from([*HONEST.split(), *SPUN.split(), "\n", "...", "1,200", "co-op", "Ürümqi", "don’t"]), max_size=60
).map(" ".join)


def test_substitutes_are_strange_and_honest_words_are_not() -> None:
    found = words([HONEST, SPUN])
    seen = shipped()(found)
    text = found.text[seen.place]
    assert seen.strange[text == 0].mean() < -1 < 0.5 < seen.strange[text == 1].mean()


def test_only_a_spun_text_is_read_closely() -> None:
    honest, spun, garbled = sights([HONEST, SPUN, GARBLED], words([HONEST, SPUN, GARBLED]))
    assert (honest.known, honest.unseen, honest.terms) == (False, False, False)
    assert spun.unseen
    assert garbled.terms
    assert 0 < honest.probability < spun.probability < 0.5


@given(st.lists(st.text(CHARACTERS, max_size=60) | PROSE, max_size=6))
@settings(deadline=None)
def test_a_text_is_seen_alike_alone_and_among_others(texts: list[str]) -> None:
    found = words(texts)
    together = strangeness(shipped()(found), found, len(texts))
    for text, strange in zip(texts, together.tolist(), strict=True):
        alone = words([text])
        assert strangeness(shipped()(alone), alone, 1)[0] == pytest.approx(strange, abs=1e-3)
    assert [s._replace(probability=0) for s in sights(texts, found)] == [
        sights([text], words([text]))[0]._replace(probability=0) for text in texts
    ]


@given(st.lists(st.text(CHARACTERS, max_size=60) | PROSE, max_size=4))
def test_every_word_is_counted_once_where_it_is_least_strange(texts: list[str]) -> None:
    found = words(texts)
    seen = shipped()(found)
    counts = histogram(seen, found, len(texts))
    least: dict[tuple[int, int], float] = {}
    for place, strange in zip(seen.place.tolist(), seen.strange.tolist(), strict=True):
        word = int(found.text[place]), int(found.hashes[place])
        least[word] = min(strange, least.get(word, strange))
    expected = np.zeros_like(counts)
    for (text, _), strange in least.items():
        expected[text, min(max(int(strange * 2) + STEPS // 2, 0), STEPS - 1)] += 1
    assert (counts == expected).all()


def test_the_strangest_stretches_are_where_a_spinner_was() -> None:
    text = "\n".join([HONEST, HONEST, SPUN, HONEST, HONEST])
    found = words(["Something else.", text])
    seen = shipped()(found)
    begin, end = text.index(SPUN) + 16, text.index(SPUN) + 16 + len(SPUN)
    stretches = strangest(seen, found, 1)
    assert len(stretches) == STRETCHES
    assert all(start >= begin - 100 and stop <= end + 400 for start, stop in stretches)
    assert strangest(seen, found, 0) == []  # too short to leave anything out


def test_a_strange_text_whose_strangest_stretches_are_honest_is_cleared() -> None:
    texts = ["\n".join([HONEST] * 3), "\n".join([SPUN] * 3)]
    seen = [
        sight._replace(strangeness=STRANGE, probability=0.1, strangest=tuple(strangest(shipped()(found), found, 0)))
        for sight, found in ((sights([text], words([text]))[0], words([text])) for text in texts)
    ]
    honest, spun = excerpts.weighed(texts, seen, [False, False], models(), recognizer())
    assert honest.cleared and 0 < honest.probability < seen[0].probability
    assert spun == seen[1] and spun.unseen


@given(st.lists(st.tuples(st.integers(1, 2**64 - 1), st.integers(-127, 127)), unique_by=lambda p: p[0], max_size=50))
def test_pairs_are_found_again_unless_a_more_frequent_one_took_their_slot(rows: list[tuple[int, int]]) -> None:
    keys, weight = np.array([k for k, _ in rows], np.uint64), np.array([w for _, w in rows], np.int64)
    table = pair_table(keys, weight, np.arange(len(rows)), 1 << 8)
    for key, w, slot in zip(keys, weight, (keys >> np.uint64(56)).tolist(), strict=True):
        last = keys[(keys >> np.uint64(56)) == slot][-1]
        if key == last:
            assert pair_weights(np.array([key]), table)[0] == w


def test_a_triple_is_three_joined_words() -> None:
    found = words(["one two three, four five six"])
    _, triple = phrase_hashes(found.hashes, found.joined)
    assert (triple != 0).tolist() == [False, False, True, False, False, True]
    bits = np.zeros(1 << 10, np.uint8)
    slot = int(triple[2] >> np.uint64(51))
    bits[slot >> 3] = 1 << (slot & 7)
    assert common(triple[2:3], bits)[0] and not common(triple[5:], bits)[0]


def test_the_share_of_technical_words() -> None:
    assert technical(words([HONEST, GARBLED, ""]), 3).round(2).tolist() == [0.0, pytest.approx(0.19, abs=0.05), 0.0]


def test_a_network_is_read_as_it_was_written(tmp_path: Path) -> None:
    network = shipped().network
    network.save(tmp_path / "a.glance")
    found = words([SPUN])
    assert (Glance(Network.open(tmp_path / "a.glance"))(found).strange == shipped()(found).strange).all()
    whole = (tmp_path / "a.glance").read_bytes()
    (tmp_path / "b.glance").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(GlanceError, match="cut short"):
        Network.open(tmp_path / "b.glance")
    (tmp_path / "b.glance").write_bytes(b"something else")
    with pytest.raises(GlanceError, match="not a glance"):
        Network.open(tmp_path / "b.glance")


def test_what_is_cleared_is_clean_with_its_paragraphs_and_repairs() -> None:
    text = f"  {HONEST}\n\nAdvertisement\n\u201cCafÃ© prices rose,\u201d he said.  \n"
    result = Cleaner().clean(text)
    assert result.verdict == "clean" and 0 < result.spun_probability < 0.1 and result.dialect is None
    assert [(f.kind, f.applied) for f in result.findings] == [("furniture", False), ("encoding", True)]
    assert [text[p.start : p.end].strip() == text[p.start : p.end] for p in result.paragraphs] == [True] * 6
    assert result.text == text.replace("CafÃ©", "Café") and result.undo() == text


def test_results_do_not_depend_on_batches_or_workers() -> None:
    texts = [HONEST, SPUN, GARBLED, "", HONEST.upper(), "\n".join([HONEST] * 3)] * 2
    alone = [Cleaner().clean(text) for text in texts]
    assert list(Cleaner().clean_many(texts)) == alone
    assert list(Cleaner().clean_many(iter(texts), workers=2)) == alone


def test_many_honest_parts_are_no_evidence() -> None:
    long = "\n".join([HONEST] * 1500)
    result = Cleaner().clean(long)
    assert result.verdict == "clean" and result.spun_probability < 0.1
    assert len(result.paragraphs) == 4 * 1500


def test_models_of_ones_own_are_never_cleared() -> None:
    shipped_models = models()
    own = type(shipped_models)(
        shipped_models.model,
        shipped_models.channel,
        shipped_models.context,
        shipped_models.calibration,
        shipped_models.tuning,
    )
    fast, slow = Cleaner().clean(HONEST), Cleaner(detector=own).clean(HONEST)
    assert (fast.verdict, fast.findings, fast.paragraphs) == (slow.verdict, slow.findings, slow.paragraphs)
    assert Cleaner(Settings(suspect=0.0)).clean(HONEST).verdict == "suspect"
