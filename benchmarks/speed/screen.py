"""What the screen costs, how much honest text it holds back, and what it lets slip.

    python -m benchmarks.speed.screen ../shared/dev ../shared/corpus --cache build/corpus

Prints MB of honest text per second of CPU; the share of honest documents, and of their text, that is suspected and read
closely, by genre; and of paragraphs of 40 words that each dialect has written, how many
the screen misses, and how many of those the dialects' lattice would have reported.  Spun paragraphs are those of
DIR/spun.jsonl and simulated ones from documents of the corpus that the screen was not trained on.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from time import process_time

import numpy as np

from cleaner import excerpts
from cleaner.analysis import analyse
from cleaner.cleaner import recognizer, shipped
from cleaner.language_model import SPECIAL
from cleaner.lexicon import Channel
from cleaner.resources import path
from cleaner.screen import suspects, words
from cleaner.threads import single
from cleaner.training.context import simulator, stream_of
from cleaner.training.corpus import Corpus, tokenized
from cleaner.training.screen import CHUNK, spun
from cleaner.training.simulation import chunks
from cleaner.triage import sights

WINDOW = 40  # words
BATCH = 100_000  # characters, as in `cleaner.cleaner`
REPORTED = 0.2  # confidence


def batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """The texts in batches of about BATCH characters."""
    waiting: list[str] = []
    for text in texts:
        waiting.append(text)
        if sum(map(len, waiting)) >= BATCH:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def windows(text: str) -> Iterator[str]:
    """Stretches of WINDOW words of a text, each a paragraph."""
    found = words([text])
    for k in range(0, len(found.start) - WINDOW + 1, WINDOW):
        yield " ".join(text[found.start[k] : found.end[k + WINDOW - 1]].split()) + "."


def honest(folder: Path) -> None:
    """Speed, and what is suspected, on DIR/clean.jsonl."""
    rows = [json.loads(line) for line in (folder / "clean.jsonl").read_text(encoding="utf-8").splitlines()]
    texts = [row["text"] for row in rows]
    size = sum(map(len, texts)) / 1e6
    batched = list(batches(texts))
    sights(texts[:50], words(texts[:50]))
    for name, step in (
        ("words", words),
        ("words and screen", suspects),
        ("words, screen and glance", lambda batch: sights(batch, words(batch))),
    ):
        began = process_time()
        for batch in batched:
            step(batch)
        print(f"{name}: {size / (process_time() - began):.1f} MB/s")
    seen = [sight for batch in batched for sight in sights(batch, words(batch))]
    doubtful = [i for i, sight in enumerate(seen) if not sight.cleared]
    chosen, own = [texts[i] for i in doubtful], [seen[i] for i in doubtful]
    spun = excerpts.spun(chosen, own, shipped())
    weighed = excerpts.weighed(chosen, own, spun, shipped(), recognizer())
    how = excerpts.readings(weighed, spun, shipped())
    read = {i: reading.detector is shipped() for i, reading in zip(doubtful, how, strict=True) if reading}
    flags = np.array([(s.known, s.unseen, s.terms, i in read, read.get(i, False)) for i, s in enumerate(seen)], float)
    length = np.array(list(map(len, texts)))
    genre = np.array([row["genre"] for row in rows])
    print("share of the documents (of the text) that may be: known, unseen, terms; read closely; with the dialects")
    for name in [*sorted(set(genre)), "all"]:
        own = (genre == name) | (name == "all")
        of_text = (flags * length[:, None])[own].sum(axis=0) / length[own].sum()
        shares = zip(flags[own].mean(axis=0), of_text, strict=True)
        print(f"{name:22s} {own.sum():5d}", *(f"{d:6.1%} ({t:5.1%})" for d, t in shares))


def missed(name: str, paragraphs: Sequence[str]) -> None:
    """How many spun paragraphs the screen does not suspect, and how many of those are reported otherwise."""
    slipped = [p for batch in batches(paragraphs) for p, own in zip(batch, suspects(batch), strict=True) if not own]
    lost = sum(
        any(finding.confidence >= REPORTED for finding in analysis.findings)
        for batch in batches(slipped)
        for analysis in analyse(batch, shipped())
    )
    n = len(paragraphs)
    print(f"{name:22s} {n:7d} paragraphs, {len(slipped):5d} missed, {lost:5d} of them reported: {lost / max(n, 1):.4%}")


def simulated(corpus: Corpus, every: int, count: int) -> Iterator[tuple[str, list[str]]]:
    """About `count` spun paragraphs of each dialect."""
    detector = shipped()
    model = detector.model
    _, stream = corpus.split(every)
    held_out = stream_of(Corpus(corpus.types, stream, corpus.lengths[:0]), model)
    spinner = simulator(Channel.open(), path("en", "dialects", "dialects.toml"), model)
    for dialect, name in enumerate(detector.channel.dialects):
        random = np.random.default_rng(2)
        made: list[str] = []
        for chunk in islice(chunks(held_out, CHUNK, random), max(1, count * WINDOW // CHUNK)):
            ids = spun(chunk, spinner, dialect, random)
            text = " ".join("/" if i < len(SPECIAL) else model.words[i] for i in ids.tolist())
            made += windows(text.replace(" '", "'"))
        yield name, made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path, help="folder with clean.jsonl and spun.jsonl")
    parser.add_argument("corpus", type=Path, help="folder of *.jsonl.zst")
    parser.add_argument("--cache", type=Path, required=True, help="folder for the tokenised corpus")
    parser.add_argument("--every", type=int, default=10, help="as the screen was trained")
    parser.add_argument("--count", type=int, default=20_000, help="simulated paragraphs of each dialect")
    options = parser.parse_args()
    with single():
        honest(options.texts)
    real: defaultdict[str, list[str]] = defaultdict(list)
    for line in (options.texts / "spun.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        real[row["spinner"]] += windows(row["spun"])
    for name in shipped().channel.dialects:
        missed(name, real[name])
    for name, made in simulated(tokenized(options.corpus, options.cache), options.every, options.count):
        missed(f"{name}, simulated", made)


if __name__ == "__main__":
    main()
