"""Runs: list, look at, stop, delete, open again."""

from __future__ import annotations

from typing import Any

from workbench_server.routes.paths import RUN_ID
from workbench_server.routes.route import Route
from workbench_server.routes.values import (
    BodyValue,
    QueryInteger,
    QueryNumber,
    QueryText,
    QueryWords,
    flag,
    is_number,
    texts,
)

_MOST_DAYS = 36_500


def _are_days(value: Any) -> bool:
    return is_number(value, 0, _MOST_DAYS)


_OLDER_THAN_DAYS = BodyValue(
    "older_than_days",
    kind={"type": "number", "minimum": 0, "maximum": _MOST_DAYS, "default": 0},
    check=_are_days,
    must_be=f"a number from 0 to {_MOST_DAYS}",
    default=0,
)

ROUTES = (
    Route(
        method="GET",
        path=("runs",),
        verb="runs",
        summary="List a page of runs, filtered and sorted by the store.",
        query=(
            QueryText("query", "MLflow's filter syntax, or words of the name."),
            QueryWords("states", "States, separated by commas."),
            QueryText("experiment", "Only this experiment."),
            QueryText("notebook", "Only runs of cells of this notebook, a path below the server's folder."),
            QueryText(
                "order_by", "start, end, name, metrics.X or params.X; - in front for descending.", default="-start"
            ),
            QueryInteger("limit", "The most runs of the page.", default=50, low=1, high=200),
            # `token` is Jupyter's own.
            QueryText("after", "`next` of the page before.", argument="token", default=None),
        ),
        errors=(400,),
    ),
    Route(
        method="GET",
        path=("experiments",),
        verb="experiments",
        summary="List names of experiments; a notebook's name is its runs' experiment.",
    ),
    Route(
        method="GET",
        path=("comparison",),
        verb="compare",
        summary="Return several runs with params and the latest value of each metric.",
        query=(
            QueryWords(
                "runs", "Ids, separated by commas; 100 at most.", argument="run_ids", is_required=True, min_length=1
            ),
        ),
        errors=(400, 404),
    ),
    Route(
        method="POST",
        path=("runs", "deletion"),
        verb="delete_runs",
        summary="Delete ended runs, as MLflow does; those that go on are left and named.",
        body=(texts("run_ids"),),
        errors=(400, 404),
    ),
    Route(
        method="POST",
        path=("runs", "tidying"),
        verb="tidy",
        summary="Delete ended runs of an age, or count them.",
        body=(
            texts("states", items={"enum": ["finished", "failed", "stopped"]}),
            _OLDER_THAN_DAYS,
            flag("dry", "Only count.", default=True),
        ),
        errors=(400,),
    ),
    Route(
        method="GET",
        path=("runs", RUN_ID),
        verb="run",
        summary="Return all that is known of a run, except its points, logs and files.",
        errors=(404,),
    ),
    Route(
        method="POST",
        path=("runs", RUN_ID, "stop"),
        verb="stop_run",
        summary="Ask a run to end: SIGINT first, a kill after 10 s.",
        errors=(404,),
    ),
    Route(
        method="GET",
        path=("runs", RUN_ID, "series"),
        verb="series",
        summary="Return points of a metric: exact where there are few, else each bucket's smallest and largest.",
        query=(
            QueryText("metric", "The metric's name.", is_required=True),
            QueryText(
                "x",
                "step, time (seconds since the epoch), or metrics.NAME for another metric's value at that step.",
                default="step",
            ),
            QueryInteger("most", "The most points to return.", default=2000, low=4),
            QueryNumber("start", "The smallest x."),
            QueryNumber("end", "The largest x."),
        ),
        errors=(400, 404),
    ),
    Route(
        method="GET",
        path=("runs", RUN_ID, "logs"),
        verb="logs",
        summary="Return lines that a rank printed, by number, or those that contain a text.",
        query=(
            QueryInteger("rank", "The rank.", default=0, low=0),
            QueryInteger("start", "The first line, from 0; a negative number counts from the end.", default=-1000),
            QueryInteger("count", "The most lines to return.", default=1000, low=1, high=5000),
            QueryText("wanted", "Only lines that contain this, whatever their case.", keeps_blanks=True),
        ),
        errors=(400, 404),
    ),
    Route(
        method="GET",
        path=("runs", RUN_ID, "artifacts"),
        verb="artifacts",
        summary="List paths of a run's files.",
        errors=(404,),
    ),
    Route(
        method="GET",
        path=("runs", RUN_ID, "artifact"),
        verb="artifact",
        summary="Return one file of up to 32 MiB.",
        query=(QueryText("path", "The file's path.", is_required=True),),
        errors=(400, 404),
    ),
    Route(
        method="POST",
        path=("runs", RUN_ID, "notebook"),
        verb="open_notebook",
        summary="Write the run's notebook out again.",
        errors=(404,),
    ),
    Route(
        method="GET",
        path=("runs", RUN_ID, "cell"),
        verb="cell",
        summary="Return the run's cell: as it ran, as a Python call, as the notebook has it now.",
        errors=(400, 404),
    ),
    Route(
        method="POST",
        path=("runs", RUN_ID, "again"),
        verb="run_again",
        summary="Run an ended run's cell once more, on what it was given then.",
        body=(flag("resume", "Go on with that run from its last checkpoint.", default=False),),
        errors=(400, 404, 409),
    ),
)
