"""The cluster as the panel shows it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any, Literal

from workbench.api.project import Project
from workbench.errors import ClusterError, ForemanError
from workbench.records.cluster import ClusterOverview, ForemanStatus, Node, NodeUsage

_ANSWER_S = 8.0


def cluster_overview(project: Project) -> ClusterOverview:
    """Return nodes, resources, runs and spares."""
    try:
        connection = project.connection(start=False)
        status: ForemanStatus = connection.call("status", timeout_s=_ANSWER_S)
        usages: dict[str, NodeUsage] = connection.call("nodes", timeout_s=_ANSWER_S)
    except ForemanError as error:
        return _absent("lost", error)
    except ClusterError as error:
        return _absent("down", error)
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
        "nodes": [_node(node, usages.get(node["NodeID"])) for node in ray.nodes() if node["Alive"]],
        "runs": status["runs"],
        "spares": status["spares"],
        "elsewhere": [address for address in clusters_here() if address != connection.address],
    }


def clusters_here() -> list[str]:
    """List addresses of clusters that others made on this machine, and ``RAY_ADDRESS``.

    Those are clusters of ``ray start``, or of a script's ``ray.init``.
    """
    from workbench.cluster import local

    own = local.running()
    folder = Path(os.environ.get("RAY_TMPDIR", "/tmp")) / "ray"
    found = [os.environ.get("RAY_ADDRESS", "")]
    with contextlib.suppress(OSError):
        found.append((folder / "ray_current_cluster").read_text().strip())
    known = dict.fromkeys(address for address in found if ":" in address)
    return [address for address in known if (own is None or address != own.address) and local.answers(address, 0.5)]


def _absent(state: Literal["down", "lost"], error: ClusterError) -> ClusterOverview:
    return {
        "state": state,
        "message": str(error),
        "nodes": [],
        "resources": {},
        "runs": [],
        "elsewhere": clusters_here(),
    }


def _node(node: dict[str, Any], usage: NodeUsage | None) -> Node:
    """Return a node of ``ray.nodes()`` as the panel shows it."""
    resources = node["Resources"]
    return {
        "id": node["NodeID"],
        "name": node["NodeManagerHostname"],
        "address": node["NodeManagerAddress"],
        "cpus": resources.get("CPU", 0.0),
        "gpus": resources.get("GPU", 0.0),
        "memory": resources.get("memory", 0.0),
        "object_store": resources.get("object_store_memory", 0.0),
        "usage": usage,
        "accelerators": [key.removeprefix("accelerator_type:") for key in resources if key.startswith("accelerator_")],
    }
