"""Python's scopes: what an expression or a definition reads from around it, and what statements bind."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_CATCH_MISSING = frozenset({"NameError", "Exception", "BaseException"})


def nodes_of(tree: ast.AST) -> list[ast.AST]:
    """All nodes of a tree; what ``ast.walk`` gives, in less time."""
    nodes: list[ast.AST] = [tree]
    for node in nodes:
        nodes += children_of(node)
    return nodes


def children_of(node: ast.AST) -> list[ast.AST]:
    """The nodes right below a node, without operators and contexts."""
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


@dataclass
class Found:
    """Names that an expression reads: ``(name, line, only when a function is called, a NameError is caught)``."""

    names: list[tuple[str, int, bool, bool]] = field(default_factory=list)
    walrus: dict[str, int] = field(default_factory=dict)
    made_global: dict[str, int] = field(default_factory=dict)


def catches_missing(node: ast.Try | ast.TryStar) -> bool:
    """Whether a ``NameError`` in the body of a ``try`` is caught by it."""
    return any(
        handler.type is None or any(isinstance(n, ast.Name) and n.id in _CATCH_MISSING for n in ast.walk(handler.type))
        for handler in node.handlers
    )


def collect(node: ast.AST, found: Found, *, later: bool, tried: bool) -> None:
    """Gather the names that a node reads from around it."""
    match node:
        case ast.Name():
            if not isinstance(node.ctx, ast.Store):
                found.names.append((node.id, node.lineno, later, tried))
        case ast.Constant():
            return
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            for part in _around_function(node):
                collect(part, found, later=later, tried=tried)
            _collect_inside(node, found, tried=tried)
        case ast.ClassDef():
            for part in (*node.decorator_list, *node.bases, *node.keywords):
                collect(part, found, later=later, tried=tried)
            seen: set[str] = set()
            for statement in node.body:
                part_found = Found(made_global=found.made_global)
                collect(statement, part_found, later=later, tried=tried)
                # Methods do not see the class's own names; its body does, once they are bound.
                found.names += [read for read in part_found.names if (read[2] and not later) or read[0] not in seen]
                seen |= bound_in([statement])
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            collect(node.generators[0].iter, found, later=later, tried=tried)
            inside = Found(walrus=found.walrus, made_global=found.made_global)
            for child in children_of(node):
                collect(child, inside, later=later, tried=tried)
            own = set().union(*[bound_in([generator.target]) for generator in node.generators])
            found.names += [read for read in inside.names if read[0] not in own]
        case ast.NamedExpr():
            collect(node.value, found, later=later, tried=tried)
            found.walrus.setdefault(node.target.id, node.lineno)
        case ast.AugAssign():
            if isinstance(node.target, ast.Name):
                found.names.append((node.target.id, node.lineno, later, tried))
            collect(node.target, found, later=later, tried=tried)
            collect(node.value, found, later=later, tried=tried)
        case ast.Try() | ast.TryStar():
            caught = tried or catches_missing(node)
            for statement in node.body:
                collect(statement, found, later=later, tried=caught)
            for rest in (*node.handlers, *node.orelse, *node.finalbody):
                collect(rest, found, later=later, tried=tried)
        case _:
            for child in children_of(node):
                collect(child, found, later=later, tried=tried)


def _collect_inside(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, found: Found, *, tried: bool) -> None:
    """What calling a function reads from around it, and which global names it makes."""
    inside = Found(made_global=found.made_global)
    for part in node.body if isinstance(node.body, list) else [node.body]:
        collect(part, inside, later=True, tried=tried)
    own = _own_names(node)
    found.names += [read for read in inside.names if read[0] not in own]
    if isinstance(node.body, list):
        for name in _declared_global(node.body) & bound_in(node.body):
            found.made_global.setdefault(name, node.lineno)


def _around_function(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Iterator[ast.AST]:
    """What defining a function evaluates: decorators, defaults, annotations."""
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
    """Names bound by statements in their own scope."""
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
    """All nodes of these statements that are not inside a function, class or comprehension of theirs."""
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
