"""The pages of MLflow, Ray and Optuna below ``/workbench/dashboards``, for whoever may use this Jupyter server."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from jupyter_server.utils import ensure_async, url_path_join
from jupyter_server_proxy.handlers import ProxyHandler
from tornado import web

from workbench_server.bridge import Bridge, BridgeError
from workbench_server.routes.handler import STATUS

NAMES = r"(?P<name>mlflow|ray|optuna-[0-9a-f]{10})"
_START_TIMEOUT_S = 90.0
_NOT_PASSED_ON = ("Authorization", "Cookie", "Host", "Origin", "Referer", "X-Xsrftoken")
_READS = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Target:
    """Where pages are.

    Attributes:
        host: The host's name.
        port: The host's port.
        token: The token that the pages ask for, or an empty string.
    """

    host: str
    port: int
    token: str


class DashboardHandler(ProxyHandler):  # type: ignore[misc]
    """Pass requests below ``/workbench/dashboards/NAME/`` on; the pages start when they are first asked for.

    Jupyter's own authentication and authorisation come first. Neither its cookies nor its token are passed on.
    """

    auth_resource = "workbench"

    async def prepare(self) -> None:
        """Refuse who may not use this server, and a page of another site that wants to change something."""
        await super().prepare()
        if self._finished:
            return
        allowed = await ensure_async(self.authorizer.is_authorized(self, self.current_user, "execute", "workbench"))
        # The pages know nothing of Jupyter's XSRF token: what changes something must come from this server's pages.
        if not allowed or (self.request.method not in _READS and not self.check_origin()):
            raise web.HTTPError(403)

    async def pass_on(self, name: str, path: str) -> None:
        """Answer with the answer of the pages."""
        self.proxy_base = url_path_join("workbench/dashboards", name)
        self.target = await self._target(name)
        self.host_allowlist = [self.target.host]
        try:
            await self.proxy(self.target.host, self.target.port, path)
        except web.HTTPError as error:
            if error.status_code in (500, 599):  # it ended: ask anew where it is
                self._known.pop(name, None)
            raise

    async def http_get(self, name: str, path: str) -> None:
        """Answer a GET request that asks for no websocket."""
        await self.pass_on(name, path)

    post = put = delete = head = patch = options = pass_on

    async def open(self, name: str, path: str) -> None:
        """Open a websocket of the pages."""
        self.target = await self._target(name)
        self.host_allowlist = [self.target.host]
        await self.proxy_open(self.target.host, self.target.port, path)

    def proxy_request_headers(self) -> Any:
        """Return the request's headers without Jupyter's own."""
        headers = self.request.headers.copy()
        for name in _NOT_PASSED_ON:
            headers.pop(name, None)
        if self.target.token:
            headers["Authorization"] = f"Bearer {self.target.token}"
        return headers

    @property
    def _known(self) -> dict[str, Target]:
        known: dict[str, Target] = self.settings.setdefault("workbench_dashboards", {})
        return known

    async def _target(self, name: str) -> Target:
        if name not in self._known:
            bridge: Bridge = self.settings["workbench_bridge"]
            kind, _, storage = name.partition("-")
            prefix = url_path_join(self.base_url, "workbench/dashboards", name)
            try:
                found = await bridge.call("dashboard", _START_TIMEOUT_S, name=kind, storage=storage, prefix=prefix)
            except BridgeError as error:
                raise web.HTTPError(STATUS.get(error.kind, 500), reason=" ".join(str(error).split())) from None
            parts = urlsplit(found["url"])
            self._known[name] = Target(parts.hostname or "127.0.0.1", parts.port or 80, found["token"])
        return self._known[name]

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer in plain words, in the tab where the pages would have been."""
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"message": self._reason}))
