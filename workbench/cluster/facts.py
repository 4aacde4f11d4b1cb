"""What a cluster has and does, for people."""

from __future__ import annotations

import platform
from importlib.metadata import distributions
from typing import TYPE_CHECKING, Any

from workbench.cell.preflight import ClusterFacts
from workbench.errors import ClusterError

if TYPE_CHECKING:
    from workbench.api.project import Project
    from workbench.cell.payload import CellPayload
    from workbench.cluster.connection import Connection


def cluster_status(connection: Connection) -> list[tuple[str, str]]:
    """Rows of what and how much."""
    import ray

    status: dict[str, Any] = connection.call("status")
    total, free = ray.cluster_resources(), ray.available_resources()
    nodes = [node for node in ray.nodes() if node["Alive"]]
    rows = [("cluster", f"{connection.address}, {len(nodes)} node{'s' if len(nodes) != 1 else ''}")]
    for kind in ("CPU", "GPU"):
        if total.get(kind):
            rows.append((kind, f"{free.get(kind, 0.0):g} of {total[kind]:g} free"))
    for kind, name in (("memory", "memory"), ("object_store_memory", "object store")):
        if total.get(kind):
            rows.append((name, f"{free.get(kind, 0.0) / 2**30:.1f} of {total[kind] / 2**30:.1f} GiB free"))
    spares = ", ".join(f"{count} {kind}" for kind, count in status["spares"].items() if count)
    rows.append(("spare processes", spares or "none ready"))
    for run in status["runs"]:
        waiting = run["waiting"]
        why = f": needs {waiting['needs']}; {waiting['free']}" if waiting else ""
        rows.append((f"run {run['name']}", f"{run['state']}{why}"))
    if not status["runs"]:
        rows.append(("runs", "none going on"))
    return rows


def facts_and_held(project: Project, payload: CellPayload) -> tuple[ClusterFacts | None, set[str]]:
    """What the workers have, and which of the payload's large values the cluster holds; nothing is started."""
    try:
        connection = project.connection(start=False)
    except ClusterError:
        return None, set()
    digests = [value.fingerprint.digest for value in payload.shared]
    facts: ClusterFacts = connection.call("facts")
    return facts, set(connection.call("held", digests))


def facts_here() -> ClusterFacts:
    """This process's Python and packages."""
    packages = {d.metadata["Name"].lower(): d.version for d in distributions() if d.metadata["Name"]}
    return ClusterFacts(platform.python_version(), packages)
