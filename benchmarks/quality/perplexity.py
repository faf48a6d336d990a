"""Perplexity of the language model on text that it was not trained on, and its speed.

    python benchmarks/quality/perplexity.py ../shared/corpus --also ../shared/dev/clean.jsonl
    python benchmarks/quality/perplexity.py ../shared/corpus --also ... --cache /tmp/lm-cache --alternatives

The first measures the shipped file on the documents that training leaves out (every 200th).  The second
trains other orders and prunings on the same documents, and measures them, unquantised, on the same text
(20 minutes, 12 GB of memory).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from cleaner.language_model import SPECIAL, START, Ids, LanguageModel
from cleaner.training.corpus import encode, read, tokenized
from cleaner.training.kneser_ney import Grams, Level, count_grams, estimate, fit, perplexity
from cleaner.training.language_model import HELD_OUT_EVERY, ROOM, SIZES

BATCH = 100_000


def stream(model: LanguageModel, texts: Iterable[str]) -> Ids:
    """The ids of all tokens of `texts`, with `<s>` before each paragraph."""
    corpus = encode(texts)
    return model.ids(corpus.types)[corpus.stream]


def held_out(folder: Path) -> Iterator[str]:
    """The documents of a corpus that training leaves out."""
    return islice(read(folder), HELD_OUT_EVERY - 1, None, HELD_OUT_EVERY)


def texts_of(file: Path) -> Iterator[str]:
    """The texts of a file of JSON lines."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)["text"]


def trigrams(ids: Ids) -> Ids:
    """The n-grams, shape (n, 3), that `log_prob` is asked about to score a stream."""
    padded = np.concatenate(([START, START], ids)).astype(np.int32)
    a, b, c = padded[:-2], padded[1:-1], padded[2:]
    ngrams: Ids = np.stack((np.where(b == START, START, a), b, c), axis=1)[c != START]
    return ngrams


def report(model: LanguageModel, name: str, ids: Ids) -> None:
    ngrams = trigrams(ids)
    scores = np.concatenate([model.log_prob(ngrams[i : i + BATCH]) for i in range(0, len(ngrams), BATCH)])
    classes = ngrams[:, 2] < len(SPECIAL)
    shares = ", ".join(f"{word} {np.mean(ngrams[:, 2] == i):.2%}" for i, word in enumerate(SPECIAL) if i != START)
    print(f"{name}: {len(ngrams):,} tokens, perplexity {np.exp(-scores.mean()):.1f}", end="; ")
    print(f"of words in the vocabulary {np.exp(-scores[~classes].mean()):.1f}; classes: {shares}")


def best(action: Callable[[], object], times: int = 20) -> float:
    """The least time in seconds that `action` takes."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def speed(model: LanguageModel, ids: Ids) -> None:
    running = trigrams(ids)[:BATCH]
    random = np.random.default_rng(0)
    shuffled = np.stack([random.permutation(column) for column in running.T], axis=1)
    for name, batch in (("running text", running), ("words of that text in random order", shuffled)):
        print(f"{name}: {len(batch) / best(partial(model.log_prob, batch)) / 1e6:.1f} million n-grams/s")
    print(f"opens in {best(LanguageModel.open) * 1e3:.1f} ms")


def alternatives(folder: Path, cache: Path, model: LanguageModel, also: Sequence[Path]) -> None:
    """Print the perplexities of other orders and prunings over the same vocabulary."""
    streams = {"held out": stream(model, held_out(folder)), **{f.name: stream(model, texts_of(f)) for f in also}}
    corpus = tokenized(folder, cache)
    train = model.ids(corpus.types)[corpus.split(HELD_OUT_EVERY)[0]]
    size = len(model.words)
    print(f"| order | pruning | n-grams by order | millions | {' | '.join(streams)} |")
    print("| --- " * (4 + len(streams)) + "|")

    def row(pruning: str, tables: list[Grams], levels: list[Level]) -> None:
        sizes = [int(np.count_nonzero(level.kept)) for level in levels]
        by_order = " + ".join(f"{size:,}" for size in sizes)
        scores = " | ".join(f"{perplexity(tables, levels, ids)[0]:.1f}" for ids in streams.values())
        print(f"| {len(tables)} | {pruning} | {by_order} | {sum(sizes) / 1e6:.1f} | {scores} |", flush=True)

    tables = count_grams(train, size, 2)
    row("none", tables, estimate(tables))
    tables = count_grams(train, size, 3)
    for name, share in (("as shipped", 1.0), ("half the room", 0.5), ("twice the room", 2.0)):
        row(name, tables, fit(tables, share * ROOM, SIZES))
    row(
        "count of trigrams at least 3",
        tables,
        estimate(tables, [np.ones(len(t), bool) for t in tables[:2]] + [tables[2].count >= 3]),
    )
    row("none", tables, estimate(tables))
    tables = count_grams(train, size, 4)
    row("the same room", tables, fit(tables, ROOM, (SIZES[0], SIZES[0], SIZES[1])))


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the language model.")
    parser.add_argument("corpus", type=Path, help="folder that the model was trained on")
    parser.add_argument("--model", type=Path, help="model file (default: the one shipped)")
    parser.add_argument("--also", type=Path, action="append", default=[], help="JSON lines {text} of other clean text")
    parser.add_argument("--alternatives", action="store_true", help="train and measure other orders and prunings")
    parser.add_argument("--cache", type=Path, help="the folder that training kept the tokenised corpus in")
    options = parser.parse_args()
    model = LanguageModel.open(options.model)
    if options.alternatives:
        if options.cache is None:
            parser.error("--alternatives needs --cache")
        return alternatives(options.corpus, options.cache, model, options.also)
    ids = stream(model, held_out(options.corpus))
    report(model, "held out", ids)
    for file in options.also:
        report(model, file.name, stream(model, texts_of(file)))
    speed(model, ids)


if __name__ == "__main__":
    main()
