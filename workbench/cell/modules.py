"""The modules beside the notebook that a cell uses, with their source as it is now."""

from __future__ import annotations

import ast
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_INSTALLED = tuple(
    str(Path(path).resolve()) for path in {sysconfig.get_path("purelib"), sysconfig.get_path("stdlib"), sys.prefix}
)


@dataclass(frozen=True)
class LocalModule:
    """A module of the user's own.

    Attributes:
        name: Its dotted name.
        path: Its file.
        relative: Its file relative to the folder that it is imported from.
        source: The file's content now.
        is_stale: Whether the file was edited after the kernel had imported it.
    """

    name: str
    path: str
    relative: str
    source: bytes
    is_stale: bool = False


def local_modules(names: Iterable[str], folders: Iterable[Path]) -> tuple[LocalModule, ...]:
    """Return the local modules among these, and those that they import in turn.

    Args:
        names: Dotted names of modules that the cell uses.
        folders: The folders of local modules, the notebook's first.
    """
    places = [folder.resolve() for folder in folders]
    found: dict[str, LocalModule] = {}
    queue = sorted(set(names))
    while queue:
        name = queue.pop()
        for part in _with_parents(name):
            if part in found:
                continue
            module = _locate(part, places)
            if module is not None:
                found[part] = module
                queue += _imports_of(module)
    return tuple(found[name] for name in sorted(found))


def import_folders(places: Iterable[Path]) -> list[Path]:
    """Return the folders of local modules: the notebook's, the project's, and those on the path inside them."""
    roots = list(dict.fromkeys(place.resolve() for place in places))
    on_path = [Path(entry).resolve() for entry in sys.path if entry]
    inside = [
        folder
        for folder in on_path
        if folder.is_dir() and not _is_installed(folder / "_") and any(root in folder.parents for root in roots)
    ]
    return list(dict.fromkeys([roots[0], *inside, *roots[1:]]))


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _locate(name: str, places: list[Path]) -> LocalModule | None:
    relative = Path(*name.split("."))
    for place in places:
        for candidate in (relative.with_suffix(".py"), relative / "__init__.py"):
            path = place / candidate
            if path.is_file() and not _is_installed(path):
                source = path.read_bytes()
                return LocalModule(name, str(path), str(candidate), source, _is_stale(name, path))
    return None


def _is_installed(path: Path) -> bool:
    return "site-packages" in path.parts or any(str(path).startswith(root + "/") for root in _INSTALLED)


def _is_stale(name: str, path: Path) -> bool:
    """Return whether the kernel imported an earlier version of the file."""
    module = sys.modules.get(name)
    loaded_from = getattr(module, "__file__", None)
    if module is None or loaded_from is None or Path(loaded_from).resolve() != path:
        return False
    loaded_at = _first_seen.setdefault(name, (id(module), path.stat().st_mtime))
    if loaded_at[0] != id(module):  # it was reloaded
        _first_seen[name] = (id(module), path.stat().st_mtime)
        return False
    return path.stat().st_mtime > loaded_at[1]


_first_seen: dict[str, tuple[int, float]] = {}


def note_imports(folders: Iterable[Path]) -> None:
    """Remember the files' times of modules that the kernel has imported by now; call it after each cell."""
    places = [str(folder.resolve()) + "/" for folder in folders]
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        known = _first_seen.get(name)
        if not isinstance(file, str) or (known is not None and known[0] == id(module)):
            continue
        if any(file.startswith(place) for place in places) and not _is_installed(Path(file)):
            try:
                _first_seen[name] = (id(module), Path(file).stat().st_mtime)
            except OSError:
                continue


def _imports_of(module: LocalModule) -> list[str]:
    try:
        tree = ast.parse(module.source)
    except (SyntaxError, ValueError):
        return []
    package = module.name if module.relative.endswith("__init__.py") else module.name.rpartition(".")[0]
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base]).strip(".")
            names += [base, *[f"{base}.{alias.name}".strip(".") for alias in node.names]]
    return [name for name in names if name]
