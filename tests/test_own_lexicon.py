"""Rows of a user's own in the channel, and what reviewers teach, as the next run reads it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
import pytest
from cli_process import REAL, run
from test_review_cli import get, reviewing
from tiny import tiny_channel

from cleaner import Cleaner, Settings
from cleaner.lexicon import NEVER, Channel, Entry, extended, phrase_key, read_entries
from cleaner.segment import tokenize, word_hash

SHIPPED = {"one": [("war", "warfare"), ("aid", "assist")], "two": [("help", "assist")]}


def swaps(channel: Channel) -> dict[tuple[str, str], list[float]]:
    """P(spun | original) of each dialect; spun phrases are told by their keys."""
    phrases = ["warfare", "assist", "port grasp"]
    name = {phrase_key([word_hash(w) for w in tokenize(p).norms]): p for p in phrases}
    return {
        (channel.text[o], name[int(key)]): [float(np.exp(p)) if p > NEVER / 2 else 0.0 for p in row]
        for key, o, row in zip(channel.spun_key, channel.original, channel.log_swap, strict=True)
    }


def test_own_rows_hold_in_every_dialect_beside_the_shipped_ones() -> None:
    shipped = tiny_channel(SHIPPED)
    channel = extended(shipped, [Entry("Harbour Master", "port grasp", 0, 0, "written")])
    before, after = swaps(shipped), swaps(channel)
    assert {pair: after[pair] for pair in before} == before
    (added,) = after.keys() - before.keys()
    assert (added, min(after[added]) > 0.9) == (("harbour master", "port grasp"), True)
    words = channel.words[channel.text.index("harbour master")]
    assert [channel.vocabulary[w] for w in words if w >= 0] == ["harbour", "master"]
    assert all(np.all(keys[1:] >= keys[:-1]) for keys in (channel.spun_key, channel.original_key))


def test_an_own_row_takes_the_place_of_the_shipped_one() -> None:
    channel = extended(tiny_channel(SHIPPED), [Entry("aid", "assist", 5, 5, "learned")])
    assert len(swaps(channel)) == len(channel.spun_key) == 3
    assert min(swaps(channel)["aid", "assist"]) > 0.9


@pytest.mark.parametrize(("alone", "swapped", "factor"), [(1, 0, 1 / 2), (4, 0, 1 / 5), (3, 2, 3 / 6)])
def test_sightings_of_a_phrase_left_alone_weaken_all_rows_that_write_it(
    alone: int, swapped: int, factor: float
) -> None:
    rows = [Entry("aid", "assist", swapped, swapped, "learned")] * bool(swapped)
    before = swaps(extended(tiny_channel(SHIPPED), rows))
    after = swaps(extended(tiny_channel(SHIPPED), [*rows, Entry("assist", "assist", alone, alone, "learned")]))
    for pair in before:
        expected = factor if pair[1] == "assist" else 1
        assert after[pair] == pytest.approx([p * expected for p in before[pair]], rel=1e-4)


SPUN = (
    "White Home officers mentioned on Tuesday that the Chilly Conflict was a lesson and not a plan. In response to "
    "three officers, the navy will assist the coastal towns with greater than 40 vans of gasoline.\n"
)


def post(address: str, token: str, **content: Any) -> Any:
    headers = {"X-Cleaner-Token": token, "Content-Type": "application/json"}
    body = json.dumps({"window": "w", **content}).encode()
    return json.loads(urlopen(Request(address, body, headers), timeout=30).read())


def confidences(queue: dict[str, Any]) -> dict[str, tuple[str, float]]:
    return {text: (swap, confidence) for _, text, swap, confidence, *_ in queue["items"]}


@pytest.mark.end_to_end
def test_what_is_taught_shows_in_the_next_run(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(f"{name.upper()}.\n\n{SPUN}")

    def checked(*more: str) -> dict[str, float]:
        (content,) = json.loads(run("check", "--format", "json", "a.txt", *more, cwd=tmp_path, core=REAL).out)
        return {f["text"]: f["confidence"] for f in content["findings"]}

    before = checked()
    with reviewing("a.txt", "b.txt", cwd=tmp_path, core=REAL) as (address, _):
        base, token = re.split(r"/\?token=", address)
        items = json.loads(get(f"{base}/api/queue", token))["items"]
        weak, strong = min(i[3] for i in items if i[1] == "assist"), before["officers"]
        for text, replacement in (("officers", None), ("assist", "help")):
            numbers = [n for n, item in enumerate(items) if item[1] == text]
            post(f"{base}/api/decide", token, numbers=numbers, replacement=replacement)
        assert post(f"{base}/api/teach", token)["added"] == 2
        post(f"{base}/api/apply", token, undecided=False)
    after = checked("--lexicon", "cleaner-learned.tsv")
    assert after["officers"] < strong
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(SPUN)
    with reviewing("a.txt", cwd=tmp_path, core=REAL) as (address, _):
        base, token = re.split(r"/\?token=", address)
        found = confidences(json.loads(get(f"{base}/api/queue", token)))
        assert found["assist"][1] > weak
        assert post(f"{base}/api/teach", token) == {
            "lexicon": "cleaner-learned.tsv", "added": 0, "changed": 0, "removed": 0
        }  # fmt: skip
    rows = {(e.original, e.spun): e.documents for e in read_entries(tmp_path / "cleaner-learned.tsv")}
    assert rows == {("help", "assist"): 2, ("officers", "officers"): 2}


# A spinner that no shipped table knows: words that each fit, but never where they stand.
OWN = {
    "village": "parish", "bridge": "viaduct", "old": "elderly", "farmers": "yeomen", "market": "bazaar",
    "road": "avenue", "water": "aqua", "week": "sennight", "council": "conclave", "money": "lucre", "repair": "amend",
    "winter": "frost",
}  # fmt: skip
GARBLED = (
    "The conclave of the parish met last sennight to talk about the elderly viaduct. It will cost a lot of lucre to "
    "amend it before the frost, but without it the yeomen cannot take the avenue to the bazaar when the aqua is high. "
    "According to officials, the military helped people during the war because of the support of the government, and "
    "the president said on Tuesday that many countries would also increase their spending, including on gas and oil."
)


def test_a_table_is_a_dialect_of_its_own(tmp_path: Path) -> None:
    rows = [f"{original}\t{spun}\t9\t9\tlearned" for original, spun in sorted(OWN.items())]
    table = tmp_path / "my.tsv"
    table.write_text("\n".join(["original\tspun\tcount\tdocuments\tsource", *rows]) + "\n")
    result = Cleaner(Settings(lexicons=(table,))).clean(GARBLED)
    # What the shipped tables know stands untouched, and is no evidence against this spinner.
    assert result.verdict != "clean" and result.dialect == "own"
    assert sum(word in result.text for word in OWN) >= 10
    honest = GARBLED
    for original, spun in OWN.items():
        honest = honest.replace(spun, original)
    assert Cleaner(Settings(lexicons=(table,))).clean(honest).text == honest
