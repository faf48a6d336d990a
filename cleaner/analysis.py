"""Steps 3 to 6 for a batch of documents: read twice, decide, find."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import compress, repeat
from math import log, prod
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cleaner import translation
from cleaner.detector import Detector, Floats, Reading
from cleaner.findings import CHANGED, choices, findings, group
from cleaner.islands import Batch, Candidates, Lattice, batch
from cleaner.lexicon import Channel
from cleaner.recognition import IN_SCIENCE, Recognizer
from cleaner.result import Finding, Paragraph
from cleaner.screen import words
from cleaner.segment import Span, Tokens, paragraphs, tokenize
from cleaner.technical import SCIENTIFIC, technical
from cleaner.terms import CURED, finding, merged, terms
from cleaner.thesaurus import DIALECT

if TYPE_CHECKING:
    from cleaner.closer import CloserLook

# From this probability on, a document is read as one of a spinner that no table knows.
_DOUBTFUL = 0.5
# Under this probability no finding of a document can reach the confidence from which findings are reported.
_REPORTABLE = 0.01
_STRANGER = 6.0  # log-odds by which a translation's words may be likelier a spinner's
_FOREIGN = 1e-7  # P(a paragraph's dialect is drawn apart from that of the others)
_IN_SPUN, _NAME = 0.5, 4.8  # log-odds by which an expression is likelier garbled in a spun paragraph; a name, moreover
# Log-odds of a garbled expression to say so much of its document, if it stands alone in _BRIEF words and no others: a
# long text has more places where honest words look like one.
_ALONE, _BRIEF = 3.2, 100
_FAINT = 2.0  # times less than nothing: what terms hardly suggest must not drown what the words of a document say

Said = list[tuple[Floats, float]]  # of each document: P(spun) of its paragraphs, and of any of them


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the model says of one document; which of its `findings` are applied is yet to be decided."""

    spun_probability: float
    dialect: str | None
    paragraphs: tuple[Paragraph, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A batch of documents cut into paragraphs (`spans`, for each document) and tokens (for each paragraph)."""

    texts: Sequence[str]
    spans: list[list[Span]]
    tokens: list[Tokens]
    batch: Batch
    capital: NDArray[np.bool_]

    @property
    def bounds(self) -> NDArray[np.int64]:
        """Where the paragraphs of each document begin, and the last one's end."""
        return np.asarray(np.searchsorted(self.batch.document, np.arange(len(self.texts) + 1)))

    def only(self, documents: NDArray[np.bool_]) -> Parsed:
        """The chosen `documents` (a flag for each)."""
        part = self.batch.only(documents)
        chosen = documents.tolist()
        texts, spans = list(compress(self.texts, chosen)), list(compress(self.spans, chosen))
        return Parsed(texts, spans, list(part.tokens), part, self.capital[self.batch.inside(documents)])


def parse(texts: Sequence[str], detector: Detector, *, shield_names: bool = False) -> Parsed | None:
    """Cut a batch of documents; None if they hold no token at all."""
    spans = [list(paragraphs(text)) for text in texts]
    owner = [d for d, own in enumerate(spans) for _ in own]
    tokens = [tokenize(texts[d], *span) for d, own in enumerate(spans) for span in own]
    if not any(map(len, tokens)):
        return None
    capital, shielded = _surfaces([texts[d] for d in owner], tokens)
    shield = shielded | capital if shield_names else shielded
    return Parsed(texts, spans, tokens, batch(tokens, owner, detector.model, shield), capital)


def analyse(
    texts: Sequence[str],
    detector: Detector,
    recognizer: Recognizer | None = None,
    *,
    assume_spun: bool = False,
    unseen: bool = True,
    translated: bool = True,
    expressions: bool = True,
) -> list[Analysis]:
    """Analyse a batch of documents; each comes out as it would alone.

    What no known dialect explains is looked at again with the thesaurus of the `recognizer`, and all of it for the
    expressions that this knows.  With `assume_spun`, every paragraph is read as a spun one, whatever the evidence.
    Without `unseen`, spinners that no table knows are not looked for, without `translated` no round trips through
    another language, and `expressions`, if they are not asked for, in spun documents only.
    """
    parsed = parse(texts, detector)
    if parsed is None:
        return [honest(list(paragraphs(text))) for text in texts]
    if assume_spun:
        analyses = _read(parsed, detector, given=1.0, changed=0.0)
    elif len(detector.channel.spun_key):
        analyses = _read(parsed, detector)
    else:  # no dialect, no lattice
        analyses = [honest(own) for own in parsed.spans]
    if recognizer is not None:
        if not assume_spun:
            if recognizer.own is not None:
                _look_with(recognizer.own, parsed, analyses, detector)
            if (unseen or translated) and any(analysis.spun_probability < _DOUBTFUL for analysis in analyses):
                _look_again(parsed, analyses, detector, recognizer, unseen)
        garbled = np.array([expressions or a.spun_probability >= _DOUBTFUL for a in analyses])
        own = [analysis for analysis, wanted in zip(analyses, garbled.tolist(), strict=True) if wanted]
        said = iter(_with_terms(parsed.only(garbled), own, recognizer) if own else ())
        analyses = [next(said) if wanted else a for a, wanted in zip(analyses, garbled.tolist(), strict=True)]
    # Nothing is said of a document without tokens, whatever it is read with.
    tokens = np.bincount(parsed.batch.document[parsed.batch.paragraph], minlength=len(texts)).tolist()
    return [a if n else honest(own) for a, n, own in zip(analyses, tokens, parsed.spans, strict=True)]


def _look_with(own: Channel, parsed: Parsed, analyses: list[Analysis], detector: Detector) -> None:
    """Read what no known dialect explains with a dialect of the user's own; the likelier reading stays."""
    unexplained = np.array([analysis.spun_probability < _DOUBTFUL for analysis in analyses])
    if not unexplained.any():
        return
    reader = Detector(detector.model, own, detector.context, detector.calibration, detector.tuning, detector.reference)
    read = _read(parsed.only(unexplained), reader)
    for d, analysis in zip(np.flatnonzero(unexplained).tolist(), read, strict=False):
        if analysis.spun_probability > analyses[d].spun_probability:
            analyses[d] = analysis


def as_translated(text: str, p: float, detector: Detector, channel: Channel) -> Analysis:
    """Read one document as translated and back, with probability `p`."""
    parsed = parse([text], detector)
    assert parsed is not None
    channel = translation.with_chains(channel, parsed.tokens)
    reader = Detector(detector.model, channel, detector.context, detector.calibration)
    analysis = _read(parsed, reader, given=p)[0]
    if analysis.dialect != translation.OTHER:
        return analysis
    return replace(analysis, findings=tuple(map(translation.UNKNOWN.calibrated, analysis.findings)))


def _look_again(
    parsed: Parsed, analyses: list[Analysis], detector: Detector, recognizer: Recognizer, unseen: bool
) -> None:
    """Weigh the documents that no known dialect explains as translations and as an unknown spinner's, the strangest
    with a closer look, and put what that says into `analyses`.

    Translations have strange words too, so what reads like one is held for one unless its words are far stranger.
    Without `unseen`, only the words of those are weighed.
    """
    # Text that a known dialect explains is not kept waiting for what it has no need of.
    from cleaner.closer import look_closer
    from cleaner.unseen import WORTH_A_LOOK, evidence, suspicion

    unexplained = np.array([analysis.spun_probability < _DOUBTFUL for analysis in analyses])
    rest = parsed.only(unexplained)
    style, channel = translation.shipped()
    translated = np.zeros(len(analyses))
    found = style.probability(rest.batch, rest.capital, detector.model)
    # Nothing is said of the last documents if they are empty.
    translated[np.flatnonzero(unexplained)[: len(found)]] = found
    for d in np.flatnonzero(translated).tolist():
        analyses[d] = _at_least(analyses[d], float(translated[d]))
    weighed = unexplained & (translated >= (0.0 if unseen else _DOUBTFUL))
    if not weighed.any():
        return
    rest = parsed.only(weighed)
    told = evidence(rest.batch, rest.capital, recognizer.thesaurus, recognizer.discriminator, detector.model)
    columns = (np.flatnonzero(weighed), suspicion(told).probability, translated[weighed])
    for i, (d, p, q) in enumerate(zip(*(column.tolist() for column in columns), strict=False)):
        if q >= _DOUBTFUL and _logit(p) < _logit(q) + _STRANGER:
            analyses[d] = as_translated(parsed.texts[d], q, detector, channel)
            continue
        if p >= WORTH_A_LOOK:
            one = rest.only(np.arange(len(rest.texts)) == i)
            closer = look_closer(one.batch, told.only(i, int(rest.batch.first[rest.bounds[i]])))
            p = float(closer.doubt.probability[0])
            if p >= _DOUBTFUL:
                analyses[d] = _unseen(one, closer, recognizer)
        analyses[d] = _at_least(analyses[d], max(p, q))


def _at_least(analysis: Analysis, p: float) -> Analysis:
    """The analysis with a probability of `p` if that is higher."""
    return replace(analysis, spun_probability=p) if p > analysis.spun_probability else analysis


def _with_terms(parsed: Parsed, analyses: Sequence[Analysis], recognizer: Recognizer) -> list[Analysis]:
    """The analyses with the expressions that are recognised in each document, which also bear on its probability."""
    b = parsed.batch
    science = technical(words(parsed.texts), len(parsed.texts)) >= SCIENTIFIC
    # Outside of scientific prose the lattice restores all that names do not need.
    hits, log_odds = recognizer(b, parsed.capital, science[b.document[b.paragraph]] | parsed.capital)
    document = b.document[b.paragraph[hits.start]]
    log_odds = log_odds + np.where(science[document], IN_SCIENCE, 0.0)
    spun = np.array([p.spun_probability for analysis in analyses for p in analysis.paragraphs])
    garbled = spun[b.paragraph[hits.start]]
    in_spun = _IN_SPUN + np.where(parsed.capital[hits.start], _NAME, 0.0)
    probability = garbled * _logistic(log_odds + in_spun) + (1 - garbled) * _logistic(log_odds)
    found: list[list[Finding]] = [[] for _ in analyses]
    for term in terms(hits.start, hits.size, hits.number, probability, b.paragraph, b.first, recognizer.inventory):
        d = int(b.document[term.paragraph])
        if made := finding(parsed.texts[d], parsed.tokens[term.paragraph], term, CURED):
            found[d].append(made)
    anywhere = np.full(len(analyses), -np.inf)
    np.logaddexp.at(anywhere, document, log_odds)
    anywhere += _ALONE - np.log(np.bincount(b.document[b.paragraph], minlength=len(analyses)) + _BRIEF)
    anywhere *= np.where(anywhere < 0, _FAINT, 1.0)
    return [
        replace(_at_least(analysis, float(by_term)), findings=tuple(merged(analysis.findings, own)))
        for analysis, own, by_term in zip(analyses, found, _logistic(anywhere), strict=True)
    ]


def _logit(p: float) -> float:
    return log(max(p, 1e-6) / max(1 - p, 1e-6))


def _logistic(log_odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -700, 700))))


