"""The cluster as the panel shows it."""

from __future__ import annotations

from typing import Any

from workbench.errors import ClusterError, ForemanError
from workbench.project import Project

_ANSWER_S = 8.0


def cluster_overview(project: Project) -> dict[str, Any]:
    """Nodes, resources, runs and spares.

    ``state`` is ``up``, ``down`` (none runs), or ``lost`` (it does not answer), with a ``message`` then.
    """
    try:
        connection = project.connection(start=False)
        status: dict[str, Any] = connection.call("status", timeout_s=_ANSWER_S)
    except ForemanError as error:
        return {"state": "lost", "message": str(error), "nodes": [], "resources": {}, "runs": []}
    except ClusterError as error:
        return {"state": "down", "message": str(error), "nodes": [], "resources": {}, "runs": []}
    import ray

    from workbench.compute import local

    here = local.running()
    total, free = ray.cluster_resources(), ray.available_resources()
    names = {"CPU": "CPU", "GPU": "GPU", "memory": "memory", "object_store_memory": "object store"}
    return {
        "state": "up",
        "message": "",
        "address": connection.address,
        "is_local": here is not None and here.address == connection.address,
        "resources": {
            name: {"total": total[kind], "used": total[kind] - free.get(kind, 0.0)}
            for kind, name in names.items()
            if total.get(kind)
        },
        "nodes": [_node(node) for node in ray.nodes() if node["Alive"]],
        "runs": status["runs"],
        "spares": status["spares"],
    }


def _node(node: dict[str, Any]) -> dict[str, Any]:
    resources = node["Resources"]
    return {
        "id": node["NodeID"],
        "name": node["NodeManagerHostname"],
        "address": node["NodeManagerAddress"],
        "cpus": resources.get("CPU", 0.0),
        "gpus": resources.get("GPU", 0.0),
        "memory": resources.get("memory", 0.0),
        "accelerators": [key.removeprefix("accelerator_type:") for key in resources if key.startswith("accelerator_")],
    }
