"""The dictionaries of the development spinners, and looking an inflected word up in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

DATA = Path(__file__).parent / "data"
TAGS = {"n": ("NNS",), "v": ("VBZ", "VBD", "VBN", "VBG"), "a": ("JJR", "JJS"), "r": ()}
Reach = Literal["head", "group", "row"]
_UPOS = {"NOUN": "n", "VERB": "v", "ADJ": "a", "ADV": "r"}


@dataclass(frozen=True, slots=True)
class Use:
    """One way to read a form: `lemma` as part of speech `pos`, inflected as `tag` (Penn), or "" for the base form."""

    lemma: str
    pos: str
    tag: str


class Dictionary:
    """Synonyms by lemma and part of speech.  `reach` tells which words of a row are each other's synonyms: those of
    its first word only ("head"), those of one group ("group"), or all ("row")."""

    def __init__(self, rows: Iterable[tuple[str, list[list[str]]]], reach: Reach) -> None:
        found: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for pos, groups in rows:
            for near in [[w for group in groups for w in group]] if reach == "row" else groups:
                for word in near[:1] if reach == "head" else near:
                    found[word, pos].update(dict.fromkeys(near))
        self.synonyms = {key: [w for w in words if w != key[0]] for key, words in found.items() if len(words) > 1}
        self.phrases = frozenset(lemma for lemma, _ in self.synonyms)

    def uses(self, form: str) -> list[Use]:
        """The readings of a word or phrase that the dictionary knows."""
        base = [Use(form, pos, "") for pos in TAGS if (form, pos) in self.synonyms]
        return base + [use for use in analyses(form) if (use.lemma, use.pos) in self.synonyms]


def load(name: str, reach: Reach) -> Dictionary:
    """The dictionary benchmarks/spinners/data/NAME.tsv."""
    lines = (DATA / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines)
    return Dictionary(((pos, [g.split(",") for g in groups.split(";")]) for pos, groups in rows), reach)


@cache
def analyses(form: str) -> tuple[Use, ...]:
    """The inflected readings of a word; of a phrase, by its first word as a verb and its last as a noun."""
    from lemminflect import getAllLemmas

    first, _, rest = form.partition(" ")
    if rest:
        head, _, last = form.rpartition(" ")
        verbs = [Use(f"{use.lemma} {rest}", "v", use.tag) for use in analyses(first) if use.pos == "v"]
        return (*verbs, *(Use(f"{head} {use.lemma}", "n", use.tag) for use in analyses(last) if use.pos == "n"))
    return tuple(
        Use(lemma, pos, tag)
        for upos, lemmas in sorted(getAllLemmas(form).items())
        if (pos := _UPOS.get(upos))
        for lemma in lemmas
        for tag in TAGS[pos]
        if lemma != form and form == inflected(lemma, pos, tag)
    )


@cache
def inflected(phrase: str, pos: str, tag: str) -> str | None:
    """A phrase inflected at its head (the first word of a verb, else the last); None if it has no such form."""
    from lemminflect import getInflection

    if not tag:
        return phrase
    words = phrase.split()
    at = 0 if pos == "v" else -1
    found = getInflection(words[at], tag, inflect_oov=pos != "a")
    if not found:
        return None
    words[at] = found[0]
    return " ".join(words)
