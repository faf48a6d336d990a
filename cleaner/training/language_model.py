"""Train the language model: count, estimate, prune, quantise, write.

python -m cleaner.training.language_model ../shared/corpus -o cleaner/models/en.lm
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

from cleaner.language_model import CODE_BITS, SPECIAL, class_of, pack, save
from cleaner.segment import word_hash
from cleaner.training.corpus import tokenized
from cleaner.training.kneser_ney import Floats, Grams, Ints, Level, count_grams, fit
from cleaner.training.static_function import build

HELD_OUT_EVERY = 200  # every 200th document is kept from training, to measure perplexity on
ORDER = 3
NO_PROB = -99.0  # log probability of what is never predicted: <s>


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


def quantize(values: Floats, weights: Floats, levels: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Codes and code book of at most `levels` values (Lloyd's algorithm from equally filled bins)."""
    order = np.argsort(values)
    ascending = values[order]
    mass = np.concatenate(([0.0], np.cumsum(weights[order])))
    moment = np.concatenate(([0.0], np.cumsum(weights[order] * ascending)))
    bounds = np.searchsorted(mass, np.linspace(0, mass[-1], levels + 1)[1:-1])
    for _ in range(30):
        edges = np.unique(np.concatenate(([0], bounds, [len(values)])))
        means = np.diff(moment[edges]) / np.diff(mass[edges])
        bounds = np.searchsorted(ascending, (means[1:] + means[:-1]) / 2)
    codes = np.empty(len(values), np.uint8)
    codes[order] = np.searchsorted(bounds, np.arange(len(values)), side="right")
    return codes, means.astype(np.float32)


def compile_model(
    words: Sequence[str], tables: Sequence[Grams], levels: Sequence[Level]
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The arrays and the header of the model file for estimates of order 3.

    Each order is quantised against the quantised order below, so that errors do not add up.
    """
    (_, bigrams, trigrams), (first, second, third) = tables, levels
    with np.errstate(divide="ignore"):
        probs, prob_levels = quantize(np.maximum(np.log(first.prob), NO_PROB), first.count + 1, 256)
    lefts, left_levels = quantize(np.log(second.left), np.ones(len(words)), 256)

    shorter = left_levels[lefts[bigrams.prefix]] + prob_levels[probs[bigrams.word]].astype(float)
    rows = np.flatnonzero(second.kept)
    gains = _quantized(np.log(second.prob[rows]) - shorter[rows], bigrams.count[rows])
    functions = {"bigrams": build(pack(bigrams.prefix[rows], bigrams.word[rows]), *gains)}
    shorter[rows] += gains[1][gains[0]]

    contexts = np.unique(trigrams.prefix[third.kept])
    weights = _quantized(np.log(third.left[contexts]), np.ones(len(contexts)))
    functions["contexts"] = build(pack(bigrams.prefix[contexts], bigrams.word[contexts]), *weights)
    left = np.zeros(len(bigrams))
    left[contexts] = weights[1][weights[0]]

    rows = np.flatnonzero(third.kept)
    prefix, suffix = trigrams.prefix[rows], trigrams.suffix[rows]
    gains = _quantized(np.log(third.prob[rows]) - left[prefix] - shorter[suffix], trigrams.count[rows])
    functions["trigrams"] = build(pack(bigrams.prefix[prefix], bigrams.word[prefix], trigrams.word[rows]), *gains)

    arrays: dict[str, NDArray[Any]] = {
        "hashes": np.array([word_hash(w) for w in words[len(SPECIAL) :]], np.uint64),
        "words": np.frombuffer(zlib.compress("\n".join(words).encode(), 9), np.uint8),
        "probs": probs,
        "prob_levels": prob_levels,
        "lefts": lefts,
        "left_levels": left_levels,
        **{f"{name}_levels": function.levels for name, function in functions.items()},
        **{name: function.table for name, function in functions.items()},
    }
    header: dict[str, Any] = {name: {"segment": f.segment, "seed": f.seed} for name, f in functions.items()}
    header["ngrams"] = [len(words), *(int(np.count_nonzero(level.kept)) for level in levels[1:])]
    return arrays, header


def _quantized(values: Floats, weights: NDArray[Any]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    return quantize(values, weights.astype(float), 2**CODE_BITS)


def train(stream: Ints, words: Sequence[str], items: int, path: Path) -> None:
    """Write a model of `words`, storing `items` n-grams and contexts, from a stream of their ids."""
    tables = count_grams(stream, len(words), ORDER)
    arrays, header = compile_model(words, tables, fit(tables, items))
    path.parent.mkdir(parents=True, exist_ok=True)
    save(path, arrays, header)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Train the language model.")
    parser.add_argument("corpus", type=Path, help="folder of *.jsonl.zst files with a document {text} a line")
    parser.add_argument("-o", "--output", type=Path, required=True, help="model file to write")
    parser.add_argument("--cache", type=Path, help="folder that keeps the tokenised corpus (default: temporary)")
    parser.add_argument("--cutoff", type=int, default=3, help="least count of a word of the vocabulary (default: 3)")
    parser.add_argument(
        "--items", type=int, default=7_500_000, help="n-grams and contexts to store (default: 7,500,000)"
    )
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        corpus = tokenized(options.corpus, options.cache or Path(temporary))
        stream, _ = corpus.split(HELD_OUT_EVERY)
    known = vocabulary(corpus.types, np.bincount(stream, minlength=len(corpus.types)), options.cutoff)
    train(known.ids[stream], known.words, options.items, options.output)
    print(f"{options.output}: {options.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
