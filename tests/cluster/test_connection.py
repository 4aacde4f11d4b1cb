"""Joining clusters, and the errors where that is impossible."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.waiting import until
from workbench.api.project import current_project
from workbench.cluster import local
from workbench.cluster.ports import free_port
from workbench.errors import ClusterError


@pytest.mark.parametrize(
    ("address", "words"),
    [("127.0.0.1:1", "Is it up"), ("ray://127.0.0.1:1", "Is it up"), ("nonsense", "not an address")],
)
def test_join_of_no_cluster_says_so_at_once(project: Path, address: str, words: str) -> None:
    with pytest.raises(ClusterError, match=words):
        current_project().connection(address=address)


def test_no_cluster_says_how_to_get_one(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(project / "home"))
    from workbench.cluster import connection

    monkeypatch.setattr(connection, "_connected_to", None)
    with pytest.raises(ClusterError, match="%workbench up"):
        current_project().connection(start=False)


@pytest.fixture(scope="module")
def outside_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A cluster that ``ray start`` made, as a team's is, and the variables with which it is reached."""
    folder = tmp_path_factory.mktemp("outside")
    env = {
        **{key: value for key, value in os.environ.items() if not key.startswith("RAY_")},
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": "0123456789abcdef" * 4,
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "WORKBENCH_HOME": str(folder / "home"),
    }
    head, client = free_port(), 9000 + os.getpid() % 900  # Ray's own workers take ports from 10002 on
    command = [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block", "--num-cpus=2"]
    command += [f"--port={head}", f"--ray-client-server-port={client}", "--include-dashboard=false"]
    command += ["--node-ip-address=127.0.0.1", f"--temp-dir=/tmp/ray-outside-{os.getpid()}", "--disable-usage-stats"]
    with (folder / "head.log").open("wb") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)
    try:
        for port in (head, client):
            until(functools.partial(local.answers, f"127.0.0.1:{port}", 1.0))
        yield {**env, "HEAD": f"127.0.0.1:{head}", "CLIENT": f"ray://127.0.0.1:{client}"}
    finally:
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        for member in family:
            member.terminate()
        for member in psutil.wait_procs(family, timeout=5)[1]:
            member.kill()


JOINED = """
import numpy as np
import workbench
from workbench.api.project import current_project
X = np.arange(500_000.0)
import __main__; __main__.X = X
current_project().connection(address={address!r})
for number in range(2):
    cell = "total = X.sum()\\nimport workbench\\nworkbench.log(loss=1.0)\\nprint('hello')"
    run = workbench.train(cell, returns="total", workers=2)
    assert run.result(120) == X.sum()
assert run.metrics["loss"] == 1.0, run.metrics
assert "hello" in run.logs()
print("JOINED", run.state.value)
"""
USERS_OWN = """
import ray
ray.init(num_cpus=2, include_dashboard=False)
mine = ray.get_runtime_context().gcs_address
import workbench
assert workbench.train("a = 1", returns="a").result(120) == 1
assert ray.get_runtime_context().gcs_address == mine
from workbench.cluster import local
assert local.running() is None
print("JOINED")
"""
IMPORTED_FIRST = """
import ray
import workbench
assert workbench.train("a = 1", returns="a").result(120) == 1
from workbench.cluster import local
local.stop()
import os
assert os.environ["RAY_gcs_rpc_server_reconnect_timeout_s"] == "300"  # a kernel outlives its cluster for longer
print("JOINED")
"""


def run_script(code: str, folder: Path, env: dict[str, str]) -> None:
    (folder / "pyproject.toml").touch()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=env, check=False, capture_output=True, text=True, timeout=170
    )
    assert "JOINED" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("address", ["HEAD", "CLIENT"])
def test_join_outside_cluster_runs_cells(address: str, outside_cluster: dict[str, str], tmp_path: Path) -> None:
    run_script(JOINED.format(address=outside_cluster[address]), tmp_path, outside_cluster)


@pytest.mark.parametrize("code", [USERS_OWN, IMPORTED_FIRST], ids=["ray.init", "import ray"])
def test_notebook_that_used_ray_before(code: str, tmp_path: Path) -> None:
    env = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
    run_script(code, tmp_path, {**env, "WORKBENCH_HOME": str(tmp_path / "home")})


def test_kernel_outlives_its_cluster(tmp_path: Path) -> None:
    # Ray ends a process some time after its cluster ended, by itself after a minute: a kernel's variables would be
    # lost. Workbench leaves the cluster before that: within 12 s, and Ray's shutdown takes another 5 s.
    code = """
import os, psutil, time
import workbench
from workbench.cluster import local
workbench.train("a = 1").wait()
for process in psutil.Process(local.running().pid).children(recursive=True):
    process.kill()
time.sleep(45)
assert workbench.train("a = 2", returns="a").result(120) == 2
local.stop()
print("JOINED")
"""
    env = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
    env["RAY_gcs_rpc_server_reconnect_timeout_s"] = "35"
    run_script(code, tmp_path, {**env, "WORKBENCH_HOME": str(tmp_path / "home")})


def test_two_notebooks_at_once_share_one_new_cluster_and_store(tmp_path: Path) -> None:
    code = """
import workbench
runs = [workbench.train(f"a = {number}", returns="a", name="same") for number in range(2)]
assert [run.result(150) for run in runs] == [0, 1]
from workbench.cluster import local
print("JOINED", local.running().pid)
"""
    (tmp_path / "pyproject.toml").touch()
    env = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
    env["WORKBENCH_HOME"] = str(tmp_path / "home")
    command = [sys.executable, "-c", code]
    both = [subprocess.Popen(command, cwd=tmp_path, env=env, stdout=-1, stderr=-1, text=True) for _ in range(2)]
    said = [process.communicate(timeout=200) for process in both]
    try:
        assert all("JOINED" in out for out, _ in said), said
        assert said[0][0] == said[1][0]
    finally:
        stop = "from workbench.cluster import local; local.stop()"
        subprocess.run([sys.executable, "-c", stop], env=env, check=True, timeout=60)


def test_killed_cluster_leaves_no_run_running_and_it_is_resumed(tmp_path: Path) -> None:
    code = """
import psutil, time
import workbench
from workbench.cluster import local
run = workbench.train("import time\\nprint('on', flush=True)\\ntime.sleep(600)", name="orphan")
while run.state.value != "running":
    time.sleep(0.1)
for process in psutil.Process(local.running().pid).children(recursive=True):
    process.kill()
began = time.monotonic()
while not run.state.is_terminal:
    time.sleep(0.1)
took = time.monotonic() - began
assert took < 10, took
assert run.failure.kind == "cluster_lost", run.failure
assert [record.state.value for record in workbench.runs()] == ["failed"]
assert workbench.train("x = 1", returns="x", resume="orphan").result(120) == 1
local.stop()
print("JOINED")
"""
    env = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
    run_script(code, tmp_path, {**env, "WORKBENCH_HOME": str(tmp_path / "home")})
