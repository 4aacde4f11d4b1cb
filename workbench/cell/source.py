"""The cell's text: which notebook syntax may run on a worker, and the plain Python it stands for."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass, field

from workbench.errors import CellError

_RUNS_PYTHON = frozenset({"time", "timeit", "capture", "prun"})
_ALLOWED_LINE = _RUNS_PYTHON | {"matplotlib", "env", "cd", "config", "precision", "pwd", "ls", "set_env", "who", "whos"}
_ALLOWED_CELL = _RUNS_PYTHON | {"bash", "sh", "script", "html", "HTML", "latex", "markdown", "writefile", "javascript"}
_SKIPPED = frozenset({"autoreload", "load_ext", "reload_ext", "unload_ext", "aimport", "gui"})
_NESTED = frozenset({"train", "sweep"})
_INSTALLS = re.compile(r"^\s*(?:python[\d.]*\s+-m\s+)?(?:pip3?|conda|mamba|uv\s+pip)\s+install\s+(.*)$")


@dataclass(frozen=True)
class Section:
    """A part of the cell that is plain Python.

    Attributes:
        tree: Its syntax tree, with the line numbers of the notebook's cell.
        is_nested: Whether it stands inside another magic (``%time f(x)``, ``%%capture``).
    """

    tree: ast.Module
    is_nested: bool = False


@dataclass(frozen=True)
class CellSource:
    """A checked cell.

    Attributes:
        text: What a worker's IPython executes: the cell without lines that mean nothing there.
        sections: Its Python, also that inside ``%time`` and its like.
    """

    text: str
    sections: tuple[Section, ...] = field(repr=False)


def read_cell(source: str, *, line_offset: int = 0) -> CellSource:
    """Check a cell's text.

    Args:
        source: The cell without its first ``%%train`` line.
        line_offset: How many lines of the notebook's cell stand above ``source``.

    Raises:
        CellError: For an empty cell, a syntax error (pointing at the cell's own line), and magics
            or calls that cannot work on a worker, each with what to do instead.
    """
    source = _without_skipped(source)
    text = source if source.endswith("\n") else source + "\n"
    tree = _parse(text, line_offset)
    if not tree.body:
        raise CellError("Cannot run an empty cell: there is no code below the magic. Write the training code there.")
    sections = [Section(tree)]
    for node in ast.walk(tree):
        sections += _check(node, line_offset)
    return CellSource(text, tuple(sections))


def _parse(text: str, line_offset: int) -> ast.Module:
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            code = TransformerManager().transform_cell(text)
            tree = compile(code, "cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, True)
    except SyntaxError as error:
        raise CellError(_syntax_message(error, text, line_offset), line=(error.lineno or 1) + line_offset) from None
    except ValueError as error:  # a NUL character
        raise CellError(f"Cannot read the cell: {error}.") from None
    # Leading blank lines are dropped by IPython; they count in the notebook.
    blank = len(text) - len(text.lstrip("\n"))
    dropped = blank if code.count("\n") == text.count("\n") - blank else 0
    ast.increment_lineno(tree, line_offset + dropped)
    assert isinstance(tree, ast.Module)
    return tree


def _syntax_message(error: SyntaxError, text: str, line_offset: int) -> str:
    number = error.lineno or 1
    lines = text.splitlines()
    line = lines[number - 1] if number <= len(lines) else (error.text or "").rstrip("\n")
    caret = " " * max(0, (error.offset or 1) - 1) + "^"
    return f"Cannot read line {number + line_offset} of the cell: {error.msg}.\n    {line}\n    {caret}"


def _without_skipped(source: str) -> str:
    """Blank out lines that only matter in the kernel (``%load_ext``, ``%autoreload``); numbers stay."""
    lines = source.split("\n")
    for index, line in enumerate(lines):
        match = re.match(r"^%([A-Za-z_]\w*)", line)
        if match and match.group(1) in _SKIPPED:
            lines[index] = ""
    return "\n".join(lines)


def _check(node: ast.AST, line_offset: int) -> list[Section]:
    """Refuse what cannot run on a worker; give the Python inside magics that take some."""
    if not isinstance(node, ast.Call):
        return []
    if isinstance(node.func, ast.Name) and node.func.id in ("input", "getpass"):
        raise CellError(
            f"Cannot run line {node.lineno}: {node.func.id}() needs a keyboard, and a worker has none. "
            f"Ask in a cell of the notebook before, and read the variable here."
        )
    if not (isinstance(node.func, ast.Attribute) and _is_get_ipython(node.func.value)):
        return []
    arguments = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    method, line = node.func.attr, node.lineno
    if method in ("system", "getoutput") and arguments:
        _check_command(arguments[0], line)
    elif method == "run_line_magic" and arguments:
        return _check_line_magic(arguments[0], arguments[1] if len(arguments) > 1 else "", line)
    elif method == "run_cell_magic" and arguments:
        return _check_cell_magic(arguments[0], arguments[2] if len(arguments) > 2 else "", line)
    return []


def _is_get_ipython(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "get_ipython"


def _check_command(command: str, line: int) -> None:
    match = _INSTALLS.match(command)
    if match:
        packages = " ".join(word for word in match.group(1).split() if not word.startswith("-")) or "PACKAGE"
        raise CellError(
            f"Cannot run line {line}: `!{command.strip()}` would change the environment of a worker that others use. "
            f"Give this run packages of its own instead: %%train --pip {packages}"
        )


def _check_line_magic(name: str, rest: str, line: int) -> list[Section]:
    if name in ("pip", "conda", "mamba", "uv"):
        _check_command(f"pip {rest}", line)
    if name in _NESTED:
        raise CellError(f"Cannot run line {line}: %{name} inside a run. Take it out of the cell.")
    if name not in _ALLOWED_LINE:
        raise CellError(
            f"Cannot run line {line}: the magic %{name} is not there on a worker. "
            f"Run it in a cell of the notebook, and keep the training code alone in this one."
        )
    return _python_in(rest, line) if name in _RUNS_PYTHON else []


def _check_cell_magic(name: str, body: str, line: int) -> list[Section]:
    if name in _NESTED:
        raise CellError(f"Cannot run line {line}: %%{name} inside a run. Keep one of the two lines.")
    if name not in _ALLOWED_CELL:
        raise CellError(f"Cannot run line {line}: the magic %%{name} is not there on a worker. Take the line out.")
    if name not in _RUNS_PYTHON:
        return []
    sections = [Section(_parse(body, line), is_nested=True)]
    for section in list(sections):
        for node in ast.walk(section.tree):
            sections += _check(node, line)
    return sections


def _python_in(rest: str, line: int) -> list[Section]:
    """The statement after ``%time`` or ``%timeit``, whose options come first."""
    words = re.sub(r"^(?:-\w+\s*\d*\s+)+", "", rest)
    try:
        return [Section(_parse(words + "\n", line - 1), is_nested=True)] if words.strip() else []
    except CellError:
        return []
