"""Which captured values get a copy of their own on each worker."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.cell.mutations import mutated_names
from workbench.cell.payload import prepare


@pytest.mark.parametrize(
    ("source", "is_mutated"),
    [
        ("Y = X\nY[0] = 1", True),
        ("Y = X.T[10:]\nY += 1", True),
        ("Y = X.reshape(2, -1)\nY.sort()", True),
        ("for row in X:\n    row[:] = 0", True),
        ("for i, row in enumerate(X):\n    row[:] = 0", True),
        ("def clear(z):\n    z[0] = 1\nclear(X)", True),
        ("def clear(z):\n    z[0] = 1\ndef both(a):\n    clear(z=a)\nboth(X)", True),
        ("Y = X + 1\nY[0] = 1", False),
        ("Y = X.copy()\nY[0] = 1", False),
        ("total = X[i]\ntotal += 1", False),
        ("def clear(z, n):\n    z[0] = n\nclear(Y, X)", False),
        ("X = X / 2", False),
    ],
)
def test_mutated_names(source: str, is_mutated: bool) -> None:
    assert ("X" in mutated_names(ast.walk(ast.parse(source)))) is is_mutated


def test_prepare_sees_a_notebook_function_that_changes_its_argument(tmp_path: Path) -> None:
    path = tmp_path / "earlier_cell.py"
    path.write_text("def clear(z):\n    z[0] = 1\n")
    names: dict[str, Any] = {"__name__": "__main__", "X": np.ones(300_000)}
    exec(compile(path.read_text(), str(path), "exec"), names)
    assert prepare("clear(X)", names).mutated == {"X"}
