"""What the panel asks for, each verb a call of the library with an answer that JSON can carry."""

from __future__ import annotations

from pathlib import Path

from workbench.api.project import Project, current_project
from workbench.bridge.cluster_verbs import ClusterVerbs
from workbench.bridge.dashboard_verbs import DashboardVerbs
from workbench.bridge.run_verbs import RunVerbs
from workbench.bridge.serving_verbs import ServingVerbs
from workbench.bridge.study_verbs import StudyVerbs


class Verbs(ClusterVerbs, RunVerbs, StudyVerbs, ServingVerbs, DashboardVerbs):
    """The verbs of one project.

    Args:
        folder: A folder of the project: the Jupyter server's root.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.project: Project = current_project(folder)
        self.servers = {}
        self._series = {}

    def close(self) -> None:
        """End the pages that were started for the panel."""
        for server in self.servers.values():
            if server.is_ours:
                server.stop()
