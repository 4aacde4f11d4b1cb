"""Values as a worker gets them: large ones by reference, notebook code as it was, and what is refused."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch

from workbench.cell.payload import CellPayload, load, prepare
from workbench.errors import CaptureError

N = 400_000


def run(payload: CellPayload) -> Any:
    """Return what the cell binds to ``out`` when it runs from its payload alone."""
    values = {value.fingerprint.digest: value.value for value in payload.shared}
    namespace: dict[str, Any] = {"__name__": "__main__"}
    load(payload.pickled, namespace, values.__getitem__)
    exec(compile(payload.source, payload.filename, "exec"), namespace)
    return namespace["out"]


def notebook(source: str) -> dict[str, Any]:
    """The names of a notebook that has run this."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(source, namespace)
    return namespace


@pytest.mark.parametrize(
    "value",
    [
        torch.arange(N, dtype=torch.float32),
        torch.arange(N, dtype=torch.float32).requires_grad_(),
        torch.arange(1000.0).repeat(1000, 1).to(torch.bfloat16).T,
        torch.zeros(2**21).to(torch.float8_e4m3fn),
        (torch.ones(N, dtype=torch.complex64) * 1j).conj(),
        torch.nn.Parameter(torch.ones(N)),
        np.arange(N, dtype=float)[::-1],
        pd.DataFrame({"a": np.arange(N), "b": "x"}),
        pd.Series(["x" * 500 + str(i) for i in range(3000)], dtype=object),
        pa.table({"a": np.arange(N)}),
        bytes(2**20),
    ],
    ids=lambda value: type(value).__name__,
)
def test_prepare_shares_large_values_that_come_back_equal(value: Any) -> None:
    payload = prepare("out = value['deep'][0]", {"value": {"deep": [value]}})
    assert len(payload.pickled) < 5000
    assert len(payload.shared) == 1
    back = run(payload)
    assert type(back) is type(value)
    if isinstance(value, torch.Tensor):
        assert isinstance(payload.shared[0].value, np.ndarray)
        assert (back.dtype, back.requires_grad) == (value.dtype, value.requires_grad)
        assert torch.equal(back.to(torch.complex64), value.to(torch.complex64))
    elif isinstance(value, (pd.DataFrame, pd.Series, pa.Table)):
        assert back.equals(value)
    else:
        assert np.array_equal(back, value)


def test_prepare_does_not_copy_a_large_tensor() -> None:
    tensor = torch.zeros(N)
    assert prepare("tensor", {"tensor": tensor}).shared[0].value.ctypes.data == tensor.data_ptr()


def test_load_gives_tensors_of_equal_content_memory_of_their_own() -> None:
    names = {"a": torch.zeros(N), "b": torch.zeros(N)}
    payload = prepare("a += 1\nout = (a, b)", names)
    assert len(payload.shared) == 1
    a, b = run(payload)
    assert (a.sum(), b.sum(), names["a"].sum()) == (N, 0, 0)


def test_load_keeps_one_object_one() -> None:
    layer = torch.nn.Linear(1000, 600)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    layer, optimizer = run(prepare("out = (layer, optimizer)", {"layer": layer, "optimizer": optimizer}))
    assert optimizer.param_groups[0]["params"][0] is layer.weight


CACHED = """
import functools
k = 2
class A:
    @functools.cached_property
    def v(self): return k
a = A()
"""
REGISTERED = """
class B:
    def __init_subclass__(cls): B.last = cls.__name__
class C(B): pass
c = C()
"""
METHODS = """
k = 5
class A:
    @property
    def p(self): return k
    @classmethod
    def c(cls): return k
a = A()
"""
WRAPPED = """
import functools
k = 2
def d(f):
    @functools.wraps(f)
    def w(x): return f(x) * k
    return w
@d
def g(x): return x + k
"""


