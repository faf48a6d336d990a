"""`cleaner config`: the settings that hold here, and where each comes from."""

from __future__ import annotations

import json

import click

from cleaner.cli.exclusion import settings_in_force
from cleaner.configuration import KEYS, OWN_FILE, SHARED_FILE


@click.command(
    "config",
    short_help="Print the settings in force and where they come from.",
    epilog=f"""\b
Settings stand in {OWN_FILE}, or under [tool.cleaner] in {SHARED_FILE}, of this folder or one above it:

\b
  [tool.cleaner]
  threshold = 0.9
  exclude = ["drafts/", "*.log.txt"]

An option on the command line goes before the file.""",
)
def command() -> None:
    """Print the settings in force in this folder as TOML, each with its origin."""
    configuration = settings_in_force()
    rows = [
        (f"{name} = {json.dumps(value)}" if value is not None else f"# {name} is not set", origin, KEYS[name].help)
        for name, value, origin in configuration.effective()
    ]
    width = max(len(row[0]) for row in rows)
    for setting, origin, purpose in rows:
        click.echo(f"{setting:<{width}}  # {origin}: {purpose}")
