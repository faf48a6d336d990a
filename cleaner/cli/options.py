"""The options that commands share, and what they are turned into."""

from __future__ import annotations

import codecs
import contextlib
import functools
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click

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
    """Give `command` a `settings` argument, made from --threshold and --furniture."""

    @click.option(
        "--threshold",
        type=click.FloatRange(0, 1),
        default=Settings().threshold,
        show_default=True,
        help="Confidence from which a repair counts: weaker ones are neither reported nor made.",
    )
    @click.option("--furniture", is_flag=True, help="Take out page furniture (photo credits, comment forms) as well.")
    @functools.wraps(command)
    def wrapper(*args: Any, threshold: float, furniture: bool, **others: Any) -> None:
        try:
            settings = Settings(threshold=threshold, furniture=furniture)
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        command(*args, settings=settings, **others)

    return wrapper


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
