"""`cleaner` with a cleaner that is a table, in all worker processes too.

FAKE_CLEANER names the class in fake_cleaner.py, or `shipped` for the real one; FAKE_BLOCK is the bytes of a block.
"""

from __future__ import annotations

import functools
import os

import fake_cleaner

import cleaner.cli.corpus as corpus
from cleaner.formats.base import Options
from cleaner.jobs.block import Job, shipped

if __name__ == "__main__":
    name = os.environ.get("FAKE_CLEANER", "FakeCleaner")
    factory = shipped if name == "shipped" else getattr(fake_cleaner, name)
    block = int(os.environ.get("FAKE_BLOCK", "20000"))
    vars(corpus)["Job"] = functools.partial(Job, factory=factory)
    vars(corpus)["Options"] = functools.partial(Options, block_bytes=block)

    from cleaner.cli import main

    main(prog_name="cleaner")
