"""The cell made ready to travel: checked, its names captured, nothing started yet."""

from __future__ import annotations

import ast
import builtins
import linecache
import math
import platform
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.cell.fingerprint import Fingerprint
from workbench.cell.modules import LocalModule, import_folders, local_modules
from workbench.cell.mutations import mutated_names
from workbench.cell.pickling import Pickled, pickle_names, unpickle_names
from workbench.cell.reads import Reads, reads_of
from workbench.cell.scopes import nodes_of
from workbench.cell.source import CheckedCell, read_cell
from workbench.cell.swept import check_swept
from workbench.errors import CaptureError, CellError, OptionError, suggestion
from workbench.settings import find_project

_PROVIDED = frozenset(
    {"get_ipython", "display", "__name__", "__file__", "__doc__", "_", "__builtins__", "exit", "quit"}
)
_PARAM_CHARS = 250


@dataclass(frozen=True)
class SharedValue:
    """A large captured value, which travels once per content."""

    names: tuple[str, ...]
    fingerprint: Fingerprint
    value: Any


@dataclass(frozen=True)
class Captured:
    """A captured name: its type, its size in bytes, the first line that reads it, through what."""

    name: str
    type_name: str
    nbytes: int
    line: int
    via: str = ""


@dataclass(frozen=True)
class CellPayload:
    """A cell with all that it reads.

    Attributes:
        source: The text that a worker executes.
        filename: The cell's file name in tracebacks.
        line_offset: Lines of the notebook's cell above ``source``.
        pickled: The names, large values left out.
        shared: The large values.
        captured: The captured names, for people.
        modules: Local modules with their source.
        sources: Source text of notebook-defined code by the name that its frames carry.
        params: Literals that the cell assigns, and captured scalars.
        imports: Top-level modules that the cell and what it captures use.
        sys_path: Folders that the worker adds to its import path.
        workdir: The notebook's folder.
        mutated: Captured names that the cell may change in place.
        python: The kernel's version.
    """

    source: str
    filename: str
    line_offset: int
    pickled: bytes
    shared: tuple[SharedValue, ...]
    captured: tuple[Captured, ...]
    modules: tuple[LocalModule, ...]
    sources: dict[str, str]
    params: dict[str, str | int | float | bool]
    imports: frozenset[str]
    sys_path: tuple[str, ...]
    workdir: str
    mutated: frozenset[str]
    python: str

    @property
    def nbytes(self) -> int:
        """Return the size in bytes of all that would leave the kernel."""
        return len(self.pickled) + sum(value.fingerprint.nbytes for value in self.shared)


def prepare(
    source: str,
    namespace: dict[str, Any],
    *,
    filename: str = "cell",
    line_offset: int = 1,
    workdir: str | Path | None = None,
    returns: Iterable[str] = (),
    history: Mapping[str, str] | None = None,
    swept: Iterable[str] = (),
    also: Iterable[str] = (),
) -> CellPayload:
    """Check a cell and capture what it reads.

    Args:
        source: The cell without its magic line.
        namespace: The notebook's names.
        filename: The cell's file name in tracebacks, for example ``Cell In[5]``.
        line_offset: Lines of the notebook's cell above ``source``.
        workdir: The notebook's folder; None takes the current one.
        returns: Names that are to come back.
        swept: Names that a sweep sets on the workers.
        also: Names of the notebook to take along though the cell does not read them.
        history: Text of earlier cells by the file name in their frames, where ``linecache`` lacks it.

    Raises:
        CellError: The cell cannot run on a worker, with its line and what to do.
        CaptureError: Values that it reads cannot travel: all of them, each with its fix.
        OptionError: A name of ``returns`` is never bound.
    """
    folder = Path(workdir or Path.cwd()).resolve()
    cell = read_cell(source, line_offset=line_offset)
    reads = reads_of(section.tree for section in cell.sections)
    given = tuple(swept)
    if given:
        check_swept(cell.sections[0].tree, given)
    names = [*_captured_names(reads, {**namespace, **dict.fromkeys(given)}), *also]
    names = [name for name in dict.fromkeys(names) if name not in given or name in namespace]
    bound = (*given, "best_params") if given else ()
    extra = _check_returns(tuple(name for name in returns if name not in bound), reads, namespace)
    pickled = pickle_names([*names, *[name for name in extra if name not in names]], namespace, reads.dotted)
    _refuse_blocked(pickled, reads)
    folders = import_folders([folder, find_project(folder)])
    used = (
        reads.imports
        | reads.imported
        | {value.__name__ for value in map(namespace.get, pickled.sizes) if isinstance(value, types.ModuleType)}
        | {module for function in pickled.functions for module in _modules_of(function, namespace)}
        | pickled.modules
    )
    local = local_modules(used, folders)
    imports = {name.split(".")[0] for name in used} | _imports_in_sources(module.source for module in local)
    return CellPayload(
        source=cell.text,
        filename=filename,
        line_offset=line_offset,
        pickled=pickled.data,
        shared=tuple(
            SharedValue(tuple(large.paths), large.fingerprint, large.value) for large in pickled.large.values()
        ),
        captured=_captured(pickled, reads, namespace),
        modules=local,
        sources=_sources(pickled.functions, history or {}),
        params=_params(cell, reads, pickled, namespace),
        imports=frozenset(imports - {"__main__", "builtins", ""}),
        sys_path=tuple(map(str, folders)),
        workdir=str(folder),
        mutated=_mutated(cell, pickled) if pickled.large else frozenset(reads.mutated & set(pickled.sizes)),
        python=platform.python_version(),
    )


