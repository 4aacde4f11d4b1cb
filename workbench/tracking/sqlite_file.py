"""The SQLite file of an embedded tracking store: created once and whole, by whichever process comes first."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
import threading
import uuid
from pathlib import Path

from cachetools import TTLCache, cached
from filelock import FileLock

from workbench.tracking.mlflow_compat import LARGE_TABLES

_ROOM = 4 * 2**20
_HELP_EVERY_S = 600.0

_opened: dict[Path, list[int]] = {}


def prepare(path: Path) -> str:
    """Return the URI of an SQLite store, whose file is created where it is missing.

    MLflow's own first use of a new file races between processes, so it happens under a lock. MLflow also keeps
    a file open by its URI for as long as the process lives: where the file was removed and created again, the URI is
    spelled differently.

    Args:
        path: The store's file.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock", timeout=120):
        if inode(path) == -1 or not path.stat().st_size:
            _make(path)
        inodes = _opened.setdefault(path, [])
        if inode(path) not in inodes:
            inodes.append(inode(path))
    return f"sqlite:///{path.parent}{'/.' * inodes.index(inode(path))}/{path.name}"


def _make(path: Path) -> None:
    """Create a store aside and move it into place, so that a full disk leaves none instead of half of one."""
    from mlflow import MlflowClient

    if shutil.disk_usage(path.parent).free < _ROOM:  # MLflow's own words for it name tables
        raise OSError(errno.ENOSPC, "No space left on device", str(path))
    aside = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        MlflowClient(f"sqlite:///{aside}").search_experiments(max_results=1)
        with contextlib.closing(sqlite3.connect(aside)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA journal_mode=DELETE")
        aside.replace(path)
    finally:
        for leftover in path.parent.glob(f"{aside.name}*"):
            leftover.unlink()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


@cached(TTLCache(maxsize=1024, ttl=_HELP_EVERY_S), lock=threading.Lock())
def help_planner(path: Path) -> None:
    """Have SQLite count the rows of its tables, once in ten minutes.

    Sorting 10,000 runs by a metric takes 0.05 s instead of 5 s then.
    """
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path, timeout=1.0)) as connection:
        for table in LARGE_TABLES:
            connection.execute(f"ANALYZE {table}")
        connection.commit()


def inode(path: Path) -> int:
    """Return the file's number on its disk, -1 where there is no file."""
    try:
        return path.stat().st_ino
    except OSError:
        return -1
