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
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from cleaner.cleaner import shipped
from cleaner.discriminator import language_features
from cleaner.encoder import HEADS, WINDOW, Network
from cleaner.language_model import START
from cleaner.thesaurus import Thesaurus
from cleaner.training.corpus import merge, tokenized
from cleaner.training.discriminator import Lessons, read_swaps
from cleaner.wordpiece import WordPiece

WINDOWS = 16  # of a lesson
RANKED = 200  # substitutes of a lesson whose readings are ranked
RATES = (0.0, 0.0, 0.02, 0.05, 0.12, 0.12, 0.3, 0.3, 0.3, 0.6, 1.0)
LAYERS = 6
READINGS = 0.25  # weight of their loss beside that of the words
SPEED, SPEED_OF_HEADS = 1e-4, 5e-4
_BEFORE, _AFTER = (-2, -1), (1, 2)

Ints = NDArray[np.int64]


def read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    """The tensors (float32) of a file: the length of its header, the header in JSON, the numbers."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    found = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            low, high = (8 + size + offset for offset in entry["data_offsets"])
            array = np.frombuffer(data[low:high], np.float32).reshape(entry["shape"])
            found[name.removeprefix("bert.")] = torch.tensor(array)
    return found


class Layer(nn.Module):
    """One layer of the encoder."""

    def __init__(self, given: dict[str, torch.Tensor], number: int) -> None:
        super().__init__()

        def dense(*names: str) -> nn.Linear:
            found = [(given[f"{at}{name}.weight"], given[f"{at}{name}.bias"]) for name in names]
            weight, bias = (torch.cat(column) for column in zip(*found, strict=True))
            layer = nn.Linear(weight.shape[1], weight.shape[0])
            layer.load_state_dict({"weight": weight, "bias": bias})
            return layer

        def norm(name: str) -> nn.LayerNorm:
            layer = nn.LayerNorm(len(given[f"{at}{name}.bias"]), eps=1e-12)
            layer.load_state_dict({"weight": given[f"{at}{name}.weight"], "bias": given[f"{at}{name}.bias"]})
            return layer

        at = f"encoder.layer.{number}."
        self.attend = dense(*(f"attention.self.{name}" for name in ("query", "key", "value")))
        self.merge, self.norm1 = dense("attention.output.dense"), norm("attention.output.LayerNorm")
        self.widen, self.narrow = dense("intermediate.dense"), dense("output.dense")
        self.norm2 = norm("output.LayerNorm")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        windows, pieces, width = x.shape
        query, key, value = self.attend(x).view(windows, pieces, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        seen = nn.functional.scaled_dot_product_attention(query, key, value).transpose(1, 2)
        x = self.norm1(x + self.merge(seen.reshape(windows, pieces, width)))
        return torch.as_tensor(self.norm2(x + self.narrow(nn.functional.gelu(self.widen(x), approximate="tanh"))))


class Model(nn.Module):
    """The encoder and its heads."""

    def __init__(self, given: dict[str, torch.Tensor]) -> None:
        super().__init__()
        pieces = given["embeddings.word_embeddings.weight"]
        width = pieces.shape[1]
        self.pieces = nn.Embedding(len(pieces), width, _weight=pieces, _freeze=True)
        position = given["embeddings.position_embeddings.weight"][:WINDOW]
        kind = given["embeddings.token_type_embeddings.weight"][0]
        self.position = nn.Parameter(position + kind, requires_grad=False)
        self.start = nn.LayerNorm(width, eps=1e-12)
        names = {"weight": "embeddings.LayerNorm.weight", "bias": "embeddings.LayerNorm.bias"}
        self.start.load_state_dict({ours: given[theirs] for ours, theirs in names.items()})
        self.layers: list[Layer] = []
        for k in range(LAYERS):
            self.layers.append(Layer(given, k))
            self.add_module(f"layer{k}", self.layers[k])
        self.told, self.telling = nn.Linear(width, width), nn.Linear(width, 1)
        self.query, self.reading = nn.Linear(width, width, bias=False), nn.Linear(width, 1, bias=False)
        self.given = nn.Linear(5, 1, bias=False)
        nn.init.normal_(self.query.weight, std=0.02)
        nn.init.zeros_(self.reading.weight)
        nn.init.ones_(self.given.weight)

    def heads(self) -> list[nn.Parameter]:
        """What is not of the encoder."""
        layers = (self.told, self.telling, self.query, self.reading, self.given)
        return [parameter for layer in layers for parameter in layer.parameters()]

    def forward(self, pieces: torch.Tensor) -> torch.Tensor:
        x = self.start(self.pieces(pieces) + self.position)
        for layer in self.layers:
            x = layer(x)
        return torch.as_tensor(x)


class Windows:
    """Makes the examples of a lesson; `types` are words, and phrases that words are swapped for."""

    def __init__(self, lessons: Lessons, types: list[str], vocabulary: list[str], vectors: torch.Tensor) -> None:
        self.lessons = lessons
        words = [t.split(" ") for t in types]
        self.pieces, begin = WordPiece(vocabulary)(chain.from_iterable(words))
        self.first = begin[np.cumsum([0, *map(len, words)])]
        self.begins = np.zeros(len(self.pieces), bool)  # which pieces begin a word
        self.begins[begin[:-1]] = True
        count = np.diff(self.first)
        total = np.add.reduceat(vectors.numpy()[self.pieces], self.first[:-1], axis=0) / count[:, None].astype(
            np.float32
        )
        self.size = float(1 / total.std())
        self.vectors = torch.tensor(total * self.size)

    def __call__(self, random: np.random.Generator) -> dict[str, torch.Tensor]:
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
        return {"pieces": torch.tensor(pieces), "label": torch.tensor(label), "weight": torch.tensor(weight), **ranked}

    def _ranked(
        self, at: Ints, around: Ints, standing: Ints, author: Ints, random: np.random.Generator
    ) -> dict[str, torch.Tensor]:
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
        return {
            name: torch.tensor(a)
            for name, a in zip(("at", "readings", "given", "right"), (at, readings, given, right), strict=True)
        }


def losses(model: Model, x: dict[str, torch.Tensor], vectors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Of the words, and of the readings."""
    with torch.autocast("cpu", torch.bfloat16):
        seen = model(x["pieces"])
        score = model.telling(nn.functional.gelu(model.told(seen), approximate="tanh")).squeeze(2).float()
        place = seen.flatten(0, 1)[x["at"]]
        readings = vectors[x["readings"].clamp(min=0)]
        fit = torch.einsum("kd,kcd->kc", model.query(place), readings) + model.reading(readings).squeeze(2)
    fit = (fit.float() + model.given(x["given"]).squeeze(2)).masked_fill(x["readings"] < 0, -1e9)
    told = nn.functional.binary_cross_entropy_with_logits(score, x["label"], reduction="none")
    return (told * x["weight"]).sum() / x["weight"].sum(), nn.functional.cross_entropy(fit, x["right"])


