"""The verbs of the bridge: calls of the library by name, each with a typed answer that JSON can carry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.api.project import current_project
from workbench.bridge.cluster_verbs import ClusterVerbs
from workbench.bridge.dashboard_verbs import DashboardVerbs, StartedPages
from workbench.bridge.model_verbs import ModelVerbs
from workbench.bridge.run_data_verbs import RunDataVerbs
from workbench.bridge.run_verbs import RunVerbs
from workbench.bridge.serving_verbs import ServingVerbs
from workbench.bridge.study_verbs import StudyVerbs

FAMILIES: tuple[type, ...] = (
    ClusterVerbs,
    RunVerbs,
    RunDataVerbs,
    StudyVerbs,
    ServingVerbs,
    ModelVerbs,
    DashboardVerbs,
)
"""Classes whose public methods are the verbs."""


def verbs_of(family: type) -> list[str]:
    """Return the names of a class's verbs."""
    return [name for name, member in vars(family).items() if callable(member) and not name.startswith("_")]


class Verbs:
    """The verbs of one project.

    Args:
        folder: A folder of the project: the Jupyter server's root.
    """

    def __init__(self, folder: Path) -> None:
        self.project = current_project(folder)
        self.cluster = ClusterVerbs(self.project)
        self.runs = RunVerbs(self.project, folder)
        self.run_data = RunDataVerbs(self.project)
        self.studies = StudyVerbs(self.project)
        self.serving = ServingVerbs(self.project, folder)
        self.models = ModelVerbs(self.project, folder)
        self._pages = StartedPages()
        self.dashboards = DashboardVerbs(self.project, self._pages)

    def by_name(self) -> dict[str, Callable[..., Any]]:
        """Return each verb's method."""
        parts = {type(part): part for part in vars(self).values()}
        return {name: getattr(parts[family], name) for family in FAMILIES for name in verbs_of(family)}

    def close(self) -> None:
        """End the pages that were started for the panel."""
        self._pages.close()