@pytest.mark.parametrize(
    ("setup", "cell", "expected"),
    [
        (CACHED, "a.v", 2),
        (REGISTERED, "(B.last, type(c).__name__)", ("C", "C")),
        (METHODS, "(a.p, A.c())", (5, 5)),
        (WRAPPED, "g(1)", 6),
        ("import typing\nclass T(typing.NamedTuple):\n    a: int = 1\nt = T()", "(t.a, isinstance(t, T))", (1, True)),
    ],
)
def test_load_brings_notebook_code_to_life(setup: str, cell: str, expected: object) -> None:
    assert run(prepare(f"out = {cell}", notebook(setup))) == expected


class Odd:
    """Not to be pickled, for a reason of its own."""

    def __reduce__(self) -> Any:
        raise ValueError("it will not")


def test_prepare_names_all_problems_at_once() -> None:
    names = {"a": {"x": [1, Odd()]}, "b": Odd(), "c": {"p": threading.Lock(), "q": threading.local()}}
    with pytest.raises(CaptureError) as caught:
        prepare("print(a, b, c)", names)
    assert caught.value.names == ("a", "b", "c")
    for path in ("a['x'][1] is", "b is", "c['p'] is", "c['q'] is"):
        assert path in str(caught.value)


def test_prepare_refuses_engines_and_running_mlflow_runs() -> None:
    import mlflow
    import sqlalchemy

    engine = sqlalchemy.create_engine("sqlite://")
    active = mlflow.ActiveRun.__new__(mlflow.ActiveRun)
    with pytest.raises(CaptureError, match=r"database connection(?s:.)*a running MLflow run"):
        prepare("print(engine, active)", {"engine": engine, "active": active})


def test_prepare_of_many_small_objects_stays_near_cloudpickle() -> None:
    rows = [(i, str(i)) for i in range(100_000)]
    began = time.perf_counter()
    cloudpickle.dumps(rows)
    alone = time.perf_counter() - began
    began = time.perf_counter()
    prepare("rows", {"rows": rows})
    assert time.perf_counter() - began < 15 * alone + 0.2  # measured: 2.5


NOTEBOOK = """
import pickle, sys
import numpy as np, pandas as pd, pyarrow as pa, torch
import xml.etree.ElementTree
from workbench.cell.payload import prepare

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1000, 400)

    def forward(self, x):
        return self.layer(x).sum() * scale

scale = 0.0
net = Net()
X = np.arange(400_000.0)
frame = pd.DataFrame({"a": X})
table = pa.table({"a": X})
data = {"train": torch.ones(400_000)}
payload = prepare(open(sys.argv[2]).read(), globals())
assert len(payload.pickled) < 20_000
values = {value.fingerprint.digest: value.value for value in payload.shared}
pickle.dump((payload.pickled, payload.source, values), open(sys.argv[1], "wb"))
"""
CELL = """
scale = 1.0
data["train"] += 1
net(torch.ones(1, 1000)).backward()
print(X.sum() == frame.a.sum(), table.num_rows, data["train"].sum().item(), net.layer.weight.grad.sum().item())
print(xml.etree.ElementTree.Element("tag").tag, type(net).__module__)
"""
WORKER = """
import pickle, sys
from workbench.cell.payload import load
pickled, source, values = pickle.load(open(sys.argv[1], "rb"))
load(pickled, globals(), values.__getitem__)
exec(source)
"""


def test_payload_with_arrays_and_models_runs_in_a_fresh_process(tmp_path: Path) -> None:
    for name, text in (("notebook.py", NOTEBOOK), ("cell.py", CELL), ("worker.py", WORKER)):
        (tmp_path / name).write_text(text)
    payload = str(tmp_path / "payload")
    subprocess.run([sys.executable, str(tmp_path / "notebook.py"), payload, str(tmp_path / "cell.py")], check=True)
    done = subprocess.run([sys.executable, str(tmp_path / "worker.py"), payload], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["True 400000 800000.0 400000.0", "tag __main__"]
