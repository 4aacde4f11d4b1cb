"""The REST routes below ``/workbench/api``."""

from __future__ import annotations

from typing import Any

from workbench_server.routes.about import AboutHandler, OpenApiHandler
from workbench_server.routes.cluster import ClusterHandler
from workbench_server.routes.runs import (
    ArtifactHandler,
    ArtifactsHandler,
    DeletionHandler,
    ExperimentsHandler,
    LogsHandler,
    NotebookHandler,
    RunHandler,
    RunsHandler,
    SeriesHandler,
    StopHandler,
)

_RUN = r"/workbench/api/runs/(?P<run_id>[0-9a-f]{32})"


def handlers() -> list[tuple[str, Any]]:
    """Pattern and handler of each route."""
    return [
        (r"/workbench/api/about", AboutHandler),
        (r"/workbench/api/openapi.json", OpenApiHandler),
        (r"/workbench/api/cluster", ClusterHandler),
        (r"/workbench/api/experiments", ExperimentsHandler),
        (r"/workbench/api/runs", RunsHandler),
        (r"/workbench/api/runs/deletion", DeletionHandler),
        (_RUN, RunHandler),
        (rf"{_RUN}/stop", StopHandler),
        (rf"{_RUN}/series", SeriesHandler),
        (rf"{_RUN}/logs", LogsHandler),
        (rf"{_RUN}/artifacts", ArtifactsHandler),
        (rf"{_RUN}/artifact", ArtifactHandler),
        (rf"{_RUN}/notebook", NotebookHandler),
    ]
