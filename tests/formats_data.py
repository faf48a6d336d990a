"""What the tests of formats share: compressions, texts for the cleaner that is a table, and the way there and back."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from pathlib import Path

from fake_cleaner import FakeCleaner

from cleaner.discovery import Found
from cleaner.engines.local import LocalEngine
from cleaner.formats.base import Options
from cleaner.formats.compression import reader
from cleaner.jobs.block import Job
from cleaner.jobs.plan import plan
from cleaner.jobs.run import run
from cleaner.jobs.undo import undo_file

UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
}
PACK: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}
try:
    import zstandard

    UNPACK[".zst"] = lambda data: reader(io.BytesIO(data), "zstd").read()
    PACK[".zst"] = lambda data: zstandard.ZstdCompressor().compress(data)
except ImportError:  # the extra is not installed
    pass

NAVY = "The navy, in response to officials, is here."
FIXED = "The military, according to officials, is here."


def cleaned(tmp_path: Path, name: str, data: bytes, **options: object) -> Path:
    """A file cleaned by the fake cleaner in blocks of a few records."""
    source = tmp_path / name
    source.write_bytes(data)
    job = Job(options=Options(**{"block_bytes": 200, **options}), factory=FakeCleaner)  # type: ignore[arg-type]
    done = plan([Found(source, name)], tmp_path / "out", job)
    run(done, job, LocalEngine())
    return done.shards[0].outputs["documents"]


def undone(output: Path) -> bytes:
    back = output.with_name("back-" + output.name)
    side = output.with_name(f"{output.name}.edits.jsonl")
    if side.exists():
        side.replace(output.with_name(f"{back.name}.edits.jsonl"))
        output = output.replace(back)
    undo_file(output, back, Options(block_bytes=300))
    return back.read_bytes()
