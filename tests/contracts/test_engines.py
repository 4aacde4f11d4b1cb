"""The contract of engines: whatever runs the ranks, a run looks the same to its user."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

import workbench
from workbench import RunHandle
from workbench.errors import RunFailedError
from workbench.records.runs import RunState

pytestmark = pytest.mark.timeout(240)

ALL_REDUCE = """
import os
import torch
import torch.distributed as dist
from workbench import log, rank, world_size
x = torch.ones(1) * (rank() + 1)
dist.all_reduce(x)
total = x.item()
env = {key: os.environ[key] for key in ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR")}
log(total=total, step=7)
print("sum", total, "of", world_size())
"""


@pytest.fixture(params=["crew", "ray-train"])
def engine(request: pytest.FixtureRequest, cluster: Path) -> str:
    return str(request.param)


def first_line(run: RunHandle) -> None:
    """Wait until the cell's first line has run."""
    cursor = 0
    while True:
        reply = run.watch(cursor, 5.0)
        cursor = reply.cursor
        if any("ready" in event.get("x", "") for event in reply.events):
            return
        assert not reply.snapshot.state.is_terminal, reply.snapshot.failure


def test_engine_finishes_with_group_metrics_and_returns(engine: str) -> None:
    run = workbench.train(ALL_REDUCE, workers=2, returns="total,env", engine=engine)
    assert run.wait(120) is RunState.FINISHED, run.failure
    assert run.returned() == {
        "total": 3.0,
        "env": {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"},
    }
    assert run.metrics == {"total": 3.0, "total/rank_1": 3.0}
    assert run.logs(0) == "sum 3.0 of 2\n"
    assert run.logs(1) == "sum 3.0 of 2\n"


def test_engine_reports_the_first_failing_ranks_error(engine: str) -> None:
    run = workbench.train(
        "import torch\nimport torch.distributed as dist\nfrom workbench import rank\n\n"
        "def step():\n    if rank() == 1:\n        raise ValueError('bad batch')\n\n"
        "step()\ndist.all_reduce(torch.ones(1))",
        workers=2, engine=engine,
    )  # fmt: skip
    assert run.wait(120) is RunState.FAILED
    failure = run.failure
    assert failure is not None
    assert (failure.kind, failure.rank, failure.message) == ("error", 1, "ValueError: bad batch")
    assert "line 9, in <module>\n    step()" in failure.traceback
    assert "line 7, in step" in failure.traceback
    assert "site-packages" not in failure.traceback
    with pytest.raises(RunFailedError, match="bad batch"):
        run.result()


def test_engine_stop_lets_finally_run(engine: str, tmp_path: Path) -> None:
    mark = tmp_path / "finally"
    run = workbench.train(
        f"import time\nprint('ready', flush=True)\ntry:\n    while True: time.sleep(0.05)\n"
        f"finally:\n    open({str(mark)!r}, 'w').close()",
        engine=engine,
    )  # fmt: skip
    first_line(run)
    run.stop("a test")
    assert run.wait(60) is RunState.STOPPED
    assert run.failure is not None
    assert run.failure.message == "stopped by a test"
    assert mark.exists()


def test_engine_restarts_from_the_checkpoint_after_kill(engine: str) -> None:
    run = workbench.train(
        "import os, time\nfrom workbench import checkpoint, latest_checkpoint, log\n"
        "state = latest_checkpoint() or {'epoch': 0}\nbegan_at = state['epoch']\n"
        "for epoch in range(began_at, 3):\n    log(epoch=epoch, step=epoch)\n"
        "    checkpoint({'epoch': epoch + 1})\n"
        "    if began_at == 0 and epoch == 1:\n"
        "        print('ready', os.getpid(), flush=True)\n        time.sleep(600)\n",
        returns="began_at", engine=engine,
    )  # fmt: skip
    first_line(run)
    os.kill(int(run.logs().split()[-1]), signal.SIGKILL)
    assert run.wait(120) is RunState.FINISHED, run.failure
    assert run.returned() == {"began_at": 2}
    snapshot = run.snapshot()
    assert snapshot.attempt == 2
    assert any("killed from outside" in note and "from the last checkpoint" in note for note in snapshot.notes)


def test_engine_timeout_ends_as_failed(engine: str) -> None:
    run = workbench.train("import time\ntime.sleep(0.1)\nwhile True: time.sleep(0.05)", timeout="2s", engine=engine)
    assert run.wait(90) is RunState.FAILED
    assert run.failure is not None
    assert run.failure.kind == "timeout"


def test_engine_retries_an_error_when_asked_to(engine: str, tmp_path: Path) -> None:
    mark = tmp_path / "tried"
    run = workbench.train(
        f"import os\nif not os.path.exists({str(mark)!r}):\n    open({str(mark)!r}, 'w').close()\n    1 / 0\nok = True",
        retries=1, returns="ok", engine=engine,
    )  # fmt: skip
    assert run.wait(120) is RunState.FINISHED, run.failure
    assert run.snapshot().attempt == 2