def load(pickled: bytes, namespace: dict[str, Any], resolve: Callable[[str], Any]) -> None:
    """Put a payload's names into the namespace that the cell will run in; called on a worker.

    Args:
        pickled: :attr:`CellPayload.pickled`.
        namespace: The dictionary of the module ``__main__``.
        resolve: Returns a shared value by its digest.
    """
    unpickle_names(pickled, namespace, resolve)


def _captured_names(reads: Reads, namespace: dict[str, Any]) -> list[str]:
    """Return the names to take along; a name that exists nowhere is an error, inside a function, too."""
    names, missing = [], []
    unsure = set(reads.needed) if reads.is_dynamic else reads.tried
    for name, line in reads.needed.items():
        if name in namespace and name not in _PROVIDED and not name.startswith("__"):
            names.append(name)
        elif hasattr(builtins, name) or name in _PROVIDED or name.startswith("__") or name in unsure:
            continue
        elif name not in reads.bound:
            near = suggestion(name, [*namespace, *reads.bound])
            missing.append(f"line {line} reads {name!r}, which neither the notebook nor the cell defines.{near}")
        elif name in reads.straight and reads.bound[name] > line:
            missing.append(f"line {line} reads {name!r}, which is bound only later, in line {reads.bound[name]}.")
        elif name in reads.straight and reads.bound[name] == line:
            missing.append(f"line {line} reads {name!r} before it is bound in the same line. Bind it in a line above.")
    if missing:
        raise CellError("Cannot run the cell: " + "\n  ".join(missing), names=missing)
    return names


def _check_returns(returns: tuple[str, ...], reads: Reads, namespace: dict[str, Any]) -> list[str]:
    """Return the names of ``returns`` that come from the notebook: they travel both ways. Others the cell must bind."""
    for name in returns:
        if name not in reads.bound and name not in namespace and not reads.is_dynamic:
            known = suggestion(name, [*reads.bound, *namespace])
            raise OptionError(
                f"Cannot return {name!r}: the cell never binds it.{known} "
                f"Names that it binds: {', '.join(list(reads.bound)[:20]) or 'none'}."
            )
    return [name for name in returns if name not in reads.bound and name in namespace]


def _refuse_blocked(pickled: Pickled, reads: Reads) -> None:
    if not pickled.blocked:
        return
    lines = []
    # A name that the cell may bind itself was only taken along to be sure.
    for item in {item.path: item for item in pickled.blocked}.values():
        where = _where(item.name, pickled, reads)
        lines.append(f"{item.path} is {item.blocker.what}; {where}. {item.blocker.fix}")
    raise CaptureError(
        "Cannot send to the workers:\n  " + "\n  ".join(lines),
        names=tuple(dict.fromkeys(item.name for item in pickled.blocked)),
    )


