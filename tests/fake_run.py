"""`cleaner` with a cleaner that is a table, in all worker processes too.

FAKE_CLEANER names the class in fake_cleaner.py, FAKE_BLOCK the bytes of a block.
"""

from __future__ import annotations

import functools
import os

import fake_cleaner

import cleaner.cli.corpus as corpus
from cleaner.formats.base import Options
from cleaner.jobs.block import Job

if __name__ == "__main__":
    factory = getattr(fake_cleaner, os.environ.get("FAKE_CLEANER", "FakeCleaner"))
    block = int(os.environ.get("FAKE_BLOCK", "20000"))
    vars(corpus)["Job"] = functools.partial(Job, factory=factory)
    vars(corpus)["Options"] = functools.partial(Options, block_bytes=block)

    from cleaner.cli import main

    main(prog_name="cleaner")
