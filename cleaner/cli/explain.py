"""`cleaner explain`: all readings of a phrase or a sentence."""

from __future__ import annotations

import click

from cleaner.cli.options import View, settings_options, view_options
from cleaner.reports import Report
from cleaner.settings import Settings


@click.command(
    "explain",
    short_help="Show all readings of a phrase or a sentence.",
    epilog="""\b
Examples:
  cleaner explain "White Home officers mentioned"
  cleaner explain --format json "in response to the suppose tank"
""",
)
@click.argument("text", nargs=-1, required=True, metavar="TEXT...")
@settings_options
@view_options
def command(text: tuple[str, ...], settings: Settings, view: View) -> None:
    """Show what each phrase of TEXT may once have said.

    TEXT is taken to be garbled, so that every reading comes up, however weak; each has its confidence and
    the lexicon entry that proposed it.
    """
    from cleaner.cleaner import Cleaner

    report = _report(view)
    result = Cleaner(settings).explain(" ".join(text))
    if not view.quiet:
        report.add("<text>", result)
        report.finish()


def _report(view: View) -> Report:
    if view.format == "json":
        from cleaner.reports.json import JsonReport

        return JsonReport(restored=True)
    from cleaner.reports.console import Console
    from cleaner.reports.readings import ReadingsReport

    return ReadingsReport(Console(terminal=view.terminal, color=view.color))
