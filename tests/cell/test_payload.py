"""Capturing a cell, and running it from its payload in a fresh process."""

from __future__ import annotations

import pickle
import socket
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from workbench.cell.payload import CellPayload, load, prepare
from workbench.errors import CaptureError, CellError, OptionError

SETUP = """
import enum, functools, dataclasses
import numpy as np

lr = 0.1

def helper(a):
    return a * lr

class Base:
    def scale(self, x):
        return helper(x)

@dataclasses.dataclass
class Child(Base):
    size: int = 3
    def go(self):
        return self.scale(self.size) + offset

class Color(enum.Enum):
    RED = 1

offset = 100
make = functools.partial(Child, size=7)
child = Child(size=5)

@functools.lru_cache
def cached(n):
    return n if n < 2 else cached(n - 1) + cached(n - 2)

def even(n): return True if n == 0 else odd(n - 1)
def odd(n): return False if n == 0 else even(n - 1)
def counter():
    state = {"n": 10}
    def step():
        state["n"] += 1
        return state["n"]
    return step
step = counter()
loop = [1]
loop.append(loop)
"""


@pytest.fixture
def names() -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(SETUP, namespace)
    return namespace


def run(payload: CellPayload) -> dict[str, Any]:
    """The cell's names after it ran from its payload alone."""
    values = {value.fingerprint.digest: value.value for value in payload.shared}
    namespace: dict[str, Any] = {"__name__": "__main__"}
    load(payload.pickled, namespace, values.__getitem__)
    exec(compile(payload.source, payload.filename, "exec"), namespace)
    return namespace


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("out = child.go()", 100.5),
        ("lr = 1.0\nout = helper(2)", 2.0),  # a helper sees the global that the cell rebinds
        ("out = make().go()", 100.7),
        ("out = cached(10)", 55),
        ("out = even(10)", True),
        ("out = step()", 11),
        ("out = Color.RED.value", 1),
        ("out = isinstance(child, Base)", True),
        ("out = loop[1] is loop", True),
        ("out = [helper(i) for i in range(2)][1]", 0.1),
        ("out = f'{lr}'", "0.1"),
        ("class Sub(Child):\n    pass\nout = Sub(size=1).go()", 100.1),
    ],
)
def test_prepare_captures_what_the_cell_reads(names: dict[str, Any], source: str, expected: object) -> None:
    assert (
        run(prepare(source, names))["out"] == pytest.approx(expected)
        if isinstance(expected, float)
        else (run(prepare(source, names))["out"] == expected)
    )


def test_prepare_captures_nothing_else(names: dict[str, Any]) -> None:
    names["secret"] = threading.Lock()
    payload = prepare("out = helper(1)", names)
    assert {item.name for item in payload.captured} == {"helper", "lr"}


def test_prepare_functions_share_the_workers_namespace(names: dict[str, Any]) -> None:
    namespace = run(prepare("out = helper(1)", names))
    assert namespace["helper"].__globals__ is namespace


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (lambda: open("/dev/null"), "an open file"),  # noqa: SIM115
        (threading.Lock, "a lock"),
        (lambda: sqlite3.connect(":memory:"), "database connection"),
        (socket.socket, "an open socket"),
        (lambda: (i for i in range(3)), "a generator"),
        (lambda: threading.Thread(target=print), "thread"),
    ],
)
def test_prepare_refuses_what_cannot_travel(value: Any, words: str) -> None:
    names = {"cfg": {"log": value()}}
    with pytest.raises(CaptureError) as caught:
        prepare("a = 1\nprint(cfg)", names, line_offset=1)
    message = str(caught.value)
    assert words in message
    assert "cfg['log']" in message
    assert "line 3 reads 'cfg'" in message


def test_prepare_reports_all_that_cannot_travel() -> None:
    with pytest.raises(CaptureError) as caught:
        prepare("print(a, b)", {"a": threading.Lock(), "b": (i for i in "x")})
    assert caught.value.names == ("a", "b")


def test_prepare_names_the_function_that_reads_it(names: dict[str, Any]) -> None:
    names["guard"] = threading.Lock()
    exec("def use():\n    return guard", names)
    with pytest.raises(CaptureError) as caught:
        prepare("use()", names)
    assert "use()" in str(caught.value)


