"""The protocol of engines, which run the ranks of one attempt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from workbench.records.runs import Failure
from workbench.training.engines.spares import SparePool
from workbench.training.journal import Event
from workbench.training.runs.active_run import ActiveRun
from workbench.training.spec import RankOutcome, RunSpec


@dataclass(frozen=True)
class LaunchRequest:
    """One attempt of a run, as the foreman hands it to an engine.

    Attributes:
        environ: Variables that every rank gets (MLflow's and the run's own).
        shared: Captured large values by digest, each a list of one object reference.
        on_wait: Called about once a second while the resources are not free.
        on_reserved: Called when they are reserved.
        take_events: Takes a rank's journal events that are found after its death.
        conductor: The actor that gives out a sweep's trials; None for a run that is no sweep.
        first_worker: The number of workers that the teams of a sweep before this one have.
        is_crowded: Returns whether another run waits for resources.
        on_teams: Called with a sweep's number of teams when that changes.
    """

    run: ActiveRun
    spec: RunSpec
    attempt: int
    environ: dict[str, str]
    checkpoint_dir: str
    shared: dict[str, list[Any]]
    foreman: Any
    spares: SparePool
    on_wait: Callable[[], None]
    on_reserved: Callable[[], None]
    take_events: Callable[[int, list[Event]], None]
    conductor: Any = None
    first_worker: int = 0
    is_crowded: Callable[[], bool] = lambda: False
    on_teams: Callable[[int], None] = lambda _: None

    def interrupt(self) -> None:
        """Have all ranks of this attempt interrupt their cell; of a team, only its own."""
        self.run.interrupt(self.workers if self.conductor is not None else None)

    @property
    def team(self) -> str:
        """Return the team's name for the conductor, as :attr:`workbench.training.spec.Assignment.team` has it."""
        return str(self.first_worker)

    @property
    def workers(self) -> range:
        """Return the numbers of this attempt's workers within the run."""
        return range(self.first_worker, self.first_worker + self.spec.options.resources.workers)


@dataclass(frozen=True)
class AttemptOutcome:
    """How an attempt ended.

    Attributes:
        failure: The first cause, None when all ranks finished.
        returns: Reference of rank 0's returned values, None where there are none.
        rank_zero: Rank 0's outcome where it gave one.
    """

    failure: Failure | None
    returns: Any = None
    rank_zero: RankOutcome | None = None


class RunningAttempt(Protocol):
    """Ranks that are running."""

    async def outcome(self) -> AttemptOutcome:
        """Wait for all ranks and return how they ended; a failed rank makes the others end too."""
        ...

    async def kill(self) -> None:
        """End all ranks now."""
        ...

    async def release(self) -> None:
        """End the processes and give the resources back; harmless when done twice."""
        ...


class Engine(Protocol):
    """Start attempts."""

    name: str

    async def launch(self, request: LaunchRequest) -> RunningAttempt:
        """Reserve resources, waiting for them, and start all ranks."""
        ...
