"""The command line: one small file per command, imported when the command is called for."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import click

from cleaner import __version__, garbage, threads
from cleaner.cli.problems import Failure, complain, reason
from cleaner.integrity import ModelError

COMMANDS = ("check", "fix", "explain", "run", "undo", "config", "report", "review", "lexicon", "learn")
_MODULES = {"run": "corpus"}


class Commands(click.Group):
    """The group of all commands; it answers for interruptions and for a standard output that cannot be written."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            return cast(click.Command, import_module(f"cleaner.cli.{_MODULES.get(cmd_name, cmd_name)}").command)
        if Path(cmd_name).exists():
            ctx.fail(f"name a command before the path: cleaner check {cmd_name}")
        return None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(130)
        except ModelError as error:
            raise Failure(str(error)) from None
        except MemoryError:
            raise Failure("not enough memory for this text; cut it into smaller files") from None

    def main(self, *args: Any, **options: Any) -> Any:
        threads.settle()
        garbage.settle()
        try:
            try:
                return super().main(*args, **options)
            finally:
                sys.stdout.flush()
        except BrokenPipeError:
            # Whoever reads has read enough.
            _abandon_stdout()
            sys.exit(1)
        except OSError as error:
            _abandon_stdout()
            complain(f"{error.filename or 'standard output'}: {reason(error)}")
            sys.exit(2)
        except Exception:
            # A fault of the program is shown in full, but must not look like the 1 that means findings.
            sys.excepthook(*sys.exc_info())
            sys.exit(2)


def _abandon_stdout() -> None:
    """What is still in the buffer must not fail a second time when the interpreter shuts down."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
  cleaner run corpus/ -o cleaned/      clean JSON lines, CSV, Parquet, HTML, WARC of any size

`cleaner COMMAND --help` tells more about each.""",
)
@click.version_option(__version__, "-V", "--version", message="cleaner %(version)s")
@click.option("--config", metavar="FILE", help="Settings file, in place of the one found from this folder upwards.")
@click.option("--isolated", is_flag=True, help="Use no settings file.")
@click.pass_context
def main(ctx: click.Context, config: str | None, isolated: bool) -> None:
    """Find articles that a machine has garbled, and restore what they once said."""
    from cleaner.configuration import Configuration, ConfigurationError, discover, load

    try:
        path = None if isolated else Path(config) if config else discover(Path())
        configuration: Configuration = load(path)
    except ConfigurationError as error:
        raise Failure(str(error)) from None
    ctx.obj = configuration
    options = configuration.options()
    ctx.default_map = {**dict.fromkeys(COMMANDS, options), "lexicon": {"show": options}}
