"""Optuna's studies: list, look at, steer."""

from __future__ import annotations

from typing import Any

from workbench_server.routes.paths import RUN_ID, STORAGE, STUDY, TRIAL
from workbench_server.routes.route import Route
from workbench_server.routes.values import BodyValue, QueryInteger, flag, text

_STUDY = ("studies", STORAGE, STUDY)


def _are_params(value: Any) -> bool:
    return isinstance(value, dict) and not any(isinstance(one, (dict, list)) for one in value.values())


def _is_order(value: Any) -> bool:
    return value in ("prune", "stop")


_PARAMS = BodyValue(
    "params",
    kind={"type": "object", "additionalProperties": {"type": ["number", "string", "boolean", "null"]}},
    check=_are_params,
    must_be="an object; values of params are numbers, texts, true, false or null",
    is_required=True,
)
_ORDER = BodyValue(
    "order", kind={"enum": ["prune", "stop"]}, check=_is_order, must_be="prune or stop", is_required=True
)

ROUTES = (
    Route(
        method="GET",
        path=("studies",),
        verb="studies",
        summary="List Optuna's studies in the project's storages.",
    ),
    Route(
        method="GET",
        path=_STUDY,
        verb="study",
        summary="Return a study and its trials, column by column.",
        query=(QueryInteger("after", "Only trials from this number on.", default=0, low=0),),
        errors=(400, 404),
    ),
    Route(
        method="GET",
        path=(*_STUDY, "importances"),
        verb="study_importances",
        summary="Return how much each swept name matters, by PED-ANOVA.",
        query=(QueryInteger("goal", "The number of the objective, from 0.", default=0, low=0),),
        errors=(400, 404),
    ),
    Route(
        method="GET",
        path=(*_STUDY, "curves"),
        verb="study_curves",
        summary="Return reported values by step of the trials that run, the best and the newest.",
        errors=(404,),
    ),
    Route(
        method="POST",
        path=(*_STUDY, "trials"),
        verb="enqueue_trial",
        summary="Have values tried next.",
        body=(_PARAMS,),
        errors=(400, 404),
    ),
    Route(
        method="GET",
        path=(*_STUDY, "trials", TRIAL, "run"),
        verb="trial_run",
        summary="Return the MLflow run of a trial.",
        errors=(404,),
    ),
    Route(
        method="POST",
        path=("runs", RUN_ID, "trials", TRIAL),
        verb="order_trial",
        summary="Prune or stop a running trial of a sweep.",
        body=(_ORDER,),
        errors=(400, 404, 409),
    ),
    Route(
        method="POST",
        path=("runs", RUN_ID, "pause"),
        verb="pause_sweep",
        summary="Have a sweep start no more trials, or go on.",
        body=(flag("paused", default=True),),
        errors=(400, 404, 409),
    ),
    Route(
        method="POST",
        path=("cells", "with-values"),
        verb="write_back",
        summary="Return a sweep's cell as one that trains with a trial's values.",
        body=(text("source", is_required=True), _PARAMS),
        errors=(400,),
    ),
)
