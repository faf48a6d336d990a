"""What a job reads and writes, settled before anything is read."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cleaner import __version__, formats
from cleaner.discovery import Found
from cleaner.formats.problems import InputError
from cleaner.jobs.block import Job


class PlanError(ValueError):
    """The job cannot be done as it was asked for."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One input file and the outputs that come of it, by stream; `size` is in bytes as stored."""

    name: str
    path: Path
    format: str
    compression: str | None
    size: int
    modified: int
    output_compression: str | None
    outputs: dict[str, Path]


@dataclass(frozen=True, slots=True)
class Plan:
    """All shards; `state` is the folder for what is not finished, `manifest` the list of what is."""

    shards: tuple[Shard, ...]
    state: Path
    manifest: Path

    @property
    def size(self) -> int:
        return sum(shard.size for shard in self.shards)

    def fingerprint(self, job: Job) -> dict[str, Any]:
        """What must be the same for an interrupted job to go on."""
        inputs = [[shard.name, shard.size, shard.modified] for shard in self.shards]
        digest = hashlib.blake2b(json.dumps(inputs).encode(), digest_size=16).hexdigest()
        return {"version": __version__, "job": describe(job), "inputs": digest}


def describe(job: Job) -> dict[str, Any]:
    """A job's settings as JSON has them, all but what to do with bad records: that may change when it is resumed."""
    return {
        "settings": asdict(job.settings)
        | {name: [_content(path) for path in getattr(job.settings, name)] for name in ("lexicons", "reference")},
        "options": {name: value for name, value in asdict(job.options).items() if name != "limits"},
        "policy": asdict(job.policy),
        "layout": job.layout,
    }


def _content(path: Path) -> list[str]:
    """A file, or all files of a folder, by name and what is in it: a table that has changed gives other output."""
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    digest = hashlib.blake2b(digest_size=16)
    for file in files:
        digest.update(hashlib.blake2b(file.read_bytes(), digest_size=16).digest())
    return [path.name, digest.hexdigest()]


def plan(found: Iterable[Found], output: Path, job: Job, input_format: str | None = None) -> Plan:
    """Name all outputs; raises PlanError.

    `output` is a folder, or a file if there is one input and the name is that of a kind of file.
    """
    files = list(found)
    single = not output.is_dir() and formats.of(output.name) is not None
    if single and len(files) > 1:
        raise PlanError(f"{len(files)} files do not fit into one; name a folder as --output")
    shards = []
    for file in files:
        try:
            kind = formats.required(file.path.name, input_format)
        except InputError as error:
            raise PlanError(f"{file.path}: {error}") from None
        compression = (
            kind.format.output_compression(kind.compression) if job.layout == "documents" else kind.compression
        )
        if single and (wanted := formats.of(output.name)) and wanted.compression != compression:
            mend = f"end its name in that of {file.path.name}, or name a folder as --output"
            raise PlanError(f"{output}: the compression of the input is kept; {mend}")
        outputs = _single_outputs(output) if single else _outputs(output, _target(file.name, kind, job, compression))
        stat = file.path.stat()
        shards.append(
            Shard(
                file.name,
                file.path,
                kind.format.name,
                kind.compression,
                stat.st_size,
                stat.st_mtime_ns,
                compression,
                outputs,
            )
        )
    _distinct(shards)
    if single:
        return Plan(tuple(shards), output.parent / f".{output.name}.cleaner", Path(f"{output}.manifest.json"))
    return Plan(tuple(shards), output / ".cleaner", output / "manifest.json")


def _target(name: str, kind: formats.Kind, job: Job, compression: str | None) -> str:
    stem, suffix = formats.split(name)
    if job.layout == "dolma":
        stem = stem if kind.format.name == "jsonl" else f"{stem}.jsonl"
    else:
        stem = kind.format.target(stem, job.options)
    return stem + suffix if compression else stem


def _outputs(folder: Path, target: str) -> dict[str, Path]:
    return {
        "documents": folder / target,
        "quarantine": folder / "quarantine" / target,
        "skipped": folder / "skipped" / f"{target}.jsonl",
        "edits": folder / f"{target}.edits.jsonl",
    }


def _single_outputs(output: Path) -> dict[str, Path]:
    return {
        "documents": output,
        "quarantine": output.with_name(f"quarantine-{output.name}"),
        "skipped": output.with_name(f"{output.name}.skipped.jsonl"),
        "edits": output.with_name(f"{output.name}.edits.jsonl"),
    }


def _distinct(shards: Sequence[Shard]) -> None:
    """No output may be another one or an input."""
    inputs = {os.path.realpath(shard.path) for shard in shards}
    seen: dict[str, str] = {}
    for shard in shards:
        for path in shard.outputs.values():
            real = os.path.realpath(path)
            if real in inputs:
                raise PlanError(f"{path}: an output would overwrite an input; choose another --output")
            if real in seen:
                raise PlanError(f"{path}: output of both {seen[real]} and {shard.name}; run them apart")
            seen[real] = shard.name
