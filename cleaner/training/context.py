"""Train the context model: spin clean text with the channel, and learn to tell the right reading from the wrong ones.

    python -m cleaner.training.context ../shared/corpus --cache DIR -o cleaner/models/en.context

First word vectors of the clean text (CBOW with negative sampling, gensim).  Then each chunk of the corpus is spun as
a spinner would: the longest known phrases, each by one form drawn from the channel.  Every span whose spun form
has more than one reading is one example: softmax over its readings of language * log P_LM + channel *
log P(spun | original) + context score, fitted by AdaGrad (Duchi et al. 2011; PyTorch).
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cleaner.arrays import quantized
from cleaner.context import PLACES, WINDOW, Spans, Vectors, Weights
from cleaner.language_model import SPECIAL, START, LanguageModel
from cleaner.lexicon import Channel, phrase_key
from cleaner.segment import tokenize, word_hash
from cleaner.training.channel import dialects
from cleaner.training.corpus import Corpus, tokenized
from cleaner.training.simulation import Chunk, Examples, Simulator, chunks, language_scores, paragraph_bounds, pruned

if TYPE_CHECKING:
    import torch

CHUNK = 20_000  # words that are spun together
REPORT_EVERY = 100  # chunks


def word_vectors(stream: NDArray[np.int32], model: LanguageModel, size: int = 96, least: int = 40) -> Weights:
    """CBOW vectors of the words of a stream (ids of `model`) that occur `least` times or more: where to start from.

    A word's score in a context is then its pointwise mutual information with it, up to the weight `bag`: negative
    sampling fits v_word . v_context = log P(word | context) - log(k P_noise(word)) (Levy & Goldberg 2014).
    """
    from gensim.models import Word2Vec

    start = np.flatnonzero(stream == START)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as lines:
        for a, b in zip(start, np.r_[start[1:], len(stream)], strict=True):
            lines.write(" ".join(map(str, stream[a + 1 : b].tolist())) + "\n")
        lines.flush()
        cbow = Word2Vec(
            corpus_file=lines.name,
            vector_size=size,
            window=10,
            min_count=least,
            workers=1,  # more would make the outcome depend on their timing
            negative=10,
            epochs=3,
            sample=1e-4,
            ns_exponent=0.75,
            seed=1,
        )
    ids = np.array([int(word) for word in cbow.wv.index_to_key])
    counts = np.array([cbow.wv.get_vecattr(word, "count") for word in cbow.wv.index_to_key], float)
    share = counts / counts.sum()
    noise = counts**0.75 / (counts**0.75).sum()
    bag = 0.4
    known = np.flatnonzero(ids >= len(SPECIAL))
    order = known[np.argsort(ids[known])]
    return Weights(
        model.hashes[ids[order] - len(SPECIAL)],
        *quantized(cbow.wv.vectors[order]),
        *quantized(cbow.syn1neg[order]),
        (bag * (np.log(cbow.negative * noise) - np.log(share)))[order].astype(np.float32),
        np.minimum(1.0, np.sqrt(1e-4 / share) + 1e-4 / share)[order].astype(np.float32),
        np.zeros((2 * PLACES, size), np.float32),
        np.full(size, bag, np.float32),
        language=0.7,
        channel=1.0,
    )


class Fit:
    """The weights as PyTorch parameters, and one step of learning; see `ContextModel` for the formula."""

    def __init__(self, weights: Weights, model: LanguageModel, rate: float = 0.02) -> None:
        import torch

        torch.manual_seed(1)
        torch.set_num_threads(1)
        self.start = weights
        at = np.minimum(np.searchsorted(weights.hashes, model.hashes), len(weights.hashes) - 1)
        known = weights.hashes[at] == model.hashes
        self.row = np.zeros(len(SPECIAL) + len(model.hashes) + 1, np.int64)  # row 0 is all zeros
        self.row[len(SPECIAL) : -1][known] = at[known] + 1

        def table(values: Vectors) -> torch.nn.Embedding:
            padded = np.concatenate([np.zeros((1, values.shape[1]), np.float32), values])
            return torch.nn.Embedding(len(padded), padded.shape[1], 0, sparse=True, _weight=torch.tensor(padded))

        self.around = table(weights.around * weights.around_scale[:, None])
        self.reading = table(weights.reading * weights.reading_scale[:, None])
        self.bias = table(weights.bias[:, None])
        self.keep = torch.tensor(np.r_[np.float32(0), weights.keep])
        self.place = torch.nn.Parameter(torch.tensor(weights.place))
        self.bag = torch.nn.Parameter(torch.tensor(weights.bag))
        self.scales = torch.nn.Parameter(torch.tensor([weights.language, weights.channel]))
        tables = [self.around.weight, self.reading.weight, self.bias.weight]
        self.optimizers = [
            torch.optim.Adagrad(tables, lr=rate, initial_accumulator_value=0.01),
            torch.optim.Adam([self.place, self.bag, self.scales], lr=0.002),
        ]

    def step(
        self, ids: NDArray[np.int32], spans: Spans, e: Examples, language: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Learn from one chunk.  Returns mean loss, and the share of spans read right with and without the model."""
        import torch

        span = torch.tensor(e.span)
        n = len(spans.low)
        given = torch.tensor(np.stack([language, e.channel], axis=1), dtype=torch.float32) @ self.scales
        row = torch.tensor(np.where(e.words >= 0, self.row[e.words], 0))
        context = self._contexts(ids, spans)[span]
        score = given + (context * self.reading(row).sum(1)).sum(1) + self.bias(row).sum((1, 2))

        def best(s: torch.Tensor) -> torch.Tensor:
            return torch.full((n,), -torch.inf).scatter_reduce(0, span, s, "amax")[span]

        peak = best(score.detach())
        total = torch.zeros(n).index_add(0, span, torch.exp(score - peak))
        right = torch.tensor(e.right)
        loss = -(score - peak - torch.log(total[span]))[right]
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        (loss.sum() / 1000).backward()
        for optimizer in self.optimizers:
            optimizer.step()
        hit, base = (score >= peak)[right], (given >= best(given))[right]
        return np.array([float(x.detach().float().mean()) for x in (loss, hit, base)])

    def _contexts(self, ids: NDArray[np.int32], spans: Spans) -> torch.Tensor:
        import torch

        row = torch.tensor(self.row[ids])
        vectors, keep = self.around(row), self.keep[row]
        nothing = torch.zeros(1, vectors.shape[1])
        total = torch.cat([nothing, torch.cumsum(vectors * keep[:, None], 0)])
        count = torch.cat([torch.zeros(1), torch.cumsum(keep, 0)])
        low, high = torch.tensor(spans.low), torch.tensor(spans.high)
        left = torch.tensor(np.maximum(spans.low - WINDOW, spans.begin))
        right = torch.tensor(np.minimum(spans.high + WINDOW, spans.end))
        bag = total[low] - total[left] + total[right] - total[high]
        weight = count[low] - count[left] + count[right] - count[high]
        context = self.bag * bag / torch.clamp(weight, min=1.0)[:, None]
        vectors = torch.cat([vectors, nothing])
        for k in range(PLACES):
            before, after = spans.low - 1 - k, spans.high + k
            context = context + self.place[k] * vectors[np.where(before >= spans.begin, before, -1)]
            context = context + self.place[PLACES + k] * vectors[np.where(after < spans.end, after, -1)]
        assert isinstance(context, torch.Tensor)
        return context

    def weights(self) -> Weights:
        """What was learned, quantised."""
        tables = [t.weight.detach().numpy()[1:] for t in (self.around, self.reading, self.bias)]
        language, channel = self.scales.detach().tolist()
        around, around_scale = quantized(tables[0])
        reading, reading_scale = quantized(tables[1])
        return replace(
            self.start,
            around=around,
            around_scale=around_scale,
            reading=reading,
            reading_scale=reading_scale,
            bias=tables[2][:, 0],
            place=self.place.detach().numpy(),
            bag=self.bag.detach().numpy(),
            language=language,
            channel=channel,
        )


