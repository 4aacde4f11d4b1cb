"""Cells that tests run on a cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import workbench
from tests.support.processes import own_process
from tests.support.waiting import until
from workbench.api.train import train_cell
from workbench.options.run import check_options
from workbench.records.runs import RunState


def run_cell(source: str, names: dict[str, Any] | None = None, **options: Any) -> workbench.RunHandle:
    return train_cell(
        source, names if names is not None else {}, check_options(**options), filename="Cell In[1]", line_offset=1
    )


def finished(run: workbench.RunHandle) -> dict[str, Any]:
    assert run.wait(120) is RunState.FINISHED, run.failure
    return run.returned()


def foreman_pid() -> int:
    return own_process("ray::Foreman").pid


def wait_until(condition: Callable[[], Any], timeout_s: float = 30.0) -> Any:
    """Wait as long as a start or an end of a run takes."""
    return until(condition, timeout_s)
