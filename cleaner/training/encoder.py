"""Train the encoder on the lessons of the discriminator: clean text in which words are replaced by synonyms, some of
them phrases.

    python -m benchmarks.spinners.tables mythes poor --phrases --moby FILE -o swaps.tsv
    python -m cleaner.training.encoder ../shared/corpus --cache DIR --varied FOLDER --swaps swaps.tsv --start MODEL \\
        -o cleaner/models/en.encoder

`--start` is a folder with `model.safetensors` and `vocab.txt` of a BERT of the sizes of MiniLM-L6-H384; all its layers
are trained, the vectors of its pieces stay.  A lesson is 16 windows, each of a text and a spinner of its own; a fifth
of them are honest.  AdamW, binary cross-entropy and softmax (PyTorch), bfloat16 where the processor has it; two cores
take a second for a lesson.
"""

from __future__ import annotations

import argparse
import json
import zlib
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cleaner.arrays import quantized
from cleaner.discriminator import language_features
from cleaner.encoder import HEADS, WINDOW, Network
from cleaner.language_model import START
from cleaner.training.lessons import Lessons, material
from cleaner.wordpiece import WordPiece

if TYPE_CHECKING:
    import torch

WINDOWS = 16  # of a lesson
RANKED = 200  # substitutes of a lesson whose readings are ranked
RATES = (0.0, 0.0, 0.02, 0.05, 0.12, 0.12, 0.3, 0.3, 0.3, 0.6, 1.0)
LAYERS = 6
READINGS = 0.25  # weight of their loss beside that of the words
SPEED, SPEED_OF_HEADS = 1e-4, 5e-4
_BEFORE, _AFTER = (-2, -1), (1, 2)
_EPSILON = 1e-12

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