def _unseen(parsed: Parsed, closer: CloserLook, recognizer: Recognizer) -> Analysis:
    """Read one document as spun by somebody unknown, as a `closer` look at it says."""
    from cleaner.closer import CALIBRATION, offer, readings, with_uncured
    from cleaner.unseen import swapped

    b, told, p = parsed.batch, closer.told, float(closer.doubt.probability[0])
    changed = swapped(told, float(closer.doubt.rate[0]))
    strange = told.token[changed >= CHANGED]
    found_readings = offer(b, closer, strange, recognizer.thesaurus, recognizer.model)
    by_paragraph = group(readings(b, found_readings, strange, changed[changed >= CHANGED]))
    found: list[Finding] = []
    for k, tokens in enumerate(parsed.tokens):
        own = (told.token >= b.first[k]) & (told.token < b.first[k + 1])
        cured = findings(parsed.texts[0], tokens, by_paragraph.get(k, []), p, (DIALECT,), CALIBRATION, changed=0.0)
        found += with_uncured(parsed.texts[0], tokens, list(cured), told.token[own] - b.first[k], p * changed[own])
    spun = tuple(Paragraph(*span, round(p, 4), DIALECT) for span in parsed.spans[0])
    return Analysis(p, DIALECT, spun, tuple(found))


