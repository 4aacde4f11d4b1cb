"""The REST routes below ``/workbench/api``."""

from __future__ import annotations

from typing import Any

from workbench_server.routes import about, cluster, endpoints, models, runs, studies
from workbench_server.routes.dashboards import NAMES, DashboardHandler
from workbench_server.routes.handler import handlers_of

# Where several patterns match a path, the first one answers: fixed paths come before those with names in them.
ROUTES = (
    *about.ROUTES,
    *cluster.ROUTES,
    *studies.ROUTES,
    *runs.ROUTES,
    *endpoints.ROUTES,
    *models.ROUTES,
)
"""All routes, declared once: handlers and ``openapi.json`` are made of them."""


def handlers() -> list[tuple[str, Any]]:
    """Return the pattern and the handler of each path."""
    return list(handlers_of(ROUTES))


def pages() -> list[tuple[str, Any]]:
    """Return the pattern and the handler of other projects' pages."""
    return [(rf"/workbench/dashboards/{NAMES}/(?P<path>.*)", DashboardHandler)]
