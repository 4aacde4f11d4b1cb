"""A Jupyter server with the plugin, whose project is an empty folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import traitlets.config
from jupyter_server.auth import Authorizer

from workbench.tracking.store import TrackingStore


class NobodyMay(Authorizer):
    """Knows who asks, and lets nobody do anything to Workbench."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return resource != "workbench"


@pytest.fixture
def project_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    return folder


@pytest.fixture
def jp_server_config(project_folder: Path, request: pytest.FixtureRequest) -> traitlets.config.Config:
    config = {"ServerApp": {"jpserver_extensions": {"workbench_server": True}, "root_dir": str(project_folder)}}
    if "nobody_may" in request.keywords:
        config["ServerApp"]["authorizer_class"] = NobodyMay  # type: ignore[assignment]
    return traitlets.config.Config(config)


@pytest.fixture
def jp_root_dir(project_folder: Path) -> Path:
    return project_folder


@pytest.fixture
def store(project_folder: Path) -> TrackingStore:
    state = project_folder / ".workbench"
    return TrackingStore(f"sqlite:///{state}/mlflow.db", state / "artifacts")
