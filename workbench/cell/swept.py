"""The names of a cell that a sweep sets: the cell must read them, and may not overwrite them."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from workbench.cell.scopes import nodes_of
from workbench.errors import OptionError, suggestion

HOLDER = "__workbench_swept__"
"""The dictionary of a trial's values in the namespace that the cell runs in."""


def check_swept(tree: ast.Module, names: Iterable[str]) -> None:
    """Check that a sweep of these names has an effect.

    Raises ``OptionError`` for a name that the cell never reads, with the nearest that it does, and for one that it
    assigns in another way than as a literal at its top level.
    """
    read = {node.id for node in nodes_of(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    literals = {id(statement) for statement in tree.body if literals_of(statement)}
    for name in names:
        if name not in read:
            raise OptionError(
                f"Cannot sweep {name!r}: the cell never reads it.{suggestion(name, sorted(read))} "
                "Swept names take the place of the notebook's variables and of literals at the cell's top level."
            )
        for statement in nodes_of(tree):
            if id(statement) not in literals and name in _bound_by(statement):
                line = getattr(statement, "lineno", 0)
                raise OptionError(
                    f"Cannot sweep {name!r}: line {line} of the cell overwrites it. Assign it once, as a literal at "
                    f"the top level ({name} = 0.1), or take the assignment out."
                )


def literals_of(statement: ast.stmt) -> dict[str, ast.expr]:
    """Return the names that a statement sets to literals: ``lr = 0.1``, ``lr, batch = 0.1, 32``; none for any other."""
    target: ast.expr
    value: ast.expr | None
    if isinstance(statement, ast.AnnAssign):
        target, value = statement.target, statement.value
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, value = statement.targets[0], statement.value
    else:
        return {}
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        pairs = list(zip(target.elts, value.elts, strict=True))
    else:
        pairs = [(target, value)] if value is not None else []
    found = {name.id: given for name, given in pairs if isinstance(name, ast.Name) and _is_literal(given)}
    return found if len(found) == len(pairs) else {}


def _is_literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except ValueError:
        # A function or class of the notebook may stand there too: block = ResBlock.
        return isinstance(value, ast.Name)
    return True


def _bound_by(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Assign):
        targets: list[Any] = list(node.targets)
    elif isinstance(node, (ast.AugAssign, ast.AnnAssign, ast.NamedExpr, ast.For, ast.AsyncFor)):
        targets = [node.target]
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        targets = [node.optional_vars]
    else:
        return set()
    return {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}


class TakeSwept(ast.NodeTransformer):
    """Have ``lr = 0.1`` take the trial's value where there is one: ``lr = swept.get("lr", 0.1)``.

    Args:
        names: The swept names.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = set(names)

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """Rewrite the module's top-level literals of swept names."""
        for statement in node.body:
            for name, value in literals_of(statement).items():
                if name in self._names:
                    assert isinstance(statement, (ast.Assign, ast.AnnAssign))
                    _replace(statement, value, _looked_up(name, value))
        return node


def _looked_up(name: str, value: ast.expr) -> ast.expr:
    holder = ast.Attribute(ast.Name(HOLDER, ast.Load()), "get", ast.Load())
    call = ast.Call(holder, [ast.Constant(name), value], [])
    return ast.fix_missing_locations(ast.copy_location(call, value))


def _replace(statement: ast.Assign | ast.AnnAssign, value: ast.expr, other: ast.expr) -> None:
    if statement.value is value:
        statement.value = other
    elif isinstance(statement.value, ast.Tuple):
        statement.value.elts = [other if element is value else element for element in statement.value.elts]
