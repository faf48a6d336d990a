"""`cleaner run`: clean corpora of any size."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from cleaner import formats
from cleaner.atomic import write_atomically
from cleaner.cli.exclusion import exclude_option, exclusions
from cleaner.cli.options import encoding_option, settings_options
from cleaner.cli.problems import Failure, complain, reason
from cleaner.discovery import Found, Skipped, find
from cleaner.engines import Engine, EngineError
from cleaner.formats.base import BLOCK_BYTES, Limits, Options
from cleaner.formats.compression import EXPANSION
from cleaner.formats.problems import InputError, MissingExtraError
from cleaner.jobs.block import Job
from cleaner.jobs.ledger import LedgerError
from cleaner.jobs.plan import Plan, PlanError, plan
from cleaner.jobs.run import JobError, Summary, is_manifest_of, run
from cleaner.policies import THRESHOLDS, Policy
from cleaner.reports.layout import number
from cleaner.settings import Settings

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Choices:
    """The options that say how to run, not what comes out."""

    workers: int | None
    engine: str
    address: str | None
    resume: bool
    overwrite: bool
    stats: str | None
    quiet: bool


@click.command(
    "run",
    short_help="Clean corpora: many formats, any size, resumable.",
    epilog="""\b
Examples:
  cleaner run corpus/ --output cleaned/           every file that holds text, in its own format
  cleaner run 'shards/*.jsonl.zst' -o cleaned/ --workers 8
  cleaner run data.parquet -o clean.parquet --text-column body --policy annotate
  cleaner run corpus/ -o cleaned/ --resume        go on where a run was interrupted
  zcat a.jsonl.gz | cleaner run - --input-format jsonl > cleaned.jsonl
  cleaner undo cleaned/a.jsonl -o a.jsonl         and back, byte for byte

