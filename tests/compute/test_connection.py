"""Joining clusters: what is said when that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import ClusterError
from workbench.project import current_project


@pytest.mark.parametrize(
    ("address", "words"),
    [("127.0.0.1:1", "Is it up"), ("ray://127.0.0.1:1", "Is it up"), ("nonsense", "no address")],
)
def test_join_of_no_cluster_says_so_at_once(project: Path, address: str, words: str) -> None:
    with pytest.raises(ClusterError, match=words):
        current_project().connection(address=address)


def test_no_cluster_says_how_to_get_one(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(project / "home"))
    from workbench.compute import connection

    monkeypatch.setattr(connection, "_connected_to", None)
    with pytest.raises(ClusterError, match="%workbench up"):
        current_project().connection(start=False)
