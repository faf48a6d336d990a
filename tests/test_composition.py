"""Expressions composed word by word, against a naive search."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.composition import Parts, compose
from cleaner.expressions import Inventory, InventoryError
from cleaner.lexicon import phrase_keys
from cleaner.segment import word_hash

WORDS = ("red", "blue", "stone", "river", "high")
word = st.sampled_from(WORDS)
part = st.tuples(st.integers(0, 5), st.integers(1, 2), st.lists(word, min_size=1, max_size=2), st.floats(-5, -0.1))


def composed(inventory: Inventory, text: list[str], readings: list[tuple[int, int, list[str], float]]) -> set[object]:
    found = [*readings, *((i, 1, [w], 0.0) for i, w in enumerate(text))]
    hashes = np.zeros((len(found), 2), np.uint64)
    for row, (_, _, words, _) in enumerate(found):
        hashes[row, : len(words)] = [word_hash(w) for w in words]
    start, size, _, log_p = zip(*found, strict=True)
    joined = np.ones(len(text), bool)
    joined[0] = False
    unlisted = np.zeros(len(found), bool)
    parts = Parts.of(inventory, len(text), np.array(start), np.array(size), hashes, np.array(log_p), unlisted)
    h = compose(inventory, parts, joined)
    columns = (h.start, h.size, h.number, h.log_p.round(9), h.changed)
    return {
        (a, n, inventory.texts[e], p, c) for a, n, e, p, c in zip(*(column.tolist() for column in columns), strict=True)
    }


def naive(expressions: set[str], text: list[str], readings: list[tuple[int, int, list[str], float]]) -> set[object]:
    edges = [*readings, *((i, 1, [w], 0.0) for i, w in enumerate(text))]
    best: dict[tuple[int, int, str], tuple[float, bool]] = {}

    def walk(begin: int, at: int, words: list[str], p: float, changed: bool) -> None:
        spelt = " ".join(words)
        if at > begin and spelt in expressions:
            key = begin, at - begin, spelt
            if key not in best or p > best[key][0]:
                best[key] = p, changed
        for start, size, more, q in edges:
            if start == at and at + size <= len(text) and len(words) + len(more) <= 6 and at + size - begin <= 6:
                walk(begin, at + size, words + more, p + q, changed or q < 0)

    for begin in range(len(text)):
        walk(begin, begin, [], 0.0, False)
    return {(a, n, e, round(p, 9), c) for (a, n, e), (p, c) in best.items()}


@given(st.lists(word, min_size=6, max_size=6), st.lists(part, max_size=8), st.sets(st.integers(0, 124), max_size=20))
def test_compositions_are_those_of_a_naive_search(
    text: list[str], readings: list[tuple[int, int, list[str], float]], chosen: set[int]
) -> None:
    readings = [r for r in readings if r[0] + r[1] <= len(text)]
    every = [" ".join(words) for words in product(WORDS, repeat=3)]
    expressions = {every[i] for i in chosen} | {"red stone", "high river"}
    inventory = Inventory.of(dict.fromkeys(expressions, 1))
    assert composed(inventory, text, readings) == naive(expressions, text, readings)


def test_a_hyphen_may_be_missing() -> None:
    inventory = Inventory.of({"low-density lipoprotein": 3})
    readings = [(0, 1, ["low"], -1.0), (1, 1, ["density"], -1.0)]
    found = composed(inventory, ["moo", "thickness", "lipoprotein"], readings)
    assert found == {(0, 3, "low-density lipoprotein", -2.0, True)}


def test_joined_inventories_hold_both_and_prefer_the_second() -> None:
    first, second = Inventory.of({"cold war": 5, "think tank": 2}), Inventory.of({"Cold War": 1, "North Sea": 4})
    both = first.joined(second)
    assert set(both.texts) == {"cold war", "think tank", "Cold War", "North Sea"}
    hashes = np.array([word_hash("cold"), word_hash("war")], np.uint64)
    _, number = both.find(phrase_keys(hashes, np.ones(2, bool))[1][:1])
    assert both.texts[number[0]] == "Cold War"


def test_saved_inventories_open_alike_and_damaged_ones_are_named(tmp_path: Path) -> None:
    inventory = Inventory.of({"cold war": 5, "North Sea": 4})
    inventory.save(tmp_path / "a")
    again = Inventory.open(tmp_path / "a")
    assert again.texts == inventory.texts and (again.prefix == inventory.prefix).all()
    (tmp_path / "b").write_bytes((tmp_path / "a").read_bytes()[:40])
    with pytest.raises(InventoryError, match="cut short"):
        Inventory.open(tmp_path / "b")
    (tmp_path / "c").write_text("cold war\n")
    with pytest.raises(InventoryError, match=r"c is not an inventory"):
        Inventory.open(tmp_path / "c")
