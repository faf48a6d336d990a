"""Every input that ever broke a fuzz target, and a smoke run: each kept input, a little changed, with a fixed seed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from fuzz.targets import TARGETS
from hypothesis import given, settings
from hypothesis import strategies as st

CORPUS = Path(__file__).parent / "fuzz" / "corpus"
KEPT = sorted(path for path in CORPUS.rglob("*") if path.is_file())


def test_every_target_has_inputs_and_every_input_a_target() -> None:
    assert {path.parent.name for path in KEPT} == set(TARGETS)


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_kept_inputs_break_nothing(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_nor_do_their_neighbours(path: Path) -> None:
    generator = random.Random(path.name)
    others = [other.read_bytes() for other in KEPT if other.parent == path.parent]
    for _ in range(10 if path.parent.name == "clean" else 40):
        data = mutated(path.read_bytes(), generator.choice(others), generator)
        try:
            TARGETS[path.parent.name](data)
        except Exception as error:
            raise AssertionError(f"{path.parent.name} fails on {data!r}") from error


@pytest.mark.parametrize("name", [name for name in TARGETS if name != "clean"])
@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_arbitrary_bytes_break_nothing(name: str, data: bytes) -> None:
    TARGETS[name](data)


def mutated(data: bytes, other: bytes, generator: random.Random) -> bytes:
    """`data` with a few bytes changed, removed or doubled, or with a stretch of `other` in it."""
    out = bytearray(data)
    for _ in range(generator.randint(1, 4)):
        at, size = generator.randrange(len(out) + 1), generator.choice((1, 2, 3, 8, 30))
        kind = generator.randrange(5)
        if kind == 0:
            out[at : at + 1] = bytes([generator.choice((0, 10, 13, 34, 38, 44, 60, 92, 123, 125, 128, 226, 255))])
        elif kind == 1:
            del out[at : at + size]
        elif kind == 2:
            out[at:at] = out[at : at + size]
        elif kind == 3 and other:
            begin = generator.randrange(len(other))
            out[at:at] = other[begin : begin + size]
        else:
            del out[at:]
    return bytes(out)
