"""Development spinners: deterministic, built on open thesauri, with the edits that they made."""

from __future__ import annotations

from functools import cache

from benchmarks.spinners.dictionary import DATA, load
from benchmarks.spinners.spinner import Spinner, Spun

__all__ = ["NAMES", "Spinner", "Spun", "spin", "spinner"]

NAMES = ("polite", "mythes", "phrases", "roget", "wild", "poor", "science")


@cache
def spinner(name: str) -> Spinner:
    """The development spinner of that name; raises KeyError for any other.

    - polite: WordNet's first sense, frequent words, inflected.
    - mythes: synonyms and similar terms of an office thesaurus, word by word.
    - phrases: the same, phrase by phrase, longest first.
    - roget: words of one group of Roget's Thesaurus of 1911, phrase by phrase.
    - wild: words of one paragraph of it, any part of speech, a third of them uninflected.
    - poor: a small dictionary that runs all senses together, a fifth uninflected.
    - science: mythes, but only inside terms of art.
    """
    match name:
        case "polite":
            return Spinner(name, load("first-senses", "head"))
        case "mythes":
            return Spinner(name, load("mythes", "head"), wrong=0.3)
        case "phrases":
            return Spinner(name, load("mythes", "head"), longest=3, wrong=0.3)
        case "roget":
            return Spinner(name, load("roget", "group"), longest=3, wrong=0.3)
        case "wild":
            return Spinner(name, load("roget", "row"), wrong=1.0, bare=0.33)
        case "poor":
            return Spinner(name, load("synonyms", "head"), wrong=1.0, bare=0.2)
        case "science":
            terms = (DATA / "terms.txt").read_text(encoding="utf-8").splitlines()
            return Spinner(name, load("mythes", "group"), wrong=1.0, terms=frozenset(tuple(t.split()) for t in terms))
    raise KeyError(name)


def spin(name: str, text: str, *, rate: float, seed: int, sticky: bool) -> Spun:
    """Spin `text` with the spinner `name`: see `Spinner.spin`."""
    return spinner(name).spin(text, rate=rate, seed=seed, sticky=sticky)
