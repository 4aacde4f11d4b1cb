"""Where a project keeps its state, and the few settings that it takes.

Each setting comes from an environment variable or has a default that needs no setting up.
The project folder is the nearest one at or above the notebook that holds ``.workbench``,
``.git`` or ``pyproject.toml``, or else the notebook's own folder.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

DISTRIBUTION = "jupyter-ml-workbench"
_MARKERS = (".workbench", ".git", "pyproject.toml")


@dataclass(frozen=True)
class Settings:
    """The settings of one project.

    Attributes:
        project: The project folder.
        tracking_uri: MLflow's tracking store; SQLite below ``.workbench/`` unless
            ``MLFLOW_TRACKING_URI`` names another.
        address: A Ray cluster to join (``WORKBENCH_ADDRESS``), None to start one on this machine.
        spares: How many pre-imported worker processes stand ready (``WORKBENCH_SPARES``); None
            lets the foreman follow what the last runs used.
    """

    project: Path
    tracking_uri: str
    address: str | None = None
    spares: int | None = None

    @property
    def state_dir(self) -> Path:
        """``.workbench/`` of the project: stores, logs, checkpoints."""
        return self.project / ".workbench"

    @property
    def artifact_dir(self) -> Path:
        """Where the embedded tracking store keeps artifacts."""
        return self.state_dir / "artifacts"

    @property
    def is_embedded_tracking(self) -> bool:
        """Whether the tracking store is a file of this project rather than a server."""
        return self.tracking_uri.startswith("sqlite:")

    def run_dir(self, run_id: str) -> Path:
        """Logs and checkpoints of one run."""
        return self.state_dir / "runs" / run_id

    @classmethod
    def of(cls, folder: str | os.PathLike[str] | None = None) -> Settings:
        """The settings of the project that holds ``folder`` (default: the current folder)."""
        project = find_project(Path(folder or Path.cwd()))
        spares = os.environ.get("WORKBENCH_SPARES")
        return cls(
            project=project,
            tracking_uri=os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{project / '.workbench' / 'mlflow.db'}",
            address=os.environ.get("WORKBENCH_ADDRESS") or None,
            spares=int(spares) if spares else None,
        )


def find_project(folder: Path) -> Path:
    """The project folder at or above ``folder``."""
    folder = folder.resolve()
    for candidate in (folder, *folder.parents):
        if candidate == Path.home() and candidate != folder:
            break
        if any((candidate / marker).exists() for marker in _MARKERS):
            return candidate
    return folder


def home() -> Path:
    """The user's own state, shared by all projects: the local cluster's address and token.

    ``WORKBENCH_HOME``, by default ``~/.workbench``.
    """
    return Path(os.environ.get("WORKBENCH_HOME") or Path.home() / ".workbench")


def restores_endpoints() -> bool:
    """Whether a cluster that starts brings back what was published (``WORKBENCH_RESTORE=1``)."""
    return os.environ.get("WORKBENCH_RESTORE", "") not in ("", "0", "false", "no")


def package_version() -> str:
    """Return the version of the installed distribution."""
    from importlib.metadata import version

    return version(DISTRIBUTION)
