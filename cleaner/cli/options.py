"""The options that commands share, and what they are turned into."""

from __future__ import annotations

import codecs
import contextlib
import functools
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from cleaner.cli.problems import Failure, reason
from cleaner.reports.layout import readable_path
from cleaner.settings import Settings

Command = Callable[..., None]


@dataclass(frozen=True, slots=True)
class View:
    """How to show things: `format` names a report, `terminal` and `color` say what standard output can do."""

    format: str
    verbose: bool
    quiet: bool
    terminal: bool
    color: bool


def settings_options(command: Command) -> Command:
    """Give `command` a `settings` argument, made from --threshold, --furniture, --lexicon and --reference."""

    @click.option(
        "--threshold",
        type=click.FloatRange(0, 1),
        default=Settings().threshold,
        show_default=True,
        help="Confidence from which a repair counts: weaker ones are neither reported nor made.",
    )
    @click.option("--furniture", is_flag=True, help="Take out page furniture (photo credits, comment forms) as well.")
    @lexicon_option
    @click.option(
        "--reference",
        multiple=True,
        metavar="PATH",
        callback=lambda context, parameter, values: usable_reference(values),
        help="Clean articles on the same events (a text file or a folder of them): their names, terms and words are "
        "then likelier; can be given several times.",
    )
    @functools.wraps(command)
    def wrapper(
        *args: Any,
        threshold: float,
        furniture: bool,
        lexicons: tuple[Path, ...],
        reference: tuple[Path, ...],
        **others: Any,
    ) -> None:
        try:
            settings = Settings(threshold=threshold, furniture=furniture, lexicons=lexicons, reference=reference)
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        command(*args, settings=settings, **others)

    return wrapper


def lexicon_option(command: Command) -> Command:
    """Give `command` a `lexicons` argument, paths of tables that can be used."""
    return click.option(
        "--lexicon",
        "lexicons",
        multiple=True,
        metavar="FILE",
        callback=lambda context, parameter, values: tuple(map(usable_lexicon, values)),
        help="A table of phrases of your own, beside the shipped ones; can be given several times.",
    )(command)


def usable_reference(paths: Sequence[str]) -> tuple[Path, ...]:
    """The paths of clean texts; raises Failure if they cannot be read, before anything else is."""
    if not paths:  # which spares a run without any the imports
        return ()
    from cleaner.reference import ReferenceError, read_reference

    found = tuple(map(Path, paths))
    try:
        for _ in read_reference(found):
            pass
    except ReferenceError as error:
        raise Failure(str(error)) from None
    return found


def usable_lexicon(path: str) -> Path:
    """The path of a lexicon; raises Failure if it cannot be used, before anything else is read."""
    from cleaner.lexicon import LexiconError, read_own

    try:
        for _ in read_own(Path(path)):
            pass
    except FileNotFoundError:
        raise Failure(f"{readable_path(path)}: no such lexicon; check the spelling") from None
    except OSError as error:
        raise Failure(f"{readable_path(path)}: cannot be read ({reason(error)}); name a table of phrases") from None
    except LexiconError as error:
        raise Failure(str(error)) from None
    return Path(path)


def encoding_option(command: Command) -> Command:
    """Give `command` an `encoding` argument that names a text encoding Python knows."""
    return click.option(
        "--encoding",
        default="utf-8",
        show_default=True,
        metavar="NAME",
        callback=_known_encoding,
        help="How the files are encoded, such as cp1252; a byte order mark is recognised.",
    )(command)


def _known_encoding(ctx: click.Context, parameter: click.Parameter, value: str) -> str:
    # A codec such as "hex" has a name too, but it does not stand between text and bytes.
    with contextlib.suppress(UnicodeError):
        try:
            b"-".decode(value)
        except LookupError:
            raise click.BadParameter(f"{value!r} is not a text encoding; try utf-8, cp1252 or utf-16") from None
    return codecs.lookup(value).name


def viewed(*formats: str) -> Callable[[Command], Command]:
    """`view_options` with formats of the command's own."""
    return functools.partial(_view_options, formats=formats)


def view_options(command: Command) -> Command:
    """Give `command` a `view` argument, made from --format, -v, -q, --no-color and standard output itself."""
    return _view_options(command, ("text", "json"))


def _view_options(command: Command, formats: Sequence[str]) -> Command:

    @click.option(
        "--format",
        type=click.Choice(formats),
        default="text",
        show_default=True,
        help="What to print; docs/json-schema.md describes the JSON.",
    )
    @click.option("-v", "--verbose", is_flag=True, help="Show other readings, sources and weaker findings too.")
    @click.option("-q", "--quiet", is_flag=True, help="Print no report, only errors.")
    @click.option("--no-color", is_flag=True, help="No colours (NO_COLOR does the same); never any when piped.")
    @functools.wraps(command)
    def wrapper(*args: Any, format: str, verbose: bool, quiet: bool, no_color: bool, **others: Any) -> None:
        terminal = sys.stdout.isatty()
        plain = no_color or bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        command(*args, view=View(format, verbose, quiet, terminal, terminal and not plain), **others)

    return wrapper
