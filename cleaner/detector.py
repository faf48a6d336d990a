"""Step 5: how likely is it that a paragraph is spun, and which reading of it is right?

Two stories of a paragraph x: somebody wrote it, P(x | honest) = P_LM(x); or a spinner made it from another,
P(x | spun) = the sum over all readings of the lattice.  The log-likelihood ratios of a document's paragraphs
pass through a sticky two-state chain.  A second pass reads each document again with the channel sharpened by
what the first one found there: a spinner keeps one form for a phrase throughout an article.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, expm1, log, log1p

import numpy as np
from numpy.typing import NDArray

from cleaner.calibration import Calibration
from cleaner.context import ContextModel, Spans, restored
from cleaner.islands import UNCHANGED, Batch, Candidates, Lattice, candidates, lattice, rarity
from cleaner.language_model import LanguageModel
from cleaner.lattice import decode
from cleaner.lexicon import MAX_WORDS, Channel
from cleaner.network import log_sum, numbered, ranges
from cleaner.reference import Reference
from cleaner.steps import TINY

Floats = NDArray[np.float64]

# A swap that a dialect is not known to make costs it this much (nats), not everything.
_FOREIGN = -9.0


@dataclass(frozen=True, slots=True)
class Tuning:
    """Parameters of the model that were fitted on development text."""

    scale: float = 0.7  # weight of the language model against the channel
    kappa: float = 20.0  # phrases' worth of prior in the channel adapted to a document
    cache: float = 0.005  # weight of the document's own words
    beam: float = 12.0  # nats
    width: int = 48  # states a node
    temperature: float = 1.0  # divides the log-likelihood ratio of a paragraph
    start: float = 1e-4  # P(the first paragraph is spun)
    enter: float = 1e-5  # P(spun | the paragraph before is honest)
    leave: float = 0.05  # P(honest | the paragraph before is spun)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one pass found.

    `posterior` (candidates, 0..1) given that the paragraph is spun; `best` (candidates of the best paths, in text
    order); `log_ratio` (paragraphs): log P(x | spun) - log P(x | honest); `dialect` (paragraphs, dialects): log P(x,
    best path | dialect) up to a constant; `lost` (islands): share of probability that the beam cut.
    """

    posterior: Floats
    best: NDArray[np.int64]
    log_ratio: Floats
    dialect: Floats
    lost: Floats

    def only(self, candidates: NDArray[np.bool_]) -> Reading:
        """What was found of the chosen `candidates` (a flag for each), which are numbered anew."""
        best = (np.cumsum(candidates) - 1)[self.best[candidates[self.best]]]
        return replace(self, posterior=self.posterior[candidates], best=best)


