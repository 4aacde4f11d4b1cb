"""What is installed, and the description of these routes."""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from typing_extensions import TypedDict

from workbench_server.routes.route import Route

_LIBRARIES = ("jupyter-ml-workbench", "ray", "mlflow", "optuna", "torch")
_DESCRIPTION = Path(__file__).parents[1] / "openapi.json"


class About(TypedDict):
    """What is installed beside the server.

    Attributes:
        versions: Versions by package; null where one is not installed.
    """

    versions: dict[str, str | None]


def about() -> About:
    """Return versions as installed; none of the packages is imported."""
    return {"versions": {name: _version(name) for name in _LIBRARIES}}


@cache
def description() -> dict[str, Any]:
    """Return all routes in OpenAPI 3.1."""
    found: dict[str, Any] = json.loads(_DESCRIPTION.read_text())
    return found


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


ROUTES = (
    Route(
        method="GET",
        path=("about",),
        local=about,
        summary="Return versions of what is installed beside the server; null where something is not.",
    ),
    Route(method="GET", path=("openapi.json",), local=description, summary="Return this description."),
)
