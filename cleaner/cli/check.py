"""`cleaner check`: report garbled text, write nothing."""

from __future__ import annotations

import click

from cleaner.cli import files
from cleaner.cli.options import View, encoding_option, settings_options, view_options
from cleaner.cli.problems import Problems
from cleaner.cli.run import cleaned
from cleaner.reports import Report
from cleaner.reports.layout import counted
from cleaner.settings import Settings


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
@settings_options
@encoding_option
@view_options
@click.pass_context
def command(
    ctx: click.Context, paths: tuple[str, ...], demo: bool, settings: Settings, encoding: str, view: View
) -> None:
    """Report text that a machine has garbled, with what it once said and how sure that is.

    PATH is a file, a folder (its .txt and .md files, at any depth) or - for standard input.
    Piped, every finding is one line: path:line:column: text -> replacement (confidence).
    """
    if bool(paths) == demo:
        raise click.UsageError("name files, folders or - (standard input); or give only --demo to see an example")
    problems = Problems()
    documents = iter([files.demo()]) if demo else files.read(files.find(paths, problems), encoding, problems)
    report = _report(settings, view)
    found = False
    for document, result in cleaned(documents, settings):
        found |= result.verdict != "clean" or bool(counted(result, settings))
        if not view.quiet:
            report.add(document.name, result)
    if not view.quiet:
        report.finish()
    ctx.exit(2 if problems.count else 1 if found and not demo else 0)


def _report(settings: Settings, view: View) -> Report:
    if view.format == "json":
        from cleaner.reports.json import JsonReport

        return JsonReport()
    from cleaner.reports.console import Console
    from cleaner.reports.text import TextReport

    return TextReport(Console(terminal=view.terminal, color=view.color), settings, verbose=view.verbose)
