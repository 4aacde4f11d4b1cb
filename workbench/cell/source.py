"""Reads the text of a cell: the notebook syntax that may run on a worker, and the plain Python that it stands for."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass, field

from workbench.cell.scopes import nodes_of
from workbench.errors import CellError

_RUNS_PYTHON = frozenset({"time", "timeit", "capture", "prun"})
_ALLOWED_LINE = _RUNS_PYTHON | {"matplotlib", "env", "cd", "config", "precision", "pwd", "ls", "set_env", "who", "whos"}
_ALLOWED_CELL = _RUNS_PYTHON | {"bash", "sh", "script", "html", "HTML", "latex", "markdown", "writefile", "javascript"}
_SKIPPED = frozenset({"autoreload", "load_ext", "reload_ext", "unload_ext", "aimport", "gui"})
_NESTED = frozenset({"train", "sweep"})
_KEYBOARD = re.compile(r"\b(?:input|getpass|get_ipython)\b")
_OUT_OF_PLACE = (ast.Return, ast.Yield, ast.YieldFrom, ast.Break, ast.Continue, ast.Nonlocal, ast.Global, ast.Starred)
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
class CheckedCell:
    """A checked cell.

    Attributes:
        text: The text that a worker's IPython executes: the cell without lines that mean nothing there.
        sections: Its Python, that inside ``%time`` and the like included.
    """

    text: str
    sections: tuple[Section, ...] = field(repr=False)


def read_cell(source: str, *, line_offset: int = 0) -> CheckedCell:
    """Check a cell's text.

    Args:
        source: The cell without its first ``%%train`` line.
        line_offset: The number of lines of the notebook's cell above ``source``.

    Raises:
        CellError: For an empty cell, a syntax error (pointing at the cell's own line), and magics
            or calls that cannot work on a worker, each with what to do instead.
    """
    text = source if source.endswith("\n") else source + "\n"
    tree, has_magics = _parse(text, line_offset)
    if has_magics:
        text = _without_skipped(tree, text, line_offset)
    if not tree.body:
        raise CellError("Cannot run an empty cell: there is no code below the magic. Write the training code there.")
    more: list[Section] = []
    if has_magics or _KEYBOARD.search(text):
        for place, statement in reversed(list(enumerate(tree.body))):
            nested = [section for node in ast.walk(statement) for section in _check(node, line_offset)]
            if isinstance(statement, ast.Expr):  # `%time x = f()` binds x where it stands
                body = [inner for section in nested for inner in section.tree.body]
                tree.body[place + 1 : place + 1] = body
            else:
                more += nested
    return CheckedCell(text, (Section(tree), *more))


def _parse(text: str, line_offset: int) -> tuple[ast.Module, bool]:
    """Return the tree with the notebook cell's line numbers, and whether the text is more than plain Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = _plain(text)
            code = text if tree is not None else _transformed(text)
            if tree is None:
                tree = _tree_of(code)
            nodes = nodes_of(tree)
            if any(isinstance(node, _OUT_OF_PLACE) for node in nodes):
                compile(code, "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, True)
    except SyntaxError as error:
        raise CellError(_syntax_message(error, text, line_offset), line=(error.lineno or 1) + line_offset) from None
    except ValueError as error:  # a NUL character
        raise CellError(f"Cannot read the cell: {error}.") from None
    # IPython drops leading blank lines; they count in the notebook.
    blank = len(text) - len(text.lstrip("\n"))
    dropped = blank if code.count("\n") == text.count("\n") - blank else 0
    if line_offset + dropped:
        for node in nodes:
            if "lineno" in node.__dict__:
                node.__dict__["lineno"] += line_offset + dropped
    return tree, code is not text


def _plain(text: str) -> ast.Module | None:
    """Return the tree of a text that is plain Python, else None: most cells are, and IPython's own look takes long."""
    try:
        return _tree_of(text)
    except SyntaxError:
        return None


def _tree_of(code: str) -> ast.Module:
    tree = compile(code, "cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, True)
    assert isinstance(tree, ast.Module)
    return tree


def _transformed(text: str) -> str:
    from IPython.core.inputtransformer2 import TransformerManager

    return str(TransformerManager().transform_cell(text))


def _syntax_message(error: SyntaxError, text: str, line_offset: int) -> str:
    number = error.lineno or 1
    lines = text.splitlines()
    line = lines[number - 1] if number <= len(lines) else (error.text or "").rstrip("\n")
    caret = " " * max(0, (error.offset or 1) - 1) + "^"
    # Python's own message counts lines from the top of the text.
    message = re.sub(r"\b(on|at) line (\d+)", lambda at: f"{at[1]} line {int(at[2]) + line_offset}", error.msg)
    stop = "" if message.endswith((".", "?")) else "."
    return f"Cannot read line {number + line_offset} of the cell: {message}{stop}\n    {line}\n    {caret}"


def _without_skipped(tree: ast.Module, text: str, line_offset: int) -> str:
    """Take out lines that only matter in the kernel (``%load_ext``, ``%autoreload``); line numbers stay."""
    lines = text.split("\n")
    for node in ast.walk(tree):
        for body in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
            for statement in body if isinstance(body, list) else []:
                index = statement.lineno - 1 - line_offset if isinstance(statement, ast.Expr) else len(lines)
                if index < len(lines) and _magic_name(statement.value) in _SKIPPED:
                    indent = re.match(r"\s*", lines[index])
                    lines[index] = f"{indent[0]}pass" if indent and indent[0] else ""
                    statement.value = ast.copy_location(ast.Constant(None), statement)
    tree.body = [node for node in tree.body if not (isinstance(node, ast.Expr) and _is_none(node.value))]
    return "\n".join(lines)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _magic_name(node: ast.expr) -> str:
    """Return the name of the line magic that an expression runs, or an empty string."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_get_ipython(node.func.value)):
        return ""
    first = node.args[0] if node.args else None
    is_magic = node.func.attr == "run_line_magic" and isinstance(first, ast.Constant)
    return str(first.value) if is_magic and isinstance(first, ast.Constant) else ""


def _check(node: ast.AST, line_offset: int) -> list[Section]:
    """Refuse what cannot run on a worker; return the Python inside magics that take some."""
    if not isinstance(node, ast.Call):
        return []
    called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    if called == "getpass" or (called == "input" and isinstance(node.func, ast.Name)):
        raise CellError(
            f"Cannot run line {node.lineno}: {called}() needs a keyboard, and a worker has none. "
            f"Ask in an earlier cell of the notebook, and read the variable here."
        )
    if not (isinstance(node.func, ast.Attribute) and _is_get_ipython(node.func.value)):
        return []
    arguments = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    method, line = node.func.attr, node.lineno
    if method in ("system", "getoutput") and arguments:
        _check_command(arguments[0], line)
        return _expanded(arguments[0], line)
    elif method == "run_line_magic" and arguments:
        return _check_line_magic(arguments[0], arguments[1] if len(arguments) > 1 else "", line)
    elif method == "run_cell_magic" and arguments:
        rest, body = (*arguments[1:], "", "")[:2]
        return _check_cell_magic(arguments[0], rest, body, line)
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
        raise CellError(f"Cannot run line {line}: %{name} cannot be used inside a run. Take it out of the cell.")
    if name not in _ALLOWED_LINE:
        raise CellError(
            f"Cannot run line {line}: the magic %{name} does not exist on a worker. "
            f"Run it in a cell of the notebook, and leave only the training code in this one."
        )
    if name not in _RUNS_PYTHON:
        return _expanded(rest, line)
    return [_only_inside(section) for section in _python_in(rest, line)] if name == "timeit" else _python_in(rest, line)


def _expanded(text: str, line: int) -> list[Section]:
    """Return the names that IPython fills into a command (``!ls {folder} $name``); unknown ones stay as they are."""
    names = re.findall(r"(?<![\\$\w])\$([A-Za-z_]\w*)", text)
    parts = []
    for part in [*re.findall(r"\{([^{}]+)\}", text), *names]:
        try:
            parts.append(ast.Expr(ast.parse(part.strip(), mode="eval").body))
        except SyntaxError:
            continue
    if not parts:
        return []
    handler = ast.ExceptHandler(None, None, [ast.Pass()])
    tree = ast.Module([ast.Try(list(parts), [handler], [], [])], [])
    for node in ast.walk(tree):
        node.lineno = line  # type: ignore[attr-defined]
    return [Section(tree, is_nested=True)]


def _only_inside(section: Section) -> Section:
    """Return code whose names do not outlive it, as the body of a branch that may not run."""
    branch = ast.If(ast.Constant(True), section.tree.body, [])
    return Section(ast.Module([branch], []), is_nested=True)


def _check_cell_magic(name: str, rest: str, body: str, line: int) -> list[Section]:
    if name in _NESTED:
        raise CellError(f"Cannot run line {line}: %%{name} cannot be used inside a run. Keep one of the two lines.")
    if name not in _ALLOWED_CELL:
        raise CellError(f"Cannot run line {line}: the magic %%{name} does not exist on a worker. Take the line out.")
    if name not in _RUNS_PYTHON:
        return []
    cell = read_cell(body, line_offset=line) if body.strip() else None
    sections = [Section(section.tree, is_nested=True) for section in cell.sections] if cell else []
    if name == "timeit":
        merged = ast.Module([*_statements(_python_in(rest, line)), *_statements(sections)], [])
        return [_only_inside(Section(merged))]
    if name == "capture":
        words = [word for word in rest.split() if not word.startswith("-")]
        sections += _python_in(f"{words[0]} = None", line) if words else []
    return sections


def _statements(sections: list[Section]) -> list[ast.stmt]:
    return [statement for section in sections for statement in section.tree.body]


def _python_in(rest: str, line: int) -> list[Section]:
    """Return the statement after ``%time`` or ``%timeit``, whose options come first."""
    words = re.sub(r"^(?:-\w+\s*\d*\s+)+", "", rest)
    try:
        return [Section(_parse(words + "\n", line - 1)[0], is_nested=True)] if words.strip() else []
    except CellError:
        return []
