"""The study of a sweep in its storage."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from workbench.errors import OptionError
from workbench.sweeps.distributions import distribution_of
from workbench.sweeps.optuna_compat import id_of, storage_of
from workbench.sweeps.plan import SweepPlan
from workbench.sweeps.samplers import PRUNERS, SAMPLERS, look_up
from workbench.sweeps.studies import open_storage
from workbench.sweeps.study_stats import UNCOUNTED

if TYPE_CHECKING:
    from optuna import Study


def create_study(plan: SweepPlan) -> Study:
    """Return the plan's study; a missing one is created.

    Raises:
        OptionError: A study of that name has other goals, or values of another kind.
    """
    import optuna

    optuna.logging.set_verbosity(logging.WARNING)
    study = optuna.create_study(
        storage=open_storage(plan.storage),
        study_name=plan.name,
        directions=[optuna.study.StudyDirection[goal.direction.upper()] for goal in plan.goals],
        sampler=look_up("sampler", plan.sampler, SAMPLERS)(plan),
        pruner=look_up("pruner", plan.pruner, PRUNERS)(),
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


def _check_compatible(study: Study, plan: SweepPlan) -> None:
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


def with_recent_storage(study: Study) -> Study:
    """Return the same study with a sampler and a pruner that look at its best and newest trials alone.

    A study with several goals, or on a grid, is returned as it is: there, every trial counts.
    """
    import optuna

    from workbench.sweeps.recent import RecentStorage

    if len(study.directions) > 1 or isinstance(study.sampler, optuna.samplers.GridSampler):
        return study
    storage = RecentStorage(storage_of(study), id_of(study))
    return optuna.load_study(study_name=study.study_name, storage=storage, sampler=study.sampler, pruner=study.pruner)


def add_past_trials(study: Study, plan: SweepPlan) -> None:
    """Add the plan's past trials to a new study, so that its sampler learns from them."""
    from optuna.trial import create_trial

    found = {param.name: distribution_of(param) for param in plan.space.params}
    distributions = {name: distribution for name, distribution in found.items() if distribution is not None}
    for past in plan.past:
        params = {name: value for name, value in past.params.items() if name in distributions}
        study.add_trial(
            create_trial(
                params=params,
                distributions={name: distributions[name] for name in params},
                values=list(past.values),
                user_attrs={UNCOUNTED: True, "workbench:from": past.source},
            )
        )