def _read(parsed: Parsed, detector: Detector, given: float | None = None, changed: float = CHANGED) -> list[Analysis]:
    """Read a batch; `given` (0..1) is the probability that each document is spun, where that is known; `changed` (0..1)
    that of a place being changed at all, from which it gives a finding.

    Documents that the first pass finds honest have no findings worth reporting, and are not read again.
    """
    texts, b, channel = parsed.texts, parsed.batch, detector.channel
    c, islands = detector.candidates(b)
    even = np.full((len(parsed.tokens), len(channel.dialects)), -np.log(len(channel.dialects)))
    first = detector.read(b, c, islands, even)
    bounds = parsed.bounds
    said: Said = []
    for d in range(len(texts)):
        own = slice(bounds[d], bounds[d + 1])
        if given is not None:
            said.append((np.full(bounds[d + 1] - bounds[d], given), given))
        else:
            said.append(detector.chain(first.log_ratio[own]) if bounds[d] < bounds[d + 1] else (np.zeros(0), 0.0))
    spun_of = np.concatenate([np.zeros(0), *(spun for spun, _ in said)])
    weights = _log_weights(first.dialect, spun_of, b.document)
    found = _found(parsed, detector, c, islands, first, weights, said, changed)
    analyses = []
    best = weights.argmax(axis=1)
    for d, (spun, anywhere) in enumerate(said):
        own = slice(bounds[d], bounds[d + 1])
        marked = [
            Paragraph(start, end, round(float(p), 4), channel.dialects[k] if p >= 0.5 else None)
            for (start, end), p, k in zip(parsed.spans[d], spun, best[own], strict=True)
        ]
        most = int((first.dialect[own] * spun[:, None]).sum(axis=0).argmax())
        analyses.append(Analysis(anywhere, channel.dialects[most], tuple(marked), tuple(found[d])))
    return analyses


