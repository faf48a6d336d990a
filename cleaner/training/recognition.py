"""Fit the weights by which composed expressions are recognised (`cleaner.recognition`).

    python -m cleaner.training.recognition ../shared/dev -o cleaner/models/en.recognition.json

Right are the compositions that give a garbled term its original back; wrong are all others, and all in `clean.jsonl`.
Garbled are the abstracts of `spun.jsonl` (spinner science), and honest text with terms of `tortured.tsv` put into it
(`cleaner.training.garbled_terms`), each read with a list that lacks its terms, or the weights would trust the list
more than is due where it has gaps; half of them also with the whole list, so that they trust it where it has none.
L2-regularised logistic regression by Newton's method.  Prints precision and recall of terms that neither the list nor
the fit has seen, fold by fold; the last fold is that of the abstracts.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaner.analysis import parse
from cleaner.cleaner import shipped
from cleaner.discriminator import Discriminator
from cleaner.expressions import Inventory
from cleaner.learning.screener import read_terms
from cleaner.lexicon import Entry, compile_channel, estimate, normalized, read_entries
from cleaner.recognition import FEATURES, IN_SCIENCE, Recognizer, Weights
from cleaner.thesaurus import Thesaurus
from cleaner.training.garbled_terms import FOLDS, HELD_OUT, Example, Folds

STRENGTH = 3.0  # of the regularisation
RARER = 0.9  # log-odds by which garbled documents are rarer than in the training text
_MOST_CHARACTERS = 8000  # of a document

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Document:
    """The compositions of one document: FEATURES, character ranges, whether right, and the garbled term (number or -1)
    that each touches; `terms` is the number of those, and `words` that of its words."""

    features: Floats
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    right: NDArray[np.bool_]
    term: NDArray[np.int64]
    terms: int
    words: int


def document(text: str, edits: Sequence[tuple[int, int, str]], recognizer: Recognizer) -> Document:
    """The compositions in `text`, in which the ranges of `edits` are garbled."""
    parsed = parse([text], shipped())
    assert parsed is not None  # no development text is without a word
    h, features = recognizer.features(parsed.batch, parsed.capital)
    starts = np.array([start for tokens in parsed.tokens for start in tokens.starts])
    ends = np.array([end for tokens in parsed.tokens for end in tokens.ends])
    start, end = starts[h.start], ends[h.start + h.size - 1]
    expression = [normalized(recognizer.inventory.texts[i]) for i in h.number.tolist()]
    right, term = np.zeros(len(start), bool), np.full(len(start), -1)
    for number, (a, z, original) in enumerate(edits):
        touched = (start < z) & (end > a)
        term[touched] = number
        right |= touched & np.array([e == normalized(original) for e in expression], bool)
    return Document(features, start, end, right, term, len(edits), len(starts))


def fit(documents: Iterable[Document]) -> Weights:
    """Weights that tell right compositions from wrong ones."""
    documents = list(documents)
    x = np.concatenate([d.features for d in documents])
    y = np.concatenate([d.right for d in documents]).astype(float)
    scale = Weights(tuple(x.mean(axis=0)), tuple(x.std(axis=0) + 1e-9), (0.0,) * len(FEATURES), 0.0)
    z = np.c_[scale.standardized(x), np.ones(len(x))]
    w = np.zeros(z.shape[1])
    penalty = STRENGTH * np.eye(len(w))
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(z @ w, -30, 30)))
        w -= np.linalg.solve((z * (p * (1 - p))[:, None]).T @ z + penalty, z.T @ (p - y) + penalty @ w)

    def rounded(values: Iterable[float]) -> tuple[float, ...]:
        return tuple(round(float(v), 5) for v in values)

    return Weights(rounded(scale.mean), rounded(scale.deviation), rounded(w[:-1]), round(float(w[-1]) - RARER, 5))


def chosen(d: Document, log_odds: Floats, least: float) -> Iterator[int]:
    """Disjoint compositions of log-odds `least` or more, the surest first."""
    taken: list[int] = []
    for i in np.argsort(-log_odds, kind="stable").tolist():
        if log_odds[i] < least:
            return
        if all(d.start[i] >= d.end[j] or d.end[i] <= d.start[j] for j in taken):
            taken.append(i)
            yield i


def report(garbled: Sequence[tuple[int, Document]], honest: Sequence[Document]) -> None:
    """Print precision and recall of each fold of garbled documents, weighed by what the others and half of the honest
    ones have taught."""
    for fold in sorted({fold for fold, _ in garbled}):
        weights = fit([*(d for other, d in garbled if other != fold), *honest[::2]])
        own = [d for other, d in garbled if other == fold]
        terms = sum(d.terms for d in own)
        composed = sum(len(set(d.term[d.right].tolist())) for d in own)
        print(f"fold {fold}: {len(own)} documents, {terms} terms, of which {composed} compose")
        evidence = [[_evidence(weights.log_odds(d.features), d) for d in some] for some in (own, honest[1::2])]
        print(f"  area under the curve against honest documents {_area(*evidence):.3f}")
        for p in (0.2, 0.5, 0.8):
            least = float(np.log(p / (1 - p))) - IN_SCIENCE
            found = [(d, i) for d in own for i in chosen(d, weights.log_odds(d.features), least)]
            touched = sum(len({int(d.term[i]) for e, i in found if e is d} - {-1}) for d in own)
            right = sum(bool(d.right[i]) for d, i in found)
            hit = sum(int(d.term[i]) >= 0 for d, i in found)
            false = sum(1 for d in honest[1::2] for _ in chosen(d, weights.log_odds(d.features), least))
            precision, recall = hit / max(len(found), 1), touched / terms
            print(
                f"  >= {p}: precision {precision:.3f}, recall {recall:.3f}, {len(found)} found, {right} of these right"
            )
            print(f"  {false} in {len(honest[1::2])} honest documents, if all of them were scientific")


def _evidence(log_odds: Floats, d: Document) -> float:
    """Log-odds, up to a constant, that there is a garbled term anywhere in a document."""
    return float(np.logaddexp.reduce(log_odds, initial=-np.inf)) - float(np.log(d.words + 100))


def _area(positive: Sequence[float], negative: Sequence[float]) -> float:
    """The share of pairs in which the positive one is higher (ties count half)."""
    low, high = (np.searchsorted(np.sort(negative), positive, side) for side in ("left", "right"))
    return float((low + high).sum() / 2 / len(positive) / len(negative))


def rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


EMPTY = Weights((0.0,) * len(FEATURES), (1.0,) * len(FEATURES), (0.0,) * len(FEATURES), 0.0)


def reader(folds: Folds, fold: int | None, written: Sequence[Entry], weights: Weights = EMPTY) -> Recognizer:
    """A recognizer whose list lacks the terms of a fold, and which has the swaps `written` for science."""
    models, thesaurus = shipped(), Thesaurus.open()
    listed = compile_channel({"science": estimate(folds.listed(fold, written, thesaurus))})
    discriminator = Discriminator(models.model)
    shared = models.context, models.model, weights, discriminator
    return Recognizer(Inventory.open(), thesaurus, [models.channel], listed, *shared)


@dataclass(frozen=True, slots=True)
class Material:
    """What there is to fit: `garbled` documents with their folds, each read with a list that lacks its terms; half of
    them read with the whole list (`known`); `honest` ones.  `written` are the swaps that the lists share."""

    folds: Folds
    written: Sequence[Entry]
    garbled: list[tuple[int, Document]]
    known: list[tuple[int, Document]]
    honest: list[Document]

    @classmethod
    def of(cls, folder: Path, table: Path) -> Material:
        """All documents of a folder of development data; `table` holds the written swaps."""
        abstracts = [row for row in rows(folder / "spun.jsonl") if row["spinner"] == "science"]
        clean = [row["text"][:_MOST_CHARACTERS] for row in rows(folder / "clean.jsonl")]
        pairs = [(normalized(row["spun"][a:z]), normalized(right)) for row in abstracts for a, z, right in row["edits"]]
        folds, written = Folds(read_terms(folder / "tortured.tsv"), pairs), list(read_entries(table))
        examples = [Example(row["spun"], tuple(map(tuple, row["edits"])), HELD_OUT) for row in abstracts]
        examples += folds.examples([row["original"] for row in abstracts] + clean[::2])
        garbled = []
        for fold in range(FOLDS + 1):
            own = reader(folds, fold, written)
            garbled += [(fold, document(e.text, e.edits, own)) for e in examples if e.fold == fold]
        honest = [document(text, (), own) for text in clean]
        whole = reader(folds, None, written)
        known = [(e.fold, document(e.text, e.edits, whole)) for e in examples[::2]]
        return cls(folds, written, garbled, known, honest)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder with spun.jsonl, clean.jsonl and tortured.tsv")
    parser.add_argument("--written", type=Path, default=Path("lexicons/en/dialects/science-written.tsv"))
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    material = Material.of(options.folder, options.written)
    report(material.garbled, material.honest)
    weights = fit([*(d for _, d in (*material.garbled, *material.known)), *material.honest])
    for name, w in zip(FEATURES, weights.weight, strict=True):
        print(f"{w:7.2f}  {name}")
    weights.save(options.output)


if __name__ == "__main__":
    main()