def read_safetensors(path: Path) -> dict[str, Floats]:
    """The arrays (float32) of a file: the length of its header, the header in JSON, the numbers."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    found = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            low, high = (8 + size + offset for offset in entry["data_offsets"])
            found[name.removeprefix("bert.")] = np.frombuffer(data[low:high], np.float32).reshape(entry["shape"])
    return found


def begun(given: dict[str, Floats], random: np.random.Generator) -> dict[str, Floats]:
    """The arrays of a network, not yet in eight bits, as a BERT has them, with heads that know nothing."""
    layers = [f"encoder.layer.{k}." for k in range(LAYERS)]

    def dense(name: str, *parts: str) -> dict[str, Floats]:
        weight = [np.concatenate([given[f"{at}{part}.weight"] for part in parts]).T for at in layers]
        bias = [np.concatenate([given[f"{at}{part}.bias"] for part in parts]) for at in layers]
        return {name: np.stack(weight), f"{name}_bias": np.stack(bias)}

    norms = [f"{part}.LayerNorm.{what}" for part in ("attention.output", "output") for what in ("weight", "bias")]
    position = given["embeddings.position_embeddings.weight"][:WINDOW]
    width = position.shape[1]
    told, query = random.normal(0, 0.02, (2, width, width)).astype(np.float32)
    return {
        "pieces": given["embeddings.word_embeddings.weight"],
        "position": position + given["embeddings.token_type_embeddings.weight"][0],
        "start": np.stack([given[f"embeddings.LayerNorm.{what}"] for what in ("weight", "bias")]),
        **dense("attend", *(f"attention.self.{part}" for part in ("query", "key", "value"))),
        **dense("merge", "attention.output.dense"),
        **dense("widen", "intermediate.dense"),
        **dense("narrow", "output.dense"),
        "norms": np.stack([np.stack([given[at + norm] for norm in norms]) for at in layers]),
        "told": told,
        "told_bias": np.zeros(width, np.float32),
        "telling": random.normal(0, 0.02, (width,)).astype(np.float32),
        "constant": np.zeros(1, np.float32),
        "query": query,
        "reading": np.zeros(width, np.float32),
        "given": np.ones(5, np.float32),  # weights of what the reading's loss knows besides; not shipped
    }


HEAD_NAMES = ("told", "told_bias", "telling", "constant", "query", "reading", "given")
FIXED = ("pieces", "position")


def read(p: dict[str, torch.Tensor], pieces: torch.Tensor) -> torch.Tensor:
    """What each of some windows of pieces is among the others: (windows, WINDOW, D)."""
    from torch.nn import functional

    def normalized(x: torch.Tensor, gain: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        return functional.layer_norm(x, x.shape[-1:], gain, bias, _EPSILON)

    x = normalized(p["pieces"][pieces] + p["position"], *p["start"])
    windows, size, width = x.shape
    for k in range(LAYERS):
        gain1, bias1, gain2, bias2 = p["norms"][k]
        heads = (x @ p["attend"][k] + p["attend_bias"][k]).view(windows, size, 3, HEADS, -1)
        seen = functional.scaled_dot_product_attention(*heads.permute(2, 0, 3, 1, 4)).transpose(1, 2)
        x = normalized(x + seen.reshape(windows, size, width) @ p["merge"][k] + p["merge_bias"][k], gain1, bias1)
        wide = functional.gelu(x @ p["widen"][k] + p["widen_bias"][k], approximate="tanh")
        x = normalized(x + wide @ p["narrow"][k] + p["narrow_bias"][k], gain2, bias2)
    return x


class Windows:
    """Makes the examples of a lesson; `types` are words, and phrases that words are swapped for."""

    def __init__(self, lessons: Lessons, types: list[str], vocabulary: list[str], vectors: Floats) -> None:
        self.lessons = lessons
        words = [t.split(" ") for t in types]
        self.pieces, begin = WordPiece(vocabulary)(chain.from_iterable(words))
        self.first = begin[np.cumsum([0, *map(len, words)])]
        self.begins = np.zeros(len(self.pieces), bool)  # which pieces begin a word
        self.begins[begin[:-1]] = True
        count = np.diff(self.first)
        total = np.add.reduceat(vectors[self.pieces], self.first[:-1], axis=0) / count[:, None].astype(np.float32)
        self.size = float(1 / total.std())
        self.vectors = total * self.size

    def __call__(self, random: np.random.Generator) -> dict[str, NDArray[Any]]:
        """The next lesson: `pieces`, `label` and `weight` (windows, WINDOW); and of the substitutes whose readings are
        ranked, `at` (their place among all pieces), `readings` (types; -1 pads), `given` (5 each) and `right`."""
        lessons = self.lessons
        pieces = np.zeros((WINDOWS, WINDOW), np.int64)
        label, weight = np.zeros((2, WINDOWS, WINDOW), np.float32)
        columns: list[tuple[Ints, ...]] = []
        for k in range(WINDOWS):
            honest, spun, read = lessons.stretch(random, WINDOW, RATES)
            first, last = self.first[read], self.first[read + 1]
            start = np.cumsum(last - first) - (last - first)
            words = int(np.searchsorted(start + last - first, WINDOW, "right"))
            size = int(start[words]) if words < WINDOW else WINDOW
            owner = np.repeat(np.arange(words), (last - first)[:words])
            at_piece = first[owner] + np.arange(size) - start[owner]
            pieces[k, :size] = self.pieces[at_piece]
            usable = lessons.usable[read] & (read != 0) & ((spun >= 0) | lessons.substitute[honest])
            label[k, :size] = (read != honest)[owner]
            weight[k, :size] = usable[owner] & self.begins[at_piece]
            start = start[:words]
            swapped = np.flatnonzero((read != honest)[:words])
            beside = np.r_[0, 0, read[:words], 0, 0][swapped[:, None] + 2 + np.array([*_BEFORE, *_AFTER])]
            columns.append((k * WINDOW + start[swapped], beside, read[swapped], honest[swapped]))
        at, around, standing, author = (np.concatenate(column) for column in zip(*columns, strict=True))
        ranked = self._ranked(at, around, standing, author, random)
        return {"pieces": pieces, "label": label, "weight": weight, **ranked}

    def _ranked(
        self, at: Ints, around: Ints, standing: Ints, author: Ints, random: np.random.Generator
    ) -> dict[str, NDArray[Any]]:
        chosen = random.permutation(len(at))[:RANKED]
        at, around, standing, author = at[chosen], around[chosen], standing[chosen], author[chosen]
        readings, log_swap, right = self.lessons.readings(standing, author)
        good = right >= 0
        at, around, readings, log_swap, right = at[good], around[good], readings[good], log_swap[good], right[good]
        which, column = np.nonzero(readings >= 0)
        ids = self.lessons.ids[around]
        ids[around == 0] = START
        given = np.zeros((*readings.shape, 5), np.float32)
        left2, left1, right1, right2 = ids[which].T
        words = self.lessons.ids[readings[which, column]]
        given[which, column, :4] = language_features(left2, left1, words, right1, right2, self.lessons.model)
        given[..., 4] = log_swap
        return {"at": at, "readings": readings, "given": given, "right": right}


def losses(
    p: dict[str, torch.Tensor], x: dict[str, torch.Tensor], vectors: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Of the words, and of the readings."""
    import torch
    from torch.nn import functional

    with torch.autocast("cpu", torch.bfloat16):
        seen = read(p, x["pieces"])
        hidden = functional.gelu(seen @ p["told"] + p["told_bias"], approximate="tanh")
        score = (hidden @ p["telling"] + p["constant"]).float()
        readings = vectors[x["readings"].clamp(min=0)]
        fit = torch.einsum("kd,kcd->kc", seen.flatten(0, 1)[x["at"]] @ p["query"], readings) + readings @ p["reading"]
    fit = (fit.float() + x["given"] @ p["given"]).masked_fill(x["readings"] < 0, -1e9)
    told = functional.binary_cross_entropy_with_logits(score, x["label"], reduction="none")
    return (told * x["weight"]).sum() / x["weight"].sum(), functional.cross_entropy(fit, x["right"])


