"""Puts the checksums of all models into the wheel, so that a damaged installation is found out
(cleaner/integrity.py)."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Manifest(BuildHookInterface[Any]):
    """Adds cleaner/models/manifest.json to a wheel, and to nothing else."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return
        root = Path(self.root)
        spec = importlib.util.spec_from_file_location("integrity", root / "cleaner" / "integrity.py")
        assert spec is not None and spec.loader is not None
        integrity = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(integrity)
        models = (path for path in (root / "cleaner" / "models").iterdir() if path.name != integrity.MANIFEST)
        made = Path(self.directory) / integrity.MANIFEST
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text(
            json.dumps(integrity.manifest(models, self.metadata.version), indent=1) + "\n", encoding="utf-8"
        )
        build_data["force_include"][str(made)] = f"cleaner/models/{integrity.MANIFEST}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if self.target_name == "wheel":
            (Path(self.directory) / "manifest.json").unlink(missing_ok=True)
