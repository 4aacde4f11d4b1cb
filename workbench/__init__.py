"""Workbench: notebook cells as tracked, distributed runs.

In a notebook, ``%load_ext workbench`` registers the magics ``%%train``, ``%%sweep``, ``%runs``, ``%publish``,
``%endpoints`` and ``%workbench``. A cell that runs uses ``from workbench import log, checkpoint, progress``.
Scripts call :func:`train`, :func:`sweep`, :func:`publish`, :func:`run` and :func:`runs`.
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
    from workbench.api.endpoint_handle import Endpoint
    from workbench.api.publish import endpoint, publish
    from workbench.api.run_handle import RunHandle
    from workbench.api.runs import again, run, runs
    from workbench.api.sweep import study, sweep
    from workbench.api.train import train
    from workbench.records.runs import RunState

_LAZY = {
    "train": "workbench.api.train",
    "run": "workbench.api.runs",
    "runs": "workbench.api.runs",
    "again": "workbench.api.runs",
    "sweep": "workbench.api.sweep",
    "study": "workbench.api.sweep",
    "publish": "workbench.api.publish",
    "endpoint": "workbench.api.publish",
    "Endpoint": "workbench.api.endpoint_handle",
    "RunHandle": "workbench.api.run_handle",
    "RunState": "workbench.records.runs",
}
"""The names that are imported when they are first used: ``import workbench`` stays quick."""

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
    """Register the magics, for ``%load_ext workbench``."""
    from workbench.notebook.magics import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Remove the magics, for ``%unload_ext workbench``."""
    from workbench.notebook.magics import unload

    unload(shell)
