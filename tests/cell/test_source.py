"""The syntax that a cell may contain, and the errors for the rest."""

from __future__ import annotations

import ast
import time

import pytest

from workbench.cell.payload import prepare
from workbench.cell.source import read_cell
from workbench.errors import CellError


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "empty cell"),
        ("# a comment\n\n", "empty cell"),
        ("!pip install requests", "--pip requests"),
        ("%pip install -U requests", "--pip requests"),
        ("!conda install foo", "--pip foo"),
        ("x = input('?')", "input()"),
        ("%%train other\nx = 1", "%%train"),
        ("%load_model x", "%load_model"),
        ("%%frobnicate\nx = 1", "%%frobnicate"),
    ],
)
def test_read_cell_refuses_with_a_reason(source: str, words: str) -> None:
    with pytest.raises(CellError) as caught:
        read_cell(source, line_offset=1)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "source",
    ["import os", "!ls", "%matplotlib inline\nx = 1", "%time y = sum(range(3))", "%%time\nx = 1\ny = x",
     "await something()", "%load_ext autoreload\n%autoreload 2\nx = 1", "x = 'é' + '漢字'",
     "get_ipython().system('ls')"],
)  # fmt: skip
def test_read_cell_takes(source: str) -> None:
    assert read_cell(source, line_offset=1).sections


def test_read_cell_syntax_error_points_at_the_cells_line() -> None:
    with pytest.raises(CellError) as caught:
        read_cell("x = 1\ny = (\nz = 3", line_offset=1)
    assert caught.value.line in (3, 4)
    assert "y = (" in str(caught.value)
    assert "^" in str(caught.value)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("return 5", "line 2 of the cell: 'return' outside function"),
        ("x = 1\nbreak", "line 3 of the cell: 'break' outside loop"),
        ("if True:\nx = 1", "line 3 of the cell: expected an indented block after 'if' statement on line 2"),
        ("import getpass\ngetpass.getpass()", "line 3: getpass()"),
        ("%%time\n!pip install x", "--pip x"),
        ("%autoreload 2", "empty cell"),
    ],
)
def test_read_cell_points_at_the_line(source: str, words: str) -> None:
    with pytest.raises(CellError) as caught:
        read_cell(source, line_offset=1)
    assert words in str(caught.value)


def test_read_cell_takes_kernel_lines_out_and_keeps_line_numbers() -> None:
    text = "a = 1\n%load_ext autoreload\nif a:\n    %autoreload 2\ns = '''\n%load_ext kept\n'''\nb = 2\n"
    expected = "a = 1\n\nif a:\n    pass\ns = '''\n%load_ext kept\n'''\nb = 2\n"
    assert read_cell(text, line_offset=1).text == expected


def test_prepare_of_5000_lines_is_quick() -> None:
    source = "\n".join(f"x{i} = {i} + len('a')" for i in range(5000))
    prepare(source, {})
    began = time.perf_counter()
    ast.parse(source)
    alone = time.perf_counter() - began
    began = time.perf_counter()
    prepare(source, {})
    assert time.perf_counter() - began < 15 * alone  # measured: 3 to 4
