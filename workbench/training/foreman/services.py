"""The parts of a foreman that a run uses, from the queue to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.cluster.background import BackgroundTasks
from workbench.training.engines.spares import SparePool
from workbench.training.foreman.run_registry import RunRegistry
from workbench.training.foreman.sweeps import Sweeps
from workbench.training.foreman.tracking_writer import TrackingWriters
from workbench.training.foreman.worker_reports import WorkerReports


@dataclass
class Services:
    """The parts of one foreman.

    Attributes:
        foreman_id: Tells this foreman from earlier ones of the same cluster.
        runs: The runs that it remembers.
        writers: The writers of the runs' tracking stores.
        spares: Processes that wait for a run.
        sweeps: The sweeps that are going on.
        reports: Takes what workers report.
        background: Runs coroutines beside their callers.
        actor: The foreman's own actor handle, which workers call; None until the foreman has begun.
    """

    foreman_id: str
    runs: RunRegistry
    writers: TrackingWriters
    spares: SparePool
    sweeps: Sweeps
    reports: WorkerReports
    background: BackgroundTasks
    actor: Any = None


def create_services(foreman_id: str, spares: int | None) -> Services:
    """Make the parts of a foreman; see :class:`~workbench.training.engines.spares.SparePool` for ``spares``."""
    runs, writers, pool, background = RunRegistry(), TrackingWriters(foreman_id), SparePool(spares), BackgroundTasks()
    sweeps = Sweeps(foreman_id, runs, writers, background)
    reports = WorkerReports(runs, writers, sweeps, pool, background)
    return Services(foreman_id, runs, writers, pool, sweeps, reports, background)
