"""Gateways of several clusters on one machine, ports that are taken, nodes that are elsewhere, and coming back."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

import workbench
from tests.support.publishing import digits, withdrawn

PUBLISH = """
import sys
sys.path.insert(0, {tests!r})
from tests.support.publishing import digits
import workbench
model, data = digits()
endpoint = workbench.publish(model, name="digits", example=data[:2])
assert (endpoint.predict(data[:5]) == model.predict(data[:5])).all()
print("URL", endpoint.url)
"""
COMES_BACK = """
import sys
sys.path.insert(0, {tests!r})
from tests.support.publishing import digits
from tests.support.waiting import until
import workbench
from workbench.api.project import current_project
current_project().connection()  # starts the cluster, which brings back what was published
model, data = digits()
def answers():
    try:
        return len(workbench.endpoint("digits").predict(data[:5], timeout_s=5)) == 5
    except Exception:
        return False
until(answers, 90)
print("URL", workbench.endpoint("digits").url)
"""
ELSEWHERE = """
import sys, time
import ray
sys.path.insert(0, {tests!r})
from ray.cluster_utils import Cluster
cluster = Cluster(
    initialize_head=True, head_node_args={{"num_cpus": 0, "include_dashboard": False, "node_ip_address": "127.0.0.2"}}
)
from tests.support.publishing import digits
import workbench
from workbench.api.project import current_project
current_project().connection(address=cluster.address)
model, data = digits()
def publish(name):
    endpoint = workbench.publish(model, name=name, example=data[:2], cpus=1, wait=False)
    deadline = time.monotonic() + 90
    while endpoint.snapshot()["state"] != "live":
        now = endpoint.snapshot()["versions"][0]
        assert time.monotonic() < deadline, (name, now, ray.nodes(), ray.available_resources())
        time.sleep(0.2)
    assert (endpoint.predict(data[:5]) == model.predict(data[:5])).all()
    return endpoint
# The gateway is on the node of its maker, which has no CPU: replicas are on others.
cluster.add_node(num_cpus=1, node_ip_address="127.0.0.2")
publish("same-machine")
cluster.add_node(num_cpus=1, node_ip_address="127.0.0.3")
endpoint = publish("another-machine")
usual = workbench.publish(model, name="usual", example=data[:2], wait=False).snapshot()["versions"][0]
assert usual["options"]["cpus"] == 0.1, usual
print("URL", endpoint.url)
"""


def run(script: str, folder: Path, **environ: str) -> str:
    """What the script says last."""
    done = subprocess.run(
        [sys.executable, "-c", script.format(tests=str(Path(__file__).parents[2]))],
        cwd=folder,
        env={**os.environ, "WORKBENCH_HOME": str(folder / "home"), **environ},
        capture_output=True,
        text=True,
        timeout=200,
    )
    return done.stdout.strip() if done.returncode == 0 else done.stderr


def listening_at(url: str) -> set[str]:
    """The interfaces on which somebody listens at an address's port."""
    port = int(url.split(":")[2].partition("/")[0])
    found = psutil.net_connections("tcp")
    return {each.laddr.ip for each in found if each.status == psutil.CONN_LISTEN and each.laddr.port == port}


@contextmanager
def own_cluster(folder: Path) -> Iterator[Path]:
    """A project with a home of its own, whose cluster is ended."""
    (folder / "pyproject.toml").touch()
    try:
        yield folder
    finally:
        subprocess.run(
            [sys.executable, "-m", "workbench.cli", "down"],
            cwd=folder,
            env={**os.environ, "WORKBENCH_HOME": str(folder / "home")},
            check=True,
        )


def test_two_clusters_have_endpoints_of_one_name_at_two_addresses(cluster: Path, tmp_path: Path) -> None:
    model, data = digits()
    with withdrawn(), own_cluster(tmp_path) as folder:
        mine = workbench.publish(model, name="digits", example=data[:2])
        theirs = run(PUBLISH, folder, WORKBENCH_SERVE_HOST="0.0.0.0").removeprefix("URL ")
        assert theirs.startswith("http://127.0.0.1:")
        assert listening_at(theirs) == {"0.0.0.0"}
        assert theirs != mine.url
        assert (mine.predict(data[:5]) == model.predict(data[:5])).all()

        subprocess.run(
            [sys.executable, "-m", "workbench.cli", "down"],
            cwd=folder,
            env={**os.environ, "WORKBENCH_HOME": str(folder / "home")},
            check=True,
        )
        assert run(COMES_BACK, folder, WORKBENCH_RESTORE="1") == f"URL {theirs}"
        assert listening_at(theirs) == {"127.0.0.1"}, "what was once open is not open for ever"


def test_port_that_is_asked_for_and_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken, own_cluster(tmp_path) as folder:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = run(PUBLISH, folder, WORKBENCH_SERVE_PORT=str(port))
        assert f"{port}" in said
        assert "WORKBENCH_SERVE_PORT" in said
        assert "Give a port, 1 to 65535" in run(PUBLISH, folder, WORKBENCH_SERVE_PORT="http").replace("give", "Give")


def test_replicas_on_other_nodes_are_reached(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as own:  # else every `ray.init` would find this cluster
        said = run(ELSEWHERE, tmp_path, RAY_TMPDIR=own, RAY_AUTH_MODE="disabled")
    assert said.splitlines()[-1].startswith("URL http://127.0.0.1:"), said
