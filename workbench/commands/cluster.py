"""The verbs of ``%workbench``, and of ``workbench`` in a terminal: status, up, down and doctor."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.api.endpoints import endpoints_overview
from workbench.api.project import Project, current_project
from workbench.display.table import Table
from workbench.errors import ClusterError
from workbench.records.cluster import ForemanStatus

if TYPE_CHECKING:
    from workbench.cluster.actors import ActorConnection


def status(project: Project) -> Table | str:
    """Return what the cluster has and what it does."""
    try:
        connection = project.connection(start=False)
    except ClusterError:
        return "No cluster runs. The first %%train starts one on this machine; %workbench up --address joins another."
    overview = endpoints_overview(project)
    rows = [(f"endpoint {one['name']}", f"{one['state']}, {one['url']}") for one in overview["endpoints"]]
    rows += [(f"endpoint {name}", "not running: %endpoints restore") for name in overview["asleep"]]
    return Table(("", ""), (*cluster_status(connection), *rows))


def up(project: Project, arguments: argparse.Namespace, on_tick: Callable[[float], None]) -> str:
    """Start or join a cluster; return its status."""
    project.connection(address=arguments.address, cpus=arguments.cpus, gpus=arguments.gpus, on_tick=on_tick)
    shown = status(project)
    return f"{'Joined' if arguments.address else 'Up'}.\n{shown!r}"


def down() -> str:
    """Stop the local cluster, or leave a joined one."""
    from workbench.cluster import connection, local

    address = connection.current_address()
    here = local.running()
    if address is not None and (here is None or here.address != address):
        connection.disconnect()
        return f"Left the cluster at {address}; it goes on. What was started there goes on too."
    connection.disconnect()
    return "Stopped the local cluster." if local.stop() else "No cluster was running."


def doctor(project: Project) -> Table:
    """Return problems and their fixes."""
    from workbench.commands.doctor import examine

    findings = examine(project)
    rows = tuple((finding.mark, finding.what, finding.said, finding.fix) for finding in findings)
    return Table(("", "checked", "found", "fix"), rows)


def run(arguments: argparse.Namespace, on_tick: Callable[[float], None] = lambda _: None) -> Table | str:
    """Do what the words say; return something to show.

    Args:
        arguments: The parsed words.
        on_tick: Called with the seconds while a cluster starts.
    """
    if arguments.verb == "down":
        return down()
    project = current_project()
    if arguments.verb == "up":
        return up(project, arguments, on_tick)
    return doctor(project) if arguments.verb == "doctor" else status(project)


def cluster_status(connection: ActorConnection) -> list[tuple[str, str]]:
    """Return rows of what the cluster has, and how much of it is free."""
    import ray

    status: ForemanStatus = connection.call("status")
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
        why = f": needs {run.waiting.needs}; {run.waiting.free}" if run.waiting else ""
        rows.append((f"run {run.name}", f"{run.state.value}{why}"))
    if not status["runs"]:
        rows.append(("runs", "none going on"))
    return rows
