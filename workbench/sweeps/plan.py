"""A sweep as it was asked for: what travels to the conductor and to the workers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workbench.space import Space
from workbench.sweeps.goal import Goal


@dataclass(frozen=True)
class SweepPlan:
    """One sweep.

    Attributes:
        name: The study's name.
        storage: Where Optuna keeps it: an URL, or a journal file's path.
        space: What is swept.
        goals: What it is after.
        trials: How many trials the study is to have in all; those of earlier sweeps of that name count.
        sampler: One of :data:`workbench.sweeps.study.SAMPLERS`.
        pruner: One of :data:`workbench.sweeps.study.PRUNERS`.
        seed: Makes a sweep with one worker repeatable; None for a new one each time.
        max_failures: So many failed trials end the sweep as failed.
        defaults: The cell's own values of the swept names, where it has them: the first trial.
    """

    name: str
    storage: str
    space: Space
    goals: tuple[Goal, ...]
    trials: int = 20
    sampler: str = "tpe"
    pruner: str = "none"
    seed: int | None = None
    max_failures: int = 10
    defaults: dict[str, Any] = field(default_factory=dict)
