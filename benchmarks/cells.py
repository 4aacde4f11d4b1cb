"""The cells that are measured, and how a run of one is timed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

ONE = "answer = 1"
TWO_TORCH = """
import os
import torch
import torch.distributed as dist
x = torch.ones(1)
dist.all_reduce(x)
answer = x.item()
"""


@dataclass(frozen=True)
class Timing:
    """Seconds from the call: to the first user line, and from the last one to the values being here."""

    first_line_s: float
    after_last_line_s: float


def time_run(source: str, workers: int) -> Timing:
    """Run a cell and time it."""
    import workbench

    began = time.time()
    run = workbench.train(
        source + "\nimport time; last_line_at = time.time()", workers=workers, returns="answer,last_line_at"
    )
    run.wait()
    values: dict[str, Any] = run.returned()
    here = time.time()
    first = run.snapshot().first_line_at
    assert first is not None, run.failure
    return Timing(first - began, here - values["last_line_at"])


def wait_for_spares(torch_spares: int) -> None:
    """Wait until spares stand ready, as they do when somebody has just read the last result."""
    from workbench.api.project import current_project

    while True:
        counts = current_project().connection().call("status")["spares"]
        if counts["torch"] >= torch_spares and counts["plain"] >= 1:
            return
        time.sleep(0.2)
