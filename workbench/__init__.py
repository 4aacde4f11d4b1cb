"""Workbench: notebook cells as tracked, distributed runs.

In a notebook, ``%load_ext workbench`` brings the magics ``%%train``, ``%runs`` and ``%workbench``.
In a cell that runs, ``from workbench import log, checkpoint, progress``. From Python,
:func:`train`, :func:`run` and :func:`runs`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from workbench import errors
from workbench.context import (
    checkpoint,
    in_run,
    is_rank_zero,
    latest_checkpoint,
    local_rank,
    log,
    progress,
    rank,
    run_id,
    world_size,
)

if TYPE_CHECKING:
    from workbench.api.run_handle import RunHandle
    from workbench.api.runs import run, runs
    from workbench.api.train import train
    from workbench.records.runs import RunState

_LAZY = {
    "train": "workbench.api.train",
    "run": "workbench.api.train",
    "runs": "workbench.api.train",
    "again": "workbench.api.train",
    "sweep": "workbench.api.sweep",
    "study": "workbench.api.sweep",
    "publish": "workbench.api.publish",
    "endpoint": "workbench.api.publish",
    "Endpoint": "workbench.api.endpoint_handle",
    "RunHandle": "workbench.api.run_handle",
    "RunState": "workbench.records.runs",
}

__all__ = [
    "Endpoint",
    "RunHandle",
    "RunState",
    "again",
    "checkpoint",
    "endpoint",
    "errors",
    "in_run",
    "is_rank_zero",
    "latest_checkpoint",
    "local_rank",
    "log",
    "progress",
    "publish",
    "rank",
    "run",
    "run_id",
    "runs",
    "study",
    "sweep",
    "train",
    "world_size",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from workbench.settings import package_version

        return package_version()
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'workbench' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__", "load_ipython_extension"])


def load_ipython_extension(shell: Any) -> None:
    """What ``%load_ext workbench`` calls."""
    from workbench.notebook.magics import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """What ``%unload_ext workbench`` calls."""
    from workbench.notebook.magics import unload

    unload(shell)
