"""Handlers made of routes: a request is read, the bridge is asked, its answer or refusal is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from workbench_server.bridge import Bridge, BridgeError
from workbench_server.routes.route import Route
from workbench_server.routes.values import bad_request

STATUS = {
    "OptionError": 400,
    "RunNotFoundError": 404,
    "EndpointNotFoundError": 404,
    "ModelNotFoundError": 404,
    "FileNotFoundError": 404,
    "ClusterError": 503,
    "ForemanError": 503,
    "TrackingError": 503,
    "WorkbenchError": 409,
    "ResourcesError": 409,
    "ServingError": 409,
    "Gone": 503,
    "Timeout": 504,
}
"""The HTTP status of each error of the library; any other is 500."""


class WorkbenchHandler(APIHandler):
    """Base of the handlers. Each method is authenticated and authorised on its own: see ``tests/server``."""

    auth_resource = "workbench"

    @property
    def bridge(self) -> Bridge:
        """The process that imports Ray and MLflow."""
        bridge: Bridge = self.settings["workbench_bridge"]
        return bridge

    async def reply(self, route: Route, texts: dict[str, str]) -> None:
        """Finish with a route's answer as JSON, or with the status and the words of what went wrong."""
        answer: Any
        try:
            arguments = route.arguments(self, texts)
            if route.local is not None:
                answer = route.local()
            else:
                answer = await self.bridge.call(route.verb, route.timeout_s, **arguments)
        except BridgeError as error:
            self.set_status(STATUS.get(error.kind, 500))
            answer = {"kind": error.kind, "message": str(error)}
        self.finish(json.dumps(answer))

    def query_text(self, name: str, *, is_required: bool) -> str | None:
        """Return a value of the query string as it came."""
        if is_required:
            return self.get_query_argument(name, strip=False)
        return self.get_query_argument(name, None, strip=False)

    def body(self) -> dict[str, Any]:
        """Return the request's JSON object, an empty one where there is no body."""
        try:
            data = self.get_json_body()
        except UnicodeDecodeError:
            raise bad_request("the body must be UTF-8") from None
        if data is None:
            return {}
        if not isinstance(data, dict):
            raise bad_request("the body must be a JSON object")
        return data


def handlers_of(routes: Iterable[Route]) -> list[tuple[str, type[WorkbenchHandler]]]:
    """Return the pattern and the handler of each path of some routes."""
    by_pattern: dict[str, list[Route]] = {}
    for route in routes:
        by_pattern.setdefault(route.pattern, []).append(route)
    return [(pattern, _handler_of(pattern, found)) for pattern, found in by_pattern.items()]


def _handler_of(pattern: str, routes: list[Route]) -> type[WorkbenchHandler]:
    methods = {route.method.lower(): _method_of(route) for route in routes}
    return type("RouteHandler", (WorkbenchHandler,), {"__doc__": f"Answer below ``{pattern}``.", **methods})


def _method_of(route: Route) -> Callable[..., Any]:
    # `authorized` keeps what it looked up at its first call: each method gets a decorator of its own.
    @web.authenticated
    @authorized
    async def method(self: WorkbenchHandler, **texts: str) -> None:
        await self.reply(route, texts)

    return method
