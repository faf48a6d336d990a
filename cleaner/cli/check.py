"""`cleaner check`: report garbled text, write nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleaner.cli import files
from cleaner.cli.exclusion import exclude_option
from cleaner.cli.options import View, encoding_option, settings_options, viewed
from cleaner.cli.problems import Failure, Problems
from cleaner.cli.run import cleaned
from cleaner.reports import Report
from cleaner.reports.layout import counted
from cleaner.settings import Settings

if TYPE_CHECKING:
    from cleaner.baseline import Baseline


@click.command(
    "check",
    short_help="Report garbled text; write nothing.",
    epilog="""\b
Examples:
  cleaner check --demo                      the built-in example
  cleaner check article.txt                 one file
  cleaner check -v articles/                a folder, with all that is known about each finding
  curl -s URL | cleaner check -             standard input
  cleaner check --format json articles/ > report.json

Exit code: 0 nothing found, 1 findings, 2 an error (the other files are checked all the same).""",
)
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option("--demo", is_flag=True, help="Check the built-in example; exits with 0.")
@exclude_option
@click.option("--baseline", metavar="FILE", help="Accept the findings in FILE: only new ones are reported.")
@click.option("--write-baseline", is_flag=True, help="Accept all that is found now: write it to the baseline.")
@settings_options
@encoding_option
@viewed("text", "json", "jsonl", "sarif", "github")
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    demo: bool,
    exclude: tuple[str, ...],
    baseline: str | None,
    write_baseline: bool,
    settings: Settings,
    encoding: str,
    view: View,
) -> None:
    """Report text that a machine has garbled, with what it once said and how sure that is.

    PATH is a file, a folder (its texts, Markdown and HTML files, at any depth) or - for standard input.
    Piped, every finding is one line: path:line:column: text -> replacement (confidence).
    """
    if bool(paths) == demo:
        raise click.UsageError("name files, folders or - (standard input); or give only --demo to see an example")
    problems = Problems()
    documents = iter([files.demo()]) if demo else files.read(files.find(paths, problems, exclude), encoding, problems)
    report = _report(settings, view)
    accepted = _baseline(baseline, write=write_baseline)
    found = False
    for document, result in cleaned(documents, settings):
        if accepted is not None:
            if write_baseline:
                accepted.add(document.name, result)
            result = accepted.new(document.name, result)
        found |= result.verdict != "clean" or bool(counted(result, settings))
        if not view.quiet:
            report.add(document.name, result)
    if not view.quiet:
        report.finish()
    if accepted is not None and write_baseline:
        accepted.write()
    ctx.exit(2 if problems.count else 1 if found and not demo else 0)


def _baseline(path: str | None, *, write: bool) -> Baseline | None:
    if path is None:
        if write:
            raise click.UsageError("--write-baseline needs --baseline FILE")
        return None
    from cleaner.baseline import Baseline, BaselineError

    try:
        return Baseline(Path(path)) if write else Baseline.read(Path(path))
    except BaselineError as error:
        raise Failure(str(error)) from None


def _report(settings: Settings, view: View) -> Report:
    if view.format == "json":
        from cleaner.reports.json import JsonReport

        return JsonReport()
    if view.format == "jsonl":
        from cleaner.reports.jsonl import JsonLinesReport

        return JsonLinesReport()
    if view.format == "sarif":
        from cleaner.reports.sarif import SarifReport

        return SarifReport(settings)
    if view.format == "github":
        from cleaner.reports.github import GithubReport

        return GithubReport(settings)
    from cleaner.reports.console import Console
    from cleaner.reports.text import TextReport

    return TextReport(Console(terminal=view.terminal, color=view.color), settings, verbose=view.verbose)
