"""Verbs about the cluster: see it, start, join and stop it, and what others run on it."""

from __future__ import annotations

from workbench.api.project import Project
from workbench.bridge.overview import cluster_overview
from workbench.commands import cluster
from workbench.errors import ClusterError
from workbench.records.cluster import ClusterOverview, JobList, StoppedCluster


class ClusterVerbs:
    """Verbs about the cluster.

    Args:
        project: The project whose cluster it is.
    """

    def __init__(self, project: Project) -> None:
        self._project = project

    def cluster(self) -> ClusterOverview:
        """Return what the cluster has, what runs on it, what waits and why."""
        return cluster_overview(self._project)

    def start_cluster(self, address: str | None = None) -> ClusterOverview:
        """Start the local cluster, or join one."""
        self._project.connection(address=address or None)
        return self.cluster()

    def stop_cluster(self) -> StoppedCluster:
        """Stop the local cluster, or leave a joined one."""
        return {"message": cluster.down()}

    def jobs(self) -> JobList:
        """List Ray Jobs that were submitted with Ray's own tools; none where the cluster has no dashboard."""
        from workbench.cluster import dashboard
        from workbench.cluster.jobs import jobs

        try:
            connection = self._project.connection(start=False)
            found = dashboard.present(connection.address, connection.dashboard)
        except ClusterError:
            return {"jobs": []}
        return {"jobs": jobs(*found) if found else []}