def stored(model: Model, vocabulary: list[str], size: float) -> Network:
    """The network as it is shipped."""

    def array(tensor: torch.Tensor) -> NDArray[np.float32]:
        return np.array(tensor.detach().float().numpy(), np.float32)

    def packed(name: str) -> dict[str, NDArray[Any]]:
        dense: list[nn.Linear] = [getattr(layer, name) for layer in model.layers]
        weight = np.stack([array(d.weight.T) for d in dense])
        scale = np.abs(weight).max(axis=1) / 127
        whole = np.rint(weight / scale[:, None]).astype(np.int8)
        return {name: whole, f"{name}_scale": scale, f"{name}_bias": np.stack([array(d.bias) for d in dense])}

    pieces = array(model.pieces.weight)
    scale = np.maximum(np.abs(pieces).max(axis=1), 1e-6) / 127
    norms = [(layer.norm1, layer.norm2) for layer in model.layers]
    return Network(
        vocabulary=np.frombuffer(zlib.compress("\n".join(vocabulary).encode("utf-8"), 9), np.uint8),
        pieces=np.rint(pieces / scale[:, None]).astype(np.int8),
        pieces_scale=scale.astype(np.float32),
        position=array(model.position),
        start=np.stack([array(model.start.weight), array(model.start.bias)]),
        **packed("attend"),
        **packed("merge"),
        **packed("widen"),
        **packed("narrow"),
        norms=np.stack([np.stack([array(p) for n in pair for p in (n.weight, n.bias)]) for pair in norms]),
        told=array(model.told.weight.T),
        told_bias=array(model.told.bias),
        telling=array(model.telling.weight[0]),
        constant=array(model.telling.bias),
        query=array(model.query.weight.T),
        reading=array(model.reading.weight[0]),
        size=np.array([size], np.float32),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, help="folder of *.jsonl.zst files with a document {text} a line")
    parser.add_argument("--cache", type=Path, required=True, help="folder that keeps the tokenised corpora")
    parser.add_argument("--varied", type=Path, required=True, help="folder of the same form: text of other times")
    parser.add_argument("--swaps", type=Path, help="TSV of spinner, original, spun, probability")
    parser.add_argument("--start", type=Path, required=True, help="folder with model.safetensors and vocab.txt")
    parser.add_argument("--lessons", type=int, default=2400, help=f"of {WINDOWS} x {WINDOW} pieces (default: 2400)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(options.threads)
    modern = tokenized(options.corpus, options.cache / "modern")
    corpus = merge([modern, tokenized(options.varied, options.cache / "varied")])
    models = shipped()
    tables = read_swaps(options.swaps) if options.swaps else []
    phrases = {spun for rows in tables for _, spun, _ in rows if " " in spun}
    corpus = replace(corpus, types=[*corpus.types, *sorted(phrases)])
    lessons = Lessons(corpus, len(modern.stream), models.model, Thesaurus.open(), models.channel, tables)
    model = Model(read_safetensors(options.start / "model.safetensors"))
    vocabulary = (options.start / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
    examples = Windows(lessons, corpus.types, vocabulary, model.pieces.weight)
    heads = model.heads()
    body = [p for p in model.parameters() if p.requires_grad and not any(p is h for h in heads)]
    groups = [{"params": body, "lr": SPEED}, {"params": heads, "lr": SPEED_OF_HEADS}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / 60) * max(0.02, 1 - step / options.lessons)
    )
    random = np.random.default_rng(1)
    seen = []
    for number in range(1, options.lessons + 1):
        told, read = losses(model, examples(random), examples.vectors)
        optimizer.zero_grad()
        (told + READINGS * read).backward()  # type: ignore[no-untyped-call, unused-ignore]
        torch.nn.utils.clip_grad_norm_(body, 1.0)
        optimizer.step()
        schedule.step()
        seen.append((float(told.detach()), float(read.detach())))
        if number % 100 == 0 or number == options.lessons:
            words, readings = np.mean(seen[-100:], axis=0)
            print(f"{number} lessons: loss {words:.4f}, readings {readings:.4f}", flush=True)
            stored(model, vocabulary, examples.size).save(options.output)


if __name__ == "__main__":
    main()
