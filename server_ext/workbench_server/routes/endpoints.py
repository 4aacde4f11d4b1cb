"""Endpoints: list, publish, look at, steer, ask, withdraw."""

from __future__ import annotations

import re
from typing import Any

from workbench_server.routes.paths import ENDPOINT, TOKEN
from workbench_server.routes.route import Route
from workbench_server.routes.values import BodyValue, QueryInteger, QueryText, is_number, text

_PUBLISH_TIMEOUT_S = 150.0
_TRY_TIMEOUT_S = 120.0
_ENDPOINT = ("endpoints", ENDPOINT)
_ERRORS = (400, 404, 409)


def _are_percentages(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(is_number(one, 0, 100) for one in value.values())


def _is_label(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(TOKEN.pattern, value) is not None


def _is_version_or_null(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


_OPTIONS = BodyValue(
    "options",
    "As %publish has them.",
    kind={"type": "object"},
    check=_is_object,
    must_be="an object",
    default={},
)
_WEIGHTS = BodyValue(
    "weights",
    kind={
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"type": "number", "minimum": 0, "maximum": 100},
    },
    check=_are_percentages,
    must_be="numbers from 0 to 100 by version",
    is_required=True,
)
_SHADOW = BodyValue(
    "version",
    kind={"type": ["string", "null"]},
    check=_is_version_or_null,
    must_be="a string",
    is_required=True,
)
_REQUEST = BodyValue(
    "body", "The body of a `predict` request.", must_be="there: what a client would send", is_required=True
)
_LABEL = BodyValue(
    "label",
    kind=TOKEN.schema(),
    check=_is_label,
    must_be="1 to 64 letters, digits and any of -_., a letter or digit first",
    is_required=True,
)

ROUTES = (
    Route(
        method="GET",
        path=("endpoints",),
        verb="endpoints",
        summary="List all endpoints of the cluster, and how the gateway is; starts nothing.",
    ),
    Route(
        method="POST",
        path=("endpoints",),
        verb="publish",
        summary="Publish a run's model or a registered one; answers at once, the snapshot tells how far it is.",
        body=(
            text("source", "A run's id or name, `digits/3` or `digits@champion`.", is_required=True),
            text("name", "The endpoint's name; the model's unless given.", empty_is_none=True),
            _OPTIONS,
        ),
        errors=_ERRORS,
        timeout_s=_PUBLISH_TIMEOUT_S,
    ),
    Route(
        method="POST",
        path=("restoration",),
        verb="restore_endpoints",
        summary="Bring back what was published and does not run; starts a cluster at need.",
        errors=_ERRORS,
        timeout_s=_PUBLISH_TIMEOUT_S,
    ),
    Route(
        method="GET",
        path=_ENDPOINT,
        verb="endpoint",
        summary="Return one endpoint, with the figures of its versions.",
        errors=_ERRORS,
    ),
    Route(
        method="DELETE",
        path=_ENDPOINT,
        verb="withdraw",
        summary="Withdraw an endpoint with all its versions; its models stay registered.",
        errors=_ERRORS,
    ),
    Route(
        method="PUT",
        path=(*_ENDPOINT, "traffic"),
        verb="set_traffic",
        summary="Set the percentage of the requests by version.",
        body=(_WEIGHTS,),
        errors=_ERRORS,
    ),
    Route(
        method="PUT",
        path=(*_ENDPOINT, "shadow"),
        verb="set_shadow",
        summary="Set the version that gets a copy of each request, null for none.",
        body=(_SHADOW,),
        errors=_ERRORS,
    ),
    Route(
        method="POST",
        path=(*_ENDPOINT, "rollback"),
        verb="rollback",
        summary="Go back to what answered before.",
        errors=_ERRORS,
    ),
    Route(
        method="POST",
        path=(*_ENDPOINT, "promote"),
        verb="promote",
        summary="Give all requests to one version.",
        body=(text("version", is_required=True),),
        errors=_ERRORS,
    ),
    Route(
        method="PUT",
        path=(*_ENDPOINT, "replicas"),
        verb="set_replicas",
        summary="Set the number of replicas: `2` or `1..4`.",
        body=(
            text("replicas", "`2`, `1..4`, or `0..4` to let it go to sleep.", is_required=True),
            text("version", "All versions unless one is named.", empty_is_none=True),
        ),
        errors=_ERRORS,
    ),
    Route(
        method="PUT",
        path=(*_ENDPOINT, "limits"),
        verb="set_limits",
        summary="Change what clients may ask, and how many answers are kept; what is not given stays as it is.",
        whole_body="limits",
        errors=_ERRORS,
    ),
    Route(
        method="GET",
        path=(*_ENDPOINT, "log"),
        verb="endpoint_log",
        summary="Return lines that the replicas printed, by number, or those that contain a text.",
        query=(
            QueryInteger("start", "The first line, from 0; a negative number counts from the end.", default=-1000),
            QueryInteger("count", "The most lines to return.", default=1000, low=1, high=5000),
            QueryText("q", "Only lines that contain this, whatever their case.", argument="wanted", keeps_blanks=True),
        ),
        errors=_ERRORS,
    ),
    Route(
        method="GET",
        path=(*_ENDPOINT, "history"),
        verb="endpoint_history",
        summary="Return figures by minute and version, kept over restarts.",
        errors=_ERRORS,
    ),
    Route(
        method="GET",
        path=(*_ENDPOINT, "samples"),
        verb="endpoint_samples",
        summary="Return some requests of a version and what it answered.",
        query=(QueryText("version", "The version's label.", is_required=True),),
        errors=_ERRORS,
    ),
    Route(
        method="POST",
        path=(*_ENDPOINT, "try"),
        verb="try_endpoint",
        summary="Ask an endpoint as a client does.",
        body=(_REQUEST, text("version", empty_is_none=True), text("model", default="")),
        errors=_ERRORS,
        timeout_s=_TRY_TIMEOUT_S,
    ),
    Route(
        method="GET",
        path=(*_ENDPOINT, "tokens"),
        verb="endpoint_tokens",
        summary="List labels of an endpoint's tokens; never the tokens.",
        errors=_ERRORS,
    ),
    Route(
        method="POST",
        path=(*_ENDPOINT, "tokens"),
        verb="new_token",
        summary="Make a token. This answer is the only one that has it.",
        body=(_LABEL,),
        errors=_ERRORS,
    ),
    Route(
        method="DELETE",
        path=(*_ENDPOINT, "tokens", TOKEN),
        verb="revoke_token",
        summary="Revoke a token.",
        errors=_ERRORS,
    ),
)
