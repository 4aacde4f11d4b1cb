"""The cluster: see it, start or join one, stop it."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from workbench_server.routes.base import WorkbenchHandler

_START_TIMEOUT_S = 150.0


class ClusterHandler(WorkbenchHandler):
    """``/workbench/api/cluster``: GET shows it, PUT starts or joins one (``{"address": …}``), DELETE stops it."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        await self.reply("cluster")

    @web.authenticated
    @authorized
    async def put(self) -> None:
        address = self.body().get("address")
        if address is not None and not isinstance(address, str):
            raise web.HTTPError(400, reason="address must be a string")
        await self.reply("start_cluster", _START_TIMEOUT_S, address=address)

    @web.authenticated
    @authorized
    async def delete(self) -> None:
        await self.reply("stop_cluster")


class JobsHandler(WorkbenchHandler):
    """``GET /workbench/api/jobs``: Ray Jobs that were submitted with Ray's own tools."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        await self.reply("jobs")