Exit code: 0 done, 2 an error, 130 interrupted; finished files stay, and --resume does the rest.""",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("-o", "--output", metavar="PATH", help="Folder for the cleaned files, or a file for one of them.")
@click.option("--field", "--text-column", default="text", show_default=True, help="Field or column of the text.")
@click.option("--input-format", type=click.Choice(formats.NAMES), help="Kind of the files, if their names do not tell.")
@exclude_option
@click.option(
    "--policy",
    type=click.Choice(list(THRESHOLDS)),
    default="fix",
    show_default=True,
    help="Restore documents; change no text; leave spun documents out; or write them to a folder of their own.",
)
@click.option(
    "--policy-threshold",
    type=click.FloatRange(0, 1),
    help="Probability of a document from which the policy acts.  [default: 0.9 for drop and quarantine, else 0]",
)
@click.option("--fields/--no-fields", default=True, help="Add cleaner_verdict, _probability, _dialect, _edits.")
@click.option(
    "--layout",
    type=click.Choice(["documents", "dolma"]),
    default="documents",
    show_default=True,
    help="Write documents, or only Dolma attributes: spans [start, end, score].",
)
@click.option("--extract", is_flag=True, help="Take the article's text out of HTML pages, rather than all of it.")
@click.option(
    "--max-record",
    type=click.FloatRange(min=0, min_open=True),
    default=512,
    show_default=True,
    metavar="MIB",
    help="Size of a line, row or page that is refused; each takes some five times as much memory.",
)
@click.option(
    "--max-expansion",
    type=click.FloatRange(min=1),
    default=EXPANSION,
    show_default=True,
    metavar="TIMES",
    help="Compressed files that unpack to more than so many times their size are refused.",
)
@click.option("--on-error", type=click.Choice(["stop", "skip"]), default="stop", show_default=True, help="Bad records.")
@click.option("-j", "--workers", type=click.IntRange(1), help="Processes.  [default: as many as there are processors]")
@click.option("--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True, help="Where to run.")
@click.option("--engine-address", metavar="ADDRESS", help="Address of the Ray cluster.  [default: start one here]")
@click.option("--resume", is_flag=True, help="Go on with an interrupted run.")
@click.option("--overwrite", is_flag=True, help="Start anew where there is output already.")
@click.option("--stats", metavar="FILE", help="Write the summary to FILE as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress and no summary.")
@settings_options
@encoding_option
def command(
    paths: tuple[str, ...],
    output: str | None,
    field: str,
    input_format: str | None,
    exclude: tuple[str, ...],
    policy: Any,
    policy_threshold: float | None,
    fields: bool,
    layout: Any,
    extract: bool,
    max_record: float,
    max_expansion: float,
    on_error: str,
    workers: int | None,
    engine: str,
    engine_address: str | None,
    resume: bool,
    overwrite: bool,
    stats: str | None,
    quiet: bool,
    settings: Settings,
    encoding: str,
) -> None:
    """Clean PATH...: files, folders, patterns, or - for standard input.

    Text, Markdown, HTML, JSON lines, CSV, TSV, Parquet and WARC, alone or in gzip, bzip2, xz or Zstandard.  All that
    is not the text stays byte for byte.
    """
    threshold = THRESHOLDS[policy] if policy_threshold is None else policy_threshold
    job = Job(
        settings,
        Options(field, fields, extract, encoding, limits=Limits(int(max_record * (1 << 20)), max_expansion)),
        Policy(policy, threshold),
        layout,
        skip=on_error == "skip",
    )
    choices = Choices(workers, engine, engine_address, resume, overwrite, stats, quiet)
    try:
        if output is None or paths == (STDIN,):
            summary = _piped(paths, output, input_format, job, choices)
        else:
            summary = _filed(paths, Path(output), input_format, exclude, job, choices)
    except (JobError, PlanError, LedgerError, EngineError, MissingExtraError, InputError) as error:
        raise Failure(str(error)) from None
    if stats is not None:
        try:
            write_atomically(Path(stats), json.dumps(summary.as_json(), indent=1).encode() + b"\n")
        except OSError as error:
            raise Failure(f"{stats}: cannot be written ({reason(error)}); all else is done") from None
    for name, problem in summary.failed:
        complain(f"{name}: {problem}")
    if summary.counts["skipped"]:
        complain(f"{number(summary.counts['skipped'], 'record')} skipped; the side files say which and why")


def _filed(
    paths: Sequence[str], output: Path, input_format: str | None, exclude: Sequence[str], job: Job, choices: Choices
) -> Summary:
    found = _found(paths, output, input_format, exclude, quiet=choices.quiet)
    todo = plan(found, output, job, input_format)
    if not todo.shards:
        raise PlanError(f"{', '.join(paths)}: no file that holds text")
    if _is_done(todo, job, choices):
        complain("all of it is done already")
        return Summary()
    engine = _engine(choices, todo.size)
    try:
        if choices.quiet or not sys.stderr.isatty():
            summary = run(todo, job, engine, resume=choices.resume)
        else:
            from cleaner.jobs.progress import ProgressBar

            with ProgressBar(todo.size) as bar:
                summary = run(todo, job, engine, bar, resume=choices.resume)
    except KeyboardInterrupt:
        complain("interrupted; what is done is kept, and --resume does the rest")
        raise
    if not choices.quiet:
        _show(summary)
    return summary


def _found(
    paths: Sequence[str], output: Path, input_format: str | None, exclude: Sequence[str], *, quiet: bool
) -> list[Found]:
    found, skipped = [], []
    try:
        for item in find(paths, exclusions(exclude), lambda name: formats.of(name) is not None):
            if isinstance(item, Skipped):
                skipped.append(item)
            elif output.is_dir() and output.resolve() in item.path.resolve().parents:
                skipped.append(Skipped(item.path, "in the output folder"))
            else:
                found.append(item)
    except FileNotFoundError as error:
        raise PlanError(f"{error.filename}: no such file, folder or match; check the spelling") from None
    if skipped and not quiet:
        for item in skipped[:10]:
            complain(f"left out: {item.path} ({item.reason})")
        if len(skipped) > 10:
            complain(f"left out: {len(skipped) - 10:,} more")
    return found


def _is_done(todo: Plan, job: Job, choices: Choices) -> bool:
    """Whether an earlier run has finished all of it; raises PlanError before anything is overwritten unasked."""
    if choices.overwrite:
        shutil.rmtree(todo.state, ignore_errors=True)
        return False
    if todo.state.exists() or not todo.manifest.exists():
        return False
    if choices.resume and is_manifest_of(todo, job):
        return True
    raise PlanError(f"{todo.manifest}: a finished run is there; --overwrite replaces it")


def _engine(choices: Choices, size: int) -> Engine:
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # A worker has to be started and has to open the models: not for less than a block.
    workers = choices.workers or max(1, min(processors, size // BLOCK_BYTES))
    if choices.engine == "ray":
        from cleaner.engines.ray import RayEngine

        return RayEngine(choices.address, choices.workers)
    from cleaner.engines.local import LocalEngine

    return LocalEngine(workers)


def _piped(paths: Sequence[str], output: str | None, input_format: str | None, job: Job, choices: Choices) -> Summary:
    """One input to standard output."""
    from cleaner.jobs.stream import run_stream

    if output is not None and output != STDIN:
        raise click.UsageError("standard input goes to standard output; redirect it")
    if len(paths) > 1 or Path(paths[0]).is_dir():
        raise click.UsageError("give --output for more than one file")
    for given, option in ((job.skip, "--on-error skip"), (job.policy.name == "quarantine", "--policy quarantine")):
        if given:
            raise click.UsageError(f"{option} needs --output, for what it puts aside")
    if paths[0] == STDIN and input_format is None:
        raise click.UsageError(f"say what standard input is: --input-format {'|'.join(formats.NAMES)}")
    kind = formats.named(input_format) if input_format else formats.required(paths[0]).format
    if kind.name == "parquet" or (kind.whole and job.policy.name == "drop"):
        raise click.UsageError(f"{kind.name} files need --output for this")
    engine = _engine(choices, 0)
    out = sys.stdout.buffer
    if paths[0] == STDIN:
        return run_stream("<stdin>", kind.name, sys.stdin.buffer, out, job, engine)
    try:
        with Path(paths[0]).open("rb") if Path(paths[0]).exists() else nullcontext() as source:
            if source is None:
                raise PlanError(f"{paths[0]}: no such file; check the spelling")
            return run_stream(paths[0], kind.name, source, out, job, engine)
    except IsADirectoryError:
        raise PlanError(f"{paths[0]}: a folder; give --output") from None


def _show(summary: Summary) -> None:
    from cleaner.jobs.progress import summary_rows, summary_table

    if sys.stdout.isatty():
        from rich.console import Console

        Console().print(summary_table(summary))
    else:
        for name, value in summary_rows(summary):
            click.echo(f"{name}: {value}")
