"""Matrix products use one thread, and whoever calls gets back what it had."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

# Prints the threads of numpy's OpenBLAS before, during and after a call, and in a thread-limited process.
SCRIPT = """
import json, numpy
from cleaner import threads
count, choose = threads._openblas()
choose(3)
before = count()
with threads.single():
    during = count()
try:
    with threads.single():
        raise KeyError
except KeyError:
    pass
print(json.dumps([before, during, count()]))
"""


def threads(**variables: str) -> list[int]:
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"} | variables
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, env=environment)
    return list(json.loads(done.stdout))


def test_one_thread_as_long_as_the_context_lasts() -> None:
    before, during, after = threads()
    if before == 1:
        pytest.skip("numpy came without OpenBLAS")
    assert (before, during, after) == (3, 1, 3)


def test_where_the_environment_says_so_nothing_is_touched() -> None:
    assert threads(OPENBLAS_NUM_THREADS="1") == [1, 1, 1]
