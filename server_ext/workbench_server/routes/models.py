"""Registered models: list them, and say which version an alias names."""

from __future__ import annotations

from typing import Any

from workbench_server.routes.paths import ALIAS, MODEL
from workbench_server.routes.route import Route
from workbench_server.routes.values import BodyValue

_MOST = 2**31 - 1
_ALIAS = ("models", MODEL, "aliases", ALIAS)
_ERRORS = (400, 404, 409)


def _is_version_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MOST


_NUMBER = BodyValue(
    "number",
    kind={"type": "integer", "minimum": 1, "maximum": _MOST},
    check=_is_version_number,
    must_be="that of a version",
    is_required=True,
)

ROUTES = (
    Route(
        method="GET",
        path=("models",),
        verb="models",
        summary="List registered models with their versions, newest first.",
    ),
    Route(
        method="PUT",
        path=_ALIAS,
        verb="set_alias",
        summary="Have an alias name a version.",
        body=(_NUMBER,),
        errors=_ERRORS,
    ),
    Route(
        method="DELETE",
        path=_ALIAS,
        verb="delete_alias",
        summary="Have an alias name no version.",
        errors=_ERRORS,
    ),
)
