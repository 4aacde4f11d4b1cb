"""Records of runs, which travel between kernel, foreman, workers and the Jupyter server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from workbench.records.output import OutputEvent
from workbench.records.sweeps import SweepSnapshot
from workbench.records.wire import Measured


class RunState(str, Enum):
    """The state of a run. Each member knows whether it is final and what MLflow calls it."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def is_terminal(self) -> bool:
        """True where nothing more happens to a run in this state."""
        return self in (RunState.FINISHED, RunState.FAILED, RunState.STOPPED)

    @property
    def mlflow_status(self) -> str:
        """MLflow's ``RunStatus`` for this state."""
        return {
            RunState.QUEUED: "SCHEDULED",
            RunState.STARTING: "SCHEDULED",
            RunState.RUNNING: "RUNNING",
            RunState.FINISHED: "FINISHED",
            RunState.FAILED: "FAILED",
            RunState.STOPPED: "KILLED",
        }[self]

    @classmethod
    def from_mlflow(cls, status: str) -> RunState:
        """Return the state that an MLflow status stands for, for runs that Workbench did not start."""
        return {
            "SCHEDULED": cls.QUEUED,
            "RUNNING": cls.RUNNING,
            "FINISHED": cls.FINISHED,
            "FAILED": cls.FAILED,
            "KILLED": cls.STOPPED,
        }[status]


@dataclass(frozen=True)
class Resources:
    """The resources of a run.

    Attributes:
        workers: The number of worker processes (the world size).
        cpus_per_worker: CPUs reserved for each; None reserves one and lets the workers share
            all cores of their node, so that a cell is as fast as it is in the notebook.
        gpus_per_worker: GPUs for each; fractions share one GPU.
        memory_mb: Memory reserved for each worker, in MiB; None reserves none.
    """

    workers: int = 1
    cpus_per_worker: float | None = None
    gpus_per_worker: float = 0.0
    memory_mb: int | None = None

    @property
    def bundle(self) -> dict[str, float]:
        """The reservation of one worker by Ray's names, memory in bytes."""
        bundle: dict[str, float] = {"CPU": 1.0 if self.cpus_per_worker is None else self.cpus_per_worker}
        if self.gpus_per_worker:
            bundle["GPU"] = self.gpus_per_worker
        if self.memory_mb:
            bundle["memory"] = float(self.memory_mb) * 2**20
        return {key: amount for key, amount in bundle.items() if amount > 0}

    def __str__(self) -> str:
        parts = [f"{self.workers} worker{'s' if self.workers != 1 else ''}"]
        if self.cpus_per_worker is not None:
            parts.append(f"{self.cpus_per_worker:g} CPU each")
        if self.gpus_per_worker:
            parts.append(f"{self.gpus_per_worker:g} GPU each")
        if self.memory_mb:
            parts.append(f"{self.memory_mb:,} MiB each")
        return " · ".join(parts)


@dataclass(frozen=True)
class RunOptions:
    """The options of ``%%train``, checked. See :func:`workbench.train` for their meaning."""

    name: str | None = None
    resources: Resources = field(default_factory=Resources)
    returns: tuple[str, ...] = ()
    wait: bool | None = None
    retries: int = 0
    timeout_s: float | None = None
    resume: str | None = None
    pip: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    engine: str = "crew"
    dry_run: bool = False


@dataclass(frozen=True)
class Failure:
    """The reason why a run did not finish, in words for its user.

    Attributes:
        kind: ``error`` (the cell raised), ``killed``, ``out_of_memory``, ``crashed`` (a signal of
            the process itself), ``node_lost``, ``timeout``, ``stopped``, ``cluster_lost``, ``setup``.
        message: One sentence.
        traceback: The user's own frames with the cell's line numbers, or an empty string.
        rank: The rank that failed first, None where no single rank did.
        fix: What to do next, or an empty string.
    """

    kind: str
    message: str
    traceback: str = ""
    rank: int | None = None
    fix: str = ""


def lost_with_the_cluster(name: str) -> Failure:
    """Return the failure of a run that no foreman knows any more.

    Args:
        name: The run's name.
    """
    return Failure(
        "cluster_lost",
        "the cluster or its foreman ended while the run was going on",
        fix=f"Continue it from its last checkpoint: %%train --resume {name}",
    )


@dataclass(frozen=True)
class Waiting:
    """The reason why a queued run has not started, and what its user can do about it."""

    needs: str
    free: str
    held_by: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()

    def __str__(self) -> str:
        held = f", held by {', '.join(self.held_by)}" if self.held_by else ""
        return f"needs {self.needs}; {self.free}{held}"


@dataclass
class WorkerSnapshot:
    """The use of one rank now. Memory in MiB, CPU in percent of one core."""

    rank: int
    node: str = ""
    pid: int = 0
    cpu_percent: float | None = None
    rss_mb: float | None = None
    gpu_percent: float | None = None
    gpu_memory_mb: float | None = None
    gpu_memory_total_mb: float | None = None


@dataclass
class Progress:
    """The progress of the loop that rank 0 wrapped in ``progress(...)``."""

    done: int
    total: int | None = None
    label: str = ""
    eta_s: float | None = None


@dataclass
class RunSnapshot:
    """Everything a live view needs to show a run. Times are seconds since the epoch.

    ``series`` holds, per metric, up to a few hundred ``(step, value)`` points: enough for a curve,
    never the whole history (that is in MLflow).
    """

    run_id: str
    name: str
    state: RunState
    experiment: str = ""
    resources: Resources = field(default_factory=Resources)
    engine: str = "crew"
    attempt: int = 1
    submitted_at: float = 0.0
    started_at: float | None = None
    first_line_at: float | None = None
    ended_at: float | None = None
    waiting: Waiting | None = None
    failure: Failure | None = None
    progress: Progress | None = None
    metrics: dict[str, Measured] = field(default_factory=dict)
    series: dict[str, list[tuple[float, Measured]]] = field(default_factory=dict)
    workers: list[WorkerSnapshot] = field(default_factory=list)
    returns: tuple[str, ...] = ()
    returns_error: str = ""
    verdict: str = ""
    notes: list[str] = field(default_factory=list)
    log_lines: dict[int, int] = field(default_factory=dict)
    stopped_by: str = ""
    stopping: bool = False
    sweep: SweepSnapshot | None = None


@dataclass(frozen=True)
class WatchReply:
    """One answer of the foreman to a watcher.

    Attributes:
        snapshot: The run as it is now.
        events: Rank 0's output since the watcher's cursor, in order; see :mod:`workbench.records.output` for their
            form. When the watcher fell far behind, the middle is left out and ``skipped_lines`` says how many lines.
        cursor: The cursor of the next call.
        skipped_lines: Lines left out of ``events``; they are in the run's log.
    """

    snapshot: RunSnapshot
    events: list[OutputEvent]
    cursor: int
    skipped_lines: int = 0


@dataclass(frozen=True)
class ClusterFacts:
    """The Python of the workers, and the versions of their packages by distribution name."""

    python: str
    packages: Mapping[str, str] = field(default_factory=dict)
