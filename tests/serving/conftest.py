"""Fixtures of the tests of serving."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gateways import Gateway, running_gateway
from tests.support.publishing import withdrawn


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """A gateway's data plane that listens, with an endpoint "digits" whose replicas may come."""
    with running_gateway() as gateway:
        gateway.expect()
        gateway.put()
        yield gateway


@pytest.fixture
def published(cluster: Path) -> Iterator[Path]:
    """The session's cluster; what a test published is withdrawn after it."""
    with withdrawn():
        yield cluster


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A name that no other test has registered a model as: versions begin with 1."""
    return request.node.name.removeprefix("test_publish_").replace("_", "-")[:40]


@pytest.fixture
def no_cluster(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that finds no cluster of this machine, nor one that another test left its process connected to."""
    from workbench.cluster import connection

    monkeypatch.setenv("WORKBENCH_HOME", str(project / "home"))
    monkeypatch.setattr(connection, "_connected_to", None)
    monkeypatch.setattr(connection, "_users_own", lambda: None)
    return project
