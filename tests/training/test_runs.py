"""Runs on a real cluster: data, returned values, output, environments, metrics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import workbench
from tests.support.cells import finished, run_cell, wait_until
from workbench.api.project import current_project
from workbench.errors import RunNotFoundError
from workbench.records.runs import RunState

pytestmark = [pytest.mark.timeout(240), pytest.mark.usefixtures("cluster")]


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
    names = {"X": np.full(200_000, 3.0)}
    assert finished(run_cell("X /= 2\ns = X.sum()", names, returns="s")) == {"s": 300_000.0}
    assert names["X"].sum() == 600_000


def test_run_returned_object_keeps_its_notebook_class() -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    exec("class Net:\n    def __init__(self): self.w = 0", names)
    net = finished(run_cell("net = Net()\nnet.w = 3", names, returns="net"))["net"]
    assert type(net) is names["Net"]
    assert net.w == 3


def test_run_reports_what_cannot_return_and_loses_nothing() -> None:
    run = run_cell("import threading\ngood = 1\nbad = threading.Lock()", returns="good,bad")
    assert finished(run) == {"good": 1}
    assert "'bad' (lock) cannot be pickled" in run.snapshot().returns_error


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


def test_run_same_name_twice_means_the_newest() -> None:
    finished(run_cell("a = 1", name="twin"))
    second = run_cell("a = 2", name="twin")
    finished(second)
    assert workbench.run("twin").id == second.id


def test_run_unknown_name_suggests() -> None:
    finished(run_cell("a = 1", name="digits-forest"))
    with pytest.raises(RunNotFoundError, match="Did you mean 'digits-forest'"):
        workbench.run("digits-forst")


def test_run_lineage_stays_with_it(cluster: Path) -> None:
    (cluster / "beside.py").write_text("value = 7\n")
    run = run_cell(
        "import beside\nX.sum()\nx = beside.value", {"X": np.full(200_000, 4.0)}, returns="x", name="with-lineage"
    )
    assert finished(run) == {"x": 7}
    store = current_project().store
    wait_until(lambda: "lineage/requirements.txt" in store.artifacts(run.id))
    assert b"ray==" in store.read_artifact(run.id, "lineage/requirements.txt")
    assert b"value = 7" in store.read_artifact(run.id, "lineage/modules/beside.py")
    assert b'"digest"' in store.read_artifact(run.id, "lineage/data.json")
    record = store.get(run.id)
    assert record.tags["workbench.workers"] == "1"
