"""Imports of the project's files, read from their source."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_TS_IMPORT = re.compile(r"^(?:import|export)\b[^;]*?\bfrom\s+'(\.[^']*)'", re.MULTILINE)


def python_files(*folders: str) -> list[Path]:
    """Return the Python files of the folders, but for the stand-ins of modules that Ray imports."""
    return sorted(
        path for folder in folders for path in (ROOT / folder).rglob("*.py") if "lazy_imports" not in path.parts
    )


def panel_files() -> list[Path]:
    """Return the panel's source files and style sheets, but for the types that are generated."""
    folder = ROOT / "labextension"
    files = [path for place in ("src", "style") for path in (folder / place).rglob("*")]
    return sorted(path for path in files if path.suffix in {".ts", ".tsx", ".css"} and path.name != "generated.ts")


def module_of(path: Path) -> str:
    """Return a file's module: ``workbench.api.train``."""
    path = path.relative_to(ROOT).with_suffix("")
    parts = path.parts[1:] if path.parts[0] == "server_ext" else path.parts
    return ".".join(parts).removesuffix(".__init__")


@functools.cache
def imported(path: Path) -> frozenset[str]:
    """Return the names that a file imports at run time, in functions too; those for type checking are left out."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    names = set()
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


@functools.cache
def python_graph() -> dict[str, set[str]]:
    """Return the modules of the library and the server with the modules of theirs that each imports."""
    files = {module_of(path): path for path in python_files("workbench", "server_ext")}

    def target(name: str) -> str | None:
        return next((module for module in (name, name.rpartition(".")[0]) if module in files), None)

    return {
        module: {found for name in imported(path) if (found := target(name)) and found != module}
        for module, path in files.items()
    }


def typescript_graph() -> dict[str, set[str]]:
    """Return the panel's source files with the files of it that each imports, types included."""
    source = ROOT / "labextension" / "src"
    graph: dict[str, set[str]] = {}
    for path in sorted([*source.rglob("*.ts"), *source.rglob("*.tsx")]):
        found = set()
        for place in _TS_IMPORT.findall(path.read_text()):
            stem = (path.parent / place).resolve()
            candidates = [stem.with_suffix(".ts"), stem.with_suffix(".tsx"), stem / "index.ts", stem.parent / stem.name]
            target = next((file for file in candidates if file.is_file()), None)
            assert target is not None, f"{path.relative_to(ROOT)} imports {place!r}, which is not there"
            found.add(target.relative_to(source).as_posix())
        graph[path.relative_to(source).as_posix()] = found
    return graph
