"""`cleaner fix`: restore garbled text."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import click

from cleaner.atomic import write_atomically
from cleaner.cli import files
from cleaner.cli.exclusion import exclude_option
from cleaner.cli.files import STDIN, Document
from cleaner.cli.options import View, encoding_option, settings_options, viewed
from cleaner.cli.problems import Problems, reason
from cleaner.cli.run import cleaned
from cleaner.reports import Report
from cleaner.reports.layout import number, readable_path
from cleaner.result import Result
from cleaner.settings import Settings


@dataclass(frozen=True, slots=True)
class Target:
    """Where restored text goes: into its own file, to `output`, or (with neither, unless shown as diff or JSON)
    to standard output."""

    in_place: bool
    output: str | None
    stdout: bool

    @property
    def single(self) -> bool:
        """Only one document fits in."""
        return self.stdout or self.output is not None

    def write(self, document: Document, result: Result) -> None:
        """Raises OSError if the target cannot be written, UnicodeEncodeError if the encoding lacks a character."""
        data = document.encode(result.text)
        if self.stdout:
            sys.stdout.buffer.write(data)
        elif self.output is not None:
            write_atomically(Path(self.output), data)
        elif self.in_place and document.path is not None and result.text != result.original:
            write_atomically(document.path, data)

    def name(self, document: Document) -> str:
        """What an error calls the target."""
        return document.name if self.output is None else readable_path(self.output)


@click.command(
    "fix",
    short_help="Restore garbled text.",
    epilog="""\b
Examples:
  cleaner fix article.txt > restored.txt    restored text on standard output
  cleaner fix --diff article.txt            what would change, with confidences; writes nothing
  cleaner fix --in-place articles/          all files of a folder, each replaced atomically
  cleaner fix --in-place --diff articles/   the same, and shows what it did
  cleaner fix --threshold 0.9 article.txt   only the surest repairs
  cat article.txt | cleaner fix - | ingest  in a pipe

Exit code: 0 done, 2 an error (and the file it names is as it was); with --exit-code, 1 when something changed.""",
)
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option("--diff", is_flag=True, help="Show what changes, word by word, instead of the restored text.")
@click.option("-i", "--in-place", is_flag=True, help="Write each restored text to its own file.")
@click.option("-o", "--output", metavar="FILE", help="Write the restored text of one document to FILE.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when something changed.")
@exclude_option
@settings_options
@encoding_option
@viewed("text", "json", "jsonl", "diff")
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    diff: bool,
    in_place: bool,
    output: str | None,
    exit_code: bool,
    exclude: tuple[str, ...],
    settings: Settings,
    encoding: str,
    view: View,
) -> None:
    """Restore what garbled text once said.

    PATH is a file, a folder (its texts, Markdown and HTML files, at any depth) or - for standard input.
    The restored text of one document goes to standard output unless an option says otherwise.
    Encoding, byte order mark, line ends and every character outside the repairs stay as they are.
    """
    target = _target(paths, diff=diff, in_place=in_place, output=output, json=view.format != "text")
    problems = Problems()
    found = files.find(paths, problems, exclude, writing=in_place)
    if target.single and len(found) > 1:
        raise click.UsageError(f"{len(found)} documents do not fit into one; use --in-place, --diff or --format json")
    report = _report(view, diff=diff)
    changed = False
    for document, result in cleaned(files.read(found, encoding, problems), settings):
        try:
            target.write(document, result)
        except UnicodeEncodeError as error:
            lacking = error.object[error.start]
            problems.add(f"{document.name}: {document.encoding} has no {lacking!r}; convert the file to UTF-8 first")
            continue
        except OSError as error:
            if target.stdout:
                raise
            problems.add(f"{target.name(document)}: cannot be written ({reason(error)}); nothing of it has changed")
            continue
        changed |= result.text != result.original
        if report is not None:
            report.add(document.name, result)
        elif in_place and not view.quiet and result.text != result.original:
            repairs = number(sum(finding.applied for finding in result.findings), "repair")
            click.echo(f"{document.name}: {repairs}")
    if report is not None:
        report.finish()
    ctx.exit(2 if problems.count else int(changed and exit_code))


def _target(paths: tuple[str, ...], *, diff: bool, in_place: bool, output: str | None, json: bool) -> Target:
    if not paths:
        raise click.UsageError("name files, folders or - (standard input)")
    if in_place and output is not None:
        raise click.UsageError("--in-place and --output exclude each other")
    if in_place and STDIN in paths:
        raise click.UsageError("standard input cannot be fixed in place; leave --in-place out")
    if diff and json:
        raise click.UsageError("--diff and --format exclude each other")
    if output == STDIN and (diff or json):
        raise click.UsageError("standard output can take the report or the restored text, not both")
    stdout = output == STDIN or not (diff or in_place or output or json)
    return Target(in_place, None if stdout else output, stdout)


def _report(view: View, *, diff: bool) -> Report | None:
    """What is shown beside, or instead of, the restored text."""
    if view.quiet:
        return None
    if view.format == "json":
        from cleaner.reports.json import JsonReport

        return JsonReport(restored=True)
    if view.format == "jsonl":
        from cleaner.reports.jsonl import JsonLinesReport

        return JsonLinesReport(restored=True)
    if view.format == "diff":
        from cleaner.reports.unified import UnifiedReport

        return UnifiedReport()
    if diff:
        from cleaner.reports.console import Console
        from cleaner.reports.diff import DiffReport

        return DiffReport(Console(terminal=view.terminal, color=view.color))
    return None
