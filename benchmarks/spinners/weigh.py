"""Fit the weights of cleaner/unseen.py.

    python -m benchmarks.spinners.weigh ../shared --varied FOLDER               # a few minutes on one core
    python -m benchmarks.spinners.weigh ../shared --varied FOLDER --readings    # then, with these weights in place

Honest text: of the corpus, of `--varied` (text of other times and kinds, see cleaner/training/discriminator.py), and
every second text of dev/clean.jsonl.  The spinners mythes, phrases and poor spin part of it.  The other half of
clean.jsonl and the spinners roget, wild and polite are left to judge (benchmarks/spinners/unseen.py).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from benchmarks.spinners import spin
from cleaner.analysis import parse
from cleaner.cleaner import recognizer, shipped
from cleaner.findings import CHANGED
from cleaner.segment import normalize
from cleaner.training.corpus import read
from cleaner.unseen import Evidence, Weights, evidence, readings, suspicion, swapped

Floats = NDArray[np.float64]

MOST = 6000  # characters of a text
TEACHERS, TAUGHT = ("mythes", "phrases", "poor"), (0.12, 0.3, 0.6, 1.0)
EACH = 30  # texts of a teacher at one rate


@dataclass(frozen=True, slots=True)
class Document:
    """What the words of a text tell, and which of them were swapped (`labels`, 0 or 1)."""

    told: Evidence
    labels: NDArray[np.int8]


def document(text: str, edits: Sequence[tuple[int, int, str]] = ()) -> Document | None:
    """Weigh one text."""
    parsed = parse([text], shipped(), shield_names=True)
    if parsed is None:
        return None
    models = recognizer()
    told = evidence(parsed.batch, parsed.capital, models.thesaurus, models.discriminator, models.model)
    starts = np.concatenate([np.array(t.starts) for t in parsed.tokens])
    ends = np.concatenate([np.array(t.ends) for t in parsed.tokens])
    labels = np.zeros(len(starts), np.int8)
    for a, z, _ in edits:
        labels[(starts >= a) & (ends <= z)] = 1
    return Document(told, labels[told.token])


def confidences(text: str, edits: Sequence[tuple[int, int, str]]) -> Iterator[tuple[float, bool]]:
    """The probability of the likeliest reading of each word of a spun text, and whether it is right."""
    parsed = parse([text], shipped(), shield_names=True)
    assert parsed is not None
    b, models = parsed.batch, recognizer()
    told = evidence(b, parsed.capital, models.thesaurus, models.discriminator, models.model)
    changed = swapped(told, float(suspicion(told).rate[0]))
    strange = changed >= CHANGED
    original = {(a, z): normalize(o) for a, z, o in edits}
    for choice in readings(b, told.token[strange], changed[strange], models.thesaurus, models.discriminator):
        tokens = parsed.tokens[choice.paragraph]
        reading, p = choice.readings[0]
        yield p, original.get((tokens.starts[choice.start], tokens.ends[choice.start])) == reading


def joined(documents: Sequence[Document]) -> Evidence:
    """All words of the documents, as if they were one batch."""
    told = [d.told for d in documents]
    columns = (
        np.concatenate([getattr(e, name) for e in told]) for name in ("token", "hashes", "strange", "gain", "known")
    )
    token, hashes, strange, gain, known = columns
    number = np.repeat(np.arange(len(told)), [len(e.token) for e in told])
    return Evidence(len(told), token, number, hashes, strange, gain, known)


def fit_documents(honest: Sequence[Document], spun: Sequence[Document]) -> tuple[Weights, float]:
    """The weights that tell both sorts best by logistic regression on their log-likelihood ratios, and its slope."""
    from scipy.optimize import minimize

    told = joined([*honest, *spun])
    y = np.r_[np.zeros(len(honest)), np.ones(len(spun))]
    weight = np.where(y == 1, len(honest) / len(spun), 1.0)

    def loss(p: Floats) -> float:
        score = p[5] * suspicion(told, Weights(*p[:5])).log_ratio + p[6]
        return float((weight * (np.logaddexp(0, score) - y * score)).mean() + 1e-3 * ((p - start) ** 2).sum())

    start = np.array([0.3, 0.5, 0.1, -0.2, -0.3, 1.0, -1.0])
    best = minimize(loss, start, method="Nelder-Mead", options={"maxiter": 600, "xatol": 1e-2, "fatol": 1e-5}).x
    return Weights(*np.round(best[:5], 3).tolist()), round(float(best[5]), 2)


def fit_words(spun: Sequence[Document], rates: Floats) -> tuple[Weights, float]:
    """Logistic regression on the words of spun documents, with the log-odds of each one's share of swaps."""
    told = joined(spun)
    offset = np.log(rates / (1 - rates))[told.document]
    x = np.stack(
        [np.minimum(told.strange, 0), np.maximum(told.strange, 0), told.gain, told.known, np.ones(len(offset)), offset],
        1,
    )
    p = logistic(x, np.concatenate([d.labels for d in spun]).astype(float))
    return Weights(*np.round(p[:5], 3).tolist()), round(float(p[5]), 3)


