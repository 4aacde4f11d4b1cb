"""Lists of runs, and runs side by side."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.display.table import Table
from workbench.display.words import ago, duration, number

if TYPE_CHECKING:
    from workbench.tracking.tracked_run import TrackedRun

_METRIC_COLUMNS = 4


def runs_table(records: Sequence[TrackedRun]) -> Table:
    """Return a list of runs: name, state, experiment, age, duration, and the metrics that most of them have."""
    counts: dict[str, int] = {}
    for record in records:
        for name in record.metrics:
            counts[name] = counts.get(name, 0) + 1
    metrics = sorted(counts, key=lambda name: (-counts[name], name))[:_METRIC_COLUMNS]
    now = time.time()
    rows = tuple(
        (
            record.name,
            record.state.value,
            record.experiment,
            ago(record.started_at, now),
            duration(record.duration_s if record.ended_at else now - (record.started_at or now)),
            *[number(record.metrics[name]) if name in record.metrics else "" for name in metrics],
            record.run_id[:8],
        )
        for record in records
    )
    return Table(
        ("run", "state", "experiment", "started", "took", *metrics, "id"),
        rows,
        frozenset(range(4, 5 + len(metrics))),
        "No runs yet. Put %%train on top of a cell, and it becomes one.",
    )


def compare_table(records: Sequence[TrackedRun]) -> Table:
    """Return runs side by side, a row for each param and metric; rows that differ come first."""
    rows: list[tuple[str, ...]] = [
        ("state", *[record.state.value for record in records]),
        ("took", *[duration(record.duration_s) for record in records]),
    ]
    for kind, values in (
        ("param", [record.params for record in records]),
        ("metric", [{k: number(v) for k, v in record.metrics.items()} for record in records]),
    ):
        for name in sorted({name for one in values for name in one}):
            cells = [str(one.get(name, "–")) for one in values]
            mark = "≠" if len(set(cells)) > 1 else "="
            rows.append((f"{mark} {kind} {name}", *cells))
    rows[2:] = sorted(rows[2:], key=lambda row: row[0].startswith("="))
    return Table(("", *[record.name for record in records]), tuple(rows))
