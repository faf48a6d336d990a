"""Lines that may be furniture, told from the screen's words: nothing that the repairs find may be lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cleaner.cues import cued
from cleaner.repairs import repairs
from cleaner.resources import rows
from cleaner.screen import words

EXAMPLES = [example for *_, example in rows("furniture.tsv")]
HONEST = "Ferries left the harbour an hour late, and nobody on the quay was told why."
SIGNS = st.sampled_from([*" -_'\"&©.,|/\t\r\n\v\f{}é“’Ж", "\r\n", "\u2028", "\u00ad", "—"])


@st.composite
def disturbed(draw: st.DrawFn) -> str:
    """A line of furniture with signs put into it anywhere."""
    line = list(draw(st.sampled_from(EXAMPLES)))
    for sign in draw(st.lists(SIGNS, max_size=4)):
        line.insert(draw(st.integers(0, len(line))), sign)
    return "".join(line)


LINES = st.lists(disturbed() | st.just(HONEST) | st.just(""), max_size=6)
TEXTS = st.builds(lambda lines, end: end.join(lines), LINES, st.sampled_from(["\n", "\r\n", "\r", "\n\n"]))


@given(st.lists(TEXTS, max_size=3), st.booleans())
def test_repairs_are_the_same_with_cues_as_without(texts: list[str], furniture: bool) -> None:
    cues = cued(texts, words(texts))
    for text, own in zip(texts, cues, strict=True):
        assert repairs(text, furniture=furniture, cued=own) == repairs(text, furniture=furniture)


def test_every_row_of_furniture_has_its_cue() -> None:
    for example in EXAMPLES:
        text = f"{HONEST}\n{example}\n{HONEST}"
        (own,) = cued([text], words([text]))
        assert repairs(text, cued=own) == repairs(text) != []


def test_honest_lines_have_none() -> None:
    assert cued([HONEST, f"{HONEST}\n\n{HONEST}"], words([HONEST, f"{HONEST}\n\n{HONEST}"])) == [[], []]