def test_prepare_missing_name_suggests(names: dict[str, Any]) -> None:
    with pytest.raises(CellError, match="Did you mean 'helper'"):
        prepare("out = helpr(1)", names)


def test_prepare_name_bound_later() -> None:
    with pytest.raises(CellError, match="bound only later, in line 3"):
        prepare("print(x)\nx = 1", {}, line_offset=1)


def test_prepare_returns_must_be_bound() -> None:
    with pytest.raises(OptionError, match="Did you mean 'model'"):
        prepare("model = 1", {}, returns=("modle",))


def test_prepare_only_imports() -> None:
    assert prepare("import json, torch", {}).imports == {"json", "torch"}


def test_prepare_large_values_stay_out_of_the_pickle() -> None:
    X = np.random.default_rng(0).random(400_000)
    frame = pd.DataFrame({"a": X, "b": np.arange(400_000)})
    tensor = torch.arange(400_000, dtype=torch.float32).to(torch.bfloat16)
    names = {"X": X, "alias": {"inner": X}, "frame": frame, "tensor": torch.ones(500_000), "half": tensor.repeat(3)}
    payload = prepare("out = X.sum(), alias['inner'].sum(), frame.b.sum(), tensor.sum().item(), half[5].item()", names)
    assert len(payload.pickled) < 5000
    assert len(payload.shared) == 4  # X once, though two names lead to it
    assert run(payload)["out"] == (X.sum(), X.sum(), frame.b.sum(), 500_000, 5)


def test_prepare_same_content_same_digest() -> None:
    first = prepare("X", {"X": np.arange(300_000)}).shared[0].fingerprint.digest
    again = prepare("X", {"X": np.arange(300_000)}).shared[0].fingerprint.digest
    changed = np.arange(300_000)
    changed[77] += 1
    assert first == again != prepare("X", {"X": changed}).shared[0].fingerprint.digest


def test_prepare_notes_in_place_changes() -> None:
    names = {"X": np.ones(300_000), "Y": np.ones(300_000)}
    assert prepare("X /= 2\nZ = Y + 1", names).mutated == {"X"}


def test_prepare_params() -> None:
    payload = prepare("batch = 32\na, b = 1, 'x'\nprint(lr)\nnet = object()", {"lr": 0.1})
    assert payload.params == {"lr": 0.1, "batch": 32, "a": 1, "b": "x"}


def test_prepare_ships_local_modules(project: Path) -> None:
    (project / "helpers").mkdir()
    (project / "helpers" / "__init__.py").write_text("from helpers.inner import value\n")
    (project / "helpers" / "inner.py").write_text("import deep_module\nvalue = deep_module.value\n")
    (project / "deep_module.py").write_text("import torch\nvalue = 3\n")
    payload = prepare("import helpers\nprint(helpers.value)", {}, workdir=project)
    assert {module.relative for module in payload.modules} == {
        "helpers/__init__.py", "helpers/inner.py", "deep_module.py"
    }  # fmt: skip
    assert "torch" in payload.imports


def test_payload_runs_in_a_fresh_process(tmp_path: Path) -> None:
    """A notebook's class and function, pickled here, live in another process as they did in the notebook."""
    writer = tmp_path / "writer.py"
    writer.write_text(
        SETUP
        + "\nfrom workbench.cell.payload import prepare\nimport pickle, sys\n"
        + "p = prepare('lr = 2.0\\nprint(child.go(), Color.RED, type(child).__module__)', globals())\n"
        + "pickle.dump((p.pickled, p.source), open(sys.argv[1], 'wb'))\n"
    )
    reader = tmp_path / "reader.py"
    reader.write_text(
        "import pickle, sys\nfrom workbench.cell.payload import load\n"
        "data, source = pickle.load(open(sys.argv[1], 'rb'))\n"
        "load(data, globals(), {}.__getitem__)\nexec(source)\n"
    )
    path = str(tmp_path / "payload")
    subprocess.run([sys.executable, str(writer), path], check=True)
    done = subprocess.run([sys.executable, str(reader), path], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "110.0 Color.RED __main__"


def test_capture_error_survives_pickling() -> None:
    with pytest.raises(CaptureError) as caught:
        prepare("print(a)", {"a": threading.Lock()})
    copy = pickle.loads(pickle.dumps(caught.value))
    assert str(copy) == str(caught.value)
    assert copy.names == ("a",)
