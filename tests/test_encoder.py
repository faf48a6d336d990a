"""The encoder: windows, pieces, and what it makes of words in their places."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.cleaner import shipped as models
from cleaner.encoder import WINDOW, shipped, windows
from cleaner.islands import Batch, batch
from cleaner.segment import paragraphs, tokenize
from cleaner.wordpiece import MOST, WordPiece

TEXT = "The ferry leaves at nine. It carries letters, two cows and a doctor who never learnt to swim.\n\nNobody minds."
LONG = " ".join(f"On day {day} the ferry carried letters, cows and doctors to the island." for day in range(40))


def read(*texts: str) -> Batch:
    spans = [[tokenize(text, *span) for span in paragraphs(text)] for text in texts]
    tokens = [t for own in spans for t in own]
    owner = [d for d, own in enumerate(spans) for _ in own]
    return batch(tokens, owner, models().model, np.zeros(sum(map(len, tokens)), bool))


@given(st.integers(0, 2000))
def test_windows_cover_every_piece_once_and_see_its_neighbours(pieces: int) -> None:
    covered = np.zeros(pieces, int)
    for start, own in windows(pieces):
        assert 0 <= start <= own.start <= own.stop <= min(start + WINDOW, pieces)
        covered[own] += 1
        # Only the ends of the text are read without what stands beside them.
        assert own.start == 0 or own.start - start >= 10
        assert own.stop == pieces or start + WINDOW - own.stop >= 10
    assert (covered == 1).all()


PIECES = WordPiece(["[UNK]", "[SEP]", "[MASK]", "fer", "##ry", "##ries", "ferry", "a", "'", "-", "e", "##e"])


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("ferry", ["ferry"]),
        ("ferries", ["fer", "##ries"]),
        ("ferry-a", ["ferry", "-", "a"]),
        ("d\u00e9", ["[UNK]"]),
        ("\u00e9\u00e9", ["e", "##e"]),
        ("<protected>", ["[MASK]"]),
        ("<s>", ["[SEP]"]),
        ("\u200b", ["[UNK]"]),
    ],
)
def test_words_are_cut_longest_piece_first(word: str, expected: list[str]) -> None:
    vocabulary = ["[UNK]", "[SEP]", "[MASK]", "fer", "##ry", "##ries", "ferry", "a", "'", "-", "e", "##e"]
    pieces, first = PIECES([word])
    assert [vocabulary[p] for p in pieces] == expected and first.tolist() == [0, len(expected)]


@given(st.lists(st.text(max_size=12), max_size=8))
def test_every_word_has_pieces(words: list[str]) -> None:
    pieces, first = PIECES(words)
    assert len(first) == len(words) + 1 and first[-1] == len(pieces)
    assert all(1 <= n <= MOST for n in np.diff(first))


def test_a_document_is_read_the_same_beside_others() -> None:
    encoder = shipped()
    together, alone = encoder(read(LONG, TEXT, "", LONG)), [encoder(read(t)) for t in (LONG, TEXT)]
    assert np.array_equal(together, np.concatenate([*alone, alone[0]]))
    assert together.dtype == np.float32 and np.isfinite(together).all()


def test_it_ranks_what_goes_in_a_place() -> None:
    b = read("The captain steered the watercraft into the harbour before the storm came.")
    place = b.tokens[0].norms.index("watercraft")
    encoder = shipped()
    words = ["vessel", "ship", "wheelbarrow", "kettle"]
    score = encoder.fit(encoder(b)[[place]], np.zeros(4, int), words)
    assert min(score[:2]) > max(score[2:])


def test_it_tells_substitutes_from_words_in_their_place() -> None:
    b = read("The minister said on Monday that the regime had not yet adjudicated when the tax would take upshot.")
    encoder = shipped()
    told = dict(zip(b.tokens[0].norms, encoder.strange(encoder(b)), strict=True))
    assert min(told["adjudicated"], told["upshot"]) > max(told["minister"], told["said"], told["tax"])


def test_it_reads_as_it_was_trained_to() -> None:
    torch = pytest.importorskip("torch")
    from cleaner.training.encoder import read as read_in_training

    encoder, w = shipped(), shipped().network
    p = {name: torch.tensor(getattr(w, name)) for name in ("position", "start", "norms")}
    p["pieces"] = torch.tensor(w.pieces * w.pieces_scale[:, None])
    for name in ("attend", "merge", "widen", "narrow"):
        scale, bias = (torch.tensor(getattr(w, f"{name}_{what}")) for what in ("scale", "bias"))
        p |= {name: torch.tensor(getattr(w, name)) * scale[:, None], f"{name}_bias": bias}
    pieces = np.random.default_rng(1).integers(1000, 20_000, (2, WINDOW))
    with torch.no_grad():
        expected = read_in_training(p, torch.tensor(pieces)).numpy()
    assert np.allclose([encoder.read(window) for window in pieces], expected, atol=1e-3)
