"""Sweeps on a real cluster: what comes out, what is recorded, what becomes of trials that fail or are killed."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

import workbench
from tests.support.sweeping import nested, sweep
from tests.support.waiting import until
from workbench.api.project import current_project
from workbench.errors import OptionError, RunNotFoundError
from workbench.records.runs import RunState

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(autouse=True)
def _in_cluster(cluster: Path) -> None:
    """Every test here needs the cluster."""


def test_sweep_finds_what_is_best_and_returns_its_values() -> None:
    def parabola(x: float, offset: float) -> float:
        return (x - 2) ** 2 + offset

    parabola.__module__ = "__main__"
    source = (
        "from workbench import log\nx = 0.5\nfor step in range(3):\n"
        "    log(loss=parabola(x, offset) + 1 / (step + 1), step=step)\nfound = x"
    )
    run = sweep(
        source, "x=float(-10,10)", {"parabola": parabola, "offset": 3}, name="parabola", trials=25, returns="found"
    )
    assert run.wait(120) is RunState.FINISHED, run.failure
    study = workbench.study("parabola")
    assert len(study.trials) == 25
    assert study.trials[0].params == {"x": 0.5}  # the cell's own value first
    assert run.result() == study.best_params["x"]
    assert run.metrics["best_loss"] == study.best_value
    assert run.snapshot().progress.done == 25  # type: ignore[union-attr]
    trials = nested(run, 25)
    assert [float(record.params["x"]) for record in trials] == [trial.params["x"] for trial in study.trials]
    assert len(current_project().store.series(trials[0].run_id, "loss")) == 3
    tags = current_project().store.get(run.id).tags
    assert tags["workbench.best_trial"] == str(study.best_trial.number)


def test_sweep_of_that_name_goes_on() -> None:
    for trials in (4, 6):
        run = sweep("loss = abs(x)", "x=float(-1,1)", {}, name="longer", trials=trials)
        assert run.wait(60) is RunState.FINISHED
        assert len(workbench.study("longer").trials) == trials


def test_choices_may_be_the_notebooks_classes_and_conditions_hold() -> None:
    class Small:
        size = 1

    class Large:
        size = 2

    Small.__module__ = Large.__module__ = "__main__"
    run = sweep(
        "rate = 0.9\nloss = block.size + (rate if block is Large else 0)",
        "block=[Small,Large] rate=float(0,0.5) if block=='Large'",
        {"Small": Small, "Large": Large, "block": Small},
        name="blocks", trials=12, sampler="random", seed=3,
    )  # fmt: skip
    assert run.wait(60) is RunState.FINISHED, run.failure
    trials = workbench.study("blocks").trials
    assert {trial.params["block"] for trial in trials} == {"Small", "Large"}
    assert all((trial.params["block"] == "Large") == ("rate" in trial.params) for trial in trials)
    assert min(trial.value for trial in trials) == 1.0


def test_failing_trials_fail_alone_until_they_are_too_many() -> None:
    source = "if x < 0:\n    raise ValueError('too low')\nloss = x"
    run = sweep(source, "x=[-1.0,1.0]", {}, name="some-fail", trials=10, sampler="random", seed=1)
    assert run.wait(60) is RunState.FINISHED
    states = {trial.state.name for trial in workbench.study("some-fail").trials}
    assert states == {"COMPLETE", "FAIL"}
    failed = next(record for record in nested(run, 10) if record.state is RunState.FAILED)
    assert "too low" in failed.failure.message  # type: ignore[union-attr]
    run = sweep("loss = x / 0", "x=float(0,1)", {}, name="all-fail", trials=50, max_failures=3)
    assert run.wait(60) is RunState.FAILED
    assert "3 trials failed" in run.failure.message  # type: ignore[union-attr]
    assert "ZeroDivisionError" in run.logs() + run.logs(1)


def test_pruned_trials_stop_early_and_finally_blocks_run() -> None:
    source = (
        "from workbench import log\n"
        "try:\n    for step in range(20):\n        log(loss=quality, step=step)\n"
        "finally:\n    print('cleaned', quality)"
    )
    run = sweep(source, "quality=float(0,10)", {}, name="pruned", trials=20, pruner="median", sampler="random", seed=5)
    assert run.wait(120) is RunState.FINISHED
    states = [trial.state.name for trial in workbench.study("pruned").trials]
    assert "PRUNED" in states
    assert (run.logs() + run.logs(1)).count("cleaned") == 20
    store = current_project().store
    pruned = [record for record in nested(run, 20) if record.state is RunState.STOPPED]
    assert len(pruned) == states.count("PRUNED")
    assert min(len(store.series(record.run_id, "loss")) for record in pruned) < 20


def test_trials_do_not_see_each_other() -> None:
    source = "assert 'left' not in dir()\nleft = data.append(x) or len(data)\nloss = float(left)"
    run = sweep(source, "x=float(0,1)", {"data": []}, name="alone", trials=6, parallel=1)
    assert run.wait(60) is RunState.FINISHED
    assert {trial.value for trial in workbench.study("alone").trials} == {1.0}


def test_seeded_sweep_is_repeatable() -> None:
    source = "import random\nloss = x + random.random()"
    values = []
    for name in ("once", "twice"):
        run = sweep(source, "x=float(0,1)", {}, name=name, trials=6, parallel=1, seed=11)
        assert run.wait(60) is RunState.FINISHED
        values.append([trial.value for trial in workbench.study(name).trials])
    assert values[0] == values[1]


def test_killed_worker_costs_its_trial_alone() -> None:
    source = "import os, time\nfrom workbench import log\nprint('pid', os.getpid())\ntime.sleep(0.5)\nloss = x"
    run = sweep(source, "x=float(0,1)", {}, name="killed", trials=8)
    until(lambda: "pid" in run.logs() and run.snapshot().progress is not None)
    os.kill(int(run.logs().split()[-1]), signal.SIGKILL)
    assert run.wait(120) is RunState.FINISHED, run.failure
    states = [trial.state.name for trial in workbench.study("killed").trials]
    assert len(states) == 8
    assert 1 <= states.count("FAIL") <= 2
    assert states.count("COMPLETE") >= 6


def test_stopped_sweep_can_be_gone_on_with() -> None:
    source = "import time\ntime.sleep(0.3)\nloss = x"
    run = sweep(source, "x=float(0,1)", {}, name="stopped", trials=100)
    until(lambda: run.snapshot().progress)
    run.stop()
    assert run.wait(60) is RunState.STOPPED
    done = len(workbench.study("stopped").trials)
    assert done < 100
    again = sweep("loss = x", "x=float(0,1)", {}, name="stopped", trials=done + 3)
    assert again.wait(60) is RunState.FINISHED
    assert len(workbench.study("stopped").trials) == done + 3


@pytest.mark.parametrize(
    ("source", "space", "changes", "words"),
    [
        ("loss = rate", "rte=float(0,1)", {}, "Did you mean 'rate'"),
        ("for x in range(3): pass\nloss = x", "x=float(0,1)", {}, "overwrites"),
        ("loss = x", "x=[Smal]", {}, "no such name"),
        ("loss = x", "x=float(0,1)", {"sampler": "grid"}, "no end of values"),
        ("loss = x", "x=float(0,1)", {"trials": 0}, "trials=0"),
        ("loss = x", "x=float(0,1)", {"pruner": "median", "goal": "min a, max b"}, "prunes by one"),
        ("loss = x", "x=float(0,1)", {"parallel": "many"}, "'many' trials at once"),
    ],
)
def test_sweep_that_cannot_be_is_refused_before_it_starts(
    source: str, space: str, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(OptionError, match=words):
        sweep(source, space, {"rate": 1.0}, name="never", **changes)
    with pytest.raises(RunNotFoundError):
        workbench.study("never")


def test_study_with_another_goal_is_left_alone() -> None:
    assert sweep("loss = x", "x=float(0,1)", {}, name="aimed", trials=2).wait(60) is RunState.FINISHED
    run = sweep("loss = x", "x=float(0,1)", {}, name="aimed", trials=4, goal="max loss")
    assert run.wait(60) is RunState.FAILED
    assert "Give this sweep another name" in run.failure.message  # type: ignore[union-attr]
    assert len(workbench.study("aimed").trials) == 2


def test_goal_that_the_cell_never_reaches_is_named() -> None:
    run = sweep("lss = x", "x=float(0,1)", {}, name="no-goal", trials=5, max_failures=2)
    assert run.wait(60) is RunState.FAILED
    assert "neither logs 'loss'" in run.logs() + run.logs(1)
