"""How much memory `cleaner run` takes for one large file, all processes together.

    python -m benchmarks.corpora.memory --megabytes 10000           JSON lines
    python -m benchmarks.corpora.memory --megabytes 200 --line      one line

The disk takes the file twice.  Exits with 1 if the processes together ever held 1 GB or more.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.corpora import documents, measured, write_line, write_lines

LIMIT = 1000e6 / (1 << 20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--line", action="store_true", help="one line rather than many")
    parser.add_argument("--spun", type=float, default=0.001, help="share of spun documents, 0 to 1")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="where the files are made; by default among temporary files")
    options = parser.parse_args()
    with TemporaryDirectory(dir=options.folder) as folder:
        source = Path(folder) / "large.jsonl"
        write = write_line if options.line else write_lines
        write(source, options.megabytes * 1_000_000, documents(options.spun))
        size = source.stat().st_size / 1e6
        found = measured(source, "--output", Path(folder) / "cleaned.jsonl", "--workers", str(options.workers))
    report = {"megabytes": round(size), "line": options.line, "workers": options.workers, "spun": options.spun}
    report |= {name: round(value, 1) for name, value in asdict(found).items()}
    print(json.dumps({**report, "megabytes_per_second": round(size / found.wall, 2)}))
    sys.exit(found.resident >= LIMIT)


if __name__ == "__main__":
    main()
