"""Endpoints: list, publish, look at, steer, ask, withdraw."""

from __future__ import annotations

import math
import re
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from workbench_server.routes.base import WorkbenchHandler

_PUBLISH_TIMEOUT_S = 150.0
_TRY_TIMEOUT_S = 120.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class EndpointRoute(WorkbenchHandler):
    """Base of the routes about one endpoint: a name that none can have is told at once."""

    async def answer(self, verb: str, endpoint: str, timeout_s: float | None = None, **arguments: Any) -> None:
        """Finish with a verb's answer about an endpoint."""
        if not _NAME.fullmatch(endpoint):
            self.not_found("EndpointNotFoundError", f"Cannot find endpoint {endpoint!r}: that is no endpoint's name.")
            return
        await self.reply(verb, timeout_s, name=endpoint, **arguments)


class EndpointsHandler(WorkbenchHandler):
    """``/workbench/api/endpoints``: GET lists them, POST publishes (``{"source": …, "name": …, "options": {…}}``)."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        await self.reply("endpoints")

    @web.authenticated
    @authorized
    async def post(self) -> None:
        body = self.body()
        options = body.get("options", {})
        if not isinstance(options, dict):
            raise web.HTTPError(400, reason="options must be an object")
        await self.reply(
            "publish",
            _PUBLISH_TIMEOUT_S,
            source=self.text(body, "source"),
            name=self.text(body, "name", "") or None,
            options=options,
        )


class RestorationHandler(WorkbenchHandler):
    """``POST /workbench/api/restoration``: brings back what was published and does not run."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        await self.reply("restore_endpoints", _PUBLISH_TIMEOUT_S)


class EndpointHandler(EndpointRoute):
    """``/workbench/api/endpoints/NAME``: GET shows one, DELETE withdraws it."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        await self.answer("endpoint", name)

    @web.authenticated
    @authorized
    async def delete(self, name: str) -> None:
        await self.answer("withdraw", name)


class TrafficHandler(EndpointRoute):
    """``PUT /workbench/api/endpoints/NAME/traffic``: ``{"weights": {"3": 90, "4": 10}}``, percent by version."""

    @web.authenticated
    @authorized
    async def put(self, name: str) -> None:
        weights = self.body().get("weights")
        if not isinstance(weights, dict) or not weights or not all(map(_is_percent, weights.values())):
            raise web.HTTPError(400, reason="weights must be numbers from 0 to 100 by version")
        await self.answer("set_traffic", name, weights=weights)


class ShadowHandler(EndpointRoute):
    """``PUT /workbench/api/endpoints/NAME/shadow``: ``{"version": "4"}``, or null for none."""

    @web.authenticated
    @authorized
    async def put(self, name: str) -> None:
        body = self.body()
        version = "" if body.get("version", "") is None else self.text(body, "version")
        await self.answer("set_shadow", name, version=version)


class RollbackHandler(EndpointRoute):
    """``POST /workbench/api/endpoints/NAME/rollback``: back to what answered before."""

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        await self.answer("rollback", name)


class PromoteHandler(EndpointRoute):
    """``POST /workbench/api/endpoints/NAME/promote``: ``{"version": "4"}`` gets all requests."""

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        await self.answer("promote", name, version=self.text(self.body(), "version"))


class ReplicasHandler(EndpointRoute):
    """``PUT /workbench/api/endpoints/NAME/replicas``: ``{"replicas": "1..4", "version": "4"}``."""

    @web.authenticated
    @authorized
    async def put(self, name: str) -> None:
        body = self.body()
        version = self.text(body, "version", "") or None
        await self.answer("set_replicas", name, replicas=self.text(body, "replicas"), version=version)


class LimitsHandler(EndpointRoute):
    """``PUT /workbench/api/endpoints/NAME/limits``: ``rate``, ``max_body``, ``cache`` and ``samples``, any of them."""

    @web.authenticated
    @authorized
    async def put(self, name: str) -> None:
        body = self.body()
        if not body:
            raise web.HTTPError(400, reason="give rate, max_body, cache or samples")
        await self.answer("set_limits", name, limits=body)


class EndpointLogHandler(EndpointRoute):
    """``GET /workbench/api/endpoints/NAME/log?start=-1000&count=1000&q=…``: lines by number, or those with a text."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        await self.answer(
            "endpoint_log",
            name,
            start=self.whole("start", -1000, low=None),
            count=self.whole("count", 1000, low=1),
            wanted=self.get_query_argument("q", "", strip=False),
        )


class HistoryHandler(EndpointRoute):
    """``GET /workbench/api/endpoints/NAME/history``: figures by minute and version."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        await self.answer("endpoint_history", name)


class SamplesHandler(EndpointRoute):
    """``GET /workbench/api/endpoints/NAME/samples?version=4``: some requests and what was answered."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        await self.answer("endpoint_samples", name, version=self.get_query_argument("version"))


class TryHandler(EndpointRoute):
    """``POST /workbench/api/endpoints/NAME/try``: ``{"body": …, "version": "4", "model": ""}``, as a client asks."""

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        body = self.body()
        if "body" not in body:
            raise web.HTTPError(400, reason="body must be there: what a client would send")
        await self.answer(
            "try_endpoint",
            name,
            _TRY_TIMEOUT_S,
            body=body["body"],
            version=self.text(body, "version", "") or None,
            model=self.text(body, "model", ""),
        )


class TokensHandler(EndpointRoute):
    """``/workbench/api/endpoints/NAME/tokens``: GET lists labels, POST makes one (``{"label": …}``), shown once."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        await self.answer("endpoint_tokens", name)

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        label = self.text(self.body(), "label")
        if not _LABEL.fullmatch(label):
            raise web.HTTPError(
                400, reason="label must be 1 to 64 letters, digits and any of -_., a letter or digit first"
            )
        await self.answer("new_token", name, label=label)


class TokenHandler(EndpointRoute):
    """``DELETE /workbench/api/endpoints/NAME/tokens/LABEL``: it opens nothing any more."""

    @web.authenticated
    @authorized
    async def delete(self, name: str, label: str) -> None:
        if not _LABEL.fullmatch(label):
            self.not_found("EndpointNotFoundError", f"Cannot find token {label!r}: that is no token's label.")
            return
        await self.answer("revoke_token", name, label=label)


def _is_percent(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and 0 <= value <= 100
