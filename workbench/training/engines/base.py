"""The protocol of engines: what the foreman asks of whatever runs the ranks of one attempt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from workbench.records.runs import Failure
from workbench.training.spec import RankOutcome, RunSpec

if TYPE_CHECKING:
    from workbench.training.engines.spares import SparePool
    from workbench.training.runs.active_run import ActiveRun


@dataclass(frozen=True)
class Order:
    """One attempt of a run, as the foreman gives it to an engine.

    Attributes:
        environ: Variables that every rank gets (MLflow's and the run's own).
        shared: Captured large values by digest, each a list of one object reference.
        on_wait: To be called about once a second while resources are not to be had.
        on_reserved: To be called when they are.
        take_events: Takes journal events of a rank, for those found after its death.
        conductor: Of a sweep, the actor that gives out its trials.
        first_worker: Of a team of a sweep, how many workers the teams before it have.
        is_crowded: Whether another run waits for resources.
        on_teams: To be called with a sweep's number of teams when that changes.
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
    take_events: Callable[[int, list[dict[str, Any]]], None]
    conductor: Any = None
    first_worker: int = 0
    is_crowded: Callable[[], bool] = lambda: False
    on_teams: Callable[[int], None] = lambda _: None

    def interrupt(self) -> None:
        """Have all ranks of this attempt interrupt their cell; of a team, only its own."""
        self.run.interrupt(self.workers if self.conductor is not None else None)

    @property
    def team(self) -> str:
        """The team's name for the conductor, as :attr:`workbench.training.spec.Assignment.team` has it."""
        return str(self.first_worker)

    @property
    def workers(self) -> range:
        """The numbers of this attempt's workers within the run."""
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


class Attempt(Protocol):
    """Ranks that are running."""

    async def outcome(self) -> AttemptOutcome:
        """Wait for all ranks; a failed rank makes the others end too."""
        ...

    async def kill(self) -> None:
        """End all ranks now."""
        ...

    async def release(self) -> None:
        """End the processes and give the resources back; harmless when done twice."""
        ...


class Engine(Protocol):
    """Starts attempts."""

    name: str

    async def launch(self, order: Order) -> Attempt:
        """Reserve resources, waiting for them, and start all ranks."""
        ...
