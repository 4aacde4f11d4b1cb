"""The server extension: for now it tells the front end what is installed; the panel's routes join it here."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.extension.application import ExtensionApp
from tornado import web

_LIBRARIES = ("jupyter-ml-workbench", "ray", "mlflow", "optuna", "torch")


class AboutHandler(APIHandler):
    """``GET /workbench/api/about``: versions, as installed beside the server; none of them is imported."""

    auth_resource = "workbench"

    @web.authenticated
    @authorized
    def get(self) -> None:
        self.finish(json.dumps({"versions": {name: _version(name) for name in _LIBRARIES}}))


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


class WorkbenchApp(ExtensionApp):
    """Registers the routes."""

    name = "workbench"
    extension_url = "/workbench"
    load_other_extensions = True

    def initialize_handlers(self) -> None:
        """Routes below ``/workbench/api``."""
        handlers: list[tuple[str, Any]] = [(r"/workbench/api/about", AboutHandler)]
        self.handlers.extend(handlers)
