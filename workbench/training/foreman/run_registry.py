"""The runs that a foreman remembers: each with its log and its metric sink, and the resources that it holds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from workbench.errors import RunNotFoundError
from workbench.records.runs import Resources
from workbench.settings import home
from workbench.tracking.sink import MetricSink
from workbench.tracking.store import TrackingStore
from workbench.training.runs.active_run import ActiveRun
from workbench.training.runs.change_counter import ChangeCounter
from workbench.training.runs.run_log import RunLog
from workbench.training.spec import RunSpec

_MAX_RUNS = 200


class RunRegistry:
    """The runs of one foreman, newest last. Ended runs beyond 200 are forgotten."""

    def __init__(self) -> None:
        self.changes = ChangeCounter()
        self._runs: dict[str, ActiveRun] = {}
        self._logs: dict[str, RunLog] = {}
        self._sinks: dict[str, MetricSink] = {}
        self._resources: dict[str, Resources] = {}

    def __iter__(self) -> Iterator[ActiveRun]:
        return iter(list(self._runs.values()))

    def active(self) -> list[ActiveRun]:
        """Return the runs that have not ended."""
        return [run for run in self._runs.values() if not run.snapshot.state.is_terminal]

    def find(self, run_id: str) -> ActiveRun | None:
        """Return the run of that id, None for an unknown one."""
        return self._runs.get(run_id)

    def get(self, run_id: str) -> ActiveRun:
        """Return the run of that id; raise ``RunNotFoundError`` for an unknown one."""
        if run_id not in self._runs:
            raise RunNotFoundError(
                f"Cannot find run {run_id!r}: the foreman does not know it. It ended long ago, or ran elsewhere."
            )
        return self._runs[run_id]

    def add(self, run_id: str, spec: RunSpec, store: TrackingStore) -> ActiveRun:
        """Add a queued run; its metrics go to ``store``."""
        folder = _run_folder(spec, run_id)
        run = ActiveRun(run_id, spec, folder, self.changes)
        self._runs[run_id] = run
        self._logs[run_id] = RunLog(run.log_dir)
        self._sinks[run_id] = MetricSink(store, run_id, folder)
        return run

    def forget_ended(self) -> None:
        """Forget the oldest ended runs where there are too many."""
        ended = [run_id for run_id, run in self._runs.items() if run.snapshot.state.is_terminal]
        for run_id in ended[: max(0, len(self._runs) - _MAX_RUNS)]:
            self._runs.pop(run_id)
            self._sinks.pop(run_id).close()
            self._logs.pop(run_id)

    def log_of(self, run: ActiveRun) -> RunLog:
        """Return the files with what a run's ranks print."""
        return self._logs[run.run_id]

    # -- metrics -------------------------------------------------------------------------------

    def sink_of(self, run: ActiveRun) -> MetricSink:
        """Return the sink that writes a run's metrics to its tracking store."""
        return self._sinks[run.run_id]

    def log_metrics(self, run: ActiveRun, step: int, values: dict[str, float]) -> None:
        """Log metrics of a run that come from no rank."""
        now = time.time()
        run.handle(0, {"k": "met", "t": now, "step": step, "v": values})
        self.sink_of(run).add([(name, value, int(now * 1000), step) for name, value in values.items()])
        run.touch()

    def flush_metrics(self, timeout_s: float) -> None:
        """Write the metrics of all runs that are not written yet."""
        for sink in self._sinks.values():
            sink.flush(timeout_s)

    # -- resources -----------------------------------------------------------------------------

    def hold(self, run: ActiveRun, teams: int = 1) -> None:
        """Note that a run holds its resources, once for each team of a sweep; 0 teams hold none."""
        if teams:
            resources = run.spec.options.resources
            self._resources[run.run_id] = replace(resources, workers=resources.workers * teams)
        else:
            self._resources.pop(run.run_id, None)

    def held_by_others(self, waiting: ActiveRun) -> dict[str, Resources]:
        """Return what each run but the waiting one holds, by its name."""
        return {
            self._runs[run_id].snapshot.name: resources
            for run_id, resources in self._resources.items()
            if run_id != waiting.run_id
        }

    def is_another_waiting(self, run: ActiveRun) -> bool:
        """Return whether another run waits for resources."""
        return any(other.snapshot.waiting is not None for other in self._runs.values() if other is not run)


def _run_folder(spec: RunSpec, run_id: str) -> Path:
    """Return a folder in the project where this node has it, else in the user's own folder on this node."""
    state_dir = Path(spec.state_dir)
    return (state_dir if state_dir.parent.is_dir() else home()) / "runs" / run_id
