"""What a user can choose, with its defaults."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Choices for one `Cleaner`.

    `threshold` (0..1): findings at or above this confidence are applied.
    `report_threshold` (0..1): findings below this confidence are not reported at all.
    `suspect` and `spun` (0..1): document probabilities from which the verdict is "suspect" and "spun".
    `lexicons`: tables of one's own (the format of `lexicons/en/dialects/*.tsv`), which hold beside the shipped ones.
    `reference`: clean texts (files, folders) on the same events, whose names, terms and words are then likelier.
    `furniture`: remove page furniture (photo credits, comment forms), rather than only report it.
    """

    threshold: float = 0.5
    report_threshold: float = 0.2
    suspect: float = 0.5
    spun: float = 0.9
    furniture: bool = False
    lexicons: tuple[Path, ...] = ()
    reference: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        for name in ("threshold", "report_threshold", "suspect", "spun"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise ValueError(f"{name} must lie between 0 and 1, not {value}")
