"""What the commands leave out: patterns of the settings file and of --exclude."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click

from cleaner.configuration import Configuration
from cleaner.discovery import Exclusion


def exclude_option(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` an `exclude` argument, a tuple of patterns."""
    return click.option(
        "--exclude",
        multiple=True,
        metavar="PATTERN",
        help="Leave files out, as .gitignore would, even if they are named; can be given several times.",
    )(command)


def exclusions(patterns: Sequence[str]) -> list[Exclusion]:
    """The patterns of the command line, which count from this folder, and those of the settings file, from its own."""
    found = [Exclusion.of(patterns, Path(), "--exclude")] if patterns else []
    configuration = settings_in_force()
    if configuration.path is not None and (kept := configuration.values.get("exclude")):
        found.append(Exclusion.of(kept, configuration.path.parent, str(configuration.path)))
    return found


def settings_in_force() -> Configuration:
    """The settings file as the group of commands has read it."""
    context = click.get_current_context(silent=True)
    configuration = context.find_root().obj if context else None
    return configuration if isinstance(configuration, Configuration) else Configuration(None, {}, {})
