"""Fit the weights by which composed expressions are recognised (`cleaner.recognition`).

    python -m cleaner.learning.screener TORTURED.tsv --without HELD_OUT.tsv -o TERMS.tsv
    python -m cleaner.training.recognition ../shared/dev --terms TERMS.tsv -o cleaner/models/en.recognition.json

Right are the compositions that give a garbled term of `spun.jsonl` (spinner science) its original back; wrong are all
others there and all in `clean.jsonl`.  TERMS must not hold the garbled terms of spun.jsonl, or the weights would trust
the list more than is due where it has gaps.  L2-regularised logistic regression by Newton's method; prints precision
and recall on documents left out of the fit.
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
from cleaner.discriminator import Discriminator, Network
from cleaner.expressions import Inventory
from cleaner.lexicon import Dialect, compile_channel, estimate, normalized, read_entries
from cleaner.recognition import FEATURES, Recognizer, Weights
from cleaner.thesaurus import Thesaurus

FOLDS = 5
STRENGTH = 3.0  # of the regularisation
RARER = 0.9  # log-odds by which garbled documents are rarer than in the training text
_MOST_CHARACTERS = 8000  # of a document

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Document:
    """The compositions of one document: FEATURES, character ranges, whether right, and the garbled term (number or -1)
    that each touches; `terms` is the number of those."""

    features: Floats
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    right: NDArray[np.bool_]
    term: NDArray[np.int64]
    terms: int


def document(text: str, edits: Sequence[tuple[int, int, str]], recognizer: Recognizer) -> Document | None:
    """The compositions in `text`, in which the ranges of `edits` are garbled."""
    parsed = parse([text], shipped())
    if parsed is None:
        return None
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
    return Document(features, start, end, right, term, len(edits))


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


def report(documents: Sequence[Document]) -> None:
    """Print precision and recall, each document weighed by the others' weights."""
    weights = [fit(d for i, d in enumerate(documents) if i % FOLDS != fold) for fold in range(FOLDS)]
    odds = [weights[i % FOLDS].log_odds(d.features) for i, d in enumerate(documents)]
    terms = sum(d.terms for d in documents)
    honest = sum(not d.terms for d in documents)
    for p in (0.2, 0.5, 0.8, 0.9):
        found = [(d, i) for d, o in zip(documents, odds, strict=True) for i in chosen(d, o, float(np.log(p / (1 - p))))]
        touched = sum(d.term[i] >= 0 for d, i in found)
        right = sum(d.right[i] for d, i in found)
        false = sum(not d.terms for d, _ in found)
        print(
            f"p >= {p}: {len(found)} found, of {terms} terms {touched} touched, {right} right; "
            f"{false} in {honest} honest documents"
        )


def rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder with spun.jsonl and clean.jsonl")
    parser.add_argument("--terms", type=Path, required=True, help="table of other garbled terms")
    parser.add_argument("--every", type=int, default=2, help="of so many honest documents, read one (default: 2)")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    models = shipped()
    listed = compile_channel({"science": estimate(Dialect("science", list(read_entries(options.terms))))})
    empty = Weights((0.0,) * len(FEATURES), (1.0,) * len(FEATURES), (0.0,) * len(FEATURES), 0.0)
    recognizer = Recognizer(
        Inventory.open(),
        Thesaurus.open(),
        [models.channel],
        listed,
        models.context,
        models.model,
        empty,
        Discriminator(Network.open(), models.model),
    )
    texts = [
        (row["spun"][:_MOST_CHARACTERS], [e for e in row["edits"] if e[1] <= _MOST_CHARACTERS])
        for row in rows(options.folder / "spun.jsonl")
        if row["spinner"] == "science"
    ]
    clean = list(rows(options.folder / "clean.jsonl"))[:: options.every]
    texts += [(row["text"][:_MOST_CHARACTERS], []) for row in clean]
    documents = [d for d in (document(text, edits, recognizer) for text, edits in texts) if d is not None]
    report(documents)
    weights = fit(documents)
    for name, w in zip(FEATURES, weights.weight, strict=True):
        print(f"{w:7.2f}  {name}")
    weights.save(options.output)


if __name__ == "__main__":
    main()
