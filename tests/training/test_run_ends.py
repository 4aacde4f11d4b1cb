"""How runs end: exit codes, errors, crashes, kills, a lost foreman."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from tests.support.cells import finished, foreman_pid, run_cell, wait_until
from workbench.api.project import current_project
from workbench.records.runs import RunState

pytestmark = [pytest.mark.timeout(240), pytest.mark.usefixtures("cluster")]


def test_run_exit_code_is_reported() -> None:
    run = run_cell("import sys\nsys.exit(3)")
    assert run.wait(60) is RunState.FAILED
    assert run.failure is not None
    assert "exit with code 3" in run.failure.message


def test_run_traceback_has_the_users_lines_alone() -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    exec("def use(frame):\n    return frame['missing']", names)
    run = run_cell("import pandas as pd\nuse(pd.DataFrame({'a': [1]}))", names)
    assert run.wait(60) is RunState.FAILED
    failure = run.failure
    assert failure is not None
    assert failure.message == "KeyError: 'missing'"
    assert 'File "Cell In[1]", line 3, in <module>' in failure.traceback
    assert "IPython" not in failure.traceback
    assert "workbench" not in failure.traceback


def test_run_crash_in_compiled_code_is_reported() -> None:
    run = run_cell("import ctypes\nctypes.string_at(0)")
    assert run.wait(90) is RunState.FAILED
    assert run.failure is not None
    assert run.failure.kind == "crashed"
    assert "Segmentation fault" in run.failure.message


def test_run_killed_for_good_says_so() -> None:
    run = run_cell("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    assert run.wait(120) is RunState.FAILED
    failure = run.failure
    assert failure is not None
    assert failure.kind == "killed"
    assert run.snapshot().attempt == 4  # three restarts


def test_lost_foreman_leaves_no_run_running(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_cell("import time\nprint('ready', flush=True)\ntime.sleep(600)", name="orphan")
    wait_until(lambda: run.state is RunState.RUNNING)
    os.kill(foreman_pid(), signal.SIGKILL)
    wait_until(lambda: run.state is RunState.FAILED, timeout_s=10)
    assert run.failure is not None
    assert run.failure.kind == "cluster_lost"
    assert "%%train --resume orphan" in run.failure.fix
    assert current_project().store.get(run.id).state is RunState.FAILED
    assert finished(run_cell("x = 1", returns="x")) == {"x": 1}  # a new foreman takes over
