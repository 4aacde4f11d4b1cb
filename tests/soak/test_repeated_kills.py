"""Kill processes again and again: each round must end as the documentation says, and leave nothing behind."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

import workbench
from tests.support.cells import finished, foreman_pid, run_cell, wait_until
from tests.support.processes import own_process, title
from tests.support.publishing import digits, under_load, version, withdrawn
from workbench.records.runs import RunState

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]

ROUNDS = 10
COUNTING = """
import os, time
from workbench import checkpoint, latest_checkpoint, log
state = latest_checkpoint() or {"done": [], "pids": []}
print("pid", os.getpid(), flush=True)
for step in range(len(state["done"]), 20):
    state["done"].append(step)
    checkpoint(state)
    log(step_done=step, step=step)
    time.sleep(0.1)
state["pids"].append(os.getpid())
done = state["done"]
"""


@pytest.fixture
def served(cluster: Path) -> Iterator[tuple[workbench.Endpoint, np.ndarray, np.ndarray]]:
    """An endpoint of two replicas, rows, and the answers that are right."""
    model, data = digits()
    with withdrawn():
        endpoint = workbench.publish(model, name="soak", example=data[:2], replicas=2)
        wait_until(lambda: version(endpoint, "1")["replicas"]["running"] == 2, timeout_s=120)
        yield endpoint, data[:20], model.predict(data[:20])


def test_worker_killed_at_any_moment_loses_and_repeats_no_step(cluster: Path) -> None:
    chance = random.Random(1)
    for number in range(ROUNDS):
        run = run_cell(COUNTING, name=f"counting-{number}", returns="done")
        wait_until(lambda run=run: "pid" in run.logs())
        after = chance.randrange(15)
        wait_until(lambda run=run, after=after: run.metrics.get("step_done", -1) >= after)
        os.kill(int(run.logs().split("pid")[-1].split()[0]), signal.SIGKILL)
        assert finished(run)["done"] == list(range(20))
        assert run.snapshot().attempt == 2


def test_foreman_killed_again_and_again_leaves_no_run_running(cluster: Path) -> None:
    for number in range(ROUNDS):
        run = run_cell("import time\ntime.sleep(600)", name=f"orphan-{number}")
        wait_until(lambda run=run: run.state is RunState.RUNNING, timeout_s=120)
        os.kill(foreman_pid(), signal.SIGKILL)
        wait_until(lambda run=run: run.state is RunState.FAILED)
        assert run.failure is not None
        assert run.failure.kind == "cluster_lost"
        assert finished(run_cell("x = 1", returns="x")) == {"x": 1}
    assert [run.name for run in workbench.runs(states=[RunState.RUNNING, RunState.QUEUED, RunState.STARTING])] == []


def test_replicas_killed_under_load_cost_no_answer(
    served: tuple[workbench.Endpoint, np.ndarray, np.ndarray],
) -> None:
    endpoint, rows, right = served
    with under_load(endpoint) as load:
        for _ in range(ROUNDS):
            victim = next(
                process for process in psutil.process_iter() if "ServeReplica:workbench-soak" in title(process)
            )
            victim.kill()
            assert np.array_equal(endpoint.predict(rows), right)
            wait_until(lambda: version(endpoint, "1")["replicas"]["running"] == 2, timeout_s=120)
    load.assert_well()


def test_gateway_killed_again_and_again_comes_back_with_the_same_answers(
    served: tuple[workbench.Endpoint, np.ndarray, np.ndarray],
) -> None:
    endpoint, rows, right = served
    url = endpoint.url
    for _ in range(ROUNDS):
        gateway = own_process("ray::Gateway")
        gateway.kill()
        psutil.wait_procs([gateway], timeout=10)
        wait_until(lambda: _answers(endpoint, rows, right), timeout_s=90)
        assert endpoint.url == url


def _answers(endpoint: workbench.Endpoint, rows: np.ndarray, right: np.ndarray) -> bool:
    """Whether the endpoint answers at all; an answer that it gives is right."""
    try:
        found = endpoint.predict(rows, timeout_s=10)
    except workbench.errors.WorkbenchError:
        return False
    assert np.array_equal(found, right)
    return True
