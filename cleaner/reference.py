"""Step 2c: what clean articles on the same events lend to the model: their names, terms and words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cleaner.expressions import MOST_WORDS, Inventory
from cleaner.lexicon import Hashes, phrase_keys
from cleaner.segment import Tokens, paragraphs, tokenize, word_hash

LONGEST = 3  # words of a phrase that is counted
WEIGHT = 0.02  # of a phrase's share of the reference, against the language model
FREQUENT = -7.0  # log P of a word that neither begins nor ends a term
_JOINS = frozenset({"of", "the", "for", "and", "in", "on", "to", "de", "al"})


class ReferenceError(ValueError):
    """A reference that cannot be read; the message names the file."""


@dataclass(frozen=True, eq=False)
class Reference:
    """Clean articles: how often each phrase of 1 .. LONGEST words stands in them (`key`, sorted, as `phrase_keys` makes
    them, and `count`), `total` words, and their names and terms as an `inventory`."""

    key: Hashes
    count: NDArray[np.int64]
    total: int
    inventory: Inventory

    @classmethod
    def of(cls, texts: Iterable[str], log_p: Callable[[Sequence[str]], NDArray[np.float32]]) -> Reference:
        """Mine clean texts; `log_p` gives log P of words by themselves."""
        cut = [(text, tokenize(text, *span)) for text in texts for span in paragraphs(text)]
        hashes = [np.array([word_hash(norm) for norm in tokens.norms], np.uint64) for _, tokens in cut]
        keys = [
            key
            for own, (_, tokens) in zip(hashes, cut, strict=True)
            for key in phrase_keys(own, np.array(tokens.joined, bool), LONGEST)
        ]
        key, count = np.unique(np.concatenate([np.empty(0, np.uint64), *keys]), return_counts=True)
        real = key != 0
        expressions: Counter[str] = Counter()
        for text, tokens in cut:
            expressions.update(_names(text, tokens))
        expressions.update(_terms(cut, log_p))
        return cls(key[real], count[real], sum(map(len, hashes)), Inventory.of(expressions))

    def lent(self, keys: Hashes, p: NDArray[np.float64]) -> NDArray[np.float64]:
        """How much likelier (nats) phrases are for standing in the reference; `p` is their probability elsewhere.

        log(1 + WEIGHT * share / p): interpolation with a unigram cache (Kuhn & De Mori 1990).
        """
        if not len(self.key):
            return np.zeros(len(keys))
        at = np.minimum(self.key.searchsorted(keys), len(self.key) - 1)
        share = np.where(self.key[at] == keys, self.count[at], 0) / self.total
        return np.asarray(np.log1p(WEIGHT * share / p))


def _names(text: str, tokens: Tokens) -> Iterator[str]:
    """Runs of capitalised words, with small words between them, that do not only begin a sentence."""
    run: list[int] = []
    for i in range(len(tokens) + 1):
        joined = i < len(tokens) and (not run or tokens.joined[i])
        word = i < len(tokens) and tokens.kinds[i] == "w"
        if word and joined and text[tokens.starts[i]].isupper():
            run.append(i)
            continue
        if word and joined and run and tokens.norms[i] in _JOINS:
            run.append(i)
            continue
        while run and tokens.norms[run[-1]] in _JOINS:
            run.pop()
        if run and tokens.norms[run[0]] in _JOINS:  # "The" at the beginning of a sentence
            run = run[1:]
        if 2 <= len(run) <= MOST_WORDS:
            yield " ".join(text[tokens.starts[run[0]] : tokens.ends[run[-1]]].split())
        run = [i] if word and text[tokens.starts[i]].isupper() else []


def _terms(cut: Sequence[tuple[str, Tokens]], log_p: Callable[[Sequence[str]], NDArray[np.float32]]) -> dict[str, int]:
    """Phrases of two to four words without capitals that recur and neither begin nor end with a frequent one."""
    seen: Counter[tuple[str, ...]] = Counter()
    for text, tokens in cut:
        plain = [k == "w" and text[a].islower() for k, a in zip(tokens.kinds, tokens.starts, strict=True)]
        for n in (2, 3, 4):
            for i in range(len(tokens) - n + 1):
                if all(plain[i : i + n]) and all(tokens.joined[i + 1 : i + n]):
                    seen[tuple(tokens.norms[i : i + n])] += 1
    recurring = [phrase for phrase, n in seen.items() if n > 1]
    ends = sorted({word for phrase in recurring for word in (phrase[0], phrase[-1])})
    rare = {w for w, p in zip(ends, log_p(ends).tolist(), strict=True) if p < FREQUENT}
    return {" ".join(p): seen[p] for p in recurring if p[0] in rare and p[-1] in rare}


def read_reference(paths: Iterable[Path]) -> Iterator[str]:
    """Yield the text of plain-text files, and of all of them in folders; raises ReferenceError naming the file."""
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.suffix in (".txt", ".md", "")) if path.is_dir() else [path]
        files = [file for file in files if file.is_file()]
        if not files:
            raise ReferenceError(f"{path}: no .txt or .md file in it to take as reference")
        for file in files:
            try:
                yield file.read_text(encoding="utf-8-sig")
            except (OSError, UnicodeDecodeError) as error:
                raise ReferenceError(f"{file}: cannot be read as UTF-8 text: {error}") from None
