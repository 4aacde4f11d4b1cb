"""What earlier studies and runs found, for a new study to learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.errors import OptionError, RunNotFoundError
from workbench.settings import Settings
from workbench.sweeps.goal import Goal
from workbench.sweeps.plan import PastTrial
from workbench.sweeps.space import ChoiceParam, FloatParam, IntParam, Param, Space
from workbench.sweeps.studies import find_study

if TYPE_CHECKING:
    from workbench.tracking.store import TrackingStore
    from workbench.tracking.tracked_run import TrackedRun

_MOST_RUNS = 1000


def past_trials(
    settings: Settings, store: TrackingStore, text: str, space: Space, goals: tuple[Goal, ...]
) -> tuple[PastTrial, ...]:
    """Return the trials of a study, or else the finished runs that a query finds, that lie in the space.

    Raises ``OptionError`` when there are none, with the reason.
    """
    try:
        study = find_study(settings, text)
    except RunNotFoundError:
        found = [_of_run(record, space, goals) for record in store.search(query=text, limit=_MOST_RUNS)]
        what = "no study has that name, and no finished run that it finds"
    else:
        wanted = [goal.direction for goal in goals]
        if [direction.name.lower() for direction in study.directions] != wanted:
            raise OptionError(f"Cannot learn from study {text!r}: it is after something else than {wanted}.")
        found = [_of_trial(trial, space, text) for trial in study.get_trials(deepcopy=False)]
        what = "none of its complete trials"
    kept = tuple(trial for trial in found if trial is not None)
    if not kept:
        names = ", ".join((*space.names, *[goal.name for goal in goals]))
        raise OptionError(f"Cannot learn from {text!r}: {what} has values of {names} that lie in the space.")
    return kept


def _of_trial(trial: Any, space: Space, source: str) -> PastTrial | None:
    if trial.state.name != "COMPLETE":
        return None
    params = _chosen(space, trial.params)
    return PastTrial(params, tuple(trial.values), f"{source}-{trial.number}") if params is not None else None


def _of_run(record: TrackedRun, space: Space, goals: tuple[Goal, ...]) -> PastTrial | None:
    if record.state.value != "finished" or any(goal.name not in record.metrics for goal in goals):
        return None
    params = _chosen(space, record.params)
    values = tuple(record.metrics[goal.name] for goal in goals)
    return PastTrial(params, values, record.name) if params is not None else None


def _chosen(space: Space, given: dict[str, Any]) -> dict[str, Any] | None:
    """Return the values of the swept names, None where one is missing or lies outside of the space."""
    params: dict[str, Any] = {}
    for param in space.params:
        value = _value(param, given[param.name]) if param.name in given else None
        if value is None and not param.condition:
            return None
        if value is not None:
            params[param.name] = value
    return params


def _value(param: Param, value: Any) -> Any:
    """Return a value as the parameter has it, from itself or from MLflow's text; None where it lies outside."""
    if isinstance(param, ChoiceParam):
        return next((choice for choice in param.choices if str(choice) == str(value)), None)
    if not isinstance(param, (FloatParam, IntParam)):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    if not param.low <= number <= param.high or (isinstance(param, IntParam) and number != int(number)):
        return None
    return int(number) if isinstance(param, IntParam) else number
