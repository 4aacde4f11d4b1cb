"""A study for views: its trials by columns, importances of the swept names, curves of some trials."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from workbench.errors import OptionError
from workbench.records.studies import ParamSpace, TrialColumns, TrialCurve, TrialState
from workbench.records.wire import ParamValue
from workbench.sweeps.optuna_compat import contains
from workbench.sweeps.study_stats import UNCOUNTED

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

_MOST_TRIALS = 20_000
_MOST_CURVES = 60
_MOST_POINTS = 400
_MOST_EVALUATED = 2000


def trials_by_column(study: Study, after: int = 0) -> TrialColumns:
    """Return the trials from a number on, column by column.

    As JSON, columns take a tenth of the bytes that rows take.
    """
    trials = [trial for trial in study.get_trials(deepcopy=False)[-_MOST_TRIALS:] if trial.number >= after]
    kinds: dict[str, ParamSpace] = {}
    for trial in reversed(trials):
        for name, distribution in trial.distributions.items():
            if name not in kinds:
                kinds[name] = _kind(distribution)
    goals = len(study.directions)
    return {
        "numbers": [trial.number for trial in trials],
        "states": [_state(trial) for trial in trials],
        "values": [
            [_number(trial.values[goal]) if trial.values else None for trial in trials] for goal in range(goals)
        ],
        "params": {name: [_plain(trial.params.get(name)) for trial in trials] for name in sorted(kinds)},
        "started": [_seconds(trial.datetime_start) for trial in trials],
        "ended": [_seconds(trial.datetime_complete) for trial in trials],
        "feasible": [all(excess <= 0 for excess in trial.constraints.values()) for trial in trials],
        "asked": [not trial.user_attrs.get(UNCOUNTED, False) for trial in trials],
        "kinds": kinds,
    }


def importances(study: Study, goal: int = 0) -> dict[str, float]:
    """Return the importance of each swept name for a goal, the most important first; importances add up to one.

    They are those of PED-ANOVA (Watanabe et al., IJCAI 2023).

    Args:
        study: The study.
        goal: The goal's index, from 0.

    Returns:
        Importances by name; empty while there are too few complete trials, or where all are alike.

    Raises:
        OptionError: The study has no such goal.
    """
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
    from optuna.trial import TrialState

    if not 0 <= goal < len(study.directions):
        raise OptionError(f"Cannot weigh goal {goal}: the study has {len(study.directions)}, counted from 0.")
    if len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))) < 4:
        return {}
    sign = -1.0 if study.directions[goal].name == "MAXIMIZE" else 1.0
    # It weighs what makes a low value, and knows a study's direction only where there is one.
    target = None if len(study.directions) == 1 else lambda trial: sign * trial.values[goal]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = get_param_importances(_lately(study), evaluator=PedAnovaImportanceEvaluator(), target=target)
    except (ValueError, RuntimeError):  # no name is in every trial, or every value is the same
        return {}
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _lately(study: Study) -> Study:
    """Return the study, or one of its newest complete trials where there are very many."""
    import optuna
    from optuna.trial import TrialState

    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(complete) <= _MOST_EVALUATED:
        return study
    part = optuna.create_study(directions=study.directions)
    part.add_trials(complete[-_MOST_EVALUATED:])
    return part


def curves(study: Study) -> list[TrialCurve]:
    """Return the reported values by step of the running, the best and the newest trials."""
    from optuna.study import StudyDirection

    reported = [trial for trial in study.get_trials(deepcopy=False) if trial.intermediate_values]
    if len(study.directions) > 1:
        return []
    sign = 1.0 if study.directions[0] is StudyDirection.MINIMIZE else -1.0
    complete = [trial for trial in reported if trial.state.name == "COMPLETE"]
    best = sorted(complete, key=lambda trial: sign * trial.values[0])[: _MOST_CURVES // 2]
    running = [trial for trial in reported if trial.state.name == "RUNNING"]
    chosen = {trial.number: trial for trial in [*best, *running]}
    for trial in reversed(reported):
        if len(chosen) >= _MOST_CURVES:
            break
        chosen.setdefault(trial.number, trial)
    return [
        {"number": trial.number, "state": _state(trial), "points": _points(trial.intermediate_values)}
        for trial in sorted(chosen.values(), key=lambda trial: trial.number)
    ]


def enqueue(study: Study, params: Mapping[str, ParamValue]) -> None:
    """Enqueue a trial with these values, which a running sweep takes next.

    Args:
        study: The study.
        params: Values of swept names.

    Raises:
        OptionError: A value is outside of the study's space, or a name is not in it.
    """
    known: dict[str, Any] = {}
    for trial in study.get_trials(deepcopy=False)[-_MOST_EVALUATED:]:
        known.update(trial.distributions)
    if not params:
        raise OptionError("Cannot try a trial without values: give one at least.")
    chosen = {}
    for name, value in params.items():
        if name not in known:
            raise OptionError(f"Cannot try {name!r}: the study sweeps {', '.join(sorted(known)) or 'nothing yet'}.")
        chosen[name] = _within(known[name], name, value)
    study.enqueue_trial(chosen)


def _within(distribution: Any, name: str, value: Any) -> Any:
    """Return the value as the distribution has it."""
    choices = getattr(distribution, "choices", None)
    if choices is not None:
        for choice in choices:
            if str(choice) == str(value):
                return choice
        raise OptionError(f"Cannot try {name}={value!r}: the choices are {', '.join(map(str, choices))}.")
    try:
        number = float(value)
        contained = contains(distribution, number)
    except (TypeError, ValueError):
        contained = False
    if not contained:
        raise OptionError(
            f"Cannot try {name}={value!r}: it is a number from {distribution.low:g} to {distribution.high:g}"
            + (f" in steps of {distribution.step:g}." if distribution.step not in (None, 1) else ".")
        )
    return int(number) if type(distribution).__name__ == "IntDistribution" else number


def _state(trial: FrozenTrial) -> TrialState:
    return cast("TrialState", trial.state.name.lower())


def _kind(distribution: Any) -> ParamSpace:
    if hasattr(distribution, "choices"):
        return {"choices": [_plain(choice) for choice in distribution.choices]}
    return {"low": distribution.low, "high": distribution.high, "log": bool(distribution.log)}


def _plain(value: Any) -> ParamValue:
    if isinstance(value, float):
        return _number(value)
    return value if value is None or isinstance(value, (bool, int, str)) else json.dumps(value, default=str)


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _seconds(moment: Any) -> float | None:
    return moment.timestamp() if moment is not None else None


def _points(values: dict[int, float]) -> list[tuple[int, float]]:
    points: Iterable[tuple[int, float]] = sorted(
        (step, value) for step, value in values.items() if math.isfinite(value)
    )
    ordered = list(points)
    stride = max(1, math.ceil(len(ordered) / _MOST_POINTS))
    return ordered[::stride] + (ordered[-1:] if ordered and (len(ordered) - 1) % stride else [])
