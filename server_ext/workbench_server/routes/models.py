"""Registered models: list them, and say which version an alias names."""

from __future__ import annotations

import re
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from workbench_server.routes.base import WorkbenchHandler

_NAME = re.compile(r"[^/:\x00-\x1f]{1,256}")
_ALIAS = re.compile(r"[\w-]{1,255}")
_MOST = 2**31 - 1


class ModelsHandler(WorkbenchHandler):
    """``GET /workbench/api/models``: with versions, aliases, and the endpoints that serve them."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        await self.reply("models")


class AliasHandler(WorkbenchHandler):
    """``/workbench/api/models/NAME/aliases/ALIAS``: PUT moves it (``{"number": 4}``), DELETE removes it."""

    @web.authenticated
    @authorized
    async def put(self, name: str, alias: str) -> None:
        number = self.body().get("number")
        if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= _MOST:
            raise web.HTTPError(400, reason="number must be that of a version")
        await self._answer("set_alias", name, alias, number=number)

    @web.authenticated
    @authorized
    async def delete(self, name: str, alias: str) -> None:
        await self._answer("delete_alias", name, alias)

    async def _answer(self, verb: str, name: str, alias: str, **arguments: Any) -> None:
        if not _NAME.fullmatch(name):
            self.not_found("ModelNotFoundError", f"Cannot find model {name!r}: that is no registered model's name.")
        elif not _ALIAS.fullmatch(alias):
            self.not_found("ModelNotFoundError", f"Cannot find alias {alias!r}: that is no alias's name.")
        else:
            await self.reply(verb, name=name, alias=alias, **arguments)
