"""Training text as numbers: a folder of documents tokenised once, kept as arrays.

A corpus is a folder of `*.jsonl.zst` files with one document, `{"text": ...}`, a line.  Tokenising is by
far the slowest part of training, so its outcome is kept in a cache folder.
"""

from __future__ import annotations

import io
import json
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cleaner.language_model import SPECIAL, START
from cleaner.segment import paragraphs, tokenize

_DOCUMENTS_PER_TASK = 1000


@dataclass(frozen=True, slots=True)
class Corpus:
    """Tokenised documents.

    `types` are the distinct norms, `types[0]` the paragraph start `<s>`.  `stream` (int32) indexes them: all
    tokens of all documents, with one 0 before each paragraph.  `lengths` (int64) holds each document's share.
    """

    types: list[str]
    stream: NDArray[np.int32]
    lengths: NDArray[np.int64]

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "types.txt").write_text("\n".join(self.types), encoding="utf-8")
        np.save(folder / "stream.npy", self.stream)
        np.save(folder / "lengths.npy", self.lengths)

    @classmethod
    def load(cls, folder: Path) -> Corpus:
        types = (folder / "types.txt").read_text(encoding="utf-8").split("\n")
        return cls(types, np.load(folder / "stream.npy"), np.load(folder / "lengths.npy"))

    def split(self, every: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The stream without, and of, every `every`-th document."""
        held_out = np.repeat(np.arange(len(self.lengths)) % every == every - 1, self.lengths)
        return self.stream[~held_out], self.stream[held_out]


def read(folder: Path) -> Iterator[str]:
    """Yield the text of every document of a folder's `*.jsonl.zst` files, in the order of their names."""
    import zstandard

    files = sorted(folder.glob("*.jsonl.zst"))
    if not files:
        raise FileNotFoundError(f"no *.jsonl.zst in {folder}")
    for file in files:
        with file.open("rb") as packed:
            lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(packed), encoding="utf-8")
            for line in lines:
                yield json.loads(line)["text"]


def encode(texts: Iterable[str]) -> Corpus:
    """Tokenise documents."""
    ids: defaultdict[str, int] = defaultdict()
    ids.default_factory = ids.__len__
    stream = array("i")
    lengths = array("q")
    start = ids[SPECIAL[START]]
    for text in texts:
        before = len(stream)
        for span in paragraphs(text):
            if norms := tokenize(text, *span).norms:
                stream.append(start)
                stream.extend(map(ids.__getitem__, norms))
        lengths.append(len(stream) - before)
    return Corpus(list(ids), np.array(stream, np.int32), np.array(lengths, np.int64))


def merge(parts: Iterable[Corpus]) -> Corpus:
    """One corpus of several."""
    ids: defaultdict[str, int] = defaultdict()
    ids.default_factory = ids.__len__
    ids[SPECIAL[START]]  # takes number 0
    streams: list[NDArray[np.int32]] = []
    lengths: list[NDArray[np.int64]] = []
    for part in parts:
        streams.append(np.array([ids[t] for t in part.types], np.int32)[part.stream])
        lengths.append(part.lengths)
    return Corpus(list(ids), np.concatenate(streams), np.concatenate(lengths))


def tokenized(folder: Path, cache: Path, processes: int = 2) -> Corpus:
    """The corpus in `folder`, from `cache` if it has been tokenised before."""
    if not (cache / "lengths.npy").exists():
        texts = read(folder)
        tasks = iter(lambda: list(islice(texts, _DOCUMENTS_PER_TASK)), [])
        with Pool(processes) as pool:
            merge(pool.imap(encode, tasks)).save(cache)
    return Corpus.load(cache)
