"""Names of a cell that a sweep sets."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from workbench.cell.swept import HOLDER, TakeSwept, check_swept
from workbench.errors import OptionError


def run(source: str, values: dict[str, Any], namespace: dict[str, Any] | None = None) -> dict[str, Any]:
    """The names that the cell leaves behind with these values."""
    tree = ast.parse(source)
    check_swept(tree, values)
    names = {**(namespace or {}), **values, HOLDER: values}
    exec(compile(TakeSwept(values).visit(tree), "cell", "exec"), names)
    return names


def test_literals_and_captured_names_take_the_trials_values() -> None:
    source = "lr = 0.1\nsizes: list = [1, 2]\nblock = Small\ntotal = lr * depth + sizes[0]\nkind = block"
    names = run(source, {"lr": 0.5, "depth": 3, "sizes": [7], "block": str}, {"depth": 1, "Small": int})
    assert (names["total"], names["kind"]) == (8.5, str)


def test_several_literals_may_stand_in_one_line() -> None:
    names = run("lr, batch = 0.1, 32\ntotal = lr * batch", {"lr": 0.5})
    assert (names["total"], names["batch"]) == (16.0, 32)


def test_name_that_a_trial_does_not_sweep_keeps_its_literal() -> None:
    tree = TakeSwept(["momentum"]).visit(ast.parse("momentum = 0.9\nx = momentum"))
    names: dict[str, Any] = {HOLDER: {}}
    exec(compile(tree, "cell", "exec"), names)
    assert names["x"] == 0.9


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("rate = 0.1\nx = rate", "never reads it. Did you mean 'rate'"),
        ("for lr in range(3): print(lr)", "line 1 of the cell overwrites it"),
        ("lr = 0.1\nlr += 1\nprint(lr)", "line 2"),
        ("lr = f()\nprint(lr)", "line 1"),
        ("if True:\n    lr = 0.1\nprint(lr)", "line 2"),
        ("def lr(): pass\nlr()", "line 1"),
        ("import numpy as lr\nlr.pi", "line 1"),
        ("with open('x') as lr: print(lr)", "overwrites"),
    ],
)
def test_sweep_without_effect_is_refused(source: str, words: str) -> None:
    near = "rat" if "rate" in source else "lr"
    with pytest.raises(OptionError, match=words.replace("?", "")):
        check_swept(ast.parse(source), [near])


@pytest.mark.parametrize(("name", "near"), [("dpth", " Did you mean 'depth'?"), ("other", " Swept names")])
def test_names_that_the_cell_never_reads_are_found(name: str, near: str) -> None:
    with pytest.raises(OptionError) as caught:
        check_swept(ast.parse("total = lr * depth"), ["lr", name])
    assert f"Cannot sweep {name!r}: the cell never reads it.{near}" in str(caught.value)
