"""The SQLite file of an embedded tracking store: made once, whole, whoever comes first."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import shutil
import sqlite3
import time
import uuid
from pathlib import Path

from filelock import FileLock

from workbench.tracking.series import Series

_ROOM = 4 * 2**20

_HELP_EVERY_S = 600.0

_helped: dict[Path, float] = {}
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
        if inode(path) == -1 or not path.stat().st_size:
            _make(path)
        inodes = _opened.setdefault(path, [])
        if inode(path) not in inodes:
            inodes.append(inode(path))
    return f"sqlite:///{path.parent}{'/.' * inodes.index(inode(path))}/{path.name}"


def _make(path: Path) -> None:
    """Make a store aside and move it into place: a disk that is full half way leaves none, not half of one."""
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


def series(path: Path, run_id: str, metric: str, x: str) -> Series:
    """A metric's points, read from MLflow's table: its client takes 30 s for a million of them, this half a second."""
    import numpy as np

    order = "timestamp" if x == "time" else "step, timestamp"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30.0)) as connection:
        # MLflow keeps infinities as the largest number: here, one stands for NaN.
        rows = connection.execute(
            f"SELECT {order.split(',')[0]}, CASE WHEN is_nan THEN 9e999 ELSE value END FROM metrics "
            f"WHERE run_uuid = ? AND key = ? ORDER BY {order}",
            (run_id, metric),
        )
        table = np.fromiter(itertools.chain.from_iterable(rows), np.float64).reshape(-1, 2)
    y = np.where(np.isinf(table[:, 1]), np.nan, table[:, 1])
    return Series(table[:, 0] / 1000 if x == "time" else table[:, 0].copy(), y)


def help_planner(path: Path) -> None:
    """Tell SQLite how large its tables are, where it does not know: sorting 10,000 runs by a metric then takes
    0.05 s instead of 5 s.
    """
    if time.monotonic() - _helped.get(path, -_HELP_EVERY_S) < _HELP_EVERY_S:
        return
    _helped[path] = time.monotonic()
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path, timeout=1.0)) as connection:
        for table in ("runs", "latest_metrics", "params", "tags"):
            connection.execute(f"ANALYZE {table}")
        connection.commit()


def inode(path: Path) -> int:
    """The file's number on its disk, -1 where there is no file."""
    try:
        return path.stat().st_ino
    except OSError:
        return -1
