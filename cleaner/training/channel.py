"""Compile the dialects' tables into the channel that the package ships.

python -m cleaner.training.channel lexicons/en/dialects/dialects.toml -o cleaner/models/en.channel
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from cleaner.lexicon import Channel, Dialect, Entry, Evidence, compile_channel, estimate, read_entries
from cleaner.training.derive import derive

Reader = Callable[[str], Sequence[Entry]]


def dialects(definition: Path, read: Reader | None = None) -> list[Dialect]:
    """The dialects that a TOML file defines; `read` gives the rows of a table by name (default: beside the file)."""
    if read is None:
        read = cache(lambda name: tuple(read_entries(definition.parent / name)))
    rows = tomllib.loads(definition.read_text(encoding="utf-8"))["dialect"]
    return [
        Dialect(
            row["name"],
            read(row["observed"]),
            [
                Evidence(
                    derive(read(e["table"])) if e.get("derived") else read(e["table"]),
                    e["weight"],
                    e["known"],
                    e.get("reverse", False),
                )
                for e in row["evidence"]
            ],
        )
        for row in rows
    ]


def build(definition: Path, read: Reader | None = None) -> Channel:
    """Estimate and compile all dialects."""
    return compile_channel({d.name: estimate(d) for d in dialects(definition, read)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dialects", type=Path, help="TOML file that defines the dialects")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    channel = build(options.dialects)
    channel.save(options.output)
    print(f"{options.output}: {len(channel.text):,} originals, {len(channel.spun_key):,} swaps")


if __name__ == "__main__":
    main()
