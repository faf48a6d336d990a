"""Errors as a user meets them: one line that names the file and the mend."""

from __future__ import annotations

import os

import click

from cleaner.reports.layout import one_line


class Failure(click.ClickException):
    """Ends the program with one line on standard error and exit code 2."""

    exit_code = 2

    def show(self, file: object = None) -> None:
        complain(self.message)


class Problems:
    """Counts what went wrong with single documents while the others go on."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, message: str) -> None:
        self.count += 1
        complain(message)


def complain(message: str) -> None:
    """Write one line to standard error."""
    click.echo(f"cleaner: {one_line(message)}", err=True)


def reason(error: OSError) -> str:
    """What the operating system says, as the end of a sentence."""
    text = os.strerror(error.errno) if error.errno else str(error)
    return text[:1].lower() + text[1:]
