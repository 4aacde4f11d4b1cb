"""What is installed, and the description of these routes."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from jupyter_server.auth.decorator import authorized
from tornado import web

from workbench_server.routes.base import WorkbenchHandler

_LIBRARIES = ("jupyter-ml-workbench", "ray", "mlflow", "optuna", "torch")
_DESCRIPTION = Path(__file__).parents[1] / "openapi.json"


class AboutHandler(WorkbenchHandler):
    """``GET /workbench/api/about``: versions, as installed beside the server; none of them is imported."""

    @web.authenticated
    @authorized
    def get(self) -> None:
        self.finish(json.dumps({"versions": {name: _version(name) for name in _LIBRARIES}}))


class OpenApiHandler(WorkbenchHandler):
    """``GET /workbench/api/openapi.json``: all routes in OpenAPI 3.1."""

    @web.authenticated
    @authorized
    def get(self) -> None:
        self.finish(_DESCRIPTION.read_text())


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
