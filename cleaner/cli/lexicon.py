"""`cleaner lexicon`: the tables of phrases, checked and looked up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from cleaner import resources
from cleaner.cli.options import lexicon_option
from cleaner.cli.problems import Problems, reason
from cleaner.reports.layout import number, one_line, readable_path


@click.group("lexicon", short_help="Check tables of phrases, or look a phrase up in them.")
def command() -> None:
    """Work with lexicons: tables of what spinners make of phrases, one row a pair, that people read and edit.

    Columns, between tabs: original, spun, count (sightings), documents (with a sighting), source.  Equal sides mean
    that the phrase was left alone.
    """


@command.command(
    "lint",
    short_help="Check tables of phrases.",
    epilog="""\b
Examples:
  cleaner lexicon lint my-phrases.tsv

Exit code: 0 all in order, 1 something to mend, 2 an error.""",
)
@click.argument("paths", nargs=-1, required=True, metavar="FILE...")
@click.pass_context
def lint_(ctx: click.Context, paths: tuple[str, ...]) -> None:
    """Check that the rows are valid, sorted and without duplicates, and the phrases normalised: in small letters,
    with single spaces, and of at most six words.  Prints one line for each thing to mend."""
    from cleaner.lint import lint

    problems = Problems()
    found = 0
    for path in paths:
        try:
            for line in lint(Path(path)):
                found += 1
                click.echo(one_line(line))
        except FileNotFoundError:
            problems.add(f"{readable_path(path)}: no such file; check the spelling")
        except OSError as error:
            problems.add(f"{readable_path(path)}: cannot be read ({reason(error)})")
    ctx.exit(2 if problems.count else 1 if found else 0)


@command.command(
    "show",
    short_help="Print all rows with a phrase.",
    epilog="""\b
Examples:
  cleaner lexicon show officers
  cleaner lexicon show --lexicon my-phrases.tsv "in response to"
""",
)
@click.argument("phrase", nargs=-1, required=True, metavar="PHRASE...")
@lexicon_option
def show(phrase: tuple[str, ...], lexicons: tuple[Path, ...]) -> None:
    """Print the rows of the shipped lexicons, and of those of your own, that read or write PHRASE, with how often
    each was seen and where it is from."""
    from cleaner.lexicon import normalized, read_entries

    wanted = normalized(" ".join(phrase))
    shipped = sorted(resources.path("en", "dialects").glob("*.tsv"))
    rows = [
        (f"{entry.original} -> {entry.spun}", _seen(entry.count, entry.documents), f"{place}:{line} ({entry.source})")
        for path, place in [*((p, p.name) for p in shipped), *((p, readable_path(str(p))) for p in lexicons)]
        for line, entry in enumerate(read_entries(path), 2)
        if wanted in (entry.original, entry.spun)
    ]
    for line in _columns(rows):
        click.echo(line)
    if not rows:
        click.echo(f"no row reads or writes {wanted!r}")


def _seen(count: int, documents: int) -> str:
    return f"{count:,} in {number(documents, 'document')}" if count else "not counted"


def _columns(rows: list[tuple[str, str, str]]) -> Iterator[str]:
    width = [max((len(row[i]) for row in rows), default=0) for i in range(2)]
    for row in rows:
        yield one_line(f"{row[0]:<{width[0]}}  {row[1]:<{width[1]}}  {row[2]}")
