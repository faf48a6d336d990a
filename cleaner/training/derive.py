"""Rows that follow from observed ones: the bare pair of "the location" -> "the situation", and its inflected forms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from cleaner.lexicon import Entry
from cleaner.training.inflect import inflected
from cleaner.training.rows import usable

_FORMS = {
    "NOUN": ("NN", "NNS"),
    "VERB": ("VB", "VBZ", "VBD", "VBN", "VBG"),
    "ADJ": ("JJ", "JJR", "JJS"),
}
_ARTICLES = frozenset(("a", "an"))


def derive(entries: Iterable[Entry]) -> list[Entry]:
    """The rows that follow from the swaps among `entries` and are not among them; their counts are 0."""
    observed = {(e.original, e.spun) for e in entries if e.original != e.spun}
    derived = {pair for row in observed for bare in [strip(*row)] for pair in (bare, *_inflections(*bare))}
    return [Entry(o, s, 0, 0, "derived") for o, s in sorted(derived - observed) if usable(o, s)]


def strip(original: str, spun: str) -> tuple[str, str]:
    """Both sides without the words that they share at either end, an article in either form among them.

    >>> strip("an extraordinary", "a rare"), strip("the type of", "the kind of"), strip("in the", "within the")
    (('extraordinary', 'rare'), ('type', 'kind'), ('in', 'within'))
    """
    o, s = original.split(), spun.split()
    while len(o) > 1 < len(s) and (o[0] == s[0] or {o[0], s[0]} == _ARTICLES):
        o, s = o[1:], s[1:]
    while len(o) > 1 < len(s) and o[-1] == s[-1]:
        o, s = o[:-1], s[:-1]
    return " ".join(o), " ".join(s)


def _inflections(original: str, spun: str) -> Iterator[tuple[str, str]]:
    """The other forms of a pair whose heads have the same part of speech and form: a verb leads, a noun ends."""
    words = spun.split()
    if " " in original or len(words) > 2:
        return
    for lemma, pos, tag in _analyses(original):
        at = 0 if pos == "VERB" else len(words) - 1
        for other, other_pos, other_tag in _analyses(words[at]):
            if (other_pos, other_tag) == (pos, tag):
                for form in _FORMS[pos]:
                    sides = inflected(lemma, form), inflected(other, form)
                    if sides[0] and sides[1]:
                        yield sides[0], " ".join([*words[:at], sides[1], *words[at + 1 :]])


@cache
def _analyses(word: str) -> frozenset[tuple[str, str, str]]:
    """(lemma, part of speech, tag) of each reading of a word."""
    from lemminflect import getAllLemmas, getInflection

    return frozenset(
        (lemma, pos, tag)
        for pos, lemmas in getAllLemmas(word).items()
        for lemma in lemmas
        for tag in _FORMS.get(pos, ())
        if word in getInflection(lemma, tag)
    )
