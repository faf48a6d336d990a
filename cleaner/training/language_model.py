"""Train the language model: count, estimate, prune, quantise, write.

`python -m cleaner.training.language_model ../shared/corpus -o cleaner/models/en.lm` makes the model that is shipped.
"""

from __future__ import annotations

import argparse
import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaner.language_model import CODE_BITS, SPECIAL, START, class_of, pack, save
from cleaner.segment import word_hash
from cleaner.training.corpus import tokenized
from cleaner.training.kneser_ney import Floats, Grams, Ints, Level, count_grams, fit
from cleaner.training.static_function import Layout, build

HELD_OUT_EVERY = 200  # every 200th document is kept from training, to measure perplexity on
ORDER = 3
CUTOFF = 3  # least count of a word of the vocabulary
ROOM = 23_500_000  # bytes for n-grams: what the words leave of 25 MiB
BIGRAMS = Layout(np.uint32, fingerprint_bits=20, code_bits=2 * CODE_BITS)
# A trigram's fingerprint is split: most of it in a table of its own, so that absent ones cost little to tell.
TRIGRAMS = Layout(np.uint16, fingerprint_bits=16, code_bits=0)
GAINS = Layout(np.uint8, fingerprint_bits=2, code_bits=6)
SIZES = (BIGRAMS.key_size, TRIGRAMS.key_size + GAINS.key_size)
FIELDS = ("fingerprint_bits", "code_bits", "segment", "seed")
NO_PROB = -99.0  # log probability of <s>, which is never predicted


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`words` by id; `ids` gives the id of each type of the corpus."""

    words: list[str]
    ids: Ints


def vocabulary(types: Sequence[str], counts: NDArray[np.int64], cutoff: int) -> Vocabulary:
    """The words that occur `cutoff` times or more, by ascending hash; all others are numbered by their class."""
    known = sorted(
        (word_hash(t), i, t)
        for i, (t, n) in enumerate(zip(types, counts, strict=True))
        if n >= cutoff and t not in SPECIAL
    )
    ids = np.array([class_of(t) for t in types], np.int32)
    ids[[i for _, i, _ in known]] = np.arange(len(known)) + len(SPECIAL)
    return Vocabulary([*SPECIAL, *(t for *_, t in known)], ids)


def quantize(values: Floats, codes: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The code of each value and the code book: `codes` values from 0 to the farthest, finer near 0.

    All values have one sign (those just beyond 0 become 0).  Equal steps of the square root keep both the error
    small (code books fitted by Lloyd's algorithm cost 1.7% in perplexity, through rare but large values) and
    the codes of large values few (a fingerprint that fits by chance gives a random code).
    """
    sign = -1.0 if values.sum() < 0 else 1.0
    step = np.sqrt(np.max(sign * values, initial=0.0)) / (codes - 1) or 1.0
    numbers = np.rint(np.sqrt(np.maximum(sign * values, 0.0)) / step).astype(np.uint8)
    return numbers, (sign * (step * np.arange(codes)) ** 2).astype(np.float32)


def compile_model(
    words: Sequence[str], tables: Sequence[Grams], levels: Sequence[Level]
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The arrays and the header of the model file for estimates of order 3.

    Each order is quantised against the quantised order below, so that errors do not add up.
    """
    (_, bigrams, trigrams), (first, second, third) = tables, levels
    predicted = np.arange(len(words)) != START
    probs, prob_values = np.full(len(words), 255, np.uint8), np.full(256, NO_PROB, np.float32)
    probs[predicted], prob_values[:255] = quantize(np.log(first.prob[predicted]), 255)
    lefts, left_values = quantize(np.log(second.left), 256)

    shorter = left_values[lefts[bigrams.prefix]] + prob_values[probs[bigrams.word]].astype(np.float64)
    rows = np.flatnonzero(second.kept)
    gains, bigram_values = quantize(np.log(second.prob[rows]) - shorter[rows], 2**CODE_BITS)
    shorter[rows] += bigram_values[gains]

    # Back-off code 0 says that no stored trigram begins with these words.
    contexts = np.unique(trigrams.prefix[third.kept])
    weights, context_values = quantize(np.log(third.left[contexts]), 2**CODE_BITS)
    codes = np.zeros(len(bigrams), np.uint16)
    codes[contexts] = np.maximum(weights, 1)
    left = context_values[codes]
    codes[rows] |= gains.astype(np.uint16) << CODE_BITS
    keys = pack(bigrams.prefix[rows], bigrams.word[rows])
    functions = {"bigrams": build(keys, codes[rows], BIGRAMS)}

    rows = np.flatnonzero(third.kept)
    prefix, suffix = trigrams.prefix[rows], trigrams.suffix[rows]
    shorter = left[prefix] + shorter[suffix]
    gains, trigram_values = quantize(np.log(third.prob[rows]) - shorter, 2**GAINS.code_bits)
    keys = pack(bigrams.prefix[prefix], bigrams.word[prefix], trigrams.word[rows])
    functions["trigrams"] = build(keys, np.zeros_like(gains), TRIGRAMS)
    functions["gains"] = build(keys, gains, GAINS)

    arrays: dict[str, NDArray[Any]] = {
        "hashes": np.array([word_hash(w) for w in words[len(SPECIAL) :]], np.uint64),
        "words": np.frombuffer(zlib.compress("\n".join(words).encode(), 9), np.uint8),
        "probs": probs,
        "prob_values": prob_values,
        "lefts": lefts,
        "left_values": left_values,
        "bigram_values": bigram_values,
        "context_values": context_values,
        "trigram_values": trigram_values,
        **{name: function.table for name, function in functions.items()},
    }
    header: dict[str, Any] = {
        name: {field: getattr(function, field) for field in FIELDS} for name, function in functions.items()
    }
    header["ngrams"] = [len(words), *(int(np.count_nonzero(level.kept)) for level in levels[1:])]
    return arrays, header


def train(stream: Ints, words: Sequence[str], room: float, path: Path) -> None:
    """Write a model of `words`, its n-grams in `room` bytes, from a stream of their ids."""
    tables = count_grams(stream, len(words), ORDER)
    arrays, header = compile_model(words, tables, fit(tables, room, SIZES))
    path.parent.mkdir(parents=True, exist_ok=True)
    save(path, arrays, header)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Train the language model.")
    parser.add_argument("corpus", type=Path, help="folder of *.jsonl.zst files with a document {text} a line")
    parser.add_argument("-o", "--output", type=Path, required=True, help="model file to write")
    parser.add_argument(
        "--cache",
        type=Path,
        help="folder to keep the tokenised corpus in, for this tokeniser only (default: temporary)",
    )
    parser.add_argument("--cutoff", type=int, default=CUTOFF, help=f"least count of a word (default: {CUTOFF})")
    parser.add_argument("--room", type=int, default=ROOM, help=f"bytes for n-grams (default: {ROOM:,})")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        corpus = tokenized(options.corpus, options.cache or Path(temporary))
        stream, _ = corpus.split(HELD_OUT_EVERY)
    known = vocabulary(corpus.types, np.bincount(stream, minlength=len(corpus.types)), options.cutoff)
    train(known.ids[stream], known.words, options.room, options.output)
    print(f"{options.output}: {options.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
