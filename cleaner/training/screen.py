"""Train the screen: how often each word and pair of words stands in honest text and in what each dialect makes of it.

    python -m cleaner.training.screen ../shared/corpus --cache build/corpus -o cleaner/models/en.screen

Both counts are of the same text, so that what it is about tells nothing.  Weights are log ratios, smoothed and bounded:
names and boilerplate, which many spinners leave alone, recur and would otherwise outweigh everything.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cleaner.language_model import SPECIAL, LanguageModel
from cleaner.lexicon import Channel, phrase_keys
from cleaner.resources import path
from cleaner.screen import HIGHEST, SHIPPED, STEP, Hashes, Screen, offsets, pair_hashes, slots, words
from cleaner.training.context import simulator, stream_of
from cleaner.training.corpus import tokenized
from cleaner.training.simulation import Chunk, Simulator, chunks

WORDS, PAIRS = 1 << 17, 1 << 20  # rows of the tables
CHUNK = 30_000  # words in which a spinner keeps one form for a phrase
SMOOTHING = 2.0  # counts
LOWEST = -1.5  # nats

Counts = NDArray[np.int64]


def hashes_of(model: LanguageModel) -> Hashes:
    """The screen's hash of each word of the language model by its id; 0 for what is not one word to the screen."""
    vocabulary = model.words
    found = words(["".join(f"{word}\n" for word in vocabulary)])
    lines = offsets(vocabulary)
    owner = np.searchsorted(lines, found.start, "right") - 1
    single = np.bincount(owner, minlength=len(vocabulary)) == 1
    single[: len(SPECIAL)] = False
    hashes = np.zeros(len(vocabulary), np.uint64)
    hashes[owner] = found.hashes
    return np.where(single, hashes, np.uint64(0))


def spun(chunk: Chunk, spinner: Simulator, dialect: int, random: np.random.Generator) -> NDArray[np.int32]:
    """What a dialect makes of a chunk, as ids of the language model."""
    keys = phrase_keys(chunk.hashes, chunk.hashes != 0)
    start, row = spinner.spin(keys, dialect, random)
    size = (spinner.original_words[spinner.channel.original[row]] >= 0).sum(axis=1)
    written = (spinner.spun_words[row] >= 0).sum(axis=1)
    left = np.ones(len(chunk.ids), np.int64)
    for k in range(1, int(size.max(initial=1))):
        left[start[size > k] + k] = 0
    left[start] = written
    place = np.cumsum(left) - left
    out = np.repeat(chunk.ids, left)
    for k in range(int(written.max(initial=0))):
        longer = written > k
        out[place[start[longer]] + k] = spinner.spun_words[row[longer], k]
    return np.asarray(out, np.int32)


def counts(ids: NDArray[np.int32], hashes: Hashes) -> tuple[Counts, Counts]:
    """How often each row of the two tables is met in a stream of words."""
    word = hashes[ids]
    joined = np.zeros(len(word), np.bool_)
    joined[1:] = word[:-1] != 0
    pairs = pair_hashes(word, joined)[word != 0]
    word = word[word != 0]
    return np.bincount(slots(word, WORDS), minlength=WORDS), np.bincount(slots(pairs, PAIRS), minlength=PAIRS)


def log_ratio(spun_count: Counts, honest_count: Counts) -> NDArray[np.int8]:
    """log P(row | spun) - log P(row | honest) in `STEP`s."""
    ratio = np.log((spun_count + SMOOTHING) / (honest_count + SMOOTHING))
    ratio -= np.log(spun_count.sum() / honest_count.sum())
    return np.rint(np.clip(ratio, LOWEST, HIGHEST * STEP) / STEP).astype(np.int8)


def train(pieces: Iterator[Chunk], spinner: Simulator, hashes: Hashes, random: np.random.Generator) -> Screen:
    """Count honest and spun text, and weigh them against each other."""
    n = len(spinner.channel.dialects)
    by_word = np.zeros((n + 1, WORDS), np.int64)
    by_pair = np.zeros((n + 1, PAIRS), np.int64)
    for chunk in pieces:
        for k in range(n + 1):
            ids = chunk.ids if k == n else spun(chunk, spinner, k, random)
            by_word[k] += (found := counts(ids, hashes))[0]
            by_pair[k] += found[1]
    tables = [np.stack([log_ratio(table[k], table[n]) for k in range(n)], axis=1) for table in (by_word, by_pair)]
    return Screen(*map(np.ascontiguousarray, tables))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, help="folder of *.jsonl.zst")
    parser.add_argument("--cache", type=Path, required=True, help="folder for the tokenised corpus")
    parser.add_argument("--dialects", type=Path, default=path("en", "dialects", "dialects.toml"))
    parser.add_argument("--every", type=int, default=10, help="leave every n-th document for testing")
    parser.add_argument("--chunks", type=int, help="read only so many chunks")
    parser.add_argument("-o", "--output", type=Path, default=SHIPPED)
    options = parser.parse_args()
    model = LanguageModel.open()
    corpus = tokenized(options.corpus, options.cache)
    read, _ = corpus.split(options.every)
    spinner = simulator(Channel.open(), options.dialects, model)
    random = np.random.default_rng(1)
    pieces = chunks(stream_of(replace(corpus, stream=read), model), CHUNK, random)
    train(islice(pieces, options.chunks), spinner, hashes_of(model), random).save(options.output)
    print(f"{options.output}: {options.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
