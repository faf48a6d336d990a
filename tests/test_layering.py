"""Imports only go downwards: no step knows about files, no format about the model, nobody about the command line."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

import cleaner

PACKAGE = Path(cleaner.__file__).parent
# From the bottom up; whatever a module leads to, however indirectly, is of its own layer or of a lower one.
LAYERS = (
    ("segment", "result", "settings", "resources"),
    ("lexicon", "language_model", "casing", "spelling"),
    ("lattice", "islands", "context"),
    ("detector", "rewriter"),
    ("findings", "repairs"),
    ("analysis", "screen"),
    ("cleaner",),
    ("formats", "reports", "documents"),
    ("jobs", "engines", "learning", "training"),
    ("review",),
    ("cli",),
)
MODEL = {"lexicon", "language_model", "lattice", "islands", "context", "detector", "analysis", "cleaner", "screen"}
APPLICATION = {
    "formats",
    "jobs",
    "engines",
    "reports",
    "documents",
    "review",
    "cli",
    "training",
    "learning",
    "discovery",
}


def modules() -> list[str]:
    """All modules below the package, by their names without it; a package is called by its own name."""
    paths = (path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.rglob("*.py"))
    return sorted({".".join(path.parts).removesuffix(".__init__") for path in paths} - {"__init__", "__main__"})


@cache
def imported(module: str) -> frozenset[str]:
    """The modules of the package that `module` imports when it runs, at its head or later."""
    path = PACKAGE.joinpath(*module.split("."))
    tree = ast.parse((path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text(encoding="utf-8"))
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if node in for_types:
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "cleaner":
            for alias in node.names:
                found |= {f"{node.module}.{alias.name}", str(node.module)} & _known()
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & _known()
    return frozenset(name.removeprefix("cleaner.") for name in found) - {module}


@cache
def _known() -> frozenset[str]:
    return frozenset(f"cleaner.{name}" for name in modules())


@cache
def reached(module: str) -> frozenset[str]:
    """All modules that `module` leads to."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        for name in imported(waiting.pop()) - seen:
            seen.add(name)
            waiting.append(name)
    return frozenset(seen)


def layer(module: str) -> int | None:
    """The number of the module's layer, None for one that has none of its own."""
    top = module.split(".")[0]
    return next((i for i, names in enumerate(LAYERS) if top in names), None)


def test_the_layers_are_there() -> None:
    tops = {module.split(".")[0] for module in modules()}
    assert {name for names in LAYERS for name in names} <= tops


@pytest.mark.parametrize("module", modules())
def test_imports_go_downwards(module: str) -> None:
    own = layer(module)
    if own is not None:
        higher = [name for name in reached(module) if (layer(name) or 0) > own]
        assert not higher, f"{module} leads up to {', '.join(higher)}"


@pytest.mark.parametrize("module", modules())
def test_no_module_leads_to_itself(module: str) -> None:
    assert module not in reached(module)


@pytest.mark.parametrize("module", [name for name in modules() if name.split(".")[0] == "formats"])
def test_no_format_knows_the_model(module: str) -> None:
    assert not {name.split(".")[0] for name in reached(module)} & MODEL


def test_no_step_knows_about_files() -> None:
    assert not {name.split(".")[0] for name in reached("cleaner")} & APPLICATION


def test_files_stay_under_400_lines() -> None:
    long = {
        path.relative_to(PACKAGE).as_posix(): lines
        for path in PACKAGE.rglob("*.py")
        if (lines := path.read_text(encoding="utf-8").count("\n")) > 400
    }
    assert not long
