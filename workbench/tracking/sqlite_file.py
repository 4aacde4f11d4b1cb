"""The SQLite file of an embedded tracking store: made once, whole, whoever comes first."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from filelock import FileLock

_opened: dict[Path, list[int]] = {}


def prepare(path: Path) -> str:
    """The address of an SQLite store whose file is there and whole, for many readers and one writer.

    MLflow's own first use of a new file races between processes, so it happens under a lock. It
    also holds on to a file by its address for as long as the process lives: where the file was
    removed and made anew, the address is spelled differently.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock", timeout=120):
        is_new = inode(path) == -1 or not path.stat().st_size
        if is_new:
            with contextlib.closing(sqlite3.connect(path)) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
        inodes = _opened.setdefault(path, [])
        if inode(path) not in inodes:
            inodes.append(inode(path))
        uri = f"sqlite:///{path.parent}{'/.' * inodes.index(inode(path))}/{path.name}"
        if is_new:
            from mlflow import MlflowClient

            MlflowClient(uri).search_experiments(max_results=1)
    return uri


def inode(path: Path) -> int:
    """The file's number on its disk, -1 where there is no file."""
    try:
        return path.stat().st_ino
    except OSError:
        return -1
