"""Python's scopes: the names that code reads from around it, and those that statements bind."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_CATCH_MISSING = frozenset({"NameError", "Exception", "BaseException"})


def nodes_of(tree: ast.AST) -> list[ast.AST]:
    """Return all nodes of a tree, as ``ast.walk`` does, in less time."""
    nodes: list[ast.AST] = [tree]
    for node in nodes:
        nodes += children_of(node)
    return nodes


def children_of(node: ast.AST) -> list[ast.AST]:
    """Return the nodes right below a node, without operators and contexts."""
    children: list[ast.AST] = []
    values = node.__dict__
    for name in node._fields:
        value = values.get(name)
        if isinstance(value, ast.AST):
            if name != "ctx" and name != "op":
                children.append(value)
        elif isinstance(value, list):
            children += [item for item in value if isinstance(item, ast.AST)]
    return children


class Read(NamedTuple):
    """A name that is read in a line: ``later`` when a function is called, ``tried`` where a ``NameError`` is caught."""

    name: str
    line: int
    later: bool
    tried: bool


@dataclass
class ScopeReads:
    """The names that code reads from around it, and those that it binds there on the way.

    Attributes:
        names: The reads, in order.
        walrus: Names bound by ``:=``, with the first line.
        made_global: Names that functions declare global and bind, with the first line.
    """

    names: list[Read] = field(default_factory=list)
    walrus: dict[str, int] = field(default_factory=dict)
    made_global: dict[str, int] = field(default_factory=dict)


def catches_missing(node: ast.Try | ast.TryStar) -> bool:
    """Return whether a ``try`` catches a ``NameError`` in its body."""
    return any(
        handler.type is None or any(isinstance(n, ast.Name) and n.id in _CATCH_MISSING for n in ast.walk(handler.type))
        for handler in node.handlers
    )


def collect(node: ast.AST, found: ScopeReads, *, later: bool, tried: bool) -> None:
    """Gather the names that a node reads from around it."""
    match node:
        case ast.Name():
            if not isinstance(node.ctx, ast.Store):
                found.names.append(Read(node.id, node.lineno, later, tried))
        case ast.Constant():
            return
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            _collect_all(_around_function(node), found, later=later, tried=tried)
            _collect_inside(node, found, tried=tried)
        case ast.ClassDef():
            _collect_class(node, found, later=later, tried=tried)
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            _collect_comprehension(node, found, later=later, tried=tried)
        case ast.NamedExpr():
            collect(node.value, found, later=later, tried=tried)
            found.walrus.setdefault(node.target.id, node.lineno)
        case ast.AugAssign():
            if isinstance(node.target, ast.Name):
                found.names.append(Read(node.target.id, node.lineno, later, tried))
            collect(node.target, found, later=later, tried=tried)
            collect(node.value, found, later=later, tried=tried)
        case ast.Try() | ast.TryStar():
            _collect_all(node.body, found, later=later, tried=tried or catches_missing(node))
            _collect_all((*node.handlers, *node.orelse, *node.finalbody), found, later=later, tried=tried)
        case _:
            _collect_all(children_of(node), found, later=later, tried=tried)


def _collect_all(nodes: Iterable[ast.AST], found: ScopeReads, *, later: bool, tried: bool) -> None:
    for node in nodes:
        collect(node, found, later=later, tried=tried)


def _collect_class(node: ast.ClassDef, found: ScopeReads, *, later: bool, tried: bool) -> None:
    """Gather what defining a class reads from around it."""
    _collect_all((*node.decorator_list, *node.bases, *node.keywords), found, later=later, tried=tried)
    seen: set[str] = set()
    for statement in node.body:
        inside = ScopeReads(made_global=found.made_global)
        collect(statement, inside, later=later, tried=tried)
        # Methods do not see the class's own names; its body does, once they are bound.
        found.names += [read for read in inside.names if (read.later and not later) or read.name not in seen]
        seen |= bound_in([statement])


def _collect_comprehension(
    node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, found: ScopeReads, *, later: bool, tried: bool
) -> None:
    """Gather what a comprehension reads from around it; its own names are bound in it alone."""
    collect(node.generators[0].iter, found, later=later, tried=tried)
    inside = ScopeReads(walrus=found.walrus, made_global=found.made_global)
    _collect_all(children_of(node), inside, later=later, tried=tried)
    own = set().union(*[bound_in([generator.target]) for generator in node.generators])
    found.names += [read for read in inside.names if read.name not in own]


def _collect_inside(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, found: ScopeReads, *, tried: bool
) -> None:
    """Gather what calling a function reads from around it, and the global names that it binds."""
    inside = ScopeReads(made_global=found.made_global)
    for part in node.body if isinstance(node.body, list) else [node.body]:
        collect(part, inside, later=True, tried=tried)
    own = _own_names(node)
    found.names += [read for read in inside.names if read.name not in own]
    if isinstance(node.body, list):
        for name in _declared_global(node.body) & bound_in(node.body):
            found.made_global.setdefault(name, node.lineno)


def _around_function(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Iterator[ast.AST]:
    """Yield what defining a function evaluates: decorators, defaults, annotations."""
    arguments = node.args
    yield from arguments.defaults
    yield from [default for default in arguments.kw_defaults if default is not None]
    if isinstance(node, ast.Lambda):
        return
    yield from node.decorator_list
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    yield from [argument.annotation for argument in every if argument is not None and argument.annotation is not None]
    if node.returns is not None:
        yield node.returns


def _own_names(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> set[str]:
    arguments = node.args
    own = {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    own |= {a.arg for a in (arguments.vararg, arguments.kwarg) if a is not None}
    if isinstance(node, ast.Lambda):
        return own
    return (own | bound_in(node.body)) - _declared_global(node.body)


def _declared_global(body: Iterable[ast.AST]) -> set[str]:
    return {name for inner in _same_scope(body) if isinstance(inner, ast.Global) for name in inner.names}


def bound_in(body: Iterable[ast.AST]) -> set[str]:
    """Return the names that statements bind in their own scope."""
    names: set[str] = set()
    for node in _same_scope(body):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            names.add(node.rest)
    return names


def _same_scope(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield all nodes of these statements that are not inside a function, class or comprehension of theirs."""
    pending = list(body)
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            continue
        if isinstance(node, _COMPREHENSIONS):
            # A walrus inside a comprehension binds in the scope around it.
            pending += [inner.target for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr)]
            continue
        pending += children_of(node)
