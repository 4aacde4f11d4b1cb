"""The routes against their own description, with requests that schemathesis makes up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from workbench.cluster.ports import free_port
from workbench.tracking.store import TrackingStore

TOKEN = "made-up-requests"
DESCRIPTION = Path(__file__).parents[2] / "server_ext" / "workbench_server" / "openapi.json"
EXAMPLES = 25


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Jupyter server of its own, with a run in its store and no cluster to start."""
    folder = tmp_path_factory.mktemp("described")
    (folder / "pyproject.toml").touch()
    state = folder / ".workbench"
    store = TrackingStore(f"sqlite:///{state}/mlflow.db", state / "artifacts")
    run_id = store.create_run(experiment="book", name="one", tags={}, params={"lr": 0.1})
    store.log_metrics(run_id, [("loss", 0.5, 1000, 0)])
    port = free_port()
    command = [sys.executable, "-m", "jupyter_server", f"--ServerApp.port={port}", "--ServerApp.open_browser=False"]
    command += [f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder}", "--allow-root"]
    command += ["--ServerApp.jpserver_extensions=workbench_server=True", "--ServerApp.ip=127.0.0.1"]
    env = {**os.environ, "WORKBENCH_HOME": str(folder / "home")}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/api?token={TOKEN}")
        yield url
    finally:
        process.terminate()
        process.wait(20)


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def described() -> Any:
    """All that needs no cluster: starting one for each made-up address would take for ever."""
    raw = json.loads(DESCRIPTION.read_text())
    found = schemathesis.openapi.from_dict(raw).exclude(path="/workbench/api/cluster", method=["PUT", "DELETE"])
    return found.exclude(path=["/workbench/api/endpoints", "/workbench/api/restoration"], method="POST")


schema = described()


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_answer_is_as_described(case: Any, server: str) -> None:
    response = case.call(base_url=server, headers={"Authorization": f"token {TOKEN}"})
    case.validate_response(
        response,
        excluded_checks=[
            # Jupyter's own answers to methods and headers that are not ours.
            schemathesis.checks.unsupported_method,
            schemathesis.checks.missing_required_header,
            schemathesis.checks.positive_data_acceptance,
        ],
    )
