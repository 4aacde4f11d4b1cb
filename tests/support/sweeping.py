"""Helpers of tests that sweep on a real cluster."""

from __future__ import annotations

import time
from typing import Any

import workbench
from workbench.api.sweep import plan_sweep, sweep_cell
from workbench.options.run import check_options


def sweep(source: str, space: str, names: dict[str, Any] | None = None, **given: Any) -> workbench.RunHandle:
    namespace = names if names is not None else {}
    wanted = {key: given.pop(key) for key in ("returns", "retries", "timeout", "workers") if key in given}
    options = check_options(name=given["name"], **wanted)
    goal = given.pop("goal", "min loss")
    plan = plan_sweep(given.pop("name"), space, goal, source, namespace, options=options, **{"parallel": 2, **given})
    return sweep_cell(source, namespace, plan, options, filename="Cell In[1]", line_offset=1)


def nested(run: workbench.RunHandle, count: int) -> list[Any]:
    """The trials' MLflow runs, once all are recorded."""
    deadline = time.monotonic() + 30
    while True:
        found = workbench.runs(f"tags.`mlflow.parentRunId` = '{run.id}'", limit=500)
        if len(found) == count:
            return sorted(found, key=lambda record: int(record.tags["workbench.trial"]))
        assert time.monotonic() < deadline, [record.name for record in found]
        time.sleep(0.2)
