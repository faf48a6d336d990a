"""The quick look for text that was translated and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from test_translation import LEARNER, NOVEL, PARLIAMENT, returned, written

from cleaner.accent import FORMS, Accent, features, shipped
from cleaner.screen import words
from cleaner.triage import FOREIGN


def accent(*texts: str) -> list[float]:
    return [float(x) for x in shipped()(words(texts), len(texts))]


def test_a_round_trip_is_heard_and_people_are_not() -> None:
    assert accent(returned())[0] >= FOREIGN
    assert max(accent(written(), PARLIAMENT, NOVEL, LEARNER)) < accent(returned())[0]
    assert max(accent(written(), NOVEL)) < FOREIGN


@given(st.lists(st.text(max_size=200), min_size=1, max_size=5))
def test_a_text_sounds_alike_in_any_company(texts: list[str]) -> None:
    assert accent(*texts) == [accent(text)[0] for text in texts]


def test_words_are_told_by_their_form_and_marks_stand_between() -> None:
    look = shipped()
    found = words(["Zedwick crumbed zestily, 40 zorls"])
    word, pair, _ = features(found, look.key, look.code)
    assert word.tolist() == [3, 6, 7, 2, 5]  # a name, -ed, -ly, a number, -s
    assert (pair >> 9).tolist() == [0, 3, 6, 1, 2]  # what stands before each: nothing, ..., a mark, the number
    assert int(look.code.max()) >= FORMS


def test_tables_are_kept(tmp_path: Path) -> None:
    shipped().save(tmp_path / "a")
    kept = Accent.open(tmp_path / "a")
    assert all(
        np.array_equal(getattr(kept, n), getattr(shipped(), n)) for n in ("key", "code", "words", "pairs", "triples")
    )
