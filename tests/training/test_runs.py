"""Runs on a real cluster: data, resources, output, environments, kills."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import workbench
from workbench.api.project import current_project
from workbench.api.train import train_cell
from workbench.errors import ResourcesError, RunNotFoundError, WorkbenchError
from workbench.options.run import check_options
from workbench.records.runs import RunState

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(autouse=True)
def _in_cluster(cluster: Path) -> None:
    """Every test here needs the cluster."""


def run_cell(source: str, names: dict[str, Any] | None = None, **options: Any) -> workbench.RunHandle:
    return train_cell(
        source, names if names is not None else {}, check_options(**options), filename="Cell In[1]", line_offset=1
    )


def finished(run: workbench.RunHandle) -> dict[str, Any]:
    assert run.wait(120) is RunState.FINISHED, run.failure
    return run.returned()


def test_run_function_gives_its_result() -> None:
    def add(a: int, b: int = 2) -> int:
        return a + b

    add.__module__ = "__main__"
    run = workbench.train(add, 40, name="add")
    assert run.result(60) == 42
    assert workbench.run("add").id == run.id


def test_run_large_array_is_sent_once_and_again_when_changed() -> None:
    X = np.arange(1_000_000, dtype=np.float64)
    foreman = current_project().connection()
    from workbench.cell.payload import prepare

    def digest() -> str:
        return prepare("X", {"X": X}).shared[0].fingerprint.digest

    first = digest()
    assert foreman.call("held", [first]) == []
    assert finished(run_cell("s = X.sum()", {"X": X}, returns="s")) == {"s": X.sum()}
    assert foreman.call("held", [first]) == [first]
    X[0] = 5
    assert foreman.call("held", [digest()]) == []
    assert finished(run_cell("s = X[0]", {"X": X}, returns="s")) == {"s": 5.0}


def test_run_may_change_a_captured_array_in_place() -> None:
    names = {"X": np.ones(200_000)}
    assert finished(run_cell("X /= 2\ns = X.sum()", names, returns="s")) == {"s": 100_000.0}
    assert names["X"].sum() == 200_000


def test_run_returned_object_keeps_its_notebook_class() -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    exec("class Net:\n    def __init__(self): self.w = 0", names)
    net = finished(run_cell("net = Net()\nnet.w = 3", names, returns="net"))["net"]
    assert type(net) is names["Net"]
    assert net.w == 3


def test_run_what_cannot_return_is_told_and_loses_nothing() -> None:
    run = run_cell("import threading\ngood = 1\nbad = threading.Lock()", returns="good,bad")
    assert finished(run) == {"good": 1}
    assert "'bad' (lock) cannot be pickled" in run.snapshot().returns_error


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"workers": 1000}, "room for"),
        ({"gpus_per_worker": 1}, "no GPU"),
        ({"cpus_per_worker": 500.0}, "room for 0"),
        ({"memory": "900T"}, "GiB memory"),
    ],
)
def test_run_that_never_fits_is_refused_at_once(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ResourcesError) as caught:
        run_cell("x = 1", **options)
    assert words in str(caught.value)


def test_run_that_waits_says_why_and_starts_when_it_can() -> None:
    cpus = os.cpu_count() or 1
    holder = run_cell("import time\nprint('ready', flush=True)\ntime.sleep(600)", name="holder", cpus_per_worker=cpus)
    wait_until(lambda: holder.state is RunState.RUNNING)
    waiting = run_cell("ok = 1", name="waiter", returns="ok")
    wait_until(lambda: waiting.snapshot().waiting is not None)
    why = waiting.snapshot().waiting
    assert why is not None
    assert "CPU" in why.needs
    assert "holder" in why.held_by[0]
    assert "%runs stop holder" in why.actions
    holder.stop()
    assert finished(waiting) == {"ok": 1}
    assert holder.state is RunState.STOPPED


def test_run_that_waits_can_be_stopped() -> None:
    cpus = os.cpu_count() or 1
    holder = run_cell("import time\ntime.sleep(600)", cpus_per_worker=cpus)
    wait_until(lambda: holder.state is RunState.RUNNING)
    waiting = run_cell("ok = 1")
    waiting.stop()
    assert waiting.wait(20) is RunState.STOPPED
    holder.stop()
    assert holder.wait(30) is RunState.STOPPED


def test_run_100_000_lines_are_all_in_the_log() -> None:
    run = run_cell("for i in range(100_000): print('line', i)")
    finished(run)
    path = current_project().settings.run_dir(run.id) / "logs" / "rank-0.log"
    lines = path.read_text().splitlines()
    assert len(lines) == 100_000
    assert lines[-1] == "line 99999"
    assert run.snapshot().log_lines == {0: 100_000}


def test_run_captures_what_compiled_code_and_children_print() -> None:
    run = run_cell(
        "import os, subprocess\nos.write(1, b'from C\\n')\nsubprocess.run(['echo', 'from a child'])\n!echo shell"
    )
    finished(run)
    assert {"from C", "from a child", "shell"} <= set(run.logs().splitlines())


def test_run_displays_figures_tables_and_the_last_expression() -> None:
    run = run_cell(
        "import matplotlib.pyplot as plt, pandas as pd\nfrom IPython.display import display\n"
        "plt.plot([1, 2]); plt.show()\ndisplay(pd.DataFrame({'a': [1]}))\n1 + 1"
    )
    finished(run)
    shown = [event["data"] for event in run.watch(0, 1).events if event["k"] == "disp"]
    assert ["image/png" in data for data in shown] == [True, False, False]
    assert "<table" in shown[1]["text/html"]
    assert shown[2]["text/plain"] == "2"


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("import asyncio\nawait asyncio.sleep(0)\nx = 1", 1),
        ("%time x = 2", 2),
        ("%matplotlib inline\nx = 3", 3),
        ("%%capture out\nprint('hidden')\nx = 4", 4),
        ("x = 'ü漢字🎈'\nprint(x)", "ü漢字🎈"),
        ("import sys\nx = 'torch' in sys.modules", False),
        ("import sys\nx = 5\nsys.exit(0)", 5),
    ],
)
def test_run_cells_mean_what_they_mean_in_a_notebook(source: str, value: object) -> None:
    assert finished(run_cell(source, returns="x")) == {"x": value}


def test_run_exit_code_is_told() -> None:
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


def test_run_crash_in_compiled_code_is_told() -> None:
    run = run_cell("import ctypes\nctypes.string_at(0)")
    assert run.wait(90) is RunState.FAILED
    assert run.failure is not None
    assert run.failure.kind == "crashed"
    assert "Segmentation fault" in run.failure.message


def test_run_environment_of_its_own() -> None:
    assert finished(run_cell("import os\nx = os.environ['FLAVOUR']", env=["FLAVOUR=plum"], returns="x")) == {
        "x": "plum"
    }


def test_run_metrics_are_seen_elsewhere_while_it_runs() -> None:
    run = run_cell("from workbench import log\nimport time\nfor i in range(50): log(loss=1 / (i + 1))\ntime.sleep(600)")
    wait_until(lambda: len(current_project().store.series(run.id, "loss")) == 50)
    assert current_project().store.get(run.id).metrics["loss"] == 0.02
    run.stop()
    assert run.wait(30) is RunState.STOPPED


def test_run_mlflow_calls_land_on_the_same_run() -> None:
    run = run_cell(
        "import mlflow\nwith mlflow.start_run():\n    mlflow.log_metric('by_hand', 5)\nmlflow.log_param('p', 'q')\n"
        "x = 1", returns="x",
    )  # fmt: skip
    finished(run)
    record = current_project().store.get(run.id)
    assert record.metrics["by_hand"] == 5
    assert record.state is RunState.FINISHED


def test_run_log_of_no_number_names_it() -> None:
    run = run_cell("from workbench import log\nlog(loss='high')")
    assert run.wait(60) is RunState.FAILED
    assert run.failure is not None
    assert "Cannot log loss='high'" in run.failure.message


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


def test_run_same_name_twice_means_the_newest() -> None:
    finished(run_cell("a = 1", name="twin"))
    second = run_cell("a = 2", name="twin")
    finished(second)
    assert workbench.run("twin").id == second.id


def test_run_two_at_once_from_two_threads() -> None:
    results: dict[int, Any] = {}

    def go(number: int) -> None:
        results[number] = finished(run_cell(f"x = {number}", returns="x"))["x"]

    threads = [threading.Thread(target=go, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {0: 0, 1: 1}


def test_run_unknown_name_suggests() -> None:
    finished(run_cell("a = 1", name="digits-forest"))
    with pytest.raises(RunNotFoundError, match="Did you mean 'digits-forest'"):
        workbench.run("digits-forst")


def test_run_lineage_stays_with_it(cluster: Path) -> None:
    (cluster / "beside.py").write_text("value = 7\n")
    run = run_cell(
        "import beside\nX.sum()\nx = beside.value", {"X": np.ones(200_000)}, returns="x", name="with-lineage"
    )
    assert finished(run) == {"x": 7}
    store = current_project().store
    wait_until(lambda: "lineage/requirements.txt" in store.artifacts(run.id))
    assert b"ray==" in store.read_artifact(run.id, "lineage/requirements.txt")
    assert b"value = 7" in store.read_artifact(run.id, "lineage/modules/beside.py")
    assert b'"digest"' in store.read_artifact(run.id, "lineage/data.json")
    record = store.get(run.id)
    assert record.tags["workbench.workers"] == "1"


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
    wait_until(lambda: run.state is RunState.FAILED, seconds=10)
    assert run.failure is not None
    assert run.failure.kind == "cluster_lost"
    assert "%%train --resume orphan" in run.failure.fix
    assert current_project().store.get(run.id).state is RunState.FAILED
    assert finished(run_cell("x = 1", returns="x")) == {"x": 1}  # a new foreman takes over


@pytest.mark.parametrize("kind", ["torch", "sklearn", "xgboost"])
def test_run_returned_model_is_kept_as_mlflow_model(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow

    source = {
        "torch": """
