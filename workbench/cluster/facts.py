"""The Python and the packages of a node."""

from __future__ import annotations

import platform
from importlib.metadata import distributions

from workbench.records.runs import ClusterFacts


def facts_here() -> ClusterFacts:
    """Return this process's Python and packages."""
    packages = {d.metadata["Name"].lower(): d.version for d in distributions() if d.metadata["Name"]}
    return ClusterFacts(platform.python_version(), packages)
