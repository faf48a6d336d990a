"""Ties the steps together: text in, `Result` out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cleaner.repairs import repairs
from cleaner.result import Finding, Paragraph, Result, Verdict
from cleaner.rewriter import apply
from cleaner.segment import parts
from cleaner.settings import Settings

if TYPE_CHECKING:
    from cleaner.analysis import Analysis
    from cleaner.detector import Detector
    from cleaner.recognition import Recognizer

T = TypeVar("T")

# Documents go through the lattice together, as many as make up this many characters.
_BATCH_CHARACTERS = 100_000


class Cleaner:
    """Detects and restores spun text; make one and use it for many texts."""

    def __init__(self, settings: Settings | None = None, detector: Detector | None = None) -> None:
        """`detector` takes the place of the models shipped with the package, which open when first needed."""
        self.settings = settings or Settings()
        self._detector = detector
        self._recognizer: Recognizer | None = None

    @property
    def detector(self) -> Detector:
        """The models."""
        if self._detector is None:
            self._detector, self._recognizer = adapted(*_sources(self.settings))
        return self._detector

    @property
    def recognizer(self) -> Recognizer:
        """What recognises expressions."""
        if self._recognizer is None:
            self._recognizer = recognizer() if self._detector else adapted(*_sources(self.settings))[1]
        return self._recognizer

    def clean(self, text: str) -> Result:
        """Detect and restore one text."""
        return self._clean_batch([text])[0]

    def clean_many(self, texts: Iterable[str], workers: int = 1) -> Iterator[Result]:
        """Clean texts lazily and in order; results do not depend on the number of `workers` (processes)."""
        if workers <= 1:
            for batch in _batches(texts, len):
                yield from self._clean_batch(batch)
            return
        from concurrent.futures import Future, ProcessPoolExecutor

        with ProcessPoolExecutor(workers) as pool:
            waiting: deque[Future[list[Result]]] = deque()
            for batch in _batches(texts, len):
                waiting.append(pool.submit(self._clean_batch, batch))
                if len(waiting) > 2 * workers:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()

    def explain(self, text: str) -> Result:
        """Read `text` as if it were known to be spun, and report every finding however weak."""
        from cleaner.analysis import analyse

        analysis = analyse([text], self.detector, self.recognizer, assume_spun=True)[0]
        return result_of(text, analysis.findings, analysis, replace(self.settings, report_threshold=0.0))

    def __getstate__(self) -> tuple[Settings, Detector | None]:
        # A worker opens the shipped models itself: they are memory-mapped, and so shared.
        derived = self._detector is not None and (any(_sources(self.settings)) or self._detector is shipped())
        return self.settings, None if derived else self._detector

    def __setstate__(self, state: tuple[Settings, Detector | None]) -> None:
        self.settings, self._detector = state
        self._recognizer = None

    def _clean_batch(self, texts: Sequence[str]) -> list[Result]:
        settings = self.settings
        results = []
        for text, analysis in zip(texts, self._analyses(texts), strict=True):
            mended = repairs(text, furniture=settings.furniture)
            found = _merged(mended, analysis.findings)
            results.append(result_of(text, found, analysis, settings))
        return results

    def _analyses(self, texts: Sequence[str]) -> list[Analysis]:
        """What the model says of each text; long ones are read in parts, so that memory stays bounded."""
        from cleaner.analysis import analyse, joined
        from cleaner.triage import readers

        cut = [(i, a, text[a:b]) for i, text in enumerate(texts) for a, b in parts(text, _BATCH_CHARACTERS)]
        # The screen knows the shipped phrases only.
        screened = self.detector is shipped()
        reader = readers([part for *_, part in cut], self.detector) if screened else [self.detector] * len(cut)
        found: dict[int, Analysis] = {}
        for own in dict.fromkeys(reader):
            for batch in _batches((k for k in range(len(cut)) if reader[k] is own), lambda k: len(cut[k][2])):
                found |= zip(batch, analyse([cut[k][2] for k in batch], own, self.recognizer), strict=True)
        whole: list[list[tuple[int, Analysis]]] = [[] for _ in texts]
        for k, (i, start, _) in enumerate(cut):
            whole[i].append((start, found[k]))
        return list(map(joined, whole))


def _batches(items: Iterable[T], size: Callable[[T], int]) -> Iterator[list[T]]:
    """Lists of items of about `_BATCH_CHARACTERS` in all."""
    waiting: list[T] = []
    total = 0
    for item in items:
        waiting.append(item)
        total += size(item)
        if total >= _BATCH_CHARACTERS:
            yield waiting
            waiting, total = [], 0
    if waiting:
        yield waiting


def _merged(first: Sequence[Finding], second: Sequence[Finding]) -> list[Finding]:
    """Both lists of disjoint findings in order; where two overlap, the one of `first` stands."""
    merged: list[Finding] = []
    ends = -1
    rank = {id(f): 0 for f in first}
    blocked = deque(first)
    for f in sorted([*first, *second], key=lambda f: (f.start, rank.get(id(f), 1))):
        if id(f) not in rank:
            while blocked and blocked[0].end <= f.start:
                blocked.popleft()
            if f.start < ends or (blocked and blocked[0].start < f.end):
                continue
        merged.append(f)
        ends = max(ends, f.end)
    return merged


def result_of(text: str, found: Iterable[Finding], analysis: Analysis, s: Settings) -> Result:
    """The result for `text`: findings weighed against the settings and applied, and the verdict."""
    kept = tuple(
        replace(f, applied=f.confidence >= s.threshold and (f.kind != "furniture" or s.furniture))
        for f in found
        if f.confidence >= s.report_threshold
    )
    said, probability = analysis.paragraphs, analysis.spun_probability
    verdict = _verdict(probability, said, s)
    dialect = analysis.dialect if verdict != "clean" else None
    return Result(text, apply(text, kept), verdict, probability, dialect, said, kept)


def _verdict(probability: float, said: Sequence[Paragraph], s: Settings) -> Verdict:
    """ "spun" if that is nearly certain and most of the text is; "suspect" if some of it probably is.

    People translate too, so what reads like a translation is suspect at the most.
    """
    if probability < s.suspect:
        return "clean"
    from cleaner.translation import DIALECT

    said_spun = [p for p in said if p.spun_probability >= 0.5 and not (p.dialect or "").startswith(DIALECT)]
    spun = sum(p.end - p.start for p in said_spun)
    most = 2 * spun >= sum(p.end - p.start for p in said)
    return "spun" if most and probability >= s.spun else "suspect"


@cache
def shipped() -> Detector:
    """The detector with the models that come with the package."""
    from cleaner.calibration import Calibration
    from cleaner.context import ContextModel, Weights
    from cleaner.detector import Detector
    from cleaner.language_model import LanguageModel
    from cleaner.lexicon import Channel

    model = LanguageModel.open()
    return Detector(model, Channel.open(), ContextModel(Weights.open(), model), Calibration.open())


@cache
def recognizer() -> Recognizer:
    """What reads by the thesaurus and the inventory of expressions that come with the package."""
    from cleaner.discriminator import Discriminator, Network
    from cleaner.expressions import Inventory
    from cleaner.lexicon import SCIENCE, Channel
    from cleaner.recognition import Recognizer, Weights
    from cleaner.thesaurus import Thesaurus

    models = shipped()
    return Recognizer(
        Inventory.open(),
        Thesaurus.open(),
        [models.channel],
        Channel.open(SCIENCE),
        models.context,
        models.model,
        Weights.open(),
        Discriminator(Network.open(), models.model),
    )


@cache
def adapted(lexicons: tuple[Path, ...], reference: tuple[Path, ...]) -> tuple[Detector, Recognizer]:
    """The shipped models with tables of the user's own and with what clean texts lend them.

    Raises LexiconError naming file, line and mend, and ReferenceError naming the file.
    """
    models, reader = shipped(), recognizer()
    if not lexicons and not reference:
        return models, reader
    from cleaner.detector import Detector
    from cleaner.lexicon import Dialect, compile_channel, estimate, extended, read_own
    from cleaner.reference import Reference, read_reference

    channel, lent, own = models.channel, None, None
    if lexicons:
        entries = [entry for path in lexicons for entry in read_own(path)]
        # A user's rows hold in the known dialects, and are a dialect of their own.
        channel, own = extended(channel, entries), compile_channel({"own": estimate(Dialect("own", entries))})
    if reference:
        language = models.model
        lent = Reference.of(read_reference(reference), lambda words: language.unigram(language.ids(words)))
    detector = Detector(models.model, channel, models.context, models.calibration, models.tuning, lent)
    return detector, reader.adapted(channel, lent.inventory if lent else None, own)


def _sources(settings: Settings) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    return settings.lexicons, settings.reference


def clean(text: str) -> Result:
    """Clean one text with the default settings."""
    return _default().clean(text)


@cache
def _default() -> Cleaner:
    return Cleaner()
