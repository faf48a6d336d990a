"""From paths, folders and patterns to the files that are meant, with a reason for each that is not."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILES = (".gitignore", ".ignore", ".cleanerignore")


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Patterns as .gitignore has them, relative to `base`; `origin` says where they come from."""

    base: Path
    spec: GitIgnoreSpec
    origin: str

    @classmethod
    def of(cls, patterns: Iterable[str], base: Path, origin: str) -> Exclusion:
        """Raises ValueError for a pattern that makes no sense."""
        from pathspec import GitIgnoreSpec  # 20 ms, which a file alone does not need

        return cls(base.resolve(), GitIgnoreSpec.from_lines(patterns), origin)

    def covers(self, path: Path, *, folder: bool = False) -> bool:
        """Whether the patterns leave out `path` (absolute), or a folder that it is in."""
        name = os.path.relpath(path, self.base).replace(os.sep, "/")
        if name.startswith("../"):
            return False
        return self.spec.match_file(name + "/" if folder else name)


@dataclass(frozen=True, slots=True)
class Found:
    """A file; `name` is its path below the folder that was searched."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that is left out, and why; `error` is what kept a folder from being listed."""

    path: Path
    reason: str
    error: OSError | None = None


def find(
    paths: Sequence[str], exclusions: Sequence[Exclusion], wanted: Callable[[str], bool]
) -> Iterator[Found | Skipped]:
    """The files that `paths` mean, each once and in sorted order.

    A path is a file, a folder (all files below it of a kind that is `wanted` by name) or a pattern with `*`, `?`,
    `[...]` or `**`.  Ignore files hold within folders; `exclusions` hold for paths given by name as well.
    Raises FileNotFoundError for a path, or a pattern, that stands for nothing.
    """
    given = [match for path in paths for match in _expanded(path)]
    parents = [path if path.is_dir() else path.parent for path in given]
    root = Path(os.path.commonpath([p.resolve() for p in parents])) if parents else Path()
    seen: set[str] = set()
    places = Places()
    for path in given:
        for item in _below(path, list(exclusions), wanted) if path.is_dir() else _single(path, exclusions):
            real = places.real(item.path)
            if real in seen:
                continue
            seen.add(real)
            if isinstance(item, Found):
                # A link keeps its own name.
                item = Found(item.path, os.path.relpath(places.of(item.path), root).replace(os.sep, "/"))
            yield item


class Places:
    """Where files really are; each folder is followed to its end once, and not again for every file in it."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}

    def of(self, path: Path) -> str:
        """The path without links, but for the last part."""
        folder, name = os.path.split(path)
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        return os.path.join(self._folders[folder], name)  # noqa: PTH118

    def real(self, path: Path) -> str:
        """The path without links."""
        place = self.of(path)
        return os.path.realpath(place) if os.path.islink(place) or path.name in ("", "..") else place  # noqa: PTH114


def _expanded(path: str) -> list[Path]:
    if Path(path).exists():
        return [Path(path)]
    # pathlib takes no absolute patterns
    matches = sorted(glob.glob(path, recursive=True)) if glob.has_magic(path) else []  # noqa: PTH207
    if matches:
        return [Path(match) for match in matches]
    raise FileNotFoundError(2, os.strerror(2), path)


def _excluded(path: Path, exclusions: Sequence[Exclusion], *, folder: bool = False) -> str | None:
    if not exclusions:
        return None
    real = path.parent.resolve() / path.name
    return next((f"excluded by {e.origin}" for e in exclusions if e.covers(real, folder=folder)), None)


def _single(path: Path, exclusions: Sequence[Exclusion]) -> Iterator[Found | Skipped]:
    reason = _excluded(path, exclusions)
    yield Skipped(path, reason) if reason else Found(path, path.name)


def _below(folder: Path, exclusions: list[Exclusion], wanted: Callable[[str], bool]) -> Iterator[Found | Skipped]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Skipped(folder, f"cannot be listed ({os.strerror(error.errno or 0).lower()})", error)
        return
    names = {entry.name for entry in entries}
    own = [file for file in IGNORE_FILES if file in names]
    for file in own:
        lines = (folder / file).read_text("utf-8", "replace").splitlines()
        exclusions = [*exclusions, Exclusion.of(lines, folder, str(folder / file))]
    for entry in entries:
        path, is_folder = folder / entry.name, entry.is_dir()
        if entry.name.startswith("."):
            if entry.name not in IGNORE_FILES:
                yield Skipped(path, "hidden")
        elif reason := _excluded(path, exclusions, folder=is_folder):
            yield Skipped(path, reason)
        elif is_folder:
            if entry.is_symlink():
                yield Skipped(path, "a link to a folder")
            else:
                yield from _below(path, exclusions, wanted)
        elif wanted(entry.name):
            yield Found(path, entry.name)
        else:
            yield Skipped(path, "not a kind of file that holds text")
