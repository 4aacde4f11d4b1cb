"""The settings of a project, and the folders that hold its state.

Each setting comes from an environment variable and has a default. The project folder is the nearest folder at or above
the notebook that has ``.workbench``, ``.git`` or ``pyproject.toml`` in it, or else the notebook's own folder.
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
        tracking_uri: URI of MLflow's tracking store (``MLFLOW_TRACKING_URI``), by default an SQLite file in
            ``.workbench/``.
        address: Address of a Ray cluster to join (``WORKBENCH_ADDRESS``); None starts one on this machine.
        spares: Number of pre-imported worker processes that stand ready (``WORKBENCH_SPARES``); None lets the
            foreman follow what the last runs used.
    """

    project: Path
    tracking_uri: str
    address: str | None = None
    spares: int | None = None

    @property
    def state_dir(self) -> Path:
        """The project's ``.workbench/`` folder, with stores, logs and checkpoints."""
        return self.project / ".workbench"

    @property
    def artifact_dir(self) -> Path:
        """The folder with the artifacts of the embedded tracking store."""
        return self.state_dir / "artifacts"

    @property
    def is_embedded_tracking(self) -> bool:
        """Whether the tracking store is a file of this project rather than a server."""
        return self.tracking_uri.startswith("sqlite:")

    def run_dir(self, run_id: str) -> Path:
        """Return the folder with the logs and checkpoints of a run."""
        return self.state_dir / "runs" / run_id

    @classmethod
    def of(cls, folder: str | os.PathLike[str] | None = None) -> Settings:
        """Return the settings of a project, read from the environment.

        Args:
            folder: A folder of the project; None for the current folder.
        """
        project = find_project(Path(folder or Path.cwd()))
        spares = os.environ.get("WORKBENCH_SPARES")
        return cls(
            project=project,
            tracking_uri=os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{project / '.workbench' / 'mlflow.db'}",
            address=os.environ.get("WORKBENCH_ADDRESS") or None,
            spares=int(spares) if spares else None,
        )


def find_project(folder: Path) -> Path:
    """Return the project folder at or above ``folder``; the home folder is no project of the folders below it."""
    folder = folder.resolve()
    for candidate in (folder, *folder.parents):
        if candidate == Path.home() and candidate != folder:
            break
        if any((candidate / marker).exists() for marker in _MARKERS):
            return candidate
    return folder


def home() -> Path:
    """Return the folder with the state that all projects of a user share: the local cluster's address and token.

    It is ``WORKBENCH_HOME``, by default ``~/.workbench``.
    """
    return Path(os.environ.get("WORKBENCH_HOME") or Path.home() / ".workbench")


def restores_endpoints() -> bool:
    """Return whether a new cluster publishes again what was published before (``WORKBENCH_RESTORE=1``)."""
    return os.environ.get("WORKBENCH_RESTORE", "") not in ("", "0", "false", "no")


def package_version() -> str:
    """Return the version of the installed distribution."""
    from importlib.metadata import version

    return version(DISTRIBUTION)