def logistic(x: Floats, y: Floats) -> Floats:
    """The coefficients of logistic regression, by Newton's method."""
    p = np.zeros(x.shape[1])
    for _ in range(25):
        q = 1 / (1 + np.exp(-(x @ p)))
        p -= np.linalg.solve((x.T * (q * (1 - q))) @ x + 1e-9 * np.eye(len(p)), x.T @ (q - y))
    return p


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shared", type=Path, help="folder with corpus/ and dev/")
    parser.add_argument("--varied", type=Path, required=True, help="folder of *.jsonl.zst files of other kinds of text")
    parser.add_argument("--readings", action="store_true", help="fit the confidence of readings instead")
    options = parser.parse_args()
    random = Random(1)

    def cut(text: str) -> str:
        start = text.find(" ", random.randrange(max(1, len(text) - MOST))) + 1 if len(text) > MOST else 0
        return text[start : start + MOST]

    def known(made: Iterable[Document | None]) -> list[Document]:
        return [d for d in made if d is not None and len(d.told.token)]

    every = 70_000_000 // 500 // 380  # about 500 documents
    modern = [cut(t) for t in islice(read(options.shared / "corpus"), 13, None, every) if len(t) > 500]
    varied = [cut(t) for t in islice(read(options.varied), 0, None, 8) if len(t) > 500]
    rows = [json.loads(line) for line in (options.shared / "dev" / "clean.jsonl").open(encoding="utf-8")]
    ours = [r["text"][:MOST] for r in rows[1::2]]
    taught = [
        spin(name, text, rate=rate, seed=crc32(text.encode()), sticky=random.random() < 0.4)
        for name in TEACHERS
        for rate in TAUGHT
        for text in random.sample([*modern, *ours], EACH)
    ]
    if options.readings:
        outcomes = [c for made in taught for c in confidences(made.text, made.edits)]
        p = np.clip([p for p, _ in outcomes], 1e-6, 1 - 1e-6)
        x = np.stack([np.log(p / (1 - p)), np.ones(len(p))], axis=1)
        print("CALIBRATION = Platt({:.3f}, {:.3f})".format(*logistic(x, np.array([y for _, y in outcomes], float))))
        return
    honest = known(document(t) for t in [*modern, *varied, *ours])
    spun = known(document(made.text, made.edits) for made in taught)
    print(f"{len(honest)} honest and {len(spun)} spun documents", flush=True)
    weights, slope = fit_documents(honest, spun)
    surest = np.sort(suspicion(joined(honest), weights).log_ratio)[-5:].round(1).tolist()
    print(f"OF_DOCUMENT = {weights}\nslope {slope}; honest documents reach {surest}")
    rate = suspicion(joined(spun), weights).rate
    print("OF_WORD = {}\nRATE = {}".format(*fit_words(spun, rate)))


if __name__ == "__main__":
    main()
