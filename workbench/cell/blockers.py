"""Values that cannot leave the kernel, and what to do about each."""

from __future__ import annotations

import io
import queue
import socket
import sqlite3
import subprocess
import sys
import threading
import types
import weakref
from concurrent.futures import Executor
from typing import Any, NamedTuple

_LOCKS = (type(threading.Lock()), type(threading.RLock()))
_REOPEN = "Open it inside the cell."
_CONNECT = "Connect inside the cell."
_DATABASE_TYPES = frozenset(
    {"Connection", "Cursor", "Engine", "Session", "scoped_session", "AsyncConnection", "AsyncEngine", "AsyncSession"}
)


class Blocker(NamedTuple):
    """The kind of a value that cannot travel, and what to do about it."""

    what: str
    fix: str


def blocker_of(value: Any) -> Blocker | None:
    """Return why a value cannot travel, None for one that can.

    Called for every object that is pickled, so the common case returns at the first look.
    """
    kind = type(value)
    known = _BY_TYPE.get(kind)
    if known is not None:
        return known
    module = kind.__module__
    if module == "builtins" or module.startswith("numpy"):
        return None
    if module.startswith("torch"):
        return _blocker_of_tensor(value)
    if isinstance(value, tuple(_BY_BASE)):
        return _BY_BASE[next(base for base in _BY_BASE if isinstance(value, base))]
    if isinstance(value, types.ModuleType):
        return None
    if kind.__name__ in _DATABASE_TYPES and _is_database(module):
        return Blocker("an open database connection", _CONNECT)
    if kind.__name__ == "ActiveRun" and module.startswith("mlflow"):
        fix = "The cell is an MLflow run of its own: call mlflow.log_metric(...) without it."
        return Blocker("a running MLflow run", fix)
    return None


def _is_database(module: str) -> bool:
    root = module.split(".")[0]
    api = getattr(sys.modules.get(root), "apilevel", None)
    return api is not None or root in ("sqlalchemy", "duckdb", "psycopg", "psycopg2", "pymongo", "redis")


def _blocker_of_tensor(value: Any) -> Blocker | None:
    torch = sys.modules["torch"]
    if isinstance(value, torch.Tensor) and value.device.type not in ("cpu", "meta"):
        return Blocker(
            f"a tensor on {value.device}",
            "Move it to the CPU first (`x = x.cpu()`, `model = model.cpu()`) and back to the GPU inside the cell.",
        )
    if isinstance(value, torch.Generator):
        return Blocker("a random generator of torch", "Make it inside the cell: torch.Generator().manual_seed(...).")
    return None


_BY_BASE: dict[type, Blocker] = {
    io.IOBase: Blocker("an open file", f"{_REOPEN} Pass its path, or its content."),
    socket.socket: Blocker("an open socket", _CONNECT),
    sqlite3.Connection: Blocker("an open database connection", _CONNECT),
    threading.Thread: Blocker("a running thread", "Start it inside the cell."),
    Executor: Blocker("a pool of threads or processes", "Make it inside the cell."),
    subprocess.Popen: Blocker("a running process", "Start it inside the cell."),
}

_BY_TYPE: dict[type, Blocker] = {
    **dict.fromkeys(_LOCKS, Blocker("a lock", "Make it inside the cell: locks of the kernel mean nothing to workers.")),
    types.GeneratorType: Blocker("a generator", "Make it inside the cell, or turn it into a list: list(...)."),
    types.CoroutineType: Blocker("a coroutine", "Await it in the notebook first, or create it inside the cell."),
    types.AsyncGeneratorType: Blocker("an asynchronous generator", "Make it inside the cell."),
    types.FrameType: Blocker("a stack frame", "Keep what you need of it in plain variables."),
    types.TracebackType: Blocker("a traceback", "Keep its text: traceback.format_exc()."),
    io.TextIOWrapper: Blocker("an open file", f"{_REOPEN} Pass its path, or its content."),
    io.BufferedReader: Blocker("an open file", f"{_REOPEN} Pass its path, or its content."),
    io.BufferedWriter: Blocker("an open file", f"{_REOPEN} Pass its path, or its content."),
    sqlite3.Cursor: Blocker("an open database cursor", _CONNECT),
    threading.local: Blocker("values of a thread", "Make it inside the cell: threading.local()."),
    queue.SimpleQueue: Blocker("a queue of the kernel", "Make it inside the cell, or pass its items as a list."),
    weakref.ReferenceType: Blocker(
        "a weak reference", "Keep the object itself, or make the reference inside the cell."
    ),
}
for _harmless in (int, float, str, bool, bytes, list, tuple, dict, set, type(None), type, types.FunctionType):
    _BY_TYPE.pop(_harmless, None)


def is_in_memory_file(value: Any) -> bool:
    """Return whether a value is a file in memory, which travels like any other value."""
    return isinstance(value, (io.StringIO, io.BytesIO))


def find_path(name: str, root: Any, target: Any, *, limit: int = 20_000) -> str:
    """Return how to reach ``target`` from a variable, such as ``cfg['log'].handlers[0]``; the name where unknown."""
    pending: list[tuple[str, Any]] = [(name, root)]
    seen: set[int] = set()
    while pending and len(seen) < limit:
        path, value = pending.pop(0)
        if value is target:
            return path
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, dict):
            pending += [(f"{path}[{key!r}]", item) for key, item in value.items()]
        elif isinstance(value, (list, tuple)):
            pending += [(f"{path}[{index}]", item) for index, item in enumerate(value)]
        elif isinstance(value, types.FunctionType):
            cells = zip(value.__code__.co_freevars, value.__closure__ or (), strict=False)
            pending += [(f"{path} (its {free})", cell.cell_contents) for free, cell in cells if _is_full(cell)]
        elif hasattr(value, "__dict__") and not isinstance(value, (type, types.ModuleType)):
            pending += [(f"{path}.{key}", item) for key, item in vars(value).items()]
    return name


def _is_full(cell: Any) -> bool:
    try:
        _ = cell.cell_contents
    except ValueError:
        return False
    return True
