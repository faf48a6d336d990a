"""Python's collector rests while texts are cleaned, and is left as it was found."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from cleaner.garbage import uncollected


def test_nothing_is_collected_meanwhile_and_everything_afterwards() -> None:
    assert gc.isenabled()
    with pytest.raises(ValueError, match="broken"), uncollected():
        assert not gc.isenabled()
        with uncollected():
            pass
        assert not gc.isenabled()  # the outer one is still at work
        raise ValueError("broken")
    assert gc.isenabled()


def test_a_command_looks_seldom_and_not_at_its_end() -> None:
    script = (
        "import atexit, gc; from cleaner import garbage;"
        "atexit.register(lambda: print(gc.get_threshold()[0] > 50_000, gc.get_freeze_count() > 0));"
        "garbage.settle()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "True True\n"
