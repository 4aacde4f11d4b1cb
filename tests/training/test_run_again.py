"""Runs that go on from a checkpoint, or run once more."""

from __future__ import annotations

import numpy as np
import pytest

import workbench
from tests.support.cells import finished, run_cell, wait_until
from workbench.api.project import current_project
from workbench.errors import WorkbenchError
from workbench.records.runs import RunState

pytestmark = [pytest.mark.timeout(240), pytest.mark.usefixtures("cluster")]


def test_run_resume_goes_on_from_the_checkpoint() -> None:
    source = (
        "from workbench import checkpoint, latest_checkpoint\nstate = latest_checkpoint()\n"
        "if state is None:\n    checkpoint({'seen': 5})\n    raise RuntimeError('first time')\nseen = state['seen']"
    )
    first = run_cell(source, returns="seen", name="to-resume")
    assert first.wait(60) is RunState.FAILED
    again = run_cell(source, returns="seen", resume="to-resume")
    assert again.id == first.id
    assert finished(again) == {"seen": 5}
    assert current_project().store.get(first.id).state is RunState.FINISHED


def test_run_again_without_the_kernels_values() -> None:
    X = np.arange(100_000, dtype=np.float64)
    first = run_cell("s = X.sum()", {"X": X}, returns="s", name="again")
    assert finished(first) == {"s": X.sum()}
    second = workbench.again("again")
    assert finished(second) == {"s": X.sum()}
    assert second.id != first.id
    store = current_project().store
    assert store.get(second.id).tags["workbench.again_of"] == first.id
    wait_until(lambda: "lineage/requirements.txt" in store.artifacts(second.id), 30)


def test_run_again_resumes_from_the_checkpoint() -> None:
    source = (
        "from workbench import checkpoint, latest_checkpoint\n"
        "found = latest_checkpoint()\n"
        "if found is None:\n    checkpoint({'step': 7})\n    raise ValueError('stopped half way')\n"
        "step = found['step']"
    )
    first = run_cell(source, returns="step", name="halves")
    assert first.wait(60) is RunState.FAILED
    second = workbench.again("halves", resume=True)
    assert second.id == first.id
    assert finished(second) == {"step": 7}


def test_run_that_goes_on_is_not_run_again() -> None:
    run = run_cell("import time\ntime.sleep(60)", name="busy")
    with pytest.raises(WorkbenchError, match="still"):
        workbench.again("busy")
    run.stop()
    run.wait(60)
