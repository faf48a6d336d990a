"""Choose the telling phrases of the screen: those that spun text has far more often than honest text.

    python -m cleaner.training.screen lexicons/en/dialects/dialects.toml -o cleaner/models/en.screen

How often spun text has a phrase s: sum over originals o of P(o) P(s | o), and P(s) where it stays; honest text: P(s);
both by the language model.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from cleaner.language_model import LanguageModel
from cleaner.lexicon import Dialect, estimate
from cleaner.segment import tokenize
from cleaner.training.channel import dialects

TELLING = 1.0  # nats: a phrase of less weight tells too little
MOST = 3.0  # nats: no phrase counts for more, so that one alone never decides
COMMON = 1e-7  # a phrase rarer than this is not worth looking for


def frequencies(phrases: Sequence[str], model: LanguageModel) -> dict[str, float]:
    """The language model's probability of each phrase, wherever it may stand."""
    norms = [tokenize(phrase).norms for phrase in phrases]
    ids = model.ids([n for phrase in norms for n in phrase])
    first = np.cumsum([0, *map(len, norms)])[:-1]
    place = np.arange(len(ids)) - np.repeat(first, [len(n) for n in norms])
    log_p = model.unigram(ids).astype(float)
    # The second word of a phrase has one word of context: its bigram probability is the mean over what came before,
    # for which the model's probability after a full stop and that word is a fair stand-in.
    before = np.full(len(ids), model.ids(["."])[0], np.int32)
    later = np.flatnonzero(place > 0)
    before[later[place[later] > 1]] = ids[later[place[later] > 1] - 2]
    log_p[later] = model.log_prob3(before[later], ids[later - 1], ids[later])
    total = np.add.reduceat(log_p, first)
    return dict(zip(phrases, np.exp(total).tolist(), strict=True))


def telling(known: Iterable[Dialect], model: LanguageModel) -> dict[str, float]:
    """The telling phrases of dialects and their weights: the highest over the dialects, so that none is missed."""
    tables = [estimate(d) for d in known]
    phrases = sorted({p for table in tables for o, (_, spun) in table.items() for p in (o, *spun)})
    honest = frequencies(phrases, model)
    weights: dict[str, float] = {}
    for table in tables:
        spun: defaultdict[str, float] = defaultdict(float)
        for original, (_, swaps) in table.items():
            for phrase, p in swaps.items():
                spun[phrase] += p * honest[original]
        for phrase in phrases:
            stay = table[phrase][0] if phrase in table else 1.0
            ratio = (spun[phrase] + stay * honest[phrase]) / honest[phrase]
            weights[phrase] = max(weights.get(phrase, -MOST), float(np.clip(np.log(ratio), -MOST, MOST)))
    return {
        phrase: weight
        for phrase, weight in weights.items()
        if abs(weight) >= TELLING and honest[phrase] * np.exp(max(weight, 0.0)) > COMMON
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dialects", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    phrases = telling(dialects(options.dialects), LanguageModel.open())
    rows = (f"{phrase}\t{weight:.1f}\n" for phrase, weight in sorted(phrases.items()))
    options.output.write_text("".join(rows), encoding="utf-8")
    print(f"{options.output}: {len(phrases):,} telling phrases")


if __name__ == "__main__":
    main()