class Detector:
    """Reads batches of paragraphs under a channel and a language model."""

    def __init__(
        self,
        model: LanguageModel,
        channel: Channel,
        context: ContextModel,
        calibration: Calibration,
        tuning: Tuning | None = None,
        reference: Reference | None = None,
    ) -> None:
        """`reference` lends its words weight."""
        self.reference = reference
        self.model = model
        self.channel = channel
        self.context = context
        self.calibration = calibration
        self.tuning = tuning or Tuning()
        vocabulary = np.r_[model.ids(channel.vocabulary, channel.word_key), np.int32(-1)].astype(np.int32)
        self._words = vocabulary[channel.words]  # index -1 is the padding at the end
        log_p = np.where(self._words >= 0, model.unigram(np.maximum(self._words, 0)), np.float32(0.0))
        self._rarest = np.exp(log_p.min(axis=1))  # of each original's rarest word
        self._rarity = rarity(self._words).sum(axis=1)
        if reference is not None:
            self._rarity += reference.lent(channel.original_key, self._rarest)

    def candidates(self, b: Batch) -> tuple[Candidates, Lattice]:
        """All readings of a batch."""
        c = candidates(b, self.channel)
        return c, self.lattice(b, c)

    def lattice(self, b: Batch, c: Candidates) -> Lattice:
        """The islands that the candidates make."""
        words = self._words.take(c.source, axis=0)
        width = sum(bool((column >= 0).any()) for column in words.T)
        return lattice(b, c, words[:, : max(1, width)], self.model)

    def read(
        self, b: Batch, c: Candidates, islands: Lattice, log_dialect: Floats, score: Floats | None = None
    ) -> Reading:
        """One pass.  `log_dialect` (paragraphs, dialects): log weights of the mixture; `score` (candidates): what the
        second pass puts in place of the channel's own log P(spun | original)."""
        n_paragraphs = len(b.document)
        swap = np.log(np.maximum(self._swap(b, c, log_dialect), TINY)) if score is None else score
        log_stay = self.channel.log_stay[c.original]
        stay = log_sum(log_stay + log_dialect[b.paragraph[c.stay_start]])
        unchanged = spread(stay, c, len(b.ids))

        t = self.tuning
        scale = t.scale if score is None else self.context.weights.language
        # Rare words, which the language model knows by class alone: those of the reading, less those it replaces.
        passed = np.r_[0.0, np.cumsum(self._own_rarity(b))]
        rare = self._rarity.take(c.source) - (passed[c.start + c.size] - passed[c.start])
        scores = islands.score(swap + scale * rare, unchanged)
        found = decode(islands.network, scores, beam=t.beam, width=t.width, scale=scale)
        is_swap = islands.candidate != UNCHANGED
        posterior = np.zeros(len(c.start))
        posterior[islands.candidate[is_swap]] = found.posterior[is_swap]
        best_edges = found.best[is_swap[found.best]]
        best = islands.candidate[best_edges]

        # Tokens outside the islands are read alike in both stories, but for what the spinner left alone.
        inside = ranges(islands.begin, islands.stop - islands.begin)
        outside = np.ones(len(b.ids), bool)
        outside[inside] = False
        log_ratio = np.zeros(n_paragraphs)  # bincount of nothing gives whole numbers
        log_ratio += np.bincount(b.paragraph[outside], weights=unchanged[outside], minlength=n_paragraphs)
        log_ratio += np.bincount(islands.paragraph, weights=found.log_z, minlength=n_paragraphs)
        log_ratio -= np.bincount(b.paragraph[inside], weights=scale * islands.honest, minlength=n_paragraphs)

        # Each dialect's share: the channel's part of the best path, swaps and stays.
        dialect = np.zeros((n_paragraphs, len(self.channel.dialects)))
        changed = np.zeros(len(b.ids) + 1, np.int64)
        np.add.at(changed, c.start[best], 1)
        np.add.at(changed, c.start[best] + c.size[best], -1)
        kept = np.cumsum(changed[:-1]) == 0
        log_swap_of = self.channel.log_swap[c.row[best]]
        for d in range(dialect.shape[1]):
            np.add.at(dialect[:, d], b.paragraph[c.start[best]], np.maximum(log_swap_of[:, d], _FOREIGN))
            stays = spread(log_stay[:, d].astype(float), c, len(b.ids))
            dialect[:, d] += np.bincount(b.paragraph[kept], weights=stays[kept], minlength=n_paragraphs)
        return Reading(posterior, best, log_ratio, dialect, found.lost)

    def _own_rarity(self, b: Batch) -> Floats:
        """What the language model does not know of each token: its rarity, and that it stands in the reference."""
        if self.reference is None:
            return rarity(b.ids)
        return rarity(b.ids) + self.reference.lent(b.hashes, np.exp(self.model.unigram(b.ids).astype(float)))

    def _swap(self, b: Batch, c: Candidates, log_dialect: Floats) -> Floats:
        """P(spun | original) of each candidate, under its paragraph's mixture of dialects."""
        p = np.exp(self.channel.log_swap.take(c.row, axis=0), dtype=float)
        return np.asarray(np.einsum("ij,ij->i", p, np.exp(log_dialect).take(b.paragraph.take(c.start), axis=0)))

    def adapt(
        self, b: Batch, c: Candidates, reading: Reading, log_dialect: Floats, capital: NDArray[np.bool_]
    ) -> Floats:
        """log P(spun | original) for each candidate, sharpened by the document: (C(o, s) + k P) / (C(o) + k).

        The counts C are posteriors of the document's other candidates (a candidate is no evidence for itself);
        `capital` (tokens) tells capitalised ones, which a spinner's table draws apart.
        """
        kappa = self.tuning.kappa
        document = b.document[b.paragraph]
        prior = self._swap(b, c, log_dialect)
        case = document * 2 + capital
        original = c.source
        n = np.int64(len(self.channel.text))
        # Count each spun phrase once a place, whatever the number of rows that read it so.
        of_original = case[c.start] * n + original
        _, pair_number = numbered(case[c.start] * np.int64(len(self.channel.original)) + c.row)
        pair_count = np.bincount(pair_number, weights=reading.posterior)[pair_number]
        touched = np.zeros(len(b.ids) + 1)
        np.add.at(touched, c.start, reading.posterior)
        np.add.at(touched, c.start + c.size, -reading.posterior)
        untouched = np.clip(1.0 - np.cumsum(touched[:-1]), 0.0, 1.0)
        left = np.minimum(untouched[c.stay_start], untouched[c.stay_start + c.stay_size - 1])
        keys = np.r_[of_original, case[c.stay_start] * n + c.original]
        _, number = numbered(keys)
        total = np.bincount(number, weights=np.r_[reading.posterior, left])[number[: len(of_original)]]
        own = reading.posterior
        elsewhere = np.maximum(total - own, 0.0)
        adapted = (pair_count - own + kappa * prior) / (elsewhere + kappa)
        # Words recur: a unigram cache (Kuhn & De Mori 1990) lends an original seen elsewhere in the document weight.
        length = np.bincount(document)[document[c.start]]
        recurrence = self.tuning.cache * elsewhere / (length * self._rarest[original])
        return np.asarray(np.log(np.maximum(adapted, 1e-30)) + np.log1p(recurrence))

    def in_context(self, b: Batch, c: Candidates, reading: Reading, adapted: Floats) -> Floats:
        """The score of each candidate in the second pass: the adapted channel and the wider context, in which the
        text reads as the first pass restored it."""
        best = reading.best
        originals = self._words.take(c.source, axis=0)
        ids, low, high = restored(b.ids, c.start[best], c.size[best], originals[best])
        span, number = numbered(c.start * (MAX_WORDS + 1) + c.size)
        start, size = span // (MAX_WORDS + 1), span % (MAX_WORDS + 1)
        edges = np.r_[low, len(ids)][b.first]
        paragraph = b.paragraph[start]
        contexts = self.context.contexts(
            ids, Spans(low[start], high[start + size - 1], edges[paragraph], edges[paragraph + 1])
        )
        place = np.arange(MAX_WORDS)
        within = place < size[:, None]
        spun = np.where(within, b.ids[np.where(within, start[:, None] + place, 0)], -1)
        gain = self.context.score(contexts, originals, number)
        gain -= self.context.score(contexts, spun, np.arange(len(span)))[number]
        return np.asarray(self.context.weights.channel * adapted + gain)

    def chain(self, log_ratio: Floats) -> tuple[Floats, float]:
        """Posterior of each paragraph of one document being spun, and of any of them, under the sticky chain."""
        t = self.tuning
        # Numbers, not arrays: most documents have a dozen paragraphs.
        stay, enter, leave, remain = (log(p) for p in (1 - t.enter, t.enter, t.leave, 1 - t.leave))
        emission = (log_ratio / t.temperature).tolist()
        honest, spun = log(1 - t.start), log(t.start) + emission[0]
        forward = [(honest, spun)]
        for own in emission[1:]:
            honest, spun = _log_add(honest + stay, spun + leave), _log_add(honest + enter, spun + remain) + own
            forward.append((honest, spun))
        total = _log_add(honest, spun)
        honest = spun = 0.0
        posterior = [forward[-1][1] - total]
        for (_, before), own in zip(forward[-2::-1], emission[:0:-1], strict=True):
            spun += own
            honest, spun = _log_add(stay + honest, enter + spun), _log_add(leave + honest, remain + spun)
            posterior.append(before + spun - total)
        all_honest = log(1 - t.start) + (len(emission) - 1) * stay
        return np.exp(posterior[::-1]), -expm1(min(all_honest - total, 0.0))


def _log_add(a: float, b: float) -> float:
    """log of the sum of two probabilities."""
    return max(a, b) + log1p(exp(-abs(a - b)))


def spread(stay: Floats, c: Candidates, n_tokens: int) -> Floats:
    """The cost of leaving each token alone: a known phrase shares its log P(stay) among its tokens.

    A token of several known phrases bears the largest share, once.
    """
    unchanged = np.zeros(n_tokens)
    for k in range(int(c.stay_size.max(initial=0))):
        inside = c.stay_size > k
        np.minimum.at(unchanged, c.stay_start[inside] + k, stay[inside] / c.stay_size[inside])
    return unchanged
