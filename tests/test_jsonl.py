"""The text of a line of JSON is found in the same place at once and member by member."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.formats.base import FIELDS, Options, Outcome, dumps
from cleaner.formats.jsonl import JsonRecord, _found_at_once, _found_by_members, members
from cleaner.formats.problems import RecordError

STRINGS = st.one_of(
    st.sampled_from(
        ["text", '"text"', '"text": "', 'a"text', "{", "]", "\\", "\\u", "a:b", "", "é😀\ufffd", "\n\u2028"]
    ),
    st.text(alphabet='tex"\\:{}[], é\n', max_size=8),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), STRINGS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(STRINGS, inner, max_size=3)),
    max_leaves=6,
)
PAIRS = st.lists(st.tuples(STRINGS, VALUES), max_size=4)


def written(pairs: list[tuple[str, Any]], style: int, ascii_only: bool) -> bytes:
    """An object with these members, however often a key comes."""
    comma, colon, brace = ((", ", ": ", "{"), (",", ":", "{"), (" ,\t", " :  ", "  { "))[style]
    inside = (json.dumps(k, ensure_ascii=ascii_only) + colon + json.dumps(v, ensure_ascii=ascii_only) for k, v in pairs)
    return (brace + comma.join(inside) + "}").encode() + (b"\n", b"", b" \r\n")[style]


@given(PAIRS, STRINGS, PAIRS, st.integers(0, 2), st.booleans())
def test_both_ways_find_the_same(
    before: list[tuple[str, Any]], text: str, after: list[tuple[str, Any]], style: int, ascii_only: bool
) -> None:
    line = written([*before, ("text", text), *after], style, ascii_only)
    found = _found_at_once(line, Options())
    if found is not None:
        known = _found_by_members(line, Options())
        assert found[:4] == known[:4]
        assert found.passage is not None and found.passage.text == json.loads(line)["text"]
        assert found.passage.source.encode() == found.passage.raw == line[found.start : found.end]


@given(PAIRS, st.integers(0, 2), st.booleans())
def test_what_is_added_is_written_as_the_rest(pairs: list[tuple[str, Any]], style: int, ascii_only: bool) -> None:
    line = written([*pairs, ("text", "one")], style, ascii_only)
    outcome = Outcome("clean", 0.0123456789, "é", 3, None, (), (), ())
    first, last = members(line)[0], members(line)[-1]
    compact = first.start == line.find(b":") + 1
    fields = dumps(outcome.fields(), ascii_only=line.isascii(), compact=compact)[1:-1].encode()
    expected = line[: last.end] + (b"," if compact else b", ") + fields + line[last.end :]
    assert JsonRecord(line, Options()).render(outcome) == expected
    assert JsonRecord(line, Options(fields=False)).render(outcome) == line


def test_usual_lines_are_read_at_once() -> None:
    for line in (
        b'{"text": "said \\"so\\"\\n"}\n',
        b'{"id": 1, "meta": {"a": [1, "}"]}, "text":"caf\xc3\xa9", "title": "caf\\u00e9"}',
    ):
        assert _found_at_once(line, Options()) is not None


@pytest.mark.parametrize(
    "line",
    [
        b'{"text": "a", "text": "b"}',
        b'{"text": "a", "te\\u0078t": "b"}',
        b'{"meta": {"text": "a"}}',
        b'{"a": "text", "text": "b"}',
        b'{"text": 1}',
        b'["text", "a"]',
        b'{"text": "a',
        b'{"text": "\xff"}',
        b'{"text": "a\tb"}',
        b'{"text": "a"} x',
    ],
)
def test_others_are_not(line: bytes) -> None:
    assert _found_at_once(line, Options()) is None


def test_fields_that_are_there_already_are_named() -> None:
    with pytest.raises(RecordError, match="has a field 'cleaner_edits' already"):
        JsonRecord(b'{"text": "a", "cleaner_edits": []}', Options())
    assert FIELDS[-1] == "cleaner_edits"
