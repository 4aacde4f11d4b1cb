"""What becomes of single trials: distributed, isolated, tried again, ended by hand, tracked while they run."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import optuna
import pytest

import workbench
from tests.support.cells import foreman_pid
from tests.support.sweeping import nested, sweep
from tests.support.waiting import until
from workbench.api.project import current_project
from workbench.errors import OptionError, WorkbenchError
from workbench.records.runs import RunState

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(autouse=True)
def _in_cluster(cluster: Path) -> None:
    """Every test here needs the cluster."""


def foreman(verb: str, *args: Any) -> Any:
    return current_project().connection().call(verb, *args)


def test_each_trial_may_be_distributed() -> None:
    pytest.importorskip("torch")
    source = (
        "import torch, torch.distributed as dist\nfrom workbench import log, rank, world_size\n"
        "assert world_size() == dist.get_world_size() == 2\n"
        "for step in range(4):\n"
        "    parts = torch.tensor([x + rank()])\n"
        "    dist.all_reduce(parts)\n"
        "    log(loss=parts, step=step)\n"
    )
    run = sweep(source, "x=float(0,1)", {}, name="wide", trials=5, parallel=1, workers=2)
    assert run.wait(120) is RunState.FINISHED, (run.failure, run.logs(), run.logs(1))
    trials = workbench.study("wide").trials
    assert [trial.value for trial in trials] == pytest.approx([2 * trial.params["x"] + 1 for trial in trials], rel=1e-5)
    assert "loss/rank_1" in nested(run, 5)[0].metrics


def test_distributed_trials_are_pruned_on_all_ranks() -> None:
    pytest.importorskip("torch")
    source = (
        "import torch, torch.distributed as dist\nfrom workbench import log, rank\n"
        "try:\n    for step in range(10):\n"
        "        dist.barrier()\n        log(loss=quality, step=step)\n"
        "finally:\n    print('steps', step)\n"
    )
    given: dict[str, Any] = {"pruner": "median", "sampler": "random", "seed": 5, "parallel": 1, "workers": 2}
    run = sweep(source, "quality=float(0,10)", {}, name="wide-pruned", trials=12, **given)
    assert run.wait(120) is RunState.FINISHED, run.failure
    states = [trial.state.name for trial in workbench.study("wide-pruned").trials]
    assert states.count("PRUNED") >= 1
    assert set(states) == {"PRUNED", "COMPLETE"}
    assert run.logs(0) == run.logs(1)


def test_error_of_any_rank_fails_its_trial_alone() -> None:
    source = "from workbench import rank\nif rank() == 1 and x > 0:\n    raise ValueError('rank one')\nloss = x"
    given: dict[str, Any] = {"sampler": "random", "seed": 1, "parallel": 1, "workers": 2}
    run = sweep(source, "x=[-1.0,1.0]", {}, name="wide-fail", trials=8, **given)
    assert run.wait(120) is RunState.FINISHED, run.failure
    trials = workbench.study("wide-fail").trials
    assert {(trial.params["x"], trial.state.name) for trial in trials} == {(-1.0, "COMPLETE"), (1.0, "FAIL")}
    failed = next(record for record in nested(run, 8) if record.state is RunState.FAILED)
    assert "rank one" in failed.failure.message  # type: ignore[union-attr]


def test_isolated_trials_have_processes_of_their_own() -> None:
    source = "import os\nloss = float(os.getpid()) + 0 * x"
    run = sweep(source, "x=float(0,1)", {}, name="isolated", trials=4, isolate=True)
    assert run.wait(120) is RunState.FINISHED, run.failure
    assert len({trial.value for trial in workbench.study("isolated").trials}) == 4
    run = sweep(source, "x=float(0,1)", {}, name="shared", trials=4, parallel=1)
    assert run.wait(120) is RunState.FINISHED
    assert len({trial.value for trial in workbench.study("shared").trials}) == 1


def test_failed_values_are_tried_again(tmp_path: Path) -> None:
    source = (
        "from pathlib import Path\nmark = Path(folder) / str(x)\n"
        "if not mark.exists():\n    mark.touch()\n    raise OSError('at first')\nloss = x"
    )
    run = sweep(source, "x=float(0,1)", {"folder": str(tmp_path)}, name="again", trials=3, parallel=1, retries=1)
    assert run.wait(120) is RunState.FINISHED, run.failure
    trials = workbench.study("again").trials
    assert [trial.state.name for trial in trials] == ["FAIL", "COMPLETE"] * 3
    assert all(trials[i].params == trials[i + 1].params for i in (0, 2, 4))


def test_best_keeps_to_constraints() -> None:
    source = "from workbench import log\nlog(latency_ms=10 * x)\nloss = -x"
    bounds: dict[str, Any] = {"subject_to": "latency_ms<5", "returns": "best_params,x"}
    run = sweep(source, "x=float(0,1)", {}, name="bounded", trials=30, **bounds)
    assert run.wait(120) is RunState.FINISHED, run.failure
    best = workbench.study("bounded").best_trial
    assert 0.3 < best.params["x"] <= 0.5
    assert run.returned() == {"best_params": {"x": best.params["x"]}, "x": best.params["x"]}
    snapshot = run.snapshot()
    assert snapshot.metrics["best_loss"] == best.value


def test_limits_end_a_sweep_with_what_it_has_found() -> None:
    source = "import time\ntime.sleep(0.1)\nloss = 1.0 + 0 * x"
    run = sweep(source, "x=float(0,1)", {}, name="no-better", trials=1000, no_improvement=6)
    assert run.wait(120) is RunState.FINISHED, run.failure
    assert 7 <= len(workbench.study("no-better").trials) < 20
    run = sweep("import time\ntime.sleep(60)\nloss = x", "x=float(0,1)", {}, name="late", trials=9, timeout=2)
    began = time.monotonic()
    assert run.wait(60) is RunState.FINISHED, run.failure
    assert time.monotonic() - began < 30
    assert any("are over" in note for note in run.snapshot().notes)


def test_sweep_can_be_paused_and_resumed() -> None:
    source = "import time\ntime.sleep(0.2)\nloss = x"
    run = sweep(source, "x=float(0,1)", {}, name="paused", trials=12)
    until(lambda: run.snapshot().sweep and run.snapshot().sweep.done >= 2)  # type: ignore[union-attr]
    foreman("pause", run.id, True)
    until(lambda: not run.snapshot().workers and not run.snapshot().sweep.running)  # type: ignore[union-attr]
    done = run.snapshot().sweep.done  # type: ignore[union-attr]
    assert done < 12
    other = workbench.train("print('free')", name="beside")
    assert other.wait(60) is RunState.FINISHED  # what the sweep held is free
    assert run.snapshot().sweep.done == done  # type: ignore[union-attr]
    assert run.snapshot().sweep.is_paused  # type: ignore[union-attr]
    foreman("pause", run.id, False)
    assert run.wait(60) is RunState.FINISHED
    assert len(workbench.study("paused").trials) == 12


@pytest.mark.parametrize("what", ["prune", "stop"])
def test_one_trial_can_be_ended_by_hand(what: str) -> None:
    source = "import time\nwhile x > 0.5:\n    time.sleep(0.05)\nloss = x"
    name = f"by-hand-{what}"
    run = sweep(source, "x=[0.25,1.0]", {}, name=name, trials=2, parallel=1, sampler="grid", seed=1)
    (trial,) = until(lambda: [t for t in getattr(run.snapshot().sweep, "running", []) if t.params["x"] == "1.0"])
    foreman("order_trial", run.id, trial.number, what)
    assert run.wait(60) is RunState.FINISHED, run.failure
    states = {trial.params["x"]: trial.state.name for trial in workbench.study(name).trials}
    assert states == {0.25: "COMPLETE", 1.0: {"prune": "PRUNED", "stop": "FAIL"}[what]}
    with pytest.raises(WorkbenchError, match=r"not a sweep that is running|it is not running"):
        foreman("order_trial", run.id, trial.number, what)


def test_auto_follows_what_is_free() -> None:
    source = "import time\ntime.sleep(0.4)\nloss = x"
    run = sweep(source, "x=float(0,1)", {}, name="auto", trials=400, parallel="auto")
    until(lambda: getattr(run.snapshot().sweep, "teams", 0) >= 2)
    other = workbench.train("import time\ntime.sleep(2)", name="between")
    assert other.wait(60) is RunState.FINISHED
    assert not run.state.is_terminal
    until(lambda: getattr(run.snapshot().sweep, "teams", 0) >= 2)
    run.stop()
    assert run.wait(60) is RunState.STOPPED


def test_functions_of_the_notebook_choose_with_optunas_trial() -> None:
    def widths(trial: Any) -> list[int]:
        return [trial.suggest_int(f"width_{layer}", 1, 8) for layer in range(trial.suggest_int("layers", 1, 3))]

    widths.__module__ = "__main__"
    source = "loss = float(sum(shape)) * scale"
    run = sweep(source, "shape=widths scale=[1.0,2.0]", {"widths": widths}, name="open", trials=10)
    assert run.wait(60) is RunState.FINISHED, run.failure
    for trial in workbench.study("open").trials:
        chosen = [trial.params[f"width_{layer}"] for layer in range(trial.params["layers"])]
        assert trial.value == sum(chosen) * trial.params["scale"]


def test_mlflows_own_calls_land_on_the_trials_run() -> None:
    source = (
        "import mlflow\nfrom workbench import run_id\n"
        "mlflow.log_metric('own', x)\nmlflow.log_param('noted', 'yes')\nprint('ran', run_id())\nloss = x"
    )
    run = sweep(source, "x=float(0,1)", {}, name="with-mlflow", trials=4)
    assert run.wait(120) is RunState.FINISHED, (run.failure, run.logs())
    for record in nested(run, 4):
        assert record.metrics["own"] == pytest.approx(float(record.params["x"]))
        assert record.params["noted"] == "yes"
        assert record.state is RunState.FINISHED
        assert current_project().logs(record.run_id, 0, 100) == f"ran {record.run_id}\n"
    assert "own" not in current_project().store.get(run.id).metrics


def test_trials_that_take_a_while_are_tracked_live() -> None:
    source = (
        "import time\nfrom workbench import log\n"
        "for step in range(60):\n    log(loss=x + step, step=step)\n    print('step', step)\n    time.sleep(0.1)"
    )
    run = sweep(source, "x=float(0,1)", {}, name="slow", trials=2)
    store = current_project().store
    live = until(lambda: next((t.run_id for t in getattr(run.snapshot().sweep, "running", []) if t.run_id), None))
    record = until(lambda: (r := store.get(live)).metrics and r)
    assert record.state is RunState.RUNNING
    assert current_project().reconciled(record).state is RunState.RUNNING
    assert "step" in current_project().logs(live, 0, 5)
    shown = run.snapshot().sweep.running[0]  # type: ignore[union-attr]
    assert len(shown.curve) > 2
    foreman("stop", live, "a test")  # a trial's run has a stop button, too
    assert run.wait(60) is RunState.FINISHED
    states = {record.run_id: record.state for record in nested(run, 2)}
    assert states.pop(live) is RunState.FAILED
    assert set(states.values()) == {RunState.FINISHED}
    assert len(store.series(next(iter(states)), "loss")) == 60


def test_new_study_learns_from_an_earlier_one_and_from_runs() -> None:
    first = sweep("loss = (x - 3) ** 2", "x=float(-10,10)", {}, name="first", trials=12)
    assert first.wait(60) is RunState.FINISHED
    second = sweep(
        "loss = (x - 3) ** 2", "x=float(-10,10)", {}, name="second", trials=3, learn_from="first", parallel=1
    )
    assert second.wait(60) is RunState.FINISHED, second.failure
    trials = workbench.study("second").trials
    assert (len(trials), second.snapshot().sweep.done) == (15, 3)  # type: ignore[union-attr]
    assert trials[0].user_attrs["workbench:from"].startswith("first-")
    nested(first, 12)
    third = sweep("loss = x", "x=float(-10,10)", {}, name="third", trials=1, learn_from="metrics.loss < 1000")
    assert third.wait(60) is RunState.FINISHED, third.failure
    assert len(workbench.study("third").trials) > 10
    with pytest.raises(OptionError, match="no finished run"):
        sweep("loss = x", "y=float(0,1)", {}, name="none", learn_from="nothing-of-that-name")


def test_study_is_swept_by_one_at_a_time() -> None:
    source = "import time\ntime.sleep(0.2)\nloss = x"
    run = sweep(source, "x=float(0,1)", {}, name="busy", trials=100)
    until(lambda: getattr(run.snapshot().sweep, "done", 0) >= 1)
    with pytest.raises(WorkbenchError, match="twice at once"):
        sweep(source, "x=float(0,1)", {}, name="busy", trials=200)
    run.stop()
    assert run.wait(60) is RunState.STOPPED
    assert all(trial.state.name != "RUNNING" for trial in workbench.study("busy").trials)


def test_more_at_once_than_there_is_room_for_end_with_the_others() -> None:
    run = sweep("import time\ntime.sleep(0.2)\nloss = x", "x=float(0,1)", {}, name="crowded", trials=8, parallel=16)
    assert run.wait(60) is RunState.FINISHED, run.failure
    states = [trial.state.name for trial in workbench.study("crowded").trials]
    assert states == ["COMPLETE"] * 8


def test_diverged_trials_are_pruned_and_do_not_end_the_sweep() -> None:
    run = sweep("loss = float('nan') if x > 0.5 else x", "x=float(0,1)", {}, name="nan", trials=30, max_failures=2)
    assert run.wait(60) is RunState.FINISHED, run.failure
    assert {trial.state.name for trial in workbench.study("nan").trials} == {"COMPLETE", "PRUNED"}


def test_study_is_kept_where_the_user_says(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'mine.db'}"
    run = sweep("loss = x", "x=float(0,1)", {}, name="elsewhere", trials=3, storage=url)
    assert run.wait(60) is RunState.FINISHED, run.failure
    assert len(optuna.load_study(study_name="elsewhere", storage=url).trials) == 3
    with pytest.raises(WorkbenchError, match="nowhere"):
        sweep("loss = x", "x=float(0,1)", {}, name="lost", storage="nowhere://x")


def test_lost_foreman_costs_the_trials_that_ran() -> None:
    source = "import time\ntime.sleep(0.3)\nloss = x"
    run = sweep(source, "x=float(0,1)", {}, name="orphan", trials=100)
    until(lambda: getattr(run.snapshot().sweep, "done", 0) >= 3)
    os.kill(foreman_pid(), signal.SIGKILL)
    assert run.wait(60) is RunState.FAILED
    trials = workbench.study("orphan").trials
    done = sum(trial.state.name == "COMPLETE" for trial in trials)
    assert done >= 3
    again = sweep(source, "x=float(0,1)", {}, name="orphan", trials=len(trials) + 2)
    assert again.wait(90) is RunState.FINISHED, again.failure
    states = [trial.state.name for trial in workbench.study("orphan").trials]
    assert states.count("COMPLETE") == done + 2
    assert states.count("FAIL") == len(trials) - done
