"""Whether a model file is the one that was published, byte for byte.

A wheel carries `models/manifest.json`, which `hatch_build.py` makes when the wheel is built.  A checkout has none:
there models are trained anew, and git knows what they were.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"


class ModelError(Exception):
    """A model file cannot be used; the message names it and the mend."""


def manifest(paths: Iterable[Path], version: str) -> dict[str, Any]:
    """What the manifest says of model files of this version of the package."""
    return {"version": version, "sha256": {path.name: _sha256(path) for path in sorted(paths)}}


@cache
def verified(path: Path) -> Path:
    """`path`, once its content is what a manifest beside it says, if there is one.

    Raises ModelError for a model that is missing, damaged, of another version, or not in the manifest.
    """
    listed = path.with_name(MANIFEST)
    if not listed.exists():
        return path
    import json

    from cleaner import __version__

    mend = "install article-cleaner anew: pip install --force-reinstall article-cleaner"
    try:
        published = json.loads(listed.read_bytes())
        version, sums = published["version"], published["sha256"]
    except (ValueError, KeyError, TypeError):
        raise ModelError(f"{listed} is damaged; {mend}") from None
    if version != __version__:
        raise ModelError(f"{path.parent} holds the models of version {version}, not {__version__}; {mend}")
    if path.name not in sums or not path.exists():
        raise ModelError(f"{path} is missing; {mend}")
    if _sha256(path) != sums[path.name]:
        raise ModelError(f"{path} is damaged: it is not the file that was published; {mend}")
    return path


def _sha256(path: Path) -> str:
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
