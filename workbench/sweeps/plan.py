"""A sweep as it was asked for: what travels to the conductor and to the workers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workbench.sweeps.goal import Constraint, Goal
from workbench.sweeps.space import Space


@dataclass(frozen=True)
class PastTrial:
    """What an earlier study or run had found: values of the swept names, and the goals' in their order."""

    params: dict[str, Any]
    values: tuple[float, ...]
    source: str


@dataclass(frozen=True)
class SweepPlan:
    """One sweep.

    Attributes:
        name: The study's name.
        storage: Where Optuna keeps it: an URL, or a journal file's path.
        space: What is swept.
        goals: What it is after.
        constraints: Bounds that the best trial keeps to.
        trials: How many trials the study is to have in all; those of earlier sweeps of that name count.
        parallel: How many run at once; None follows what is free.
        sampler: One of :data:`workbench.sweeps.samplers.SAMPLERS`.
        pruner: One of :data:`workbench.sweeps.samplers.PRUNERS`.
        seed: Makes a sweep with one trial at a time repeatable; None for a new one each time.
        max_failures: So many failed trials end the sweep as failed.
        retries: How often a failed trial's values are tried again.
        limit_s: The sweep ends after so many seconds; what has been found by then is its result.
        no_improvement: It ends after so many trials without a better one; 0 never.
        isolate: Whether each trial gets a process of its own.
        defaults: The cell's own values of the swept names, where it has them: the first trial.
        past: Trials to learn from before the first.
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
