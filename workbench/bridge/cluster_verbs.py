"""The cluster: see it, start, join and stop it, and what others run on it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from workbench.api.project import Project
from workbench.bridge.overview import cluster_overview
from workbench.commands import cluster
from workbench.errors import ClusterError


class ClusterVerbs:
    """Verbs about the cluster."""

    project: Project

    def cluster(self) -> dict[str, Any]:
        """What the cluster has, what runs on it, what waits and why; ``state`` is ``down`` where there is none."""
        return cluster_overview(self.project)

    def start_cluster(self, address: str | None = None) -> dict[str, Any]:
        """Start the local cluster, or join one."""
        self.project.connection(address=address or None)
        return self.cluster()

    def stop_cluster(self) -> dict[str, Any]:
        """Stop the local cluster, or leave a joined one."""
        return {"message": cluster.down()}

    def jobs(self) -> dict[str, Any]:
        """Ray Jobs that were submitted with Ray's own tools; none where the cluster has no dashboard."""
        from workbench.cluster import dashboard
        from workbench.cluster.jobs import jobs

        try:
            connection = self.project.connection(start=False)
            found = dashboard.present(connection.address, connection.dashboard)
        except ClusterError:
            return {"jobs": []}
        return {"jobs": [asdict(job) for job in jobs(*found)] if found else []}
