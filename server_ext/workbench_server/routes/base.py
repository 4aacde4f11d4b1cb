"""What all handlers share: arguments with types, and answers of the bridge with the right status."""

from __future__ import annotations

import json
import re
from typing import Any

from jupyter_server.base.handlers import APIHandler
from tornado import web

from workbench_server.bridge import Bridge, BridgeError

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

_MOST = 2**53
_RUN_ID = re.compile("[0-9a-f]{32}")
_NO_RUN = "0" * 32
_COUNT = re.compile("[0-9]{1,9}")


class WorkbenchHandler(APIHandler):
    """Base of the routes. Each verb is authenticated and authorised on its own: see ``tests/server``."""

    auth_resource = "workbench"

    @property
    def bridge(self) -> Bridge:
        """The process that knows Ray and MLflow."""
        bridge: Bridge = self.settings["workbench_bridge"]
        return bridge

    async def reply(self, verb: str, timeout_s: float | None = None, **arguments: Any) -> None:
        """Finish with a verb's answer as JSON, or with its error's status and words."""
        try:
            if not _RUN_ID.fullmatch(arguments.get("run_id", _NO_RUN)):
                raise BridgeError("RunNotFoundError", f"Cannot find run {arguments['run_id']!r}: that is no run's id.")
            answer = await self.bridge.call(verb, timeout_s, **arguments)
        except BridgeError as error:
            self.set_status(STATUS.get(error.kind, 500))
            answer = {"kind": error.kind, "message": str(error)}
        self.finish(json.dumps(answer))

    def not_found(self, kind: str, message: str) -> None:
        """Finish with 404 and words, without asking the bridge."""
        self.set_status(404)
        self.finish(json.dumps({"kind": kind, "message": message}))

    def counted(self, text: str) -> int:
        """A number of the path; one that names nothing where the text is none."""
        return int(text) if _COUNT.fullmatch(text) else -1

    def number(self, name: str, default: float | None, *, low: float | None = None) -> float | None:
        """A numeric query argument; 400 that names it where it is none."""
        text = self.get_query_argument(name, None)
        if text is None:
            return default
        try:
            value = float(text)
        except ValueError:
            raise web.HTTPError(400, reason=f"{name} is no number") from None
        if value != value or (low is not None and value < low):
            raise web.HTTPError(400, reason=f"{name} must be at least {low:g}" if low is not None else f"bad {name}")
        return value

    def whole(self, name: str, default: int, *, low: int | None = 0) -> int:
        """A whole-number query argument."""
        value = self.number(name, default, low=low)
        assert value is not None
        if abs(value) > _MOST or value != int(value):
            raise web.HTTPError(400, reason=f"{name} is no whole number")
        return int(value)

    def strings(self, body: dict[str, Any], name: str) -> list[str]:
        """A list of strings of the body; 400 that names it where it is none."""
        values = body.get(name)
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise web.HTTPError(400, reason=f"{name} must be a list of strings")
        return values

    def text(self, body: dict[str, Any], name: str, default: str | None = None) -> str:
        """A string of the body; 400 that names it where it is none, or is missing and has no default."""
        value = body.get(name, default)
        if not isinstance(value, str):
            raise web.HTTPError(400, reason=f"{name} must be a string")
        return value

    def flag(self, body: dict[str, Any], name: str, default: bool = False) -> bool:
        """A truth value of the body."""
        value = body.get(name, default)
        if not isinstance(value, bool):
            raise web.HTTPError(400, reason=f"{name} must be true or false")
        return value

    def body(self) -> dict[str, Any]:
        """The request's JSON object."""
        try:
            data = self.get_json_body()
        except UnicodeDecodeError:
            raise web.HTTPError(400, reason="the body must be UTF-8") from None
        if data is None:
            return {}
        if not isinstance(data, dict):
            raise web.HTTPError(400, reason="the body must be a JSON object")
        return data
