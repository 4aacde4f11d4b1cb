"""A cluster: the real use of its nodes, its dashboard, the jobs of others."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil

from workbench.api.project import current_project
from workbench.bridge.overview import cluster_overview
from workbench.cluster import dashboard, local
from workbench.cluster.jobs import jobs

TWO_NODES = """
import json
from ray.cluster_utils import Cluster
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
other = cluster.add_node(num_cpus=1)
import workbench
from workbench.bridge.overview import cluster_overview
from workbench.api.project import current_project
project = current_project()
project.connection(address=cluster.address)
assert workbench.train("import os; a = os.getpid()", workers=2, returns="a").result(120) > 0
for _ in range(20):  # a node has no sample until its probe has started
    seen = cluster_overview(project)
    if all(node["usage"] for node in seen["nodes"]):
        break
cluster.remove_node(other)
left = cluster_overview(project)
print("SEEN", json.dumps([[node["usage"] for node in found["nodes"]] for found in (seen, left)]))
"""


def test_each_node_reports_what_it_uses(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as own:  # else every `ray.init` would find this cluster
        printed = run_two_nodes(tmp_path, {"WORKBENCH_HOME": str(tmp_path / "home"), "RAY_TMPDIR": own})
    both, one = printed
    total = psutil.virtual_memory().total
    assert [usage["memory_total"] for usage in both] == [total, total]
    assert len(one) == 1


def run_two_nodes(folder: Path, env: dict[str, str]) -> Any:
    """Return what the script prints."""
    done = subprocess.run(
        [sys.executable, "-c", TWO_NODES],
        cwd=folder,
        env={**os.environ, "RAY_AUTH_MODE": "disabled", **env},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    line = next((line for line in done.stdout.splitlines() if line.startswith("SEEN ")), None)
    assert line, done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads(line.removeprefix("SEEN "))


def test_dashboard_starts_on_request_and_lists_jobs(cluster: Path) -> None:
    from ray.job_submission import JobSubmissionClient

    connection = current_project().connection()
    assert dashboard.present(connection.address, connection.dashboard) is None
    url, token = dashboard.dashboard(connection.address, connection.dashboard)
    assert url.startswith("http://127.0.0.1:")
    request = urllib.request.Request(f"{url}/api/version", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert "ray_version" in json.load(answer)
    assert dashboard.dashboard(connection.address, connection.dashboard) == (url, token)
    client = JobSubmissionClient(url, headers={"Authorization": f"Bearer {token}"})
    job_id, deadline = "", time.monotonic() + 60
    while not job_id:
        try:
            job_id = client.submit_job(entrypoint="echo hello")
        except RuntimeError:  # the node's agent and the new dashboard have yet to find each other
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
    while (found := jobs(url, token))[0].state != "finished":
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    assert (found[0].job_id, found[0].entrypoint) == (job_id, "echo hello")
    assert all(ipaddress.ip_address(found.removeprefix("::ffff:")).is_loopback for found in addresses_listened_on())


def addresses_listened_on() -> set[str]:
    """Of all processes of the local cluster."""
    supervisor = local.running()
    assert supervisor is not None
    found = set()
    for process in psutil.Process(supervisor.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error, FileNotFoundError):  # one that just ended
            found |= {
                connection.laddr.ip
                for connection in process.net_connections("tcp")
                if connection.status == psutil.CONN_LISTEN
            }
    return found


def test_overview_of_a_cluster_names_what_it_has(cluster: Path) -> None:
    seen = cluster_overview(current_project())
    assert seen["state"] == "up"
    assert seen["is_local"]
    assert seen["resources"]["CPU"]["total"] >= 1
    (node,) = seen["nodes"]
    assert 0 < node["usage"]["memory_used"] < node["usage"]["memory_total"]
