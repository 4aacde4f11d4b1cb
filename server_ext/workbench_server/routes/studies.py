"""Optuna's studies."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from workbench_server.routes.base import WorkbenchHandler


class StudiesHandler(WorkbenchHandler):
    """``GET /workbench/api/studies``: those of the project, whoever made them."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        await self.reply("studies")
