"""A train cell as a call from Python."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from workbench.api.python_call import python_call
from workbench.errors import OptionError


def call(cell: str) -> tuple[str, dict[str, Any]]:
    """The cell's text and the options of the call."""
    tree = ast.parse(python_call(cell))
    node = tree.body[-1].value  # type: ignore[attr-defined]
    assert ast.unparse(node.func) == "workbench.train"
    return ast.literal_eval(node.args[0]), {word.arg: ast.literal_eval(word.value) for word in node.keywords}


def test_call_has_what_the_line_asks_for() -> None:
    line = "%%train digits -w 2 --gpus-per-worker 0.5 --memory 2G --returns a,b --timeout 2h --pip x y --env K=V"
    source, options = call(f"{line}\nfit()")
    assert source.strip() == "fit()"
    assert options == {
        "name": "digits", "workers": 2, "gpus_per_worker": 0.5, "memory": 2048, "returns": ["a", "b"],
        "timeout": 7200.0, "pip": ["x", "y"], "env": {"K": "V"},
    }  # fmt: skip


def test_call_of_a_plain_line_has_no_options() -> None:
    assert call("%%train\na = 1") == ("\na = 1\n", {})


@pytest.mark.parametrize(
    "source",
    ["s = '''a'''", 's = """b"""', "s = '''a''' + \"\"\"b\"\"\"", r"print('a\nb')", "x = 1  # \\", "ünï = 'é'"],
)
def test_call_keeps_the_cell_as_it_is(source: str) -> None:
    found, _ = call(f"%%train\n{source}")
    assert found.strip() == source


def test_call_of_a_line_that_cannot_be_read_says_so() -> None:
    with pytest.raises(OptionError, match="--wrkers"):
        python_call("%%train --wrkers 2\nfit()")


def test_call_of_a_sweep() -> None:
    line = '%%sweep tune --space "x=float(0,1)" --goal "min loss" --trials 5 --pruner asha --returns model'
    tree = ast.parse(python_call(f"{line}\nloss = x"))
    node = tree.body[-1].value  # type: ignore[attr-defined]
    assert ast.unparse(node.func) == "workbench.sweep"
    assert {word.arg: ast.literal_eval(word.value) for word in node.keywords} == {
        "space": "x=float(0,1)", "goal": "min loss", "name": "tune", "trials": 5, "pruner": "asha",
        "returns": ["model"],
    }  # fmt: skip
