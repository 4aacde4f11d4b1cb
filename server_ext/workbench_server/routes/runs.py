"""Runs: list, look at, stop, delete, open again."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from workbench_server.routes.base import WorkbenchHandler


class RunsHandler(WorkbenchHandler):
    """``GET /workbench/api/runs``: a page, filtered and sorted by the store."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        await self.reply(
            "runs",
            query=self.get_query_argument("query", ""),
            states=[word for word in self.get_query_argument("states", "").split(",") if word],
            experiment=self.get_query_argument("experiment", ""),
            notebook=self.get_query_argument("notebook", ""),
            order_by=self.get_query_argument("order_by", "-start"),
            limit=self.whole("limit", 50, low=1),
            token=self.get_query_argument("after", None),  # "token" is Jupyter's own
        )


class ExperimentsHandler(WorkbenchHandler):
    """``GET /workbench/api/experiments``: their names."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        await self.reply("experiments")


class DeletionHandler(WorkbenchHandler):
    """``POST /workbench/api/runs/deletion``: ``{"run_ids": […]}``, ended runs only."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        await self.reply("delete_runs", run_ids=self.strings(self.body(), "run_ids"))


class TidyHandler(WorkbenchHandler):
    """``POST /workbench/api/runs/tidying``: deletes ended runs of an age, or with ``dry`` counts them."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        body = self.body()
        days = body.get("older_than_days", 0)
        if isinstance(days, bool) or not isinstance(days, (int, float)) or not 0 <= days <= 36_500:
            raise web.HTTPError(400, reason="older_than_days must be a number from 0 to 36500")
        await self.reply(
            "tidy", states=self.strings(body, "states"), older_than_days=days, dry=self.flag(body, "dry", True)
        )


class ComparisonHandler(WorkbenchHandler):
    """``GET /workbench/api/comparison?runs=ID,ID``: params and metrics of several runs."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        run_ids = [word for word in self.get_query_argument("runs").split(",") if word]
        await self.reply("compare", run_ids=run_ids)


class RunHandler(WorkbenchHandler):
    """``GET /workbench/api/runs/ID``: one run, with its live snapshot."""

    @web.authenticated
    @authorized
    async def get(self, run_id: str) -> None:
        await self.reply("run", run_id=run_id)


class StopHandler(WorkbenchHandler):
    """``POST /workbench/api/runs/ID/stop``."""

    @web.authenticated
    @authorized
    async def post(self, run_id: str) -> None:
        await self.reply("stop_run", run_id=run_id)


class SeriesHandler(WorkbenchHandler):
    """``GET /workbench/api/runs/ID/series?metric=loss``: points for a plot, fewer than there are."""

    @web.authenticated
    @authorized
    async def get(self, run_id: str) -> None:
        await self.reply(
            "series",
            run_id=run_id,
            metric=self.get_query_argument("metric"),
            x=self.get_query_argument("x", "step"),
            most=self.whole("most", 2000, low=4),
            start=self.number("start", None),
            end=self.number("end", None),
        )


class LogsHandler(WorkbenchHandler):
    """``GET /workbench/api/runs/ID/logs?rank=0&start=-1000&count=1000``: lines by number, or those with a text."""

    @web.authenticated
    @authorized
    async def get(self, run_id: str) -> None:
        await self.reply(
            "logs",
            run_id=run_id,
            rank=self.whole("rank", 0),
            start=self.whole("start", -1000, low=None),
            count=self.whole("count", 1000, low=1),
            wanted=self.get_query_argument("wanted", "", strip=False),
        )


class CellHandler(WorkbenchHandler):
    """``GET /workbench/api/runs/ID/cell``: as it ran, as a Python call, and as the notebook has it now."""

    @web.authenticated
    @authorized
    async def get(self, run_id: str) -> None:
        await self.reply("cell", run_id=run_id)


class AgainHandler(WorkbenchHandler):
    """``POST /workbench/api/runs/ID/again``: ``{"resume": false}``."""

    @web.authenticated
    @authorized
    async def post(self, run_id: str) -> None:
        await self.reply("run_again", run_id=run_id, resume=self.flag(self.body(), "resume"))


class ArtifactsHandler(WorkbenchHandler):
    """``GET /workbench/api/runs/ID/artifacts``: paths of its files."""

    @web.authenticated
    @authorized
    async def get(self, run_id: str) -> None:
        await self.reply("artifacts", run_id=run_id)


class ArtifactHandler(WorkbenchHandler):
    """``GET /workbench/api/runs/ID/artifact?path=…``: one file, in base64."""

    @web.authenticated
    @authorized
    async def get(self, run_id: str) -> None:
        await self.reply("artifact", run_id=run_id, path=self.get_query_argument("path"))


class NotebookHandler(WorkbenchHandler):
    """``POST /workbench/api/runs/ID/notebook``: writes the run's notebook out again."""

    @web.authenticated
    @authorized
    async def post(self, run_id: str) -> None:
        await self.reply("open_notebook", run_id=run_id)
