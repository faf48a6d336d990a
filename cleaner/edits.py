"""Edits that can be stored beside a text, made again and taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Edit:
    """`text`, at code points `start` .. `end` - 1 of the input, became `replacement`.

    `raw` is what stood in the source if it is not the usual notation of `text` (an escape that need not be).
    """

    start: int
    end: int
    text: str
    replacement: str
    confidence: float
    raw: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The edit as `cleaner_edits` has it."""
        value: dict[str, Any] = {
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "replacement": self.replacement,
            "confidence": round(self.confidence, 6),
        }
        return value if self.raw is None else {**value, "raw": self.raw}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Raises ValueError if `value` is no edit."""
        try:
            edit = cls(**value)
        except TypeError:
            raise ValueError(f"not an edit: {value!r}") from None
        if edit.end - edit.start != len(edit.text):
            raise ValueError(f"an edit of {edit.end - edit.start} characters says that they were {edit.text!r}")
        return edit


def placed(edits: Iterable[Edit]) -> list[tuple[int, int, Edit]]:
    """Where each edit stands in the output: (start, end, edit).

    >>> placed([Edit(0, 2, "ab", "xyz", 1.0), Edit(3, 4, "d", "", 1.0)])[1][:2]
    (4, 4)
    """
    shift, out = 0, []
    for edit in edits:
        start = edit.start + shift
        out.append((start, start + len(edit.replacement), edit))
        shift += len(edit.replacement) - len(edit.text)
    return out


def undo(text: str, edits: Sequence[Edit]) -> str:
    """The text before `edits` were made; raises ValueError if it is not the text that they led to.

    >>> undo("He said so.", [Edit(3, 12, "mentioned", "said", 0.9)])
    'He mentioned so.'
    """
    pieces, position = [], 0
    for start, end, edit in placed(edits):
        if start < position or text[start:end] != edit.replacement:
            raise ValueError(f"{edit.replacement!r} is not at {start}: the text was changed after it was cleaned")
        pieces += [text[position:start], edit.text]
        position = end
    return "".join([*pieces, text[position:]])