def _found(
    parsed: Parsed,
    detector: Detector,
    c: Candidates,
    islands: Lattice,
    first: Reading,
    weights: Floats,
    said: Said,
    changed: float,
) -> list[list[Finding]]:
    """The second pass: the findings of each document, from what the first one made of it."""
    everything: list[list[Finding]] = [[] for _ in parsed.texts]
    doubtful = np.array([anywhere >= _REPORTABLE for _, anywhere in said], bool)
    if not doubtful.any():
        return everything
    if not doubtful.all():
        c, kept = c.only(parsed.batch.inside(doubtful))
        weights = weights[doubtful[parsed.batch.document]]
        parsed, first = parsed.only(doubtful), first.only(kept)
        islands = detector.lattice(parsed.batch, c)
    b, channel = parsed.batch, detector.channel
    adapted = detector.adapt(b, c, first, weights, parsed.capital)
    second = detector.read(b, c, islands, weights, detector.in_context(b, c, first, adapted))
    by_paragraph = group(choices(b, c, second.posterior, second.best, channel))
    bounds = parsed.bounds
    for i, d in enumerate(np.flatnonzero(doubtful).tolist()):
        everything[d] = [
            finding
            for p, spun in zip(range(bounds[i], bounds[i + 1]), said[d][0].tolist(), strict=True)
            if p in by_paragraph
            for finding in findings(
                parsed.texts[i],
                parsed.tokens[p],
                by_paragraph[p],
                spun,
                channel.dialects,
                detector.calibration.finding,
                changed,
            )
        ]
    return everything


def joined(parts: Iterable[tuple[int, Analysis]]) -> Analysis:
    """The analysis of a text from those of its parts (one or more), each with the place where it begins."""
    said: list[tuple[float, str | None]] = []
    marked: list[Paragraph] = []
    found: list[Finding] = []
    for at, analysis in parts:
        said.append((analysis.spun_probability, analysis.dialect))
        marked += (
            [replace(p, start=p.start + at, end=p.end + at) for p in analysis.paragraphs] if at else analysis.paragraphs
        )
        found += (
            [replace(f, start=f.start + at, end=f.end + at) for f in analysis.findings] if at else analysis.findings
        )
    probability = said[0][0] if len(said) == 1 else 1.0 - prod(1.0 - p for p, _ in said)
    return Analysis(probability, max(said, key=lambda s: s[0])[1], tuple(marked), tuple(found))


def honest(spans: Iterable[tuple[int, int]]) -> Analysis:
    """The analysis of a text that has nothing telling in it."""
    return Analysis(0.0, None, tuple(Paragraph(start, end, 0.0) for start, end in spans), ())


def _log_weights(evidence: Floats, spun: Floats, document: NDArray[np.int64]) -> Floats:
    """Log posterior of each paragraph's dialect from the log-likelihoods (paragraphs, dialects).

    Two paragraphs of a `document` are of one dialect, but for the share _FOREIGN of cases in which any may be; what is
    probably not `spun` (0..1) tells nothing of it.
    """
    telling = evidence * spun[:, None]
    total = np.zeros((int(document.max(initial=-1)) + 1, evidence.shape[1]))
    np.add.at(total, document, telling)
    others = total[document] - telling
    others -= np.logaddexp.reduce(others, axis=1)[:, None]
    prior = np.logaddexp(others + np.log(1 - _FOREIGN), np.log(_FOREIGN / evidence.shape[1]))
    posterior = evidence + prior
    return np.asarray(posterior - np.logaddexp.reduce(posterior, axis=1)[:, None])


def _surfaces(texts: Sequence[str], tokens: Sequence[Tokens]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which tokens of the paragraphs (each with its text) are capitalised, and which no spinner can have written.

    A spinner's table has straight apostrophes: curly ones beside straight ones are the author's.
    """
    capital: list[bool] = []
    shielded: list[bool] = []
    for text, own in zip(texts, tokens, strict=True):
        capital += map(str.isupper, map(text.__getitem__, own.starts))
        if "’" in text and "'" in text:
            shielded += ["’" in text[a:b] for a, b in zip(own.starts, own.ends, strict=True)]
        else:
            shielded += repeat(False, len(own))
    return np.array(capital, bool), np.array(shielded, bool)
