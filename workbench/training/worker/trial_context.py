"""What ``log`` and the others of :mod:`workbench.context` mean in a trial of a sweep."""

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
_VERDICT_WAIT_S = 1.0
_VERDICT_POLL_S = 0.003


class TrialEnds(BaseException):
    """Raised in a trial that is pruned or stopped; no ``except Exception`` of the cell holds it up."""


class TrialContext(WorkerContext):
    """One rank's part of one trial.

    Args:
        assignment: The rank's; it has a sweep and its conductor.
        journal: Where events go.
        number: The trial's.
        create_run: Makes the trial's MLflow run at once and gives its id; without it there is one when it ends.
    """

    def __init__(self, assignment: Assignment, journal: Journal, number: int, create_run: Callable[[], str]) -> None:
        folder = str(Path(assignment.checkpoint_dir) / f"trial-{number}")
        super().__init__(replace(assignment, checkpoint_dir=folder), journal)
        assert assignment.sweep is not None
        plan = assignment.sweep
        self._number = number
        self._goal = plan.goals[0].name if len(plan.goals) == 1 else ""
        self._wanted = {goal.name for goal in plan.goals} | {constraint.name for constraint in plan.constraints}
        self._conductor = assignment.conductor
        self._is_pruning = plan.pruner != "none"
        self._create_run = create_run
        self._own_run = ""
        self._reported_at = 0.0
        self._said: Any = None
        self.latest: dict[str, float] = {}
        self.order = ""

    @property
    def run_id(self) -> str:
        """The id of the trial's own MLflow run."""
        self._own_run = self._own_run or self._create_run()
        return self._own_run

    def write_metrics(self, step: int, values: dict[str, float]) -> None:
        """Note a trial's metrics, and hear whether it is to go on."""
        self._journal.write("met", step=step, v=values, trial=self._number)
        for name in self._wanted & set(values):
            self.latest[name] = values[name]
        goal = f"{self._goal}{self._suffix}"
        if self._goal and goal in values and step >= 0:
            self.order = self._report(step, values[goal]) if self.rank == 0 else self._verdict(step)
            if self.order:
                raise TrialEnds(self.order)

    def _report(self, step: int, value: float) -> str:
        """Tell the conductor, and what it said; without a pruner its answer is not waited for."""
        if self._is_pruning:
            order: str = ray.get(self._conductor.report.remote(self._number, step, value))
            return order
        now = time.monotonic()
        if now - self._reported_at < _REPORT_EVERY_S:
            return ""
        self._reported_at = now
        before, self._said = self._said, self._conductor.report.remote(self._number, step, value)
        return ray.get(before) if before is not None else ""

    def _verdict(self, step: int) -> str:
        """What the leader was told at this step, so that all ranks end together."""
        deadline = time.monotonic() + (_VERDICT_WAIT_S if self._is_pruning else 0.0)
        while True:
            said: str | None = ray.get(self._conductor.verdict.remote(self._number, step))
            if said is not None or time.monotonic() >= deadline:
                return said or ""
            time.sleep(_VERDICT_POLL_S)

    def progress(self, done: int, total: int | None, label: str, *, last: bool = False) -> None:
        """The bar is for the sweep's trials."""
