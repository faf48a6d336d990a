"""How long the models take to open, in milliseconds of CPU: at most 30 for the channel.

pytest benchmarks/speed/test_open.py
"""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

import pytest

from cleaner.context import Weights
from cleaner.language_model import LanguageModel
from cleaner.lexicon import Channel
from cleaner.thesaurus import Thesaurus


@pytest.mark.parametrize(
    "open_model", [Channel.open, LanguageModel.open, Weights.open, Thesaurus.open], ids=lambda f: f.__qualname__
)
def test_open(benchmark: Callable[[Callable[[], object]], object], open_model: Callable[[], object]) -> None:
    benchmark(open_model)
    began = process_time()
    open_model()
    assert process_time() - began < 0.1  # three times the goal: machines differ
