"""The plan of a sweep, as it is sent to the conductor and the workers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workbench.sweeps.goal import Constraint, Goal
from workbench.sweeps.space import Space


@dataclass(frozen=True)
class PastTrial:
    """A trial of an earlier study, or a run, to learn from.

    Attributes:
        params: Values of the swept names.
        values: Values of the goals, in their order.
        source: The study or run that it comes from.
    """

    params: dict[str, Any]
    values: tuple[float, ...]
    source: str


@dataclass(frozen=True)
class SweepPlan:
    """One sweep.

    Attributes:
        name: The study's name.
        storage: Optuna's storage of the study: a URL, or a journal file's path.
        space: The search space.
        goals: The goals.
        constraints: Bounds that the best trial respects.
        trials: Number of trials that the study is to have in all; those of earlier sweeps of that name count.
        parallel: Number of trials that run at once; None follows the free resources.
        sampler: One of :data:`workbench.sweeps.samplers.SAMPLERS`.
        pruner: One of :data:`workbench.sweeps.samplers.PRUNERS`.
        seed: Seed that makes a sweep with one trial at a time repeatable; None for a new one each time.
        max_failures: Number of failed trials that ends the sweep as failed.
        retries: Number of times that a failed trial's values are tried again.
        limit_s: Seconds after which the sweep ends with what it has found; None for no limit.
        no_improvement: Number of trials without a better one that ends the sweep; 0 for no limit.
        isolate: Whether each trial gets a process of its own.
        defaults: The cell's own values of the swept names, where it has them; they are the first trial.
        past: Earlier trials to learn from.
    """

    name: str
    storage: str
    space: Space
    goals: tuple[Goal, ...]
    constraints: tuple[Constraint, ...] = ()
    trials: int = 20
    parallel: int | None = 1
    sampler: str = "tpe"
    pruner: str = "none"
    seed: int | None = None
    max_failures: int = 10
    retries: int = 0
    limit_s: float | None = None
    no_improvement: int = 0
    isolate: bool = False
    defaults: dict[str, Any] = field(default_factory=dict)
    past: tuple[PastTrial, ...] = ()
