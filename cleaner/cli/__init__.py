"""The command line: one small file per command, imported when the command is called for."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import click

from cleaner import __version__
from cleaner.cli.problems import Failure, reason

COMMANDS = ("check", "fix", "explain")


class Commands(click.Group):
    """The group of all commands; it answers for interruptions and for a standard output that cannot be written."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            return cast(click.Command, import_module(f"cleaner.cli.{cmd_name}").command)
        if Path(cmd_name).exists():
            ctx.fail(f"name a command before the path: cleaner check {cmd_name}")
        return None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except KeyboardInterrupt:
            ctx.exit(130)
        except MemoryError:
            raise Failure("not enough memory for this text; cut it into smaller files") from None
        except BrokenPipeError:
            raise
        except OSError as error:
            # What is still in the buffer must not fail a second time when the interpreter shuts down.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            raise Failure(f"{error.filename or 'standard output'}: {reason(error)}") from None


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  cleaner check --demo                 see it at work on a built-in example
  cleaner check articles/              report garbled text, change nothing
  cleaner fix --diff article.txt       show what would be restored
  cleaner fix --in-place articles/     restore all files of a folder
  cleaner explain "White Home officers mentioned"

`cleaner COMMAND --help` tells more about each.""",
)
@click.version_option(__version__, "-V", "--version", message="cleaner %(version)s")
def main() -> None:
    """Find articles that a machine has garbled, and restore what they once said."""
