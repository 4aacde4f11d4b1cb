"""Optuna's side of a sweep: the study in its storage, its sampler and its pruner."""

from __future__ import annotations

import importlib.util
import logging
import math
from collections.abc import Callable, Mapping
from typing import Any

from workbench.errors import OptionError, suggestion
from workbench.sweeps.plan import SweepPlan
from workbench.sweeps.space import ChoiceParam, FloatParam, IntParam, Param, Space
from workbench.sweeps.studies import open_storage
from workbench.sweeps.tally import UNCOUNTED

_MOST_GRID = 100_000
_STARTUP_TRIALS = 5
_MANY, _FEW, _MOST_GP = 250, 200, 10


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
        sampler=named("sampler", plan.sampler, SAMPLERS)(plan),
        pruner=named("pruner", plan.pruner, PRUNERS)(),
        load_if_exists=True,
    )
    wanted = [goal.direction.upper() for goal in plan.goals]
    if [direction.name for direction in study.directions] != wanted:
        raise OptionError(
            f"Cannot go on with study {plan.name!r}: it is to {', '.join(d.name.lower() for d in study.directions)}. "
            "Give this sweep another name."
        )
    _check_compatible(study, plan)
    return study


def _check_compatible(study: Any, plan: SweepPlan) -> None:
    """Raise ``OptionError`` where an earlier sweep of that name had another kind of values, or other choices."""
    from optuna.distributions import check_distribution_compatibility

    known: dict[str, Any] = {}
    for trial in study.get_trials(deepcopy=False):
        known.update(trial.distributions)
    for param in plan.space.params:
        distribution = distribution_of(param)
        if distribution is not None and param.name in known:
            try:
                check_distribution_compatibility(known[param.name], distribution)
            except ValueError:
                raise OptionError(
                    f"Cannot go on with study {plan.name!r}: {param.name} was {known[param.name]} in it. "
                    "Ranges may change, choices and kinds may not: give this sweep another name."
                ) from None


def recent(study: Any) -> Any:
    """The same study with a sampler and pruners that look at its best and newest trials alone.

    A study with several goals, or on a grid, is given back as it is: there, every trial counts.
    """
    import optuna

    from workbench.sweeps.recent import RecentStorage

    if len(study.directions) > 1 or isinstance(study.sampler, optuna.samplers.GridSampler):
        return study
    storage = RecentStorage(study._storage, study._study_id)
    return optuna.load_study(study_name=study.study_name, storage=storage, sampler=study.sampler, pruner=study.pruner)


def _tpe(plan: SweepPlan) -> Any:
    from optuna.samplers import TPESampler

    # Constant liar: trials that run now keep other workers from asking for the same place.
    has_conditions = any(param.condition for param in plan.space.params)
    return TPESampler(seed=plan.seed, multivariate=True, group=has_conditions, constant_liar=True)


def _auto(plan: SweepPlan) -> Any:
    """The sampler that suits a plan best.

    A grid where the trials suffice for all of it; NSGA-II where there are several goals and trials for many
    generations; Gaussian processes for few trials, one at a time, over a few numbers (they need torch); else TPE.
    """
    params = plan.space.params
    try:
        points = math.prod(len(values) for values in grid_of(plan.space).values())
    except OptionError:
        points = 0
    is_plain = not plan.space.is_open and not any(param.condition for param in params)
    if points and is_plain and plan.trials >= points:
        return SAMPLERS["grid"](plan)
    if len(plan.goals) > 1:
        return SAMPLERS["nsga2" if plan.trials >= _MANY else "tpe"](plan)
    are_numbers = all(isinstance(param, (FloatParam, IntParam)) for param in params)
    is_small = plan.trials <= _FEW and plan.parallel == 1 and len(params) <= _MOST_GP
    if is_plain and are_numbers and is_small and importlib.util.find_spec("torch") is not None:
        return SAMPLERS["gp"](plan)
    return _tpe(plan)


def _sampler(name: str, **given: Any) -> Callable[[SweepPlan], Any]:
    def make(plan: SweepPlan) -> Any:
        import optuna

        return getattr(optuna.samplers, name)(seed=plan.seed, **given)

    return make


def _grid(plan: SweepPlan) -> Any:
    from optuna.samplers import GridSampler

    return GridSampler(grid_of(plan.space), seed=plan.seed)


SAMPLERS: dict[str, Callable[[SweepPlan], Any]] = {
    "tpe": _tpe,
    "random": _sampler("RandomSampler"),
    "grid": _grid,
    "gp": _sampler("GPSampler"),
    "cmaes": _sampler("CmaEsSampler"),
    "nsga2": _sampler("NSGAIISampler"),
    "auto": _auto,
}
"""Makes each sampler, by the name that ``--sampler`` gives it."""


def _pruner(name: str, **given: Any) -> Callable[[], Any]:
    def make() -> Any:
        import optuna

        return getattr(optuna.pruners, name)(**given)

    return make


def _patience() -> Any:
    from optuna.pruners import PatientPruner

    return PatientPruner(PRUNERS["median"](), patience=_STARTUP_TRIALS)


PRUNERS: dict[str, Callable[[], Any]] = {
    "none": _pruner("NopPruner"),
    "asha": _pruner("SuccessiveHalvingPruner"),
    "hyperband": _pruner("HyperbandPruner"),
    "median": _pruner("MedianPruner", n_startup_trials=_STARTUP_TRIALS),
    "patience": _patience,
}
"""Makes each pruner, by the name that ``--pruner`` gives it."""


def named(what: str, name: str, known: Mapping[str, Any]) -> Any:
    """The maker of a name; ``OptionError`` with the nearest where there is none."""
    if name not in known:
        raise OptionError(f"Cannot use {what} {name!r}: there are {', '.join(known)}.{suggestion(name, known)}")
    return known[name]


def distribution_of(param: Param) -> Any:
    """Optuna's distribution of a swept name, None for a function's."""
    from optuna import distributions

    if isinstance(param, FloatParam):
        return distributions.FloatDistribution(param.low, param.high, log=param.log, step=param.step)
    if isinstance(param, IntParam):
        return distributions.IntDistribution(param.low, param.high, log=param.log, step=param.step)
    if isinstance(param, ChoiceParam):
        return distributions.CategoricalDistribution(param.choices)
    return None


def add_past_trials(study: Any, plan: SweepPlan) -> None:
    """Have a new study know what earlier ones found, so that its sampler learns from it."""
    from optuna.trial import create_trial

    distributions = {param.name: distribution_of(param) for param in plan.space.params}
    for past in plan.past:
        given = {name: value for name, value in past.params.items() if distributions.get(name) is not None}
        study.add_trial(
            create_trial(
                params=given,
                distributions={name: distributions[name] for name in given},
                values=list(past.values),
                user_attrs={UNCOUNTED: True, "workbench:from": past.source},
            )
        )


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
