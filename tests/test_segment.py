"""Paragraphs, sentences and tokens: every offset is exact, and what must not be touched is shielded."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.segment import MAX_PARAGRAPH, normalize, paragraphs, parts, stretches, tokenize, word_hash, words

# Pieces that meet the tokeniser's rules more often than random characters do.
PIECES = st.sampled_from(
    ["It’s", " ", "U.S.", "\n", "\r\n", "\u2028", "\xa0", "“", "”", "don't", "2-1", "4%", "…", "--", "—", ",", "Mr. ",
     "well-known", "`x`", "<b>", "</b>", "https://a.example/b?c=d", "me@host.example", "@you", "#tag", "$5m", "'", "é",
     "e\u0301", "日本", "\ud800", "\x85", "{{name}}", "x_y()", ".", "!", "?", " 12:30 ", "3 km", "´", "I", "the"]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=4), max_size=30).map("".join)


@given(TEXTS)
def test_tokens_stand_where_they_say(text: str) -> None:
    tokens = tokenize(text)
    fields = (tokens.norms, tokens.kinds, tokens.starts, tokens.ends, tokens.joined)
    assert {len(f) for f in fields} == {len(tokens)}
    end = 0
    for norm, kind, start, stop, joined in zip(*fields, strict=True):
        assert end <= start < stop <= len(text)
        assert joined == (not text[end:start].strip())
        assert norm == ("<protected>" if kind == "p" else normalize(text[start:stop]))
        end = stop


@given(TEXTS)
def test_every_letter_and_digit_of_ascii_is_in_a_token(text: str) -> None:
    tokens = tokenize(text)
    covered = {i for a, b in zip(tokens.starts, tokens.ends, strict=True) for i in range(a, b)}
    assert not [text[i] for i in set(range(len(text))) - covered if text[i].isascii() and text[i].isalnum()]


@given(TEXTS, st.integers(0, 20), st.integers(0, 20))
def test_a_stretch_is_cut_with_offsets_of_the_whole_text(text: str, before: int, after: int) -> None:
    start, end = min(before, len(text)), max(min(before, len(text)), len(text) - after)
    tokens = tokenize(text, start, end)
    assert all(start <= a < b <= end for a, b in zip(tokens.starts, tokens.ends, strict=True))


@settings(max_examples=60)
@given(st.lists(TEXTS, max_size=4).map("\n".join), st.sampled_from([1, 700]))
def test_paragraphs_hold_all_that_is_not_space_in_bounded_pieces(text: str, times: int) -> None:
    text *= times
    position = 0
    for start, end in paragraphs(text):
        assert not text[position:start].strip()
        assert 0 < end - start <= MAX_PARAGRAPH
        assert text[start:end] == text[start:end].strip()
        position = end
    assert not text[position:].strip()


def test_every_line_ending_parts_paragraphs() -> None:
    text = "One.\nTwo.\r\nThree.\rFour.\u2028Five.\x85 Six. \n\n\t\n Seven."
    assert [text[a:b] for a, b in paragraphs(text)] == ["One.", "Two.", "Three.", "Four.", "Five.", "Six.", "Seven."]


def test_a_long_line_is_cut_after_sentences() -> None:
    line = "The harbour was closed for the night, and nobody complained. " * 20_000
    pieces = list(paragraphs(line))
    assert all(line[a:b].startswith("The") and line[a:b].endswith(".") for a, b in pieces)
    assert min(b - a for a, b in pieces[:-1]) > MAX_PARAGRAPH // 2


@pytest.mark.parametrize("unit", ["word ", "x", " "])
def test_a_long_line_without_sentences_is_cut_too(unit: str) -> None:
    line = unit * 1_000_000
    found = list(paragraphs(line))
    assert sum(len(line[a:b].replace(" ", "")) for a, b in found) == len(line.replace(" ", ""))
    if unit == "word ":
        assert {w for a, b in found for w in line[a:b].split()} == {"word"}


@pytest.mark.parametrize(
    ("text", "shielded"),
    [
        ("see https://news.example/a?b=c&d#e now", ["https://news.example/a?b=c&d#e"]),
        ("(www.port.example/ferry) closes", ["www.port.example/ferry"]),
        ("read harbour-times.com/today first", ["harbour-times.com/today"]),
        ("mail anna.lind+news@mail.port.example today", ["anna.lind+news@mail.port.example"]),
        ("said @port_news and #ferry2", ["@port_news", "#ferry2"]),
        ("run `cargo build` or clean_all() now", ["`cargo build`", "clean_all()"]),
        ("call os::path and my_name", ["os::path", "my_name"]),
        ('the <a href="x">old</a> port &amp; town', ['<a href="x">', "</a>", "&amp;"]),
        ("Dear {{first name}}, ${total}", ["{{first name}}", "${total}"]),
        ("[the ferry](ferry.html) sails", ["ferry.html"]),
        ("2 km of rope, 5kg, 30 °C and 12.5% at 90 km/h", ["2 km", "5kg", "30 °C", "12.5%", "90 km/h"]),
        ("$1,200 or €5bn or £ 3.50", ["$1,200", "€5bn", "£ 3.50"]),
        ("Plain words, a dash - and 3 men.", []),
    ],
)
def test_protected_spans(text: str, shielded: list[str]) -> None:
    tokens = tokenize(text)
    found = [text[a:b] for a, b, k in zip(tokens.starts, tokens.ends, tokens.kinds, strict=True) if k == "p"]
    assert found == shielded


@pytest.mark.parametrize("number", ["2-1", "2,000", "3.14", "12:30", "1990s", "21st", "1/2", "2014–15", "7"])
def test_a_score_or_a_figure_is_one_number(number: str) -> None:
    tokens = tokenize(f"it was {number} then")
    assert (tokens.norms, tokens.kinds) == (("it", "was", number.lower(), "then"), "wwnw")


@pytest.mark.parametrize(
    ("text", "norms"),
    [
        ("It’s the government's plan", "it|'s|the|government|'s|plan"),
        ("They don't, we’ll", "they|don't|,|we|'ll"),
        ("The U.S. Army and Mr. Smith", "the|u.s.|army|and|mr.|smith"),
        ("well-known, “so‑called” o’clock", "well-known|,|so-called|o'clock"),
        ("Wait... what?! No — yes", "wait|...|what|?!|no|—|yes"),
        ("version 2 of it", "version|2|of|it"),
        ("Ærø, naïve, Владимир", "ærø|,|naïve|,|владимир"),
    ],
)
def test_words(text: str, norms: str) -> None:
    assert words(text) == norms.split("|")


def test_quotation_marks_part_what_they_stand_between() -> None:
    tokens = tokenize("he (said) it, now")
    assert dict(zip(tokens.norms, tokens.joined, strict=True)) == {
        "he": True, "said": False, "it": False, ",": True, "now": True,
    }  # fmt: skip


def test_hashes_are_the_same_in_every_process() -> None:
    assert word_hash("war") == 9194194343270635776  # the compiled tables are keyed by it
    assert word_hash("\ud800") != word_hash("\ud801")


@given(st.text(st.sampled_from("ab .\n"), max_size=300), st.integers(1, 40))
def test_parts_cover_a_text_and_keep_its_paragraphs(text: str, size: int) -> None:
    cut = list(parts(text, size))
    assert "".join(text[a:b] for a, b in cut) == text
    assert [(a + p.start, a + p.end) for a, b in cut for p in paragraphs(text[a:b])] == list(paragraphs(text))


@given(st.text("a\n\r\x85 ", max_size=30), st.integers(1, 10))
def test_stretches_have_the_lines_of_the_text(text: str, size: int) -> None:
    cut = list(stretches(text, size))
    assert "".join(cut) == text
    assert [line for stretch in cut for line in stretch.splitlines(keepends=True)] == text.splitlines(keepends=True)
