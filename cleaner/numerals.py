"""Where a number is written in figures for good: measures, labels, dates, lists, tables, addresses, chess."""

from __future__ import annotations

import re

from cleaner.segment import Tokens

_MONTHS = (
    r"january|february|march|april|may|june|july|august|september|october|november|december|"
    r"(?:jan|feb|aug|sept|oct|nov|dec)\."
)
# "Section 2", "No. 2", "version 2"
_BEFORE = re.compile(
    rf"act|apartment|appendix|article|bus|chapter|class|clause|day|equation|fig|figure|flight|gate|grade|level|line|"
    rf"lot|no|no\.|nos|number|page|para|paragraph|part|phase|platform|room|route|rule|scene|season|section|series|stage|"
    rf"step|suite|table|track|type|unit|verse|version|vol|volume|vs?|vs\.|week|windows|zone|{_MONTHS}"
)
_ABBREVIATED = re.compile(r"art|ch|eq|fig|sec|para|pp?|vol")
_AFTER = re.compile(
    rf"bn|cents?|degrees|dollars|euros|feet|foot|gallons|[gkm]b|ghz|grams|inch|inches|kg|kilograms|kilomet(?:er|re)s|"
    rf"kilos|km|lit(?:er|re)s|(?:centi|milli)?met(?:er|re)s|miles|[mbtr]+illion|mph|o'clock|p\.c|percent|percentage|"
    rf"pounds|pts|tbsp|tsp|tonnes|tons|vs?|vs\.|volts|watts|yards|{_MONTHS}"
    r"|[kqrbn]?[a-h]?x?[a-h][1-8]|o-o"  # moves of chess
)
_STREET = re.compile(r"avenue|ave|boulevard|drive|highway|lane|road|square|street|terrace")
_WRITTEN = re.compile(
    r"\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|(?:twel|fif|for|thir|twen|six|seven|eigh|nine)ty"
    r"|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|hundreds?|thousands?|millions?|first|second"
    r"|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|\w+teenth|\w+tieth|half|quarters?|dozens?)\b"
)
_TOUCHING_BEFORE = frozenset("-–—/.:#$€£¥+×*=<>~^_[@&'’")
_TOUCHING_AFTER = frozenset("-–—/:%°×+*=<>^_])&")
_SENTENCE = 12  # tokens: a shorter paragraph that no stop ends is a list item, a caption or a cell


class Numerals:
    """The numbers of one paragraph."""

    def __init__(self, text: str, tokens: Tokens) -> None:
        self._text = text
        self._tokens = tokens

    def forbid(self, start: int, end: int, original: str) -> bool:
        """Whether `original`, in place of tokens `start` .. `end` - 1, would write a number anew where it must not.

        A number may be spelt out ("the 2 leaders" -> "the two leaders") where running text has it, and be written
        in figures anywhere but at the start of a sentence.
        """
        kinds = self._tokens.kinds
        if "n" not in kinds[start:end]:
            return original[0].isdigit() and (start == 0 or kinds[start - 1] == "s")
        digits = any(map(str.isdigit, original))
        words = original.split()
        lost = (i for i in range(start, end) if kinds[i] == "n" and self._tokens.norms[i] not in words)
        return not digits and _WRITTEN.search(original) is not None and any(map(self._in_figures, lost))

    def _in_figures(self, i: int) -> bool:
        """Whether token `i`, a number, stands where even small numbers are written in figures."""
        t = self._tokens
        text, norms, kinds = self._text, t.norms, t.kinds
        last = len(t) - 1
        left = text[t.starts[i] - 1 : t.starts[i]] if i else ""
        right = text[t.ends[i] : t.ends[i] + 1] if i < last else ""
        before = norms[i - 1] if i else ""
        after = norms[i + 1] if i < last else ""
        opens = i == 0 or kinds[i - 1] == "s"
        if before == "." and i > 1 and _ABBREVIATED.fullmatch(norms[i - 2]):  # "Fig. 2"
            return True
        if left in _TOUCHING_BEFORE or right in _TOUCHING_AFTER or _BEFORE.fullmatch(before):
            return True
        if _AFTER.fullmatch(after) or norms[i + 1 : i + 3] == ("per", "cent"):
            return True
        if before == after == "," or (opens and right in (".", ")")) or "n" in (kinds[i - 1 : i], kinds[i + 1 : i + 2]):
            return True
        if i > 1 and t.joined[i] and text[t.starts[i - 1]].isupper() and kinds[i - 1] == "w" and kinds[i - 2] != "s":
            return norms[i].isdigit()  # "Apollo 11"
        if any(_STREET.fullmatch(norms[k]) and text[t.starts[k]].isupper() for k in range(i + 2, min(i + 4, len(t)))):
            return True
        return self._tabular(opens)

    def _tabular(self, opens: bool) -> bool:
        """Whether the paragraph is no running text."""
        kinds = self._tokens.kinds
        numbers = kinds.count("n") + kinds.count("p")
        return (numbers > 2 and numbers * 4 > len(kinds)) or (opens and len(kinds) < _SENTENCE and kinds[-1] != "s")
