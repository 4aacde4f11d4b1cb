"""The REST routes below ``/workbench/api``."""

from __future__ import annotations

from typing import Any

from workbench_server.routes.about import AboutHandler, OpenApiHandler
from workbench_server.routes.cluster import ClusterHandler, JobsHandler
from workbench_server.routes.dashboards import NAMES, DashboardHandler
from workbench_server.routes.endpoints import (
    EndpointHandler,
    EndpointLogHandler,
    EndpointsHandler,
    HistoryHandler,
    LimitsHandler,
    PromoteHandler,
    ReplicasHandler,
    RestorationHandler,
    RollbackHandler,
    SamplesHandler,
    ShadowHandler,
    TokenHandler,
    TokensHandler,
    TrafficHandler,
    TryHandler,
)
from workbench_server.routes.models import AliasHandler, ModelsHandler
from workbench_server.routes.runs import (
    AgainHandler,
    ArtifactHandler,
    ArtifactsHandler,
    CellHandler,
    ComparisonHandler,
    DeletionHandler,
    ExperimentsHandler,
    LogsHandler,
    NotebookHandler,
    RunHandler,
    RunsHandler,
    SeriesHandler,
    StopHandler,
    TidyHandler,
)
from workbench_server.routes.studies import (
    CurvesHandler,
    ImportancesHandler,
    OrderHandler,
    PauseHandler,
    StudiesHandler,
    StudyHandler,
    TrialRunHandler,
    TrialsHandler,
    WriteBackHandler,
)

_RUN = r"/workbench/api/runs/(?P<run_id>[^/]+)"
_STUDY = r"/workbench/api/studies/(?P<storage>[^/]+)/(?P<study>[^/]+)"
_NUMBER = r"(?P<number>[^/]+)"
_ENDPOINT = r"/workbench/api/endpoints/(?P<name>[^/]+)"


def handlers() -> list[tuple[str, Any]]:
    """Pattern and handler of each route."""
    return [
        (r"/workbench/api/about", AboutHandler),
        (r"/workbench/api/openapi.json", OpenApiHandler),
        (r"/workbench/api/cluster", ClusterHandler),
        (r"/workbench/api/jobs", JobsHandler),
        (r"/workbench/api/studies", StudiesHandler),
        (_STUDY, StudyHandler),
        (rf"{_STUDY}/importances", ImportancesHandler),
        (rf"{_STUDY}/curves", CurvesHandler),
        (rf"{_STUDY}/trials", TrialsHandler),
        (rf"{_STUDY}/trials/{_NUMBER}/run", TrialRunHandler),
        (r"/workbench/api/cells/with-values", WriteBackHandler),
        (r"/workbench/api/experiments", ExperimentsHandler),
        (r"/workbench/api/comparison", ComparisonHandler),
        (r"/workbench/api/runs", RunsHandler),
        (r"/workbench/api/runs/deletion", DeletionHandler),
        (r"/workbench/api/runs/tidying", TidyHandler),
        (_RUN, RunHandler),
        (rf"{_RUN}/stop", StopHandler),
        (rf"{_RUN}/series", SeriesHandler),
        (rf"{_RUN}/logs", LogsHandler),
        (rf"{_RUN}/artifacts", ArtifactsHandler),
        (rf"{_RUN}/artifact", ArtifactHandler),
        (rf"{_RUN}/notebook", NotebookHandler),
        (rf"{_RUN}/cell", CellHandler),
        (rf"{_RUN}/again", AgainHandler),
        (rf"{_RUN}/pause", PauseHandler),
        (rf"{_RUN}/trials/{_NUMBER}", OrderHandler),
        (r"/workbench/api/endpoints", EndpointsHandler),
        (r"/workbench/api/restoration", RestorationHandler),
        (_ENDPOINT, EndpointHandler),
        (rf"{_ENDPOINT}/traffic", TrafficHandler),
        (rf"{_ENDPOINT}/shadow", ShadowHandler),
        (rf"{_ENDPOINT}/rollback", RollbackHandler),
        (rf"{_ENDPOINT}/promote", PromoteHandler),
        (rf"{_ENDPOINT}/replicas", ReplicasHandler),
        (rf"{_ENDPOINT}/limits", LimitsHandler),
        (rf"{_ENDPOINT}/log", EndpointLogHandler),
        (rf"{_ENDPOINT}/history", HistoryHandler),
        (rf"{_ENDPOINT}/samples", SamplesHandler),
        (rf"{_ENDPOINT}/try", TryHandler),
        (rf"{_ENDPOINT}/tokens", TokensHandler),
        (rf"{_ENDPOINT}/tokens/(?P<label>[^/]+)", TokenHandler),
        (r"/workbench/api/models", ModelsHandler),
        (r"/workbench/api/models/(?P<name>[^/]+)/aliases/(?P<alias>[^/]+)", AliasHandler),
    ]


def pages() -> list[tuple[str, Any]]:
    """Pattern and handler of other projects' pages."""
    return [(rf"/workbench/dashboards/{NAMES}/(?P<path>.*)", DashboardHandler)]