def _where(name: str, pickled: Pickled, reads: Reads) -> str:
    if name in reads.needed:
        return f"line {reads.needed[name]} reads {name!r}"
    chain = [name]
    while chain[-1] in pickled.via and len(chain) < 10:
        chain.append(pickled.via[chain[-1]])
    line = reads.needed.get(chain[-1])
    through = " through ".join(f"{link}()" for link in chain[1:])
    return f"{name!r} is read{f' by {through}' if through else ''}{f', used in line {line}' if line else ''}"


def _captured(pickled: Pickled, reads: Reads, namespace: dict[str, Any]) -> tuple[Captured, ...]:
    rows = []
    for name, size in pickled.sizes.items():
        shared = sum(
            large.fingerprint.nbytes
            for large in pickled.large.values()
            if any(path == name or path.startswith((f"{name}[", f"{name}.")) for path in large.paths)
        )
        via = pickled.via.get(name, "") if name not in reads.needed else ""
        line = reads.needed.get(name) or reads.needed.get(via, 0)
        rows.append(Captured(name, type(namespace[name]).__name__, size + shared, line, via))
    return tuple(rows)


def _sources(functions: list[types.FunctionType], history: Mapping[str, str]) -> dict[str, str]:
    """Return the source text for tracebacks, by the file name in the functions' code."""
    sources: dict[str, str] = {}
    for function in functions:
        name = function.__code__.co_filename
        if name not in sources:
            text = "".join(linecache.getlines(name)) or history.get(name, "")
            if text:
                sources[name] = text
    return sources


def _modules_of(function: types.FunctionType, namespace: dict[str, Any]) -> set[str]:
    names = set()
    for name in function.__code__.co_names:
        value = namespace.get(name)
        module = value.__name__ if isinstance(value, types.ModuleType) else getattr(value, "__module__", None)
        if isinstance(module, str):
            names.add(module)
    return names


def _imports_in_sources(sources: Iterable[bytes]) -> set[str]:
    names: set[str] = set()
    for source in sources:
        try:
            names |= set(reads_of([ast.parse(source)]).imports)
        except (SyntaxError, ValueError):
            continue
    return names


def _params(
    cell: CheckedCell, reads: Reads, pickled: Pickled, namespace: dict[str, Any]
) -> dict[str, str | int | float | bool]:
    """Return captured scalars and the cell's top-level literals, which override them."""
    params: dict[str, str | int | float | bool] = {}
    for name in pickled.sizes:
        value = namespace[name]
        if _is_scalar(value) and not name.startswith("_"):
            params[name] = value
    for section in cell.sections:
        for node in section.tree.body:
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
                targets: list[ast.expr] = list(node.targets) if isinstance(node, ast.Assign) else [node.target]
                for target, value in _literals(targets, node.value):
                    params.setdefault(target, value) if target in params and target in reads.needed else (
                        params.__setitem__(target, value)
                    )
    return params


def _literals(targets: list[ast.expr], value: ast.expr) -> Iterable[tuple[str, str | int | float | bool]]:
    for target in targets:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            for part, item in zip(target.elts, value.elts, strict=True):
                yield from _literals([part], item)
        elif isinstance(target, ast.Name):
            try:
                literal = ast.literal_eval(value)
            except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                continue
            if _is_scalar(literal):
                yield target.id, literal


def _is_scalar(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= _PARAM_CHARS
    return isinstance(value, (bool, int)) or (isinstance(value, float) and not math.isnan(value))


def _mutated(cell: CheckedCell, pickled: Pickled) -> frozenset[str]:
    """Return the captured names that the cell, or a notebook function that it calls, may change in place."""
    trees = [section.tree for section in cell.sections]
    for text in _sources(pickled.functions, {}).values():
        try:
            trees.append(ast.parse(text))
        except (SyntaxError, ValueError):
            continue
    return frozenset(mutated_names(node for tree in trees for node in nodes_of(tree)) & set(pickled.sizes))
