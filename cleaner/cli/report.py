"""`cleaner report`: a page to look at, in one file."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from cleaner.atomic import write_atomically
from cleaner.cli import files
from cleaner.cli.exclusion import exclude_option
from cleaner.cli.files import STDIN
from cleaner.cli.options import encoding_option, settings_options
from cleaner.cli.problems import Failure, Problems, reason
from cleaner.cli.run import cleaned
from cleaner.reports.html import HtmlReport
from cleaner.reports.layout import number, readable_path
from cleaner.settings import Settings


@click.command(
    "report",
    short_help="Write a page to look at; change nothing.",
    epilog="""\b
Examples:
  cleaner report articles/ -o report.html   a folder; open the file in any browser
  cleaner report --demo -o report.html      the built-in example
  cleaner report articles/ -o - | gzip      to standard output

Exit code: 0 written, 2 an error (the other documents are in the report all the same).""",
)
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option("--demo", is_flag=True, help="Report on the built-in example.")
@click.option(
    "-o",
    "--output",
    default="report.html",
    show_default=True,
    metavar="FILE",
    help="Where to write; - is standard output.",
)
@click.option("--title", default="Cleaner report", show_default=True, help="The heading of the page.")
@exclude_option
@settings_options
@encoding_option
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    demo: bool,
    output: str,
    title: str,
    exclude: tuple[str, ...],
    settings: Settings,
    encoding: str,
) -> None:
    """Write one self-contained HTML file: the corpus at a glance, a table of all documents, and each document with
    its original and restored text side by side, every repair marked.

    PATH is a file, a folder (its texts, Markdown and HTML files, at any depth) or - for standard input.
    """
    if bool(paths) == demo:
        raise click.UsageError("name files, folders or - (standard input); or give only --demo to see an example")
    problems = Problems()
    documents = iter([files.demo()]) if demo else files.read(files.find(paths, problems, exclude), encoding, problems)
    report = HtmlReport(settings, title)
    start = time.perf_counter()
    count = 0
    for document, result in cleaned(documents, settings):
        report.add(document.name, result)
        count += 1
    page = report.page(seconds=time.perf_counter() - start, made=time.strftime("%Y-%m-%d %H:%M"))
    if not count:
        ctx.exit(2 if problems.count else 0)
    if output == STDIN:
        sys.stdout.buffer.write(page)
    else:
        try:
            write_atomically(Path(output), page)
        except OSError as error:
            raise Failure(f"{readable_path(output)}: cannot be written ({reason(error)})") from None
        click.echo(f"{readable_path(output)}: {number(count, 'document')}", err=True)
    ctx.exit(2 if problems.count else 0)
