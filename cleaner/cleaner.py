"""Ties the steps together: text in, `Result` out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import count, repeat
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cleaner.cues import cued
from cleaner.furniture import Cue
from cleaner.garbage import uncollected
from cleaner.repairs import repairs
from cleaner.result import Finding, Packed, Paragraph, Result, Verdict, unpacked
from cleaner.screen import words
from cleaner.segment import paragraphs, parts
from cleaner.settings import Settings
from cleaner.threads import single
from cleaner.triage import UNSEEN, Sight, sights

if TYPE_CHECKING:
    from concurrent.futures import Future

    from cleaner.analysis import Analysis
    from cleaner.detector import Detector
    from cleaner.recognition import Recognizer

T = TypeVar("T")

# Documents go through a step together, as many as make up this many characters: with fewer the steps cost more, with
# more they leave the processor's cache.
_BATCH_CHARACTERS = 100_000
# A long text is read in parts of about so many: where one of its articles is suspicious, the others go free.
_PART_CHARACTERS = 10_000
# So many are looked at before those of them that need it are read closely: few are, and together they cost less.
_AHEAD_CHARACTERS = 4_000_000
_FIRST_CHARACTERS = 250_000  # that a worker is given at first, so that none is idle with a short input


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
            for batch in _batches(texts, len, repeat(_AHEAD_CHARACTERS)):
                yield from self._clean_batch(batch)
            return
        from concurrent.futures import ProcessPoolExecutor

        with ProcessPoolExecutor(workers) as pool:
            waiting: deque[tuple[list[str], Future[list[Packed]]]] = deque()
            for batch in _batches(texts, len, _growing(workers)):
                waiting.append((batch, pool.submit(self._packed, batch)))
                if len(waiting) > 2 * workers:
                    yield from _unpacked(*waiting.popleft())
            while waiting:
                yield from _unpacked(*waiting.popleft())

    def explain(self, text: str) -> Result:
        """Read `text` as if it were known to be spun, and report every finding however weak."""
        from cleaner.analysis import analyse

        with single():
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
        with single(), uncollected():
            return self._cleaned(texts)

    def _packed(self, texts: Sequence[str]) -> list[Packed]:
        return [result.packed() for result in self._clean_batch(texts)]

    def _cleaned(self, texts: Sequence[str]) -> list[Result]:
        cut = [_Part(text, i, *span) for i, text in enumerate(texts) for span in parts(text, _PART_CHARACTERS)]
        cues: list[list[Cue]] = [[] for _ in texts]
        seen: list[Sight] = []
        for batch in _batches(cut, len):
            pieces = [part.text for part in batch]
            found = words(pieces)
            for part, cued_lines in zip(batch, cued(pieces, found), strict=True):
                cues[part.number] += [Cue(cue.place + part.start, cue.inside) for cue in cued_lines]
            if self._screened:
                seen += sights(pieces, found)
        analyses = self._analyses(cut, seen)
        own: list[list[int]] = [[] for _ in texts]
        for k, part in enumerate(cut):
            own[part.number].append(k)
        results = []
        for text, its, its_cues in zip(texts, own, cues, strict=True):
            mended = repairs(text, furniture=self.settings.furniture, cued=its_cues)
            # Many parts with hardly a sign of a spinner are no sign of one: the most suspicious stands for all.
            glance = max((seen[k] for k in its), key=lambda sight: sight.probability) if seen else UNSEEN
            if any(k in analyses for k in its):
                analysis = _joined((cut[k], analyses.get(k)) for k in its)
                analysis = replace(analysis, spun_probability=glance.together(analysis.spun_probability))
                results.append(result_of(text, _merged(mended, analysis.findings), analysis, self.settings))
            else:
                results.append(_result(text, mended, None, glance.probability, None, self.settings))
        return results

    @property
    def _screened(self) -> bool:
        """Whether the models are the shipped ones: screen and glance know no other phrases."""
        if self._detector is None:
            return not any(_sources(self.settings))
        return self._detector is shipped()

    def _analyses(self, cut: Sequence[_Part], seen: list[Sight]) -> dict[int, Analysis]:
        """What the model says of those parts (by their place in `cut`) that are read closely: all that are not
        cleared by what was `seen` of them, or by excerpts, which changes what was `seen`."""
        doubtful = [k for k, sight in enumerate(seen) if not sight.cleared]
        if not seen:
            doubtful = list(range(len(cut)))
        found: dict[int, Analysis] = {}
        for some in _batches(doubtful, lambda k: len(cut[k]), repeat(_AHEAD_CHARACTERS)):
            found |= self._read(some, [cut[k].text for k in some], seen)
        return found

    def _read(self, numbers: Sequence[int], texts: Sequence[str], seen: list[Sight]) -> dict[int, Analysis]:
        """What the model says of some texts with `numbers`, but for those that it clears."""
        from cleaner import excerpts
        from cleaner.analysis import analyse

        how: list[excerpts.Reading | None] = [excerpts.Reading(self.detector)] * len(texts)
        if seen:
            own = [seen[k] for k in numbers]
            spun = excerpts.spun(texts, own, self.detector)
            own = excerpts.weighed(texts, own, spun, self.detector, self.recognizer)
            how = excerpts.readings(own, spun, self.detector)
            for k, sight in zip(numbers, own, strict=True):
                seen[k] = sight
        found: dict[int, Analysis] = {}
        for reading in dict.fromkeys(how):
            if reading is not None:
                mine = [i for i, its in enumerate(how) if its == reading]
                for batch in _batches(mine, lambda i: len(texts[i])):
                    said = analyse(
                        [texts[i] for i in batch],
                        reading.detector,
                        self.recognizer,
                        unseen=reading.unseen,
                        translated=reading.foreign,
                        expressions=reading.terms,
                    )
                    found |= zip([numbers[i] for i in batch], said, strict=True)
        return found


def _unpacked(texts: Sequence[str], done: Future[list[Packed]]) -> Iterator[Result]:
    """The results of a batch that a worker has cleaned; its texts are those that it was given."""
    return map(unpacked, texts, done.result())


@dataclass(frozen=True, slots=True)
class _Part:
    """The stretch `start` .. `end` - 1 of text `number` of a batch, which is `whole`."""

    whole: str
    number: int
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.whole[self.start : self.end]

    def __len__(self) -> int:
        return self.end - self.start


def _joined(parts: Iterable[tuple[_Part, Analysis | None]]) -> Analysis:
    """The analysis of a text from those of its parts; None for those that are cleared."""
    from cleaner.analysis import honest, joined

    return joined((part.start, analysis or honest(paragraphs(part.text))) for part, analysis in parts)


def _batches(
    items: Iterable[T], size: Callable[[T], int], most: Iterable[int] = repeat(_BATCH_CHARACTERS)
) -> Iterator[list[T]]:
    """Lists of items, each of about as many characters in all as `most` has next."""
    limits = iter(most)
    waiting: list[T] = []
    total, limit = 0, next(limits)
    for item in items:
        waiting.append(item)
        total += size(item)
        if total >= limit:
            yield waiting
            waiting, total, limit = [], 0, next(limits)
    if waiting:
        yield waiting


def _growing(workers: int) -> Iterator[int]:
    """How many characters each of the batches for some workers has."""
    return (min(_AHEAD_CHARACTERS, _FIRST_CHARACTERS * (1 + n // (2 * workers))) for n in count())


def _merged(first: Sequence[Finding], second: Sequence[Finding]) -> list[Finding]:
    """Both lists of disjoint findings in order; where two overlap, the one of `first` stands."""
    if not first:
        return list(second)
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
    return _result(text, found, analysis.paragraphs, analysis.spun_probability, analysis.dialect, s)


def _result(
    text: str,
    found: Iterable[Finding],
    said: tuple[Paragraph, ...] | None,
    probability: float,
    dialect: str | None,
    s: Settings,
) -> Result:
    kept = tuple([_decided(f, s) for f in found if f.confidence >= s.report_threshold])
    result = Result(text, "clean", probability, None, said, kept)
    if probability < s.suspect:
        return result
    return replace(result, verdict=_verdict(probability, result.paragraphs, s), dialect=dialect)


def _decided(f: Finding, s: Settings) -> Finding:
    """The finding, and whether it is applied."""
    applied = f.replacement is not None and f.confidence >= s.threshold and (f.kind != "furniture" or s.furniture)
    if applied == f.applied:
        return f
    # Three times as fast as dataclasses.replace; there are many.
    return Finding(f.start, f.end, f.text, f.kind, f.replacement, f.confidence, f.alternatives, f.source, applied)


def _verdict(probability: float, said: Sequence[Paragraph], s: Settings) -> Verdict:
    """Of a text that is not clean: "spun" if that is nearly certain and most of the text is; "suspect" if some of it
    probably is.

    People translate too, so what reads like a translation is suspect at the most; so is the work of a spinner that no
    table knows, of which little can be restored.
    """
    from cleaner import thesaurus, translation

    others = (thesaurus.DIALECT, translation.DIALECT)
    said_spun = [p for p in said if p.spun_probability >= 0.5 and not (p.dialect or "").startswith(others)]
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
    from cleaner.discriminator import Discriminator
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
        Discriminator(models.model),
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
