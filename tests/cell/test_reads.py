"""Which names a cell needs from the notebook."""

from __future__ import annotations

import ast
import threading

import pytest

from workbench.cell.payload import prepare
from workbench.cell.reads import reads_of
from workbench.errors import CellError


@pytest.mark.parametrize(
    ("source", "needed"),
    [
        ("y = x + 1", {"x"}),
        ("x = 1\ny = x", set()),
        ("for i in data: total += i", {"data", "total"}),
        ("if flag:\n    a = 1\nprint(a)", {"flag", "a", "print"}),
        ("if flag:\n    a = 1\nelse:\n    a = 2\nprint(a)", {"flag", "print"}),
        ("def f(a, b=default):\n    return a + b + outer\n", {"default", "outer"}),
        ("@decorate\ndef f(): pass", {"decorate"}),
        ("f = lambda x: x * scale", {"scale"}),
        ("[a * k for a in rows if a > low]", {"k", "rows", "low"}),
        ("f'{value:{width}}'", {"value", "width"}),
        ("class A(Base):\n    size = n\n    def go(self): return self.size + m", {"Base", "n", "m"}),
        ("with open(path) as f:\n    g = f", {"open", "path"}),
        ("try:\n    a = 1\nexcept Err as e:\n    print(e)\n", {"Err", "print"}),
        ("del old", {"old"}),
        ("def f():\n    global counter\n    counter += 1", {"counter"}),
        ("x: Kind = 3", {"Kind"}),
        ("match cmd:\n    case [a, b] if a > low: print(b)", {"cmd", "low", "print"}),
        ("if (n := len(rows)) > 1: print(n)", {"len", "rows", "print"}),
        ("import numpy as np\nnp.zeros(k)", {"k"}),
        ("def f():\n    def g():\n        return deep\n    return g", {"deep"}),
        ("data['a'][i] = value", {"data", "i", "value"}),
        ("{**base, 'k': v}", {"base", "v"}),
        ("async def f():\n    async for x in source: yield x", {"source"}),
    ],
)
def test_reads_needed(source: str, needed: set[str]) -> None:
    assert set(reads_of([ast.parse(source)]).needed) == needed


@pytest.mark.parametrize(
    ("source", "mutated"),
    [
        ("X /= 255", {"X"}),
        ("X[0] = 1", {"X"}),
        ("X.sort()", {"X"}),
        ("df['a'] = 1", {"df"}),
        ("np.add(a, b, out=X)", {"X"}),
        ("df.fillna(0, inplace=True)", {"df"}),
        ("rng.shuffle(order)", {"rng", "order"}),
        ("w.normal_()", {"w"}),
        ("y = X + 1", set()),
    ],
)
def test_reads_mutated(source: str, mutated: set[str]) -> None:
    assert reads_of([ast.parse(source)]).mutated == mutated


def test_reads_imports() -> None:
    assert reads_of([ast.parse("import a.b\nfrom c.d import e\nfrom . import f")]).imports == {"a", "c"}


@pytest.mark.parametrize(
    ("source", "needed"),
    [
        ("[x for x in x]", {"x"}),
        ("def f(*args: Some, **options: Other): pass", {"Some", "Other"}),
        ("match cmd:\n    case {'k': v, **rest}: (v, rest)", {"cmd"}),
        ("try:\n    a = 1\nexcept ValueError:\n    a = 2\na", {"ValueError"}),
        ("try:\n    a = 1\nfinally:\n    pass\na", set()),
        ("if (n := f()) and n > 1: n", {"f", "n"}),
    ],
)
def test_reads_needed_in_corners(source: str, needed: set[str]) -> None:
    assert set(reads_of([ast.parse(source)]).needed) == needed


@pytest.mark.parametrize(
    "source",
    [
        "from math import *\nsqrt(2)",
        "exec('q = 1')\nq",
        "if 'q' in globals(): q",
        "try:\n    q\nexcept NameError:\n    q = 1",
        "def f():\n    try:\n        return q\n    except NameError:\n        return 1",
        "def f():\n    global q\n    q = 1\nf()\nq",
        "if (n := len('a')) and n > 1: n",
        "def f():\n    return later\nlater = 1\nf()",
        "%%capture text\nprint(1)",
        "%%timeit q = 1\nq + 1",
        "%time q = 1\nq",
        "!ls {unknown}",
    ],
)
def test_prepare_leaves_names_that_may_be_bound_to_run_time(source: str) -> None:
    assert prepare(source, {}).captured == ()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def f():\n    return helpr(1)", "line 3 reads 'helpr'.*Did you mean 'helper'"),
        ("for i in range(3):\n    helpr(i)", "line 3 reads 'helpr'"),
        ("total += 1", "line 2 reads 'total' before it is bound"),
        ("del gone", "line 2 reads 'gone'"),
    ],
)
def test_prepare_refuses_names_that_exist_nowhere(source: str, words: str) -> None:
    with pytest.raises(CellError, match=words):
        prepare(source, {"helper": len})


def test_prepare_takes_names_of_shell_commands() -> None:
    payload = prepare("!ls {folder} $name", {"folder": "a", "name": "b"})
    assert {item.name for item in payload.captured} == {"folder", "name"}


def test_prepare_does_not_capture_what_time_binds() -> None:
    assert prepare("%time lock = 1\nprint(lock)", {"lock": threading.Lock()}).captured == ()


def test_prepare_returns_what_a_star_import_may_bind() -> None:
    assert prepare("from math import *", {}, returns=("sqrt",)).captured == ()
