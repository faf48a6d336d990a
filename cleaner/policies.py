"""What becomes of a document once it has been judged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cleaner.formats.base import Outcome

Name = Literal["fix", "annotate", "drop", "quarantine"]
Fate = Literal["keep", "drop", "quarantine"]

# The document's spun probability from which a policy acts, where the user names none.
THRESHOLDS: dict[str, float] = {"fix": 0.0, "annotate": 0.0, "drop": 0.9, "quarantine": 0.9}


@dataclass(frozen=True, slots=True)
class Policy:
    """`name` acts on documents whose spun probability is at least `threshold` (0..1).

    "fix" restores them, "annotate" changes no text, "drop" leaves them out and "quarantine" writes them, unchanged,
    to a place of their own.  Documents below the threshold are kept unchanged.
    """

    name: Name = "fix"
    threshold: float = 0.0

    def apply(self, outcome: Outcome) -> tuple[Fate, Outcome]:
        """What to do with the document, and what to write of it."""
        acts = outcome.probability >= self.threshold
        if acts and self.name == "fix":
            return "keep", outcome
        untouched = replace(outcome, sources=None, edits=()) if outcome.edits else outcome
        if acts and self.name in ("drop", "quarantine"):
            return ("drop" if self.name == "drop" else "quarantine"), untouched
        return "keep", untouched
