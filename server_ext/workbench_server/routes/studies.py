"""Optuna's studies: list, look at, steer."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from workbench_server.routes.base import WorkbenchHandler


class StudiesHandler(WorkbenchHandler):
    """``GET /workbench/api/studies``: those of the project, whoever made them."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        await self.reply("studies")


class StudyHandler(WorkbenchHandler):
    """``GET /workbench/api/studies/STORAGE/STUDY?after=100``: a study and its trials from a number on."""

    @web.authenticated
    @authorized
    async def get(self, storage: str, study: str) -> None:
        await self.reply("study", storage=storage, study_id=self.counted(study), after=self.whole("after", 0))


class ImportancesHandler(WorkbenchHandler):
    """``GET /workbench/api/studies/STORAGE/STUDY/importances?goal=0``: what matters most."""

    @web.authenticated
    @authorized
    async def get(self, storage: str, study: str) -> None:
        goal = self.whole("goal", 0)
        await self.reply("study_importances", storage=storage, study_id=self.counted(study), goal=goal)


class CurvesHandler(WorkbenchHandler):
    """``GET /workbench/api/studies/STORAGE/STUDY/curves``: reported values by step of some trials."""

    @web.authenticated
    @authorized
    async def get(self, storage: str, study: str) -> None:
        await self.reply("study_curves", storage=storage, study_id=self.counted(study))


class TrialsHandler(WorkbenchHandler):
    """``POST /workbench/api/studies/STORAGE/STUDY/trials``: ``{"params": {…}}`` to be tried next."""

    @web.authenticated
    @authorized
    async def post(self, storage: str, study: str) -> None:
        params = _params(self.body())
        await self.reply("enqueue_trial", storage=storage, study_id=self.counted(study), params=params)


class WriteBackHandler(WorkbenchHandler):
    """``POST /workbench/api/cells/with-values``: ``{"source": "%%sweep …", "params": {…}}``; the cell that trains."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        body = self.body()
        if not isinstance(body.get("source"), str):
            raise web.HTTPError(400, reason="source must be a string")
        await self.reply("write_back", source=body["source"], params=_params(body))


class TrialRunHandler(WorkbenchHandler):
    """``GET /workbench/api/studies/STORAGE/STUDY/trials/NUMBER/run``: the trial's MLflow run."""

    @web.authenticated
    @authorized
    async def get(self, storage: str, study: str, number: str) -> None:
        await self.reply("trial_run", storage=storage, study_id=self.counted(study), number=self.counted(number))


class OrderHandler(WorkbenchHandler):
    """``POST /workbench/api/runs/ID/trials/NUMBER``: ``{"order": "prune"}`` or ``"stop"``."""

    @web.authenticated
    @authorized
    async def post(self, run_id: str, number: str) -> None:
        order = self.body().get("order")
        if order not in ("prune", "stop"):
            raise web.HTTPError(400, reason="order must be prune or stop")
        await self.reply("order_trial", run_id=run_id, number=self.counted(number), order=order)


class PauseHandler(WorkbenchHandler):
    """``POST /workbench/api/runs/ID/pause``: ``{"paused": true}``."""

    @web.authenticated
    @authorized
    async def post(self, run_id: str) -> None:
        await self.reply("pause_sweep", run_id=run_id, paused=self.flag(self.body(), "paused", True))


def _params(body: dict[str, Any]) -> dict[str, Any]:
    """Values by name; 400 where they are none."""
    params = body.get("params")
    if not isinstance(params, dict):
        raise web.HTTPError(400, reason="params must be an object")
    if any(isinstance(value, (dict, list)) for value in params.values()):
        raise web.HTTPError(400, reason="values of params are numbers, texts, true, false or null")
    return params
