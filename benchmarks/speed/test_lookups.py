"""How fast the tables answer: 100,000 n-grams in one call (at most 50 ms), and a long text in the thesaurus.

pytest benchmarks/speed/test_lookups.py
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cleaner.language_model import LanguageModel
from cleaner.lexicon import phrase_keys
from cleaner.segment import tokenize, word_hash
from cleaner.thesaurus import Thesaurus

Benchmark = Callable[[Callable[[], object]], object]


def test_ngrams(benchmark: Benchmark) -> None:
    model = LanguageModel.open()
    ngrams = np.random.default_rng(3).integers(0, len(model.words), (100_000, 3)).astype(np.int32)
    benchmark(lambda: model.log_prob(ngrams))


def test_thesaurus(benchmark: Benchmark) -> None:
    table = Thesaurus.open()
    text = "The officials took part in talks about warfare and said that bigger ships would arrive quickly. " * 1000
    tokens = tokenize(text)
    keys = phrase_keys(np.array([word_hash(n) for n in tokens.norms], np.uint64), np.array(tokens.joined))
    benchmark(lambda: table.swaps(keys, most=20))