def stream_of(corpus: Corpus, model: LanguageModel) -> Chunk:
    """A corpus as ids of the language model, and hashes for look-up in the channel."""
    ids = model.ids(corpus.types)
    hashes = np.array([word_hash(t) for t in corpus.types], np.uint64)
    ids[0], hashes[0] = START, 0
    return Chunk(hashes[corpus.stream], ids[corpus.stream])


def simulator(channel: Channel, definition: Path, model: LanguageModel) -> Simulator:
    """A simulator of the dialects of a channel, whose tables `definition` names."""
    phrases = {
        side
        for dialect in dialects(definition)
        for entries in (dialect.observed, *(e.entries for e in dialect.evidence))
        for entry in entries
        for side in (entry.original, entry.spun)
    }
    norms = {phrase_key([word_hash(w) for w in n]): n for n in (tokenize(p).norms for p in phrases)}
    return Simulator(channel, {key: model.ids(n).tolist() for key, n in norms.items()}, model)


def lessons(
    stream: Chunk, spinner: Simulator, model: LanguageModel, random: np.random.Generator
) -> Iterator[tuple[NDArray[np.int32], Spans, Examples, NDArray[np.float64]]]:
    """Examples of each chunk, spun in a random dialect, with the language model's scores."""
    for chunk in chunks(stream, CHUNK, random):
        e = spinner.examples(chunk, int(random.integers(len(spinner.channel.dialects))), random)
        e, language = pruned(e, language_scores(model, chunk.ids, e))
        used, span = np.unique(e.span, return_inverse=True)
        begin, end = paragraph_bounds(chunk.ids)
        low = e.low[used]
        yield chunk.ids, Spans(low, e.high[used], begin[low], end[low]), replace(e, span=span), language


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, help="folder of *.jsonl.zst files with a document {text} a line")
    parser.add_argument("--dialects", type=Path, default=Path("lexicons/en/dialects/dialects.toml"))
    parser.add_argument(
        "--cache", type=Path, required=True, help="folder that keeps the tokenised corpus and the vectors"
    )
    parser.add_argument(
        "--chunks", type=int, default=600, help=f"chunks of {CHUNK:,} words to learn from (default: 600)"
    )
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    model = LanguageModel.open()
    stream = stream_of(tokenized(options.corpus, options.cache), model)
    vectors = options.cache / "vectors.npz"
    if not vectors.exists():
        word_vectors(stream.ids, model).save(vectors)
    fit = Fit(Weights.open(vectors), model)
    spinner = simulator(Channel.open(), options.dialects, model)
    history = []
    for number, lesson in enumerate(lessons(stream, spinner, model, np.random.default_rng(1)), 1):
        history.append(fit.step(*lesson))
        if number % REPORT_EVERY == 0:
            loss, hit, base = np.mean(history[-REPORT_EVERY:], axis=0)
            print(f"{number} chunks: loss {loss:.4f}, right {hit:.4f} (without the model {base:.4f})", flush=True)
        if number == options.chunks:
            break
    fit.weights().save(options.output)


if __name__ == "__main__":
    main()
