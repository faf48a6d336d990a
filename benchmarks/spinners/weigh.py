"""Fit the weights of cleaner/unseen.py.

    python -m benchmarks.spinners.weigh ../shared --varied FOLDER               # a quarter of an hour on one core
    python -m benchmarks.spinners.weigh ../shared --varied FOLDER --readings    # then, with these weights in place

Honest text: of the corpus, of `--varied` (text of other times and kinds, see cleaner/training/discriminator.py), and
every second text of dev/clean.jsonl.  The spinners mythes, phrases and poor spin part of it.  The other half of
clean.jsonl and the spinners roget, wild and polite are left to judge (benchmarks/spinners/unseen.py).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
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
from cleaner.closer import READING, Offer, look_closer, offer, softmax
from cleaner.findings import CHANGED
from cleaner.segment import normalize
from cleaner.training.corpus import read
from cleaner.unseen import CLOSER, FIRST, Evidence, Look, Weights, evidence, suspicion, swapped

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
    told = look_closer(parsed.batch, told).told
    starts = np.concatenate([np.array(t.starts) for t in parsed.tokens])
    ends = np.concatenate([np.array(t.ends) for t in parsed.tokens])
    labels = np.zeros(len(starts), np.int8)
    for a, z, _ in edits:
        labels[(starts >= a) & (ends <= z)] = 1
    return Document(told, labels[told.token])


@dataclass(frozen=True, slots=True)
class Readings:
    """The readings of the strange words of a spun text, the probability that each word was changed, and which readings
    are right."""

    found: Offer
    changed: Floats
    right: NDArray[np.bool_]


def offered(text: str, edits: Sequence[tuple[int, int, str]]) -> Readings:
    """What is offered for the strange words of a spun text."""
    parsed = parse([text], shipped(), shield_names=True)
    assert parsed is not None
    b, models = parsed.batch, recognizer()
    told = evidence(b, parsed.capital, models.thesaurus, models.discriminator, models.model)
    closer = look_closer(b, told)
    changed = swapped(closer.told, float(closer.doubt.rate[0]))
    token = told.token[changed >= CHANGED]
    found = offer(b, closer, token, models.thesaurus, models.model)
    starts, ends = (np.concatenate([np.array(getattr(t, n)) for t in parsed.tokens]) for n in ("starts", "ends"))
    original = {(a, z): normalize(o) for a, z, o in edits}
    spans = zip(starts[found.start].tolist(), ends[found.stop - 1].tolist(), strict=True)
    author = [original.get(span) for span in spans]
    right = np.array([t == author[i] for i, t in zip(found.owner.tolist(), found.text, strict=True)], bool)
    surest = np.maximum.reduceat(changed[changed >= CHANGED], np.searchsorted(token, found.start))
    return Readings(found, surest, right)


def fit_readings(documents: Sequence[Readings]) -> Floats:
    """The weights of a log-linear model of the right reading among those of its stretch."""
    from scipy.optimize import minimize

    x, owner, right = [], [], []
    count = 0
    for d in documents:
        known = np.bincount(d.found.owner, weights=d.right, minlength=len(d.found.start)) > 0
        kept = known[d.found.owner]
        x.append(d.found.features[kept])
        owner.append(count + (np.cumsum(known) - 1)[d.found.owner[kept]])
        right.append(d.right[kept])
        count += int(known.sum())
    features, stretch, good = np.concatenate(x), np.concatenate(owner), np.concatenate(right)

    def loss(w: Floats) -> tuple[float, Floats]:
        p = softmax(features @ w, stretch)
        return -float(np.log(p[good]).sum()) / count, (p @ features - features[good].sum(axis=0)) / count

    return np.asarray(minimize(loss, READING, jac=True, method="L-BFGS-B").x)


def confidences(d: Readings, weights: Floats) -> list[tuple[float, bool]]:
    """The probability of the likeliest reading of each stretch, and whether it is right."""
    p = d.changed[d.found.owner] * softmax(d.found.features @ weights, d.found.owner)
    order = np.lexsort((-p, d.found.owner))
    best = order[np.searchsorted(d.found.owner, np.arange(len(d.found.start)))]
    return list(zip(p[best].tolist(), d.right[best].tolist(), strict=True))


def joined(documents: Sequence[Document]) -> Evidence:
    """All words of the documents, as if they were one batch."""
    told = [d.told for d in documents]
    names = ("hashes", "strange", "gain", "known", "closer")
    number = np.repeat(np.arange(len(told)), [len(e.token) for e in told])
    token = np.concatenate([e.token for e in told])
    return Evidence(len(told), token, number, *(np.concatenate([getattr(e, name) for e in told]) for name in names))


def fit_documents(honest: Sequence[Document], spun: Sequence[Document], start: Look) -> Look:
    """The look that tells both sorts best, by logistic regression on their log-likelihood ratios at even odds."""
    from scipy.optimize import minimize

    told = joined([*honest, *spun])
    y = np.r_[np.zeros(len(honest)), np.ones(len(spun))]
    weight = np.where(y == 1, len(honest) / len(spun), 1.0)
    given = np.array([*start.of_word, start.slope, start.intercept])
    free = np.flatnonzero(given != 0)  # the first look does not know what the closer one tells

    def look(p: Floats) -> Look:
        every = given.copy()
        every[free] = p
        return Look(Weights(*every[:-2].tolist()), *every[-2:].tolist())

    def loss(p: Floats) -> float:
        made = look(p)
        score = made.slope * suspicion(told, made).log_ratio + made.intercept
        return float((weight * (np.logaddexp(0, score) - y * score)).mean() + 1e-2 * ((p - given[free]) ** 2).sum())

    # What looks strange closer by is no sign of an honest author.
    least = np.r_[np.full(5, -np.inf), np.zeros(2), np.full(2, -np.inf)][free]
    best = minimize(
        loss, given[free], method="L-BFGS-B", bounds=[(low, None) for low in least], options={"maxiter": 60}
    )
    return look(np.round(best.x, 3))


def fit_words(spun: Sequence[Document], rates: Floats) -> tuple[Weights, float]:
    """Logistic regression on the words of spun documents, with the log-odds of each one's share of swaps."""
    told = joined(spun)
    offset = np.log(rates / (1 - rates))[told.document]
    parts = (np.minimum(told.strange, 0), np.maximum(told.strange, 0), told.gain, told.known, np.ones(len(offset)))
    closer = (np.minimum(told.closer, 0), np.maximum(told.closer, 0))
    p = logistic(np.stack([*parts, *closer, offset], 1), np.concatenate([d.labels for d in spun]).astype(float))
    return Weights(*np.round(p[:7], 3).tolist()), round(float(p[7]), 3)


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
    parser.add_argument("--readings", action="store_true", help="fit what tells for a reading instead")
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
        documents = [offered(made.text, made.edits) for made in taught]
        weights = fit_readings(documents)
        print(f"READING = {np.round(weights, 2).tolist()}")
        outcomes = [c for d in documents for c in confidences(d, weights)]
        p = np.clip([p for p, _ in outcomes], 1e-6, 1 - 1e-6)
        x = np.stack([np.log(p / (1 - p)), np.ones(len(p))], axis=1)
        print("CALIBRATION = Platt({:.3f}, {:.3f})".format(*logistic(x, np.array([y for _, y in outcomes], float))))
        return
    honest = known(document(t) for t in [*modern, *varied, *ours])
    spun = known(document(made.text, made.edits) for made in taught)
    print(f"{len(honest)} honest and {len(spun)} spun documents", flush=True)
    closer = CLOSER
    for name, start in (("FIRST", FIRST), ("CLOSER", CLOSER)):
        closer = fit_documents(honest, spun, start)
        surest = np.sort(suspicion(joined(honest), closer).log_ratio)[-5:].round(1).tolist()
        print(f"{name} = {closer}\nat even odds; honest documents reach {surest}", flush=True)
    rate = suspicion(joined(spun), closer).rate
    print("OF_WORD = {}\nRATE = {}".format(*fit_words(spun, rate)))


if __name__ == "__main__":
    main()
