"""What a review works on, and what can be done with it: decide, undo, apply, teach, export."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cleaner.lexicon import LexiconError
from cleaner.reports.html import rounded, utf16
from cleaner.review.decisions import Decision, Decisions
from cleaner.review.queue import Queue, adapted
from cleaner.review.teach import lessons, teach
from cleaner.review.writing import Writer, carried, decided


class TeachError(ValueError):
    """The lexicon cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a review works on: the queue, where decisions and lessons go, and who may write which files."""

    queue: Queue
    decisions: Decisions
    writer: Writer
    lexicon: Path

    def queue_as_json(self) -> dict[str, Any]:
        """What the list of items shows, but for the decisions; it never changes."""
        queue = self.queue
        return {
            "threshold": queue.threshold,
            "lexicon": str(self.lexicon),
            "documents": [
                [d.source.name, d.result.verdict, rounded(d.result.spun_probability)] for d in queue.documents
            ],
            "items": [
                [
                    i.document,
                    i.finding.text,
                    i.finding.replacement,
                    rounded(i.finding.confidence),
                    i.finding.kind,
                    i.finding.applied,
                ]
                for i in queue.items
            ],
        }

    def context_as_json(self, number: int) -> dict[str, Any]:
        """What is shown of item `number` beside the list; offsets are UTF-16 units of the excerpt."""
        item, context = self.queue.items[number], self.queue.context(number)
        result = self.queue.documents[item.document].result
        excerpt = result.original[context.start : context.end]
        unit = utf16(excerpt)
        spans = [(n, self.queue.items[n].finding) for n in context.items]
        paragraph = next((p for p in result.paragraphs if p.start <= item.finding.start < p.end), None)
        return {
            "number": number,
            "text": excerpt,
            "line": result.original.count("\n", 0, item.finding.start) + 1,
            "probability": None if paragraph is None else rounded(paragraph.spun_probability),
            "items": [[n, unit(f.start - context.start), unit(f.end - context.start)] for n, f in spans],
            "alternatives": [[text, rounded(p)] for text, p in item.finding.alternatives],
            "source": item.finding.source,
        }

    def decide(self, window: str, numbers: Sequence[int], replacement: str | None, *, alike: bool) -> None:
        """Save one step: the same answer for all of `numbers`, or for the first and all undecided ones like it."""
        chosen = dict.fromkeys(numbers)
        if alike:
            first = numbers[0]
            chosen |= dict.fromkeys(
                n for n in self.queue.alike(first) if n != first and self.decisions.current(self.queue.key(n)) is None
            )
        made = {}
        for number in chosen:
            document, finding = self.queue.items[number]
            text = replacement
            if replacement is not None and number not in numbers:
                text = adapted(replacement, finding, self.queue.documents[document].result.original)
            key, owner = self.queue.key(number), self.queue.documents[document]
            given = owner.written(finding, text)
            made[key] = Decision(key, owner.source.name, finding.text, given, finding.kind, finding.replacement)
        self.decisions.record(window, made.values())

    def changes(self, since: int) -> dict[str, Any]:
        """The items that were decided or undone, by whomever, after version `since`."""
        self.decisions.sync()
        numbers = [n for key in self.decisions.changed(since) for n in self.queue.numbers(key)]
        return {"version": self.decisions.version, "changes": list(self._states(numbers))}

    def _states(self, numbers: Iterable[int]) -> Iterable[list[Any]]:
        """[number, None] for an undecided item, [number, [replacement]] for a decided one."""
        for number in numbers:
            decision = self.decisions.current(self.queue.key(number))
            yield [number, None if decision is None else [decision.replacement]]

    def apply(self, *, undecided: bool) -> list[dict[str, Any]]:
        """Write all files and say what became of each."""
        self.decisions.sync()
        current = self.decisions.current
        outcomes = []
        for document in self.queue.documents:
            findings = decided(document, current, undecided=undecided)
            written = self.writer.write(document, findings)
            if written.outcome == "written":
                kept = list(carried(document, findings, lambda key: (d := current(key)) is not None and not d.accepted))
                self.decisions.record("", [d for d in kept if current(d.key) is None])
            outcomes.append(written._asdict())
        return outcomes

    def teach(self) -> dict[str, Any]:
        """Bring the lexicon up to all decisions, also on other documents; raises TeachError if it cannot be used."""
        self.decisions.sync()
        try:
            taught = teach(self.lexicon, lessons(self.decisions.all()), self.decisions)
        except LexiconError as error:
            raise TeachError(str(error)) from None
        except OSError as error:
            raise TeachError(f"{self.lexicon}: cannot be written ({error.strerror or error})") from None
        return {"lexicon": str(self.lexicon), **taught._asdict()}

    def export(self) -> str:
        """All decisions that hold, one JSON object a line, also those of documents that are not in this queue."""
        self.decisions.sync()
        lines = [
            {
                "document": d.document,
                "digest": d.key.digest,
                "start": d.key.start,
                "end": d.key.end,
                "text": d.text,
                "decision": "accept" if d.accepted else "reject",
                "replacement": d.replacement,
            }
            for d in self.decisions.all()
        ]
        return "".join(json.dumps(line) + "\n" for line in lines)
