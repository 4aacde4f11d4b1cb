"""The cluster as the panel shows it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from workbench.api.project import Project
from workbench.errors import ClusterError, ForemanError

_ANSWER_S = 8.0
_NOTHING: dict[str, Any] = {"nodes": [], "resources": {}, "runs": []}


def cluster_overview(project: Project) -> dict[str, Any]:
    """Nodes, resources, runs and spares.

    ``state`` is ``up``, ``down`` (none runs), or ``lost`` (it does not answer), with a ``message`` then.
    """
    try:
        connection = project.connection(start=False)
        status: dict[str, Any] = connection.call("status", timeout_s=_ANSWER_S)
        samples: dict[str, dict[str, Any]] = connection.call("nodes", timeout_s=_ANSWER_S)
    except ForemanError as error:
        return {"state": "lost", "message": str(error), **_NOTHING, "elsewhere": clusters_here()}
    except ClusterError as error:
        return {"state": "down", "message": str(error), **_NOTHING, "elsewhere": clusters_here()}
    import ray

    from workbench.cluster import local

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
        "nodes": [_node(node, samples.get(node["NodeID"])) for node in ray.nodes() if node["Alive"]],
        "runs": status["runs"],
        "spares": status["spares"],
        "elsewhere": [address for address in clusters_here() if address != connection.address],
    }


def clusters_here() -> list[str]:
    """Addresses of clusters that ``ray start`` or a script's ``ray.init`` made on this machine, and ``RAY_ADDRESS``."""
    from workbench.cluster import local

    own = local.running()
    folder = Path(os.environ.get("RAY_TMPDIR", "/tmp")) / "ray"
    found = [os.environ.get("RAY_ADDRESS", "")]
    with contextlib.suppress(OSError):
        found.append((folder / "ray_current_cluster").read_text().strip())
    known = dict.fromkeys(address for address in found if ":" in address)
    return [address for address in known if (own is None or address != own.address) and local.answers(address, 0.5)]


def _node(node: dict[str, Any], sample: dict[str, Any] | None) -> dict[str, Any]:
    resources = node["Resources"]
    return {
        "id": node["NodeID"],
        "name": node["NodeManagerHostname"],
        "address": node["NodeManagerAddress"],
        "cpus": resources.get("CPU", 0.0),
        "gpus": resources.get("GPU", 0.0),
        "memory": resources.get("memory", 0.0),
        "object_store": resources.get("object_store_memory", 0.0),
        "usage": sample,
        "accelerators": [key.removeprefix("accelerator_type:") for key in resources if key.startswith("accelerator_")],
    }
