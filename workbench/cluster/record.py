"""The record of the local cluster: a file that says where it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NotRequired, TypedDict

from workbench.settings import home


class ClusterRecord(TypedDict):
    """Where a cluster is, and the supervisor that owns it; its dashboard's address once there is one."""

    address: str
    pid: int
    python: str
    executable: str
    started_at: float
    dashboard: NotRequired[str]


def record_path() -> Path:
    """Return the path of the record."""
    return home() / "cluster.json"


def read_record() -> ClusterRecord | None:
    """Return the record, None where there is none."""
    try:
        record: ClusterRecord = json.loads(record_path().read_text())
        return record if isinstance(record, dict) else None
    except (OSError, ValueError):
        return None


def write_record(path: Path, record: ClusterRecord) -> None:
    """Write the record at once: a reader sees all of it, or the one before."""
    aside = path.with_suffix(".new")
    aside.write_text(json.dumps(record))
    aside.replace(path)
