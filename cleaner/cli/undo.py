"""`cleaner undo`: cleaned files as they were."""

from __future__ import annotations

from pathlib import Path

import click

from cleaner import formats
from cleaner.cli.options import encoding_option
from cleaner.cli.problems import Failure, reason
from cleaner.formats.base import Options
from cleaner.formats.problems import MissingExtraError
from cleaner.jobs.undo import UndoError, undo_file


@click.command(
    "undo",
    short_help="Restore what `cleaner run` has changed.",
    epilog="""\b
Examples:
  cleaner undo cleaned.jsonl --output articles.jsonl
  cleaner undo --in-place cleaned/a.csv cleaned/b.txt""",
)
@click.argument("paths", nargs=-1, required=True, metavar="FILE...", type=click.Path(exists=True, dir_okay=False))
@click.option("-i", "--in-place", is_flag=True, help="Write each file over itself.")
@click.option("-o", "--output", metavar="FILE", help="Write the one file to FILE.")
@click.option("--field", "--text-column", default="text", show_default=True, help="Field or column of the text.")
@click.option("--input-format", type=click.Choice(formats.NAMES), help="Kind of the files, if their names do not tell.")
@encoding_option
def command(
    paths: tuple[str, ...], in_place: bool, output: str | None, field: str, input_format: str | None, encoding: str
) -> None:
    """Write what each FILE was before `cleaner run` cleaned it, byte for byte.

    The edits are taken from the field cleaner_edits or, of plain text, Markdown and HTML, from FILE.edits.jsonl.
    """
    if in_place == (output is not None):
        raise click.UsageError("give either --in-place or --output FILE")
    if output is not None and len(paths) > 1:
        raise click.UsageError(f"{len(paths)} files do not fit into one; use --in-place")
    options = Options(field=field, encoding=encoding)
    for path in paths:
        target = Path(path if output is None else output)
        try:
            undo_file(Path(path), target, options, input_format)
        except OSError as error:
            raise Failure(f"{target}: cannot be written ({reason(error)}); nothing of it has changed") from None
        except (UndoError, MissingExtraError) as error:
            raise Failure(str(error)) from None
