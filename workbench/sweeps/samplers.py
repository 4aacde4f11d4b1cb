"""Optuna's samplers and pruners by the names that a sweep's options give them."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from workbench.errors import OptionError, suggestion
from workbench.sweeps.distributions import grid_of
from workbench.sweeps.plan import SweepPlan
from workbench.sweeps.space import FloatParam, IntParam

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler

T = TypeVar("T")

_STARTUP_TRIALS = 5
_MANY, _FEW, _MOST_GP = 250, 200, 10


def _tpe(plan: SweepPlan) -> BaseSampler:
    from optuna.samplers import TPESampler

    # Constant liar: trials that run now keep other workers from asking for the same place.
    has_conditions = any(param.condition for param in plan.space.params)
    return TPESampler(seed=plan.seed, multivariate=True, group=has_conditions, constant_liar=True)


def _auto(plan: SweepPlan) -> BaseSampler:
    """Return the sampler that suits a plan best.

    A grid where the trials suffice for all of it; NSGA-II where there are several goals and trials for many
    generations; Gaussian processes for few trials, one at a time, over a few numbers (they need torch); else TPE.
    """
    params = plan.space.params
    try:
        points = math.prod(len(values) for values in grid_of(plan.space).values())
    except OptionError:
        points = 0
    is_plain = not plan.space.needs_worker and not any(param.condition for param in params)
    if points and is_plain and plan.trials >= points:
        return SAMPLERS["grid"](plan)
    if len(plan.goals) > 1:
        return SAMPLERS["nsga2" if plan.trials >= _MANY else "tpe"](plan)
    are_numbers = all(isinstance(param, (FloatParam, IntParam)) for param in params)
    is_small = plan.trials <= _FEW and plan.parallel == 1 and len(params) <= _MOST_GP
    if is_plain and are_numbers and is_small and importlib.util.find_spec("torch") is not None:
        return SAMPLERS["gp"](plan)
    return _tpe(plan)


def _sampler(name: str, **given: Any) -> Callable[[SweepPlan], BaseSampler]:
    def make(plan: SweepPlan) -> BaseSampler:
        import optuna

        sampler: BaseSampler = getattr(optuna.samplers, name)(seed=plan.seed, **given)
        return sampler

    return make


def _grid(plan: SweepPlan) -> BaseSampler:
    from optuna.samplers import GridSampler

    return GridSampler(grid_of(plan.space), seed=plan.seed)


SAMPLERS: dict[str, Callable[[SweepPlan], BaseSampler]] = {
    "tpe": _tpe,
    "random": _sampler("RandomSampler"),
    "grid": _grid,
    "gp": _sampler("GPSampler"),
    "cmaes": _sampler("CmaEsSampler"),
    "nsga2": _sampler("NSGAIISampler"),
    "auto": _auto,
}
"""A function that makes the sampler, for each name of ``--sampler``."""


def _pruner(name: str, **given: Any) -> Callable[[], BasePruner]:
    def make() -> BasePruner:
        import optuna

        pruner: BasePruner = getattr(optuna.pruners, name)(**given)
        return pruner

    return make


def _patience() -> BasePruner:
    from optuna.pruners import PatientPruner

    return PatientPruner(PRUNERS["median"](), patience=_STARTUP_TRIALS)


PRUNERS: dict[str, Callable[[], BasePruner]] = {
    "none": _pruner("NopPruner"),
    "asha": _pruner("SuccessiveHalvingPruner"),
    "hyperband": _pruner("HyperbandPruner"),
    "median": _pruner("MedianPruner", n_startup_trials=_STARTUP_TRIALS),
    "patience": _patience,
}
"""A function that makes the pruner, for each name of ``--pruner``."""


def look_up(what: str, name: str, known: Mapping[str, T]) -> T:
    """Return the entry of a sampler's or pruner's name.

    Args:
        what: The kind of thing for the message: ``"sampler"`` or ``"pruner"``.
        name: The name.
        known: All entries by name.

    Raises:
        OptionError: There is no such name; the message has the nearest.
    """
    if name not in known:
        raise OptionError(f"Cannot use {what} {name!r}: there are {', '.join(known)}.{suggestion(name, known)}")
    return known[name]
