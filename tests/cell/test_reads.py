"""Which names a cell needs from the notebook."""

from __future__ import annotations

import ast

import pytest

from workbench.cell.reads import reads_of


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