import torch
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 1)
    def forward(self, x):
        return self.layer(x)
model = Net()
""",
        "sklearn": """
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline
from sklearn.linear_model import Ridge
class Twice(BaseEstimator):
    def fit(self, X, y=None):
        return self
    def transform(self, X):
        return 2 * X
model = make_pipeline(Twice(), Ridge()).fit(np.eye(3), np.arange(3.0))
""",
        "xgboost": """
import numpy as np
from xgboost import XGBRegressor
model = XGBRegressor(n_estimators=2).fit(np.eye(3), np.arange(3.0))
""",
    }[kind]
    run = run_cell(source + "\nscore = 0.5", returns="model,score", name=f"keeps-{kind}")
    assert finished(run)["score"] == 0.5
    project = current_project()
    client = mlflow.MlflowClient(project.settings.tracking_uri)

    def kept() -> list[Any]:
        outputs = client.get_run(run.id).outputs
        return outputs.model_outputs if outputs else []

    wait_until(lambda: kept() and client.get_logged_model(kept()[0].model_id).status.name == "READY", seconds=90)
    assert not run.snapshot().notes
    logged = client.get_logged_model(kept()[0].model_id)
    assert logged.name == "model"
    assert client.get_run(run.id).info.status == "FINISHED"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", project.settings.tracking_uri)
    model = mlflow.pyfunc.load_model(f"models:/{logged.model_id}")
    assert model.predict(np.eye(3, dtype=np.float32)).shape[0] == 3


def foreman_pid() -> int:
    import psutil

    for process in psutil.process_iter(["name", "cmdline", "environ"]):
        line = " ".join(process.info["cmdline"] or [])
        if (
            "ray::Foreman" in line
            and (process.info["environ"] or {}).get("WORKBENCH_HOME") == os.environ["WORKBENCH_HOME"]
        ):
            return int(process.pid)
    raise AssertionError("no foreman")


def wait_until(condition: Any, seconds: float = 30.0) -> None:
    """Wait for a condition."""
    import time

    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


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
