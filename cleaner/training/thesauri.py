"""The open thesauri as their files have them: WordNet 3.x, Moby, and synonym lists in general."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np


@dataclass(frozen=True, slots=True)
class Synset:
    """A sense: its lemmas, and the synsets it points to by relation (WordNet's pointer symbols)."""

    lemmas: tuple[str, ...]
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class WordNet:
    """`synsets` by key; `senses`: for each lemma and part of speech (n, v, a, r), its synsets with their tag counts,
    in order of sense."""

    synsets: Mapping[str, Synset]
    senses: Mapping[tuple[str, str], Sequence[tuple[str, int]]]

    @cached_property
    def parts(self) -> Mapping[str, frozenset[str]]:
        """The parts of speech of each lemma."""
        found = defaultdict(set)
        for lemma, pos in self.senses:
            found[lemma].add(pos)
        return {lemma: frozenset(pos) for lemma, pos in found.items()}

    def shares(self, lemma: str) -> list[tuple[str, float]]:
        """P(sense | lemma), over all parts of speech, from tag counts and the order of senses."""
        weights = [
            (synset, count + 1 / rank)
            for pos in self.parts.get(lemma, ())
            for rank, (synset, count) in enumerate(self.senses[lemma, pos], 1)
        ]
        total = sum(weight for _, weight in weights)
        return [(synset, weight / total) for synset, weight in weights]


def read_wordnet(folder: Path) -> WordNet:
    """Read WordNet's database files (format: its manual page wndb(5))."""
    synsets = {}
    for name in ("noun", "verb", "adj", "adv"):
        with (folder / f"data.{name}").open(encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("  "):  # the licence
                    continue
                fields = line.split(" | ")[0].split()
                lemmas_end = 4 + 2 * int(fields[3], 16)
                lemmas = tuple(w.split("(")[0].replace("_", " ") for w in fields[4:lemmas_end:2])
                links = fields[lemmas_end + 1 : lemmas_end + 1 + 4 * int(fields[lemmas_end])]
                synsets[_synset(fields[2], fields[0])] = Synset(
                    lemmas,
                    tuple((s, _synset(p, o)) for s, o, p in zip(links[::4], links[1::4], links[2::4], strict=True)),
                )
    ranked = defaultdict(list)
    with (folder / "index.sense").open(encoding="utf-8") as lines:
        for line in lines:
            key, offset, rank, count = line.split()
            lemma, _, rest = key.partition("%")
            pos = "nvara"[int(rest[0]) - 1]
            ranked[lemma.replace("_", " "), pos].append((int(rank), _synset(pos, offset), int(count)))
    return WordNet(synsets, {k: [(s, n) for _, s, n in sorted(senses)] for k, senses in ranked.items()})


def _synset(pos: str, offset: str) -> str:
    return ("a" if pos == "s" else pos) + offset


def read_moby(path: Path) -> dict[str, list[str]]:
    """The Moby thesaurus: the synonyms of each head word."""
    with path.open(encoding="latin-1") as lines:
        rows = [list(filter(None, line.strip().split(","))) for line in lines]
    return {row[0]: [w for w in row[1:] if w != row[0]] for row in rows if len(row) > 1}


class Lists:
    """Synonym lists, for counting in how many of them two words stand together."""

    def __init__(self, lists: Mapping[str, Sequence[str]]) -> None:
        self.words = sorted({*lists, *(w for words in lists.values() for w in words)})
        self.number = {w: i for i, w in enumerate(self.words)}
        self.members = [
            np.array([self.number[head], *map(self.number.__getitem__, words)]) for head, words in lists.items()
        ]
        self.heads: defaultdict[str, list[str]] = defaultdict(list)
        holders = defaultdict(list)
        for i, (head, words) in enumerate(lists.items()):
            holders[head].append(i)
            for word in words:
                self.heads[word].append(head)
                holders[word].append(i)
        self.holders = holders
        self.count = np.array([len(holders[w]) for w in self.words])

    def kindred(self, word: str) -> dict[str, float]:
        """Cosine (0..1) of the sets of lists that hold `word` and each other word; the greatest only."""
        if word not in self.number:
            return {}
        met, times = np.unique(np.concatenate([self.members[i] for i in self.holders[word]]), return_counts=True)
        cosine = times / np.sqrt(self.count[met] * float(len(self.holders[word])))
        # A pair met in one list only is no closer than that list says.
        order = np.argsort(-np.where(times > 1, cosine, 0.0), kind="stable")
        return {
            self.words[i]: float(c) for i, c in zip(met[order], cosine[order], strict=True) if i != self.number[word]
        }
