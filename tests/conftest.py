"""Fixtures that all tests share: a project folder of its own, and one cluster for all that need one."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_HOME = tempfile.mkdtemp(prefix="workbench-tests-")
os.environ["WORKBENCH_HOME"] = _HOME
for _name in ("MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID", "WORKBENCH_ADDRESS", "RAY_ADDRESS", "JPY_SESSION_NAME"):
    os.environ.pop(_name, None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run modules that need no cluster first: most mistakes show in minutes."""
    slow = {item.path for item in items if "cluster" in getattr(item, "fixturenames", ())}
    items.sort(key=lambda item: item.path in slow)


@pytest.fixture(scope="module", autouse=True)
def _mlflow_as_before() -> Iterator[None]:
    """Have no module leave what it told MLflow to the next.

    MLflow writes its tracking store to the environment, where projects take it for the user's choice.
    """
    before = {name: value for name, value in os.environ.items() if name.startswith("MLFLOW_")}
    yield
    if mlflow := sys.modules.get("mlflow"):
        mlflow.set_tracking_uri(None)
        mlflow.tracking.fluent._active_experiment_id = None
    for name in [name for name in os.environ if name.startswith("MLFLOW_")]:
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project folder, which is the current one."""
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def session_project() -> Path:
    """A project folder for the session's cluster."""
    folder = Path(tempfile.mkdtemp(prefix="workbench-project-"))
    (folder / "pyproject.toml").touch()
    return folder


@pytest.fixture
def cluster(session_project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project of the session's cluster, which is up; the current folder is the project's."""
    from workbench.api.project import current_project

    monkeypatch.chdir(session_project)
    current_project().connection()
    return session_project


@pytest.fixture(scope="session", autouse=True)
def _stop_cluster() -> Iterator[None]:
    """End what the tests started."""
    yield
    from workbench.cluster import connection, local

    connection.disconnect()
    local.stop()
