"""The screen lets honest text out and spun text in, whatever its case, apostrophes and surroundings."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.screen import ALARM, SHIPPED, telling
from cleaner.segment import tokenize
from cleaner.training.screen import MOST, TELLING

SPUN = "Officers mentioned the warfare was a menace, in response to the protection ministry."
HONEST = "Officials said the war was a threat, according to the ministry of defense."
ROWS = [line.split("\t") for line in SHIPPED.read_text(encoding="utf-8").splitlines()]


def test_table_is_sorted_and_weights_are_bounded() -> None:
    phrases = [phrase for phrase, _ in ROWS]
    assert phrases == sorted(set(phrases))
    assert all(TELLING <= abs(float(w)) <= MOST < 2 * ALARM for _, w in ROWS)
    assert {float(w) > 0 for _, w in ROWS} == {True, False}
    assert all(phrase == phrase.lower() and "’" not in phrase and tokenize(phrase).norms for phrase, _ in ROWS)


def test_tells_spun_from_honest() -> None:
    assert telling(SPUN)
    assert not telling(HONEST)


@pytest.mark.parametrize("text", [SPUN.upper(), SPUN.title(), f"“{SPUN}”", f"\ud800{SPUN}\x00", f"<p>{SPUN}</p>"])
def test_case_and_surroundings_do_not_matter(text: str) -> None:
    assert telling(text)


@given(st.integers(0, 40), st.integers(0, 40))
def test_a_spun_paragraph_is_seen_wherever_it_stands(before: int, after: int) -> None:
    assert telling("\n".join([HONEST] * before + [SPUN] + [HONEST] * after))


def test_honest_text_stays_honest_however_long() -> None:
    assert not telling("\n".join([HONEST] * 500))


def test_letters_around_a_phrase_make_it_another_word() -> None:
    loud = max(ROWS, key=lambda row: (float(row[1]), row[0].isalpha(), row[0]))[0]
    assert telling(f"{loud}, {loud}; {loud}")
    assert not telling(f"x{loud} {loud}x x{loud}x é{loud} {loud}é")


def test_curly_apostrophes_are_apostrophes() -> None:
    loud = max((row for row in ROWS if "'" in row[0]), key=lambda row: float(row[1]))[0]
    assert telling(f"{loud}, {loud}, {loud}") == telling(f"{loud}, {loud}, {loud}".replace("'", "’"))


@given(st.text(max_size=200))
def test_any_text_can_be_screened(text: str) -> None:
    assert telling(text) in (True, False)


def test_demo_is_telling() -> None:
    import cleaner

    assert telling((Path(cleaner.__file__).parent / "demo.txt").read_text(encoding="utf-8"))
