"""Figures of text that was machine-translated and back.

    python -m benchmarks.translation PAIRS ../shared [--limit 20]
    python -m benchmarks.translation PAIRS ../shared --left-out es --training TRAINING_PAIRS

PAIRS holds a file of pairs for each language (`benchmarks.translation.make`), of articles that nothing was learned
from.  For each: AUC of the spun probability against ../shared/dev/clean.jsonl, documents called "suspect" and
"spun", word errors before and the share that was removed.  With --left-out, the figures are of one language as if it
were new: the regression is fitted to the pairs of the others in TRAINING_PAIRS, and the channel has nothing of it;
every document is then read as a translation, whatever the regression says.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np

from benchmarks.quality.crossvalidate import load
from benchmarks.translation import Pair, read
from benchmarks.translation.fit import fitted, honest
from benchmarks.translation.tables import shared as shared_rows
from cleaner import Cleaner, Result, Settings
from cleaner.analysis import as_translated, parse
from cleaner.cleaner import result_of, shipped
from cleaner.lexicon import Dialect, compile_channel, estimate
from cleaner.resources import path
from cleaner.training.channel import dialects
from cleaner.translation import DIALECT, Translationese

DEFINITION = path("en", "dialects", "translated.toml")


def probabilities(texts: Sequence[str], style: Translationese) -> list[float]:
    """P(translated and back) of each text, read alone."""
    found = []
    for text in texts:
        parsed = parse([text], shipped())
        found.append(0.0 if parsed is None else style.probability(parsed.batch, parsed.capital, shipped().model)[0])
    return found


def show(score: ModuleType, name: str, pairs: Sequence[Pair], found: Sequence[Result], auc: float) -> None:
    """Print the figures of one language."""
    before = sum(score.word_errors(pair.spun, pair.original) for pair in pairs)
    after = sum(score.word_errors(r.text, pair.original) for r, pair in zip(found, pairs, strict=True))
    words = sum(len(score.words(pair.original)) for pair in pairs)
    called = Counter(r.verdict for r in found)
    verdicts = f"suspect={called['suspect'] / len(found):.2f}  spun={called['spun'] / len(found):.2f}"
    print(f"{name:6} auc={auc:.4f}  {verdicts}  wer={before / words:.3f}  wer_cut={1 - after / before:.3f}", flush=True)


def left_out(
    score: ModuleType, name: str, pairs: Sequence[Pair], training: Path, shared: Path, clean: Sequence[str]
) -> None:
    """Print the figures of a language as if nothing had been learned of it."""
    others = {language: own for language, own in read(training).items() if language != name}
    style = fitted(others, list(honest(shared / "corpus")))
    tables = {dialect.name.removeprefix(DIALECT): dialect.observed for dialect in dialects(DEFINITION)}
    tables = {language: entries for language, entries in tables.items() if language not in (name, "other")}
    known = [
        Dialect(DIALECT + language, entries) for language, entries in [*tables.items(), ("other", shared_rows(tables))]
    ]
    channel = compile_channel({dialect.name: estimate(dialect) for dialect in known})
    texts = [pair.spun for pair in pairs]
    analyses = [as_translated(text, 1.0, shipped(), channel) for text in texts]
    found = [result_of(t, a.findings, a, Settings()) for t, a in zip(texts, analyses, strict=True)]
    auc = score.auc(probabilities(texts, style), probabilities(clean, style))
    show(score, f"-{name}", pairs, found, auc)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("shared", type=Path)
    parser.add_argument("--limit", type=int, help="articles of each language")
    parser.add_argument("--left-out", metavar="LANGUAGE", help="read this language as if it were new")
    parser.add_argument("--training", type=Path, help="pairs to learn from, with --left-out")
    options = parser.parse_args()
    score = load(options.shared / "score.py")
    clean = [json.loads(line)["text"] for line in (options.shared / "dev" / "clean.jsonl").open(encoding="utf-8")]
    pairs = {name: own[: options.limit] for name, own in read(options.pairs).items()}
    if name := options.left_out:
        if options.training is None:
            parser.error("--left-out needs --training")
        left_out(score, name, pairs[name], options.training, options.shared, clean)
        return
    cleaner = Cleaner()
    honest_results = list(cleaner.clean_many(clean))
    said = [r.spun_probability for r in honest_results]
    translated = sum(r.verdict != "clean" and (r.dialect or "").startswith(DIALECT) for r in honest_results)
    print(f"clean  {len(clean)} documents, taken for translations: {translated}; highest {np.max(said):.3f}")
    for name, own in pairs.items():
        found = list(cleaner.clean_many(pair.spun for pair in own))
        show(score, name, own, found, score.auc([r.spun_probability for r in found], said))


if __name__ == "__main__":
    main()