def stored(p: dict[str, Floats], vocabulary: list[str], size: float) -> Network:
    """The network as it is shipped: the great arrays in eight bits."""
    kept: dict[str, Any] = {name: array for name, array in p.items() if name != "given"}
    for name in ("attend", "merge", "widen", "narrow"):
        columns, kept[f"{name}_scale"] = quantized(p[name].transpose(0, 2, 1))
        kept[name] = columns.transpose(0, 2, 1).copy()
    kept["pieces"], kept["pieces_scale"] = quantized(p["pieces"])
    spelling = np.frombuffer(zlib.compress("\n".join(vocabulary).encode("utf-8"), 9), np.uint8)
    return Network(vocabulary=spelling, size=np.array([size], np.float32), **kept)


def main() -> None:
    import torch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    material(parser)
    parser.add_argument("--start", type=Path, required=True, help="folder with model.safetensors and vocab.txt")
    parser.add_argument("--lessons", type=int, default=2000, help=f"of {WINDOWS} x {WINDOW} pieces (default: 2000)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(options.threads)
    corpus, lessons = Lessons.of(options)
    random = np.random.default_rng(1)
    arrays = begun(read_safetensors(options.start / "model.safetensors"), random)
    vocabulary = (options.start / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
    examples = Windows(lessons, corpus.types, vocabulary, arrays["pieces"])
    vectors = torch.tensor(examples.vectors)
    p = {name: torch.tensor(array, requires_grad=name not in FIXED) for name, array in arrays.items()}
    body = [p[name] for name in p if name not in (*HEAD_NAMES, *FIXED)]
    groups = [{"params": body, "lr": SPEED}, {"params": [p[n] for n in HEAD_NAMES], "lr": SPEED_OF_HEADS}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / 60) * max(0.02, 1 - step / options.lessons)
    )
    seen = []
    for number in range(1, options.lessons + 1):
        lesson = {name: torch.tensor(array) for name, array in examples(random).items()}
        told, ranked = losses(p, lesson, vectors)
        optimizer.zero_grad()
        (told + READINGS * ranked).backward()  # type: ignore[no-untyped-call, unused-ignore]
        torch.nn.utils.clip_grad_norm_(body, 1.0)
        optimizer.step()
        schedule.step()
        seen.append((float(told.detach()), float(ranked.detach())))
        if number % 100 == 0 or number == options.lessons:
            words, readings = np.mean(seen[-100:], axis=0)
            print(f"{number} lessons: loss {words:.4f}, readings {readings:.4f}", flush=True)
            now = {name: np.array(tensor.detach().numpy()) for name, tensor in p.items()}
            stored(now, vocabulary, examples.size).save(options.output)


if __name__ == "__main__":
    main()
