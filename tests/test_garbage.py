"""Python's collector rests while texts are cleaned, and is left as it was found."""

from __future__ import annotations

import gc

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
