"""The functions of :mod:`workbench.context` in a trial of a sweep."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import ray

from workbench.training.journal import Journal
from workbench.training.spec import Assignment
from workbench.training.worker.worker_context import WorkerContext

_REPORT_EVERY_S = 0.1
_ORDER_WAIT_S = 1.0
_ORDER_POLL_S = 0.003


class TrialInterrupt(BaseException):
    """Raised in a trial that is pruned or stopped; no ``except Exception`` of the cell catches it."""


class TrialContext(WorkerContext):
    """One rank's part of one trial.

    Args:
        assignment: The rank's part; it has a sweep and its conductor.
        journal: The journal that gets the events.
        number: The trial's number.
        create_run: Makes the trial's MLflow run now and returns its id; otherwise the run is made when it ends.
    """

    def __init__(self, assignment: Assignment, journal: Journal, number: int, create_run: Callable[[], str]) -> None:
        folder = str(Path(assignment.checkpoint_dir) / f"trial-{number}")
        super().__init__(replace(assignment, checkpoint_dir=folder), journal)
        assert assignment.sweep is not None
        plan = assignment.sweep
        self._number = number
        self._goal = plan.goals[0].name if len(plan.goals) == 1 else ""
        self._result_names = {goal.name for goal in plan.goals} | {constraint.name for constraint in plan.constraints}
        self._conductor = assignment.conductor
        self._is_pruning = plan.pruner != "none"
        self._create_run = create_run
        self._own_run = ""
        self._reported_at = 0.0
        self._last_report: Any = None
        self.latest: dict[str, float] = {}
        self.order = ""

    @property
    def run_id(self) -> str:
        """Return the id of the trial's own MLflow run."""
        self._own_run = self._own_run or self._create_run()
        return self._own_run

    def write_metrics(self, step: int, values: dict[str, float]) -> None:
        """Write a trial's metrics; end the trial where the conductor says so."""
        self._journal.write("met", step=step, v=values, trial=self._number)
        for name in self._result_names & set(values):
            self.latest[name] = values[name]
        goal = f"{self._goal}{self._suffix}"
        if self._goal and goal in values and step >= 0:
            self.order = self._report(step, values[goal]) if self.rank == 0 else self._leaders_order(step)
            if self.order:
                raise TrialInterrupt(self.order)

    def _report(self, step: int, value: float) -> str:
        """Report a value and return the conductor's order; without a pruner, that on the report before."""
        if self._is_pruning:
            order: str = ray.get(self._conductor.report.remote(self._number, step, value))
            return order
        now = time.monotonic()
        if now - self._reported_at < _REPORT_EVERY_S:
            return ""
        self._reported_at = now
        previous, self._last_report = self._last_report, self._conductor.report.remote(self._number, step, value)
        return ray.get(previous) if previous is not None else ""

    def _leaders_order(self, step: int) -> str:
        """Return the order that the leader got at this step, so that all ranks end together."""
        deadline = time.monotonic() + (_ORDER_WAIT_S if self._is_pruning else 0.0)
        while True:
            order: str | None = ray.get(self._conductor.verdict.remote(self._number, step))
            if order is not None or time.monotonic() >= deadline:
                return order or ""
            time.sleep(_ORDER_POLL_S)

    def progress(self, done: int, total: int | None, label: str, *, last: bool = False) -> None:
        """Do nothing: the bar shows the sweep's trials."""
