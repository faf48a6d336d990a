"""Fuzz one target of `tests/fuzz/targets.py` with atheris, guided by the coverage of the package's Python code.

python -m benchmarks.reliability.fuzz TARGET [--seconds 600] [--results benchmarks/results/reliability.json]

Stops after so many seconds of processor time, or at the first input that breaks a promise, which goes to
`tests/fuzz/corpus/TARGET`.  New inputs that reach new code stay in a folder beside the results.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
import traceback
from pathlib import Path

from benchmarks.reliability import note

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "tests" / "fuzz" / "corpus"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--state", type=Path, default=Path("/tmp/cleaner-fuzz"), help="folder of what was found")
    parser.add_argument("--results", type=Path, help="file to note the outcome in")
    options = parser.parse_args()
    import atheris

    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    with atheris.instrument_imports(include=["cleaner"]):
        from fuzz.targets import TARGETS

        import cleaner.analysis
        import cleaner.formats.delimited
        import cleaner.formats.html
        import cleaner.formats.jsonl
        import cleaner.formats.markdown
        import cleaner.formats.parquet
        import cleaner.formats.warc
        import cleaner.jobs.undo  # noqa: F401
    target, runs = TARGETS[options.target], 0
    grown = options.state / options.target
    grown.mkdir(parents=True, exist_ok=True)
    seeds = CORPUS / options.target
    seeds.mkdir(parents=True, exist_ok=True)
    started = time.process_time()

    def one(data: bytes) -> None:
        nonlocal runs
        runs += 1
        try:
            target(data)
        except Exception:
            kept = seeds / hashlib.sha256(data).hexdigest()[:16]
            kept.write_bytes(data)
            traceback.print_exc()
            report("crash")
        if time.process_time() - started > options.seconds:
            report("done")

    def report(outcome: str) -> None:
        seconds = round(time.process_time() - started)
        line = {"target": options.target, "outcome": outcome, "runs": runs, "seconds": seconds}
        line["inputs"] = len(list(grown.iterdir()))
        print(json.dumps(line), flush=True)
        if options.results:
            note(options.results, "fuzzing", "target", line)
        os._exit(outcome == "crash")

    words = options.state / "words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in WORDS))
    # A fixed seed; inputs of up to 2,000 bytes, which reach all code that does not measure sheer size.
    flags = ["-seed=1", "-max_len=2000", f"-dict={words}", "-rss_limit_mb=6000", "-timeout=60", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *flags, str(grown), str(seeds)], one)
    atheris.Fuzz()


WORDS = (
    "White Home officers mentioned ", "in response to", "Chilly Conflict", "navy", "warfare", "the Safety Council",
    "authorities's", "an navy", "{that a}", "{big|large}", "â€™", "Ã©", "Photo credit:", "Read Also:", "\u200b",
    "\u202e", "\ufeff", "\u0456", "\x85", "\u2028", "\xad", "```", "<b>", "</b>", "<!--", "&amp;", "&#x202e;", "[a](b)",
    "---\n", "| a | b |\n|--|--|\n", '{"text": "', '"}\n', "id,text\n", '""', "\\u00e9", "\\ud83d", "\t", "original",
    "original\tspun\tcount\tdocuments\tsource\n", "observed\n", "[tool.cleaner]\n", "threshold = ", "lexicons = [",
    "cleaner:ignore-line", "cleaner:ignore-start", "WARC/1.0\r\n", "PAR1", "a.m.", "’s", "$4%", "http://a.b/",
)  # fmt: skip


def _escaped(word: str) -> str:
    """A word in the notation of libFuzzer's dictionaries."""
    return "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\x{b:02x}" for b in word.encode())


if __name__ == "__main__":
    main()
