"""The cluster: see it, start or join one, stop it."""

from __future__ import annotations

from typing import Any

from workbench_server.routes.route import Route
from workbench_server.routes.values import BodyValue

_START_TIMEOUT_S = 150.0


def _is_address(value: Any) -> bool:
    return value is None or isinstance(value, str)


_ADDRESS = BodyValue(
    "address", "`ray://host:10001` or `host:6379`.", kind={"type": "string"}, check=_is_address, must_be="a string"
)

ROUTES = (
    Route(
        method="GET",
        path=("cluster",),
        verb="cluster",
        summary="Return the cluster: resources, nodes, what runs, what waits and why.",
    ),
    Route(
        method="PUT",
        path=("cluster",),
        verb="start_cluster",
        summary="Start the local cluster, or join one by its address.",
        body=(_ADDRESS,),
        errors=(400,),
        timeout_s=_START_TIMEOUT_S,
    ),
    Route(
        method="DELETE",
        path=("cluster",),
        verb="stop_cluster",
        summary="Stop the local cluster and its runs, or leave a joined one.",
    ),
    Route(
        method="GET",
        path=("jobs",),
        verb="jobs",
        summary="List Ray Jobs that were submitted with Ray's own tools.",
    ),
)
