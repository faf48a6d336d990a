"""What more workers bring: the time of 1, 2 and 4 on one file, and whether they write the same.

    python -m benchmarks.corpora.workers --megabytes 200 --texts ../shared/dev/clean.jsonl

Wall time means something only on a machine with nothing else to do.  `processor` (seconds of all processes) says how
much
more work several workers make, and so what could be reached: workers * processor of 1 / processor of N.
"""

from __future__ import annotations

import argparse
import json
import os
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.corpora import documents, measured, write_lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--spun", type=float, default=0.001, help="share of spun documents, 0 to 1")
    parser.add_argument("--texts", type=Path, help='honest texts, as JSON lines with "text"')
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    processors = len(os.sched_getaffinity(0))
    with TemporaryDirectory() as folder:
        source, output = Path(folder) / "corpus.jsonl", Path(folder) / "cleaned.jsonl"
        write_lines(source, options.megabytes * 1_000_000, documents(options.spun, options.texts))
        written = set()
        first = None
        for workers in options.workers * options.rounds:
            found = measured(source, "-o", output, "--workers", str(workers), "--overwrite")
            first = first or found
            written.add(sha256(output.read_bytes()).hexdigest())
            report = {
                "workers": workers,
                "wall": round(found.wall, 2),
                "processor": round(found.processor, 2),
                "megabytes_per_second": round(options.megabytes / found.wall, 2),
                "speedup": round(first.wall / found.wall, 2),
                "could_be": round(min(workers, processors) * first.processor / found.processor, 2),
            }
            print(json.dumps(report), flush=True)
    print("the same output" if len(written) == 1 else "OUTPUTS DIFFER")


if __name__ == "__main__":
    main()
