"""Optuna's side of a sweep: the study in its storage, its sampler and its pruner."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from workbench.errors import OptionError, suggestion
from workbench.space import ChoiceParam, FloatParam, IntParam, Space
from workbench.sweeps.plan import SweepPlan
from workbench.sweeps.studies import open_storage

SAMPLERS = ("tpe", "random", "grid", "gp", "cmaes", "nsga2")
PRUNERS = ("none", "asha", "hyperband", "median", "patience")
_MOST_GRID = 100_000
_STARTUP_TRIALS = 5


def create_study(plan: SweepPlan) -> Any:
    """The plan's study, made where it is missing; an ``optuna.Study``.

    Raises ``OptionError`` when a study of that name is after something else.
    """
    import optuna

    optuna.logging.set_verbosity(logging.WARNING)
    study = optuna.create_study(
        storage=open_storage(plan.storage),
        study_name=plan.name,
        directions=[optuna.study.StudyDirection[goal.direction.upper()] for goal in plan.goals],
        sampler=sampler_of(plan),
        pruner=pruner_of(plan.pruner),
        load_if_exists=True,
    )
    wanted = [goal.direction.upper() for goal in plan.goals]
    if [direction.name for direction in study.directions] != wanted:
        raise OptionError(
            f"Cannot go on with study {plan.name!r}: it is to {', '.join(d.name.lower() for d in study.directions)}. "
            "Give this sweep another name."
        )
    return study


def sampler_of(plan: SweepPlan) -> Any:
    """Optuna's sampler of a plan."""
    from optuna import samplers

    has_conditions = any(param.condition for param in plan.space.params)
    makers: dict[str, Callable[[], Any]] = {
        # Constant liar: trials that run now keep other workers from asking for the same place.
        "tpe": lambda: samplers.TPESampler(
            seed=plan.seed, multivariate=True, group=has_conditions, constant_liar=True, n_startup_trials=10
        ),
        "random": lambda: samplers.RandomSampler(seed=plan.seed),
        "grid": lambda: samplers.GridSampler(grid_of(plan.space), seed=plan.seed),
        "gp": lambda: samplers.GPSampler(seed=plan.seed),
        "cmaes": lambda: samplers.CmaEsSampler(seed=plan.seed),
        "nsga2": lambda: samplers.NSGAIISampler(seed=plan.seed),
    }
    if plan.sampler not in makers:
        raise OptionError(
            f"Cannot sample by {plan.sampler!r}: there are {', '.join(SAMPLERS)}.{suggestion(plan.sampler, SAMPLERS)}"
        )
    return makers[plan.sampler]()


def pruner_of(name: str) -> Any:
    """Optuna's pruner of a name."""
    from optuna import pruners

    makers: dict[str, Callable[[], Any]] = {
        "none": pruners.NopPruner,
        "asha": lambda: pruners.SuccessiveHalvingPruner(reduction_factor=3),
        "hyperband": pruners.HyperbandPruner,
        "median": lambda: pruners.MedianPruner(n_startup_trials=_STARTUP_TRIALS),
        "patience": lambda: pruners.PatientPruner(
            pruners.MedianPruner(n_startup_trials=_STARTUP_TRIALS), patience=_STARTUP_TRIALS
        ),
    }
    if name not in makers:
        raise OptionError(f"Cannot prune by {name!r}: there are {', '.join(PRUNERS)}.{suggestion(name, PRUNERS)}")
    return makers[name]()


def grid_of(space: Space) -> dict[str, list[Any]]:
    """Every value of each name. Raises ``OptionError`` for a name that has no end of them."""
    grid: dict[str, list[Any]] = {}
    size = 1
    for param in space.params:
        if isinstance(param, ChoiceParam):
            values: list[Any] = list(param.choices)
        elif isinstance(param, IntParam) and not param.log:
            values = list(range(param.low, param.high + 1, param.step))
        elif isinstance(param, FloatParam) and param.step:
            count = int((param.high - param.low) / param.step + 1e-9) + 1
            values = [param.low + index * param.step for index in range(count)]
        else:
            raise OptionError(
                f"Cannot make a grid of {param.name!r}: it has no end of values. Give it a step, or a list."
            )
        grid[param.name] = values
        size *= len(values)
    if size > _MOST_GRID:
        raise OptionError(
            f"Cannot make a grid of {size:,} points: the limit is {_MOST_GRID:,}. Sample by tpe or random."
        )
    return grid
