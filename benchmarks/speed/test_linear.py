"""Time grows as text does, whatever the text: no regular expression and no scan of the repairs backtracks.

pytest benchmarks/speed/test_linear.py
"""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

import pytest

from cleaner.furniture import _compiled
from cleaner.repairs import repairs
from cleaner.resources import rows

UNITS = [
    "{",
    "{a ",
    "{a|",
    "{that a} ",
    "â€",
    "â€™",
    "Â ",
    "\x80",
    "é",
    "\ufffd",
    "\n",
    "A\r",
    "Share this:\n",
    "(",
    "a. ",
    "and ",
]
WORDS = ["Photo by ", ". Photo by A/B ", "Follow Us on Twitter ", "Sign up for alerts ", "/ Getty Images ", "Ab, "]


@pytest.mark.parametrize("unit", [*UNITS, *WORDS])
def test_repairs_are_linear(benchmark: Callable[[Callable[[], object]], object], unit: str) -> None:
    def seconds(n: int) -> float:
        text = unit * (n // len(unit))
        start = process_time()
        repairs(text)
        return process_time() - start

    benchmark(lambda: repairs(unit * (20_000 // len(unit))))
    short, long = min(seconds(20_000) for _ in range(3)), min(seconds(160_000) for _ in range(2))
    # Eight times the text: sixteen times the time is lenient, 64 times would be quadratic.
    assert long < 16 * short + 0.05


def test_no_furniture_pattern_is_slow_on_a_long_line() -> None:
    for _, _, pattern, _, example in rows("furniture.tsv"):
        lines = (
            example * 60,
            "Photo " * 100,
            "A/" * 300,
            "Follow Us on Twitter and " * 24,
            f"{example} " * 20 + "\0",
        )
        for line in lines:
            start = process_time()
            _compiled(pattern).fullmatch(line[:600])
            assert process_time() - start < 0.1, (pattern, line[:40])
