"""Settings that a project keeps: `[tool.cleaner]` in pyproject.toml, or cleaner.toml, found upwards."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cleaner.policies import THRESHOLDS
from cleaner.settings import Settings

OWN_FILE = "cleaner.toml"
SHARED_FILE = "pyproject.toml"


class ConfigurationError(ValueError):
    """A settings file cannot be used; the message names file, key and mend."""


@dataclass(frozen=True, slots=True)
class Key:
    """One setting: `check` says what is wrong with a value, or returns None."""

    default: Any
    check: Callable[[Any], str | None]
    help: str


def _probability(value: Any) -> str | None:
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    return None if good else "must be a number between 0 and 1"


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) and value else "must be a string"


def _patterns(value: Any) -> str | None:
    good = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return None if good else 'must be a list of patterns, such as ["drafts/", "*.log"]'


def _paths(value: Any) -> str | None:
    good = isinstance(value, list) and all(isinstance(item, str) and item for item in value)
    return None if good else 'must be a list of files, such as ["phrases.tsv"]'


def _encoding(value: Any) -> str | None:
    try:
        codecs.lookup(value)
    except (LookupError, TypeError):
        return 'must be the name of a text encoding, such as "utf-8"'
    return None


def _policy(value: Any) -> str | None:
    return (
        None if isinstance(value, str) and value in THRESHOLDS else f"must be one of {', '.join(map(repr, THRESHOLDS))}"
    )


def _count(value: Any) -> str | None:
    good = isinstance(value, int) and not isinstance(value, bool) and value >= 1
    return None if good else "must be a whole number from 1 on"


_DEFAULTS = Settings()
KEYS: dict[str, Key] = {
    "threshold": Key(_DEFAULTS.threshold, _probability, "confidence from which a repair counts"),
    "furniture": Key(_DEFAULTS.furniture, _flag, "take out page furniture as well"),
    "lexicons": Key([], _paths, "tables of phrases of your own, relative to the settings file"),
    "reference": Key([], _paths, "clean texts on the same events, relative to the settings file"),
    "encoding": Key("utf-8", _encoding, "encoding of text files"),
    "exclude": Key([], _patterns, "files to leave out, as .gitignore has them, relative to the settings file"),
    "baseline": Key(None, _text, "file of findings that are known and accepted"),
    "field": Key("text", _text, "field or column of the text in JSON lines, CSV and Parquet"),
    "policy": Key("fix", _policy, "what `cleaner run` does with documents"),
    "policy-threshold": Key(None, _probability, "document probability from which the policy acts"),
    "workers": Key(None, _count, "processes of `cleaner run`"),
}


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the settings file says; `origins` has file and line of each key.  `path` is None without a file."""

    path: Path | None
    values: dict[str, Any]
    origins: dict[str, str]

    def options(self) -> dict[str, Any]:
        """The settings that are options of commands, by the names of their parameters."""
        values = {name.replace("-", "_"): value for name, value in self.values.items() if name != "exclude"}
        if self.path is not None and "baseline" in values:
            values["baseline"] = str(self.path.parent / values["baseline"])
        for key in ("lexicons", "reference"):
            if self.path is not None and key in values:
                values[key] = [str(self.path.parent / name) for name in values[key]]
        return values

    def effective(self) -> list[tuple[str, Any, str]]:
        """Every setting with its value and where it comes from."""
        return [
            (name, self.values.get(name, key.default), self.origins.get(name, "default")) for name, key in KEYS.items()
        ]


def discover(start: Path) -> Path | None:
    """The settings file that holds in `start`: the nearest, upwards, that has settings for this program."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (own := folder / OWN_FILE).is_file():
            return own
        shared = folder / SHARED_FILE
        if shared.is_file() and re.search(rb"^\s*\[\s*tool\.cleaner\b", shared.read_bytes(), re.MULTILINE):
            return shared
    return None


def load(path: Path | None) -> Configuration:
    """Read a settings file; raises ConfigurationError."""
    if path is None:
        return Configuration(None, {}, {})
    import tomllib

    try:
        text = path.read_bytes().decode()
        table: Any = tomllib.loads(text)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({os.strerror(error.errno or 0).lower()})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: no valid TOML ({error})") from None
    place = ""
    if path.name == SHARED_FILE:
        table, place = table.get("tool", {}).get("cleaner", {}), "[tool.cleaner] "
    origins = {}
    for name, value in table.items():
        line = _line(text, name)
        if name not in KEYS:
            import difflib

            near = difflib.get_close_matches(name, KEYS, 1)
            mend = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(KEYS)}"
            raise ConfigurationError(f"{path}:{line}: {place}unknown setting {name!r}; {mend}")
        if wrong := KEYS[name].check(value):
            raise ConfigurationError(f"{path}:{line}: {place}{name} {wrong}, not {value!r}")
        origins[name] = f"{path}:{line}"
    return Configuration(path, dict(table), origins)


def _line(text: str, name: str) -> int:
    m = re.search(rf"""^[ \t]*["']?{re.escape(name)}["']?[ \t]*=""", text, re.MULTILINE)
    return text.count("\n", 0, m.start()) + 1 if m else 1
