"""The screen: fast and slow ways agree, surroundings do not matter, spun text is suspected and honest text is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner import excerpts
from cleaner.cleaner import Cleaner, shipped
from cleaner.lexicon import Channel
from cleaner.screen import (
    ALARM,
    HIGHEST,
    MAGIC,
    STEP,
    Screen,
    ScreenError,
    pair_hashes,
    slots,
    suspects,
    words,
)
from cleaner.screen import shipped as screen
from cleaner.segment import MAX_PARAGRAPH, tokenize
from cleaner.triage import sights

SPUN = (
    "Officers mentioned the warfare was a menace, in response to the protection ministry, and the federal government "
    "stated further troops had been wanted to assist the nation's people throughout the battle."
)
HONEST = (
    "Officials said the war was a threat, according to the ministry of defense, and the government said more soldiers "
    "were needed to help the country's people during the war."
)
TEXTS = st.text(st.sampled_from("aBcé- ’'.,\n\r\x85ßŁ日\ud800\U0001f600") | st.characters(), max_size=60)
PROSE = st.lists(st.sampled_from([SPUN, HONEST, "Yes.", "", "  ", "said"]), max_size=6).map("\n".join)


def latin(text: str) -> str:
    """The text with all else than Latin-1 blanked."""
    return "".join(c if ord(c) < 256 else " " for c in text)


def slow_words(text: str) -> list[str]:
    """The words of a text by the definition: runs of Latin letters, digits and hyphens."""
    folded = "".join(c if c == "-" or c.isdecimal() or (c.isalpha() and c not in "ªºµ") else " " for c in latin(text))
    return [w.lower() for w in folded.split()]


def slow_suspects(text: str) -> tuple[list[str], bool]:
    """The words of the suspected paragraphs of one text, and whether it alarms, paragraph by paragraph."""
    s = screen()
    evidence, lines = [], []
    for line in text.replace("’", "'").splitlines():
        found = words([line])
        if not len(found.start):
            continue
        total = np.zeros(s.words.shape[1], np.int64)
        for i in range(len(found.start)):
            one = slice(i, i + 1)
            pair = pair_hashes(found.hashes[max(i - 1, 0) : i + 1], found.joined[max(i - 1, 0) : i + 1])[-1:]
            total += s.words[slots(found.hashes[one], len(s.words))[0]]
            total += s.pairs[slots(pair, len(s.pairs))[0]]
        evidence.append(total)
        lines.append(line)
    run, alarm = np.zeros(s.words.shape[1], np.int64), False
    for e in evidence:
        run = np.maximum(run, 0) + e
        alarm |= bool((run >= round(ALARM / STEP)).any())
    return [line for line, e in zip(lines, evidence, strict=True) if (e > 0).any()] if alarm else [], alarm


@given(st.lists(TEXTS, max_size=5))
def test_words_are_runs_of_letters_at_their_places(texts: list[str]) -> None:
    found = words(texts)
    offset = np.cumsum([0, *(len(t) + 1 for t in texts)])
    for i, text in enumerate(texts):
        mine = np.flatnonzero(found.text == i)
        spans = [(found.start[k] - offset[i], found.end[k] - offset[i]) for k in mine]
        assert [w for a, b in spans for w in slow_words(text[a:b])] == slow_words(text)
        assert all(len(slow_words(text[a:b])) == 1 for a, b in spans)


@given(st.lists(TEXTS | PROSE, max_size=5))
def test_a_text_is_judged_alike_alone_and_among_others(texts: list[str]) -> None:
    together = suspects(texts)
    assert together == [suspects([text])[0] for text in texts]
    assert together[::-1] == suspects(texts[::-1])


@given(PROSE)
def test_the_fast_way_finds_what_the_slow_way_finds(text: str) -> None:
    lines, alarm = slow_suspects(text)
    spans = suspects([text])[0]
    assert bool(spans) == alarm
    assert [slow_words(text[a:b]) for a, b in spans] == [slow_words(line) for line in lines]


def test_tells_spun_from_honest() -> None:
    assert suspects([SPUN, HONEST]) == [[(0, len(SPUN) - 1)], []]


@pytest.mark.parametrize("text", [SPUN.upper(), SPUN.title(), f"“{SPUN}”", f"\ud800{SPUN}\x00", f"<p>{SPUN}</p>"])
def test_case_and_surroundings_do_not_matter(text: str) -> None:
    assert suspects([text])[0]


@given(st.integers(0, 40), st.integers(0, 40))
def test_a_spun_paragraph_is_seen_wherever_it_stands(before: int, after: int) -> None:
    text = "\n".join([HONEST] * before + [SPUN] + [HONEST] * after)
    assert [text[a:b] for a, b in suspects([text])[0]] == [SPUN[:-1]]


def test_a_spun_paragraph_is_seen_in_one_endless_line() -> None:
    text = " ".join([HONEST] * 100 + [SPUN] * (3 * MAX_PARAGRAPH // len(SPUN)) + [HONEST] * 100)
    assert any(SPUN in text[a:b] for a, b in suspects([text])[0])


def test_honest_text_stays_honest_however_long() -> None:
    assert suspects(["\n".join([HONEST] * 500), " ".join([HONEST] * 500)]) == [[], []]


def test_curly_apostrophes_are_apostrophes() -> None:
    assert suspects([SPUN.replace("'", "’")]) == suspects([SPUN])


@pytest.mark.parametrize("disguise", ["of\u00adfi\u200bcers", "\uff37arfare", "w\u0430rfare"])
def test_a_text_that_hides_its_words_is_suspected_as_a_whole(disguise: str) -> None:
    text = f"{HONEST} {disguise}."
    assert suspects([text]) == [[(0, len(text))]]


def test_letters_around_a_word_make_it_another() -> None:
    hashes = words(["warfare", "Warfare", "xwarfare", "warfarex", "éwarfare", "war-fare"]).hashes.tolist()
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 5


def test_weights_are_bounded_so_that_two_fill_a_byte() -> None:
    tables = (screen().words, screen().pairs)
    assert all(table.dtype == np.int8 and -64 <= table.min() < 0 < table.max() <= HIGHEST for table in tables)
    assert all(table.shape[1] == len(Channel.open().dialects) for table in tables)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.screen"
    path.write_bytes(b"something else")
    with pytest.raises(ScreenError, match="not a screen"):
        Screen.open(path)
    screen().save(path)
    assert (Screen.open(path).pairs == screen().pairs).all()
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ScreenError, match="cut short"):
        Screen.open(path)
    assert path.read_bytes().startswith(MAGIC)


def test_only_spun_texts_are_read_with_the_dialects() -> None:
    detector = shipped()
    texts = [HONEST, SPUN, "", "?!"]
    seen = sights(texts, words(texts))
    garbled = excerpts.spun(texts, seen, detector)
    assert garbled == [False, True, False, False]
    honest, spun, *empty = excerpts.readings(seen, garbled, detector)
    assert spun == excerpts.Reading(detector)
    assert honest is None or honest.detector is not detector
    assert empty == [None, None]


def test_the_screen_changes_no_finding() -> None:
    demo = (Path(tokenize.__code__.co_filename).parent / "demo.txt").read_text(encoding="utf-8")
    texts = [demo, SPUN, HONEST, f"{HONEST}\n{SPUN}\n{HONEST}", SPUN.upper()]
    # A detector that is not the shipped one is never screened.
    models = shipped()
    unscreened = type(models)(models.model, models.channel, models.context, models.calibration, models.tuning)
    for fast, slow in zip(Cleaner().clean_many(texts), Cleaner(detector=unscreened).clean_many(texts), strict=True):
        assert fast.findings == slow.findings
        assert (fast.verdict, fast.dialect, fast.text) == (slow.verdict, slow.dialect, slow.text)
