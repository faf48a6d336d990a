"""From the model's posteriors to probabilities that hold: Platt scaling, fitted on held-out development text.

Of temperature, Platt (1999) and isotonic regression, Platt's two parameters did as well as any on articles left
out of the fit, and best on a dialect left out of it (docs/calibration.md).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from math import exp, log
from pathlib import Path

from cleaner.integrity import verified
from cleaner.result import Finding

SHIPPED = Path(__file__).parent / "models" / "en.calibration.json"
_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Platt:
    """p -> 1 / (1 + exp(-(slope * logit(p) + intercept)))."""

    slope: float = 1.0
    intercept: float = 0.0

    def __call__(self, p: float) -> float:
        """The calibrated probability (0..1) of a raw one (0..1); rises with it, and keeps 0 and 1.

        >>> Platt(0.5, 0.0)(0.9)
        0.75
        """
        if not _LEAST < p < 1 - _LEAST:
            return round(p)
        odds = self.slope * log(p / (1 - p)) + self.intercept
        return round(1e4 / (1 + exp(-odds))) / 1e4  # many times as fast as to round to four digits


@dataclass(frozen=True, slots=True)
class Calibration:
    """The scaling of findings' confidences; document probabilities need none (docs/decisions/0005-chain.md)."""

    finding: Platt = Platt()

    @classmethod
    def open(cls, path: Path = SHIPPED) -> Calibration:
        """Read a calibration (default: the one shipped)."""
        rows = json.loads(verified(path).read_text(encoding="utf-8"))
        return cls(**{name: Platt(**values) for name, values in rows.items()})

    def save(self, path: Path) -> None:
        """Write the calibration as JSON."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    def calibrated(self, finding: Finding) -> Finding:
        """The finding with calibrated confidences."""
        return replace(
            finding,
            confidence=self.finding(finding.confidence),
            alternatives=tuple((text, self.finding(p)) for text, p in finding.alternatives),
        )
