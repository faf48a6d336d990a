"""What is done, on disk: partial outputs with a journal, so that a killed job goes on where it was.

Every block is appended to the partial outputs and then to the journal.  A journal line holds the length and the
checksum of what the block has added to each output, so that whatever was written after the last line, or not written
in spite of it, is cut off or found out when the job is resumed.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, cast

from cleaner.jobs.block import Done
from cleaner.result import Verdict

_CHUNK = 1 << 20


@dataclass
class Progress:
    """How far a shard is: blocks written, length of each stream, what was counted."""

    blocks: int = 0
    sizes: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    weights: list[tuple[int, float, Verdict]] = field(default_factory=list)


class LedgerError(ValueError):
    """The state of an earlier job does not fit to this one."""


class Ledger:
    """The state folder of a job."""

    def __init__(self, folder: Path, fingerprint: dict[str, Any], *, resume: bool) -> None:
        """Raises LedgerError if there is an interrupted job and `resume` is not set, or if it was another one."""
        self.folder = folder
        self.finished: dict[int, dict[str, Any]] = {}
        self.current: tuple[int, Progress] = (0, Progress())
        self._files: dict[str, IO[bytes]] = {}
        journal = folder / "journal.jsonl"
        lines = list(_lines(journal)) if journal.exists() else []
        lines = lines if len(lines) > 1 else []  # nothing had been written yet
        if lines and not resume:
            raise LedgerError("an interrupted run is there; continue it with --resume, or drop it with --overwrite")
        if lines and lines[0] != fingerprint:
            raise LedgerError(f"the interrupted run was another one ({_difference(lines[0], fingerprint)})")
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(folder)
        self.scratch = folder / "blocks"
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir()
        kept = [lines[0]] if lines else [fingerprint]
        if lines:
            kept += self._recover(lines[1:])
        # Rewritten without what a crash has torn, so that every line counts from now on.
        fresh = folder / "journal.new"
        fresh.write_bytes(b"".join(map(_line, kept)))
        fresh.replace(journal)
        self._journal = journal.open("ab")

    def _recover(self, lines: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        pending: list[dict[str, Any]] = []
        kept: list[dict[str, Any]] = []
        for line in lines:
            if "outputs" in line:
                self.finished[line["shard"]] = line
                kept.append(line)
                pending = []
            else:
                pending.append(line)
        pending = self._intact(pending)
        if pending:
            shard = pending[0]["shard"]
            progress = Progress()
            for line in pending:
                _add(progress, line)
            self.current = (shard, progress)
            for stream, size in progress.sizes.items():
                os.truncate(self._partial(stream), size)
        yield from [*kept, *pending]

    def _intact(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The lines up to the last whose data is on disk as it was written."""
        with ExitStack() as stack:
            files: dict[str, IO[bytes]] = {}
            for i, line in enumerate(lines):
                for stream, (size, checksum) in line["added"].items():
                    try:
                        file = files.get(stream) or stack.enter_context(self._partial(stream).open("rb"))
                    except FileNotFoundError:
                        return lines[:i]
                    files[stream] = file
                    if _checksum(file, size) != checksum:
                        return lines[:i]
        return lines

    def _partial(self, stream: str) -> Path:
        return self.folder / f"{stream}.partial"

    def append(self, shard: int, done: Done) -> None:
        """Write a block of the shard; raises OSError."""
        index, progress = self.current
        if index != shard:
            progress = Progress()
            self.current = (shard, progress)
        added = {}
        for stream, data in done.streams.items():
            self._stream(stream).write(data)
            added[stream] = len(data), zlib.crc32(data)
        for stream, spill in done.spills.items():
            with spill.path.open("rb") as source:
                shutil.copyfileobj(source, self._stream(stream), _CHUNK)
            spill.path.unlink()
            added[stream] = spill.size, spill.checksum
        for stream in added:
            self._files[stream].flush()
        line = {"shard": shard, "added": added, "counts": done.counts, "weights": done.weights}
        self._note(line)
        _add(progress, line)

    def _stream(self, stream: str) -> IO[bytes]:
        if stream not in self._files:
            # What a crash may have left behind the last good block is gone by now, or is of an earlier shard.
            mode = "ab" if self.current[1].sizes[stream] else "wb"
            self._files[stream] = cast(IO[bytes], self._partial(stream).open(mode))
        return self._files[stream]

    def _note(self, line: dict[str, Any]) -> None:
        self._journal.write(_line(line))
        self._journal.flush()

    def close_streams(self) -> None:
        """Bring the outputs of the current shard to disk."""
        for file in self._files.values():
            os.fsync(file.fileno())
            file.close()
        self._files = {}

    def partial(self, stream: str) -> Path | None:
        """The output of the current shard that is to be published, if there is any."""
        return self._partial(stream) if stream in self.current[1].sizes else None

    def publish(self, shard: int, outputs: dict[str, tuple[Path, Path]], entry: dict[str, Any]) -> dict[str, Any]:
        """Give each (partial, path) its name, and note the shard's entry of the manifest.

        A crash before the note is made good by doing the shard again: the journal misses its partial outputs.
        """
        described = {}
        for stream, (partial, path) in outputs.items():
            size, checksum = partial.stat().st_size, digest(partial)
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.replace(path)
            described[stream] = {"path": str(path), "bytes": size, "sha256": checksum}
        line = {"shard": shard, "outputs": described, **entry}
        self._note(line)
        self.finished[shard] = line
        self.current = (shard + 1, Progress())
        return line

    def close(self) -> None:
        """Leave everything as it is, to be resumed."""
        for file in [*self._files.values(), self._journal]:
            file.close()
        os.close(self._lock)

    def remove(self) -> None:
        """The job is done."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _locked(folder: Path) -> int:
    """The folder as a descriptor that holds it against other processes, until it is closed or this process ends."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:  # systems without flock
        return handle
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            os.close(handle)
            raise LedgerError("another run is writing there; wait for it, or name another --output") from None
    return handle  # file systems that cannot lock are used all the same


def _add(progress: Progress, line: dict[str, Any]) -> None:
    progress.blocks += 1
    progress.sizes.update({stream: size for stream, (size, _) in line["added"].items()})
    progress.counts.update(line["counts"])
    progress.weights += [(n, p, v) for n, p, v in line["weights"]]


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _lines(journal: Path) -> Iterator[dict[str, Any]]:
    for line in journal.read_bytes().splitlines(keepends=True):
        if not line.endswith(b"\n"):
            return
        try:
            yield json.loads(line)
        except ValueError:
            return


def _difference(old: dict[str, Any], new: dict[str, Any], path: str = "") -> str:
    for key in new:
        if old.get(key) != new[key]:
            if isinstance(new[key], dict) and isinstance(old.get(key), dict):
                return _difference(old[key], new[key], f"{path}{key}.")
            if key == "inputs":
                return "its input files have changed or are others"
            return f"{path}{key} was {old.get(key)!r}, now {new[key]!r}"
    return "its settings differ"


def _checksum(file: IO[bytes], size: int) -> int | None:
    """The CRC-32 of the next `size` bytes; None if there are not so many."""
    total = 0
    while size:
        data = file.read(min(_CHUNK, size))
        if not data:
            return None
        total, size = zlib.crc32(data, total), size - len(data)
    return total


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    total = sha256()
    with path.open("rb") as file:
        while data := file.read(_CHUNK):
            total.update(data)
    return total.hexdigest()
