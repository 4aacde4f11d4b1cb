"""Which names a piece of Python reads from outside, and which it binds."""

from __future__ import annotations

import ast
import dis
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass
class Reads:
    """What a cell reads and binds at its top level.

    Attributes:
        needed: Names read before the cell surely binds them, with the first line that does.
        straight: Those of them that are read in straight-line code (not in a branch, loop or function).
        bound: Names that the cell binds somewhere at its top level, with the first line.
        mutated: Names whose value the cell may change in place.
        imports: Top-level names of modules that the cell imports.
    """

    needed: dict[str, int] = field(default_factory=dict)
    straight: set[str] = field(default_factory=set)
    bound: dict[str, int] = field(default_factory=dict)
    mutated: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)


def reads_of(trees: Iterable[ast.Module]) -> Reads:
    """The reads of a cell's sections, in order."""
    reads = Reads()
    for tree in trees:
        walker = _TopLevel(reads)
        walker.block(tree.body, set())
        reads.mutated |= _mutated_names(tree)
        reads.imports |= set(_imported(tree))
    return reads


class _TopLevel:
    """Walks statements in the order in which they run, with the names that are surely bound by then."""

    def __init__(self, reads: Reads) -> None:
        self.reads = reads
        self.depth = 0

    def block(self, body: list[ast.stmt], bound: set[str]) -> set[str]:
        for statement in body:
            bound = self.statement(statement, bound)
        return bound

    def statement(self, node: ast.stmt, bound: set[str]) -> set[str]:
        match node:
            case ast.If():
                self.expression(node.test, bound)
                bound = bound | _walrus(node.test)
                with_it, without = self.inner(node.body, bound), self.inner(node.orelse, bound)
                return with_it & without
            case ast.For() | ast.AsyncFor():
                self.expression(node.iter, bound)
                self.inner(node.body, bound | self.bind_target(node.target, bound))
                return self.inner(node.orelse, bound) if node.orelse else bound
            case ast.While():
                self.expression(node.test, bound)
                bound = bound | _walrus(node.test)
                self.inner(node.body, bound)
                self.inner(node.orelse, bound)
                return bound
            case ast.Try() | ast.TryStar():
                after = self.inner(node.body, bound)
                for handler in node.handlers:
                    if handler.type is not None:
                        self.expression(handler.type, bound)
                    self.inner(handler.body, bound | ({handler.name} if handler.name else set()))
                self.inner(node.orelse, after)
                final = self.inner(node.finalbody, bound) if node.finalbody else bound
                # A handler that leaves (raises) makes what the body bound sure; others do not.
                leaves = all(isinstance(handler.body[-1], (ast.Raise, ast.Return)) for handler in node.handlers)
                return after | final if leaves else final
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    self.expression(item.context_expr, bound)
                    if item.optional_vars is not None:
                        bound = bound | self.bind_target(item.optional_vars, bound)
                return self.block(node.body, bound)
            case ast.Match():
                self.expression(node.subject, bound)
                for case in node.cases:
                    names = {
                        n.name for n in ast.walk(case.pattern) if isinstance(n, (ast.MatchAs, ast.MatchStar)) and n.name
                    }
                    self.expressions(case.pattern, bound)
                    if case.guard is not None:
                        self.expression(case.guard, bound | names)
                    self.inner(case.body, bound | names)
                return bound
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self.expression(node, bound)
                return bound | self.bind(node.name, node.lineno)
            case ast.Import() | ast.ImportFrom():
                names = {(alias.asname or alias.name).split(".")[0] for alias in node.names}
                for name in names:
                    self.bind(name, node.lineno)
                return bound | names
            case ast.Delete():
                self.expressions(node, bound)
                return bound - {target.id for target in node.targets if isinstance(target, ast.Name)}
            case ast.AugAssign():
                self.expression(node.value, bound)
                if isinstance(node.target, ast.Name):
                    self.read(node.target.id, node.lineno, bound)
                return bound | self.bind_target(node.target, bound)
            case ast.Assign():
                self.expression(node.value, bound)
                for target in node.targets:
                    bound = bound | self.bind_target(target, bound)
                return bound
            case ast.AnnAssign():
                self.expression(node.annotation, bound)
                if node.value is None:
                    return bound
                self.expression(node.value, bound)
                return bound | self.bind_target(node.target, bound)
            case _:
                self.expressions(node, bound)
                return bound | _walrus(node)

    def inner(self, body: list[ast.stmt], bound: set[str]) -> set[str]:
        """A block that may not run."""
        self.depth += 1
        try:
            return self.block(body, bound)
        finally:
            self.depth -= 1

    def expression(self, node: ast.AST, bound: set[str]) -> None:
        """Note the names that evaluating a node reads now, and those that functions in it will read."""
        for name, line, later in free_names(node):
            self.read(name, line, bound, later=later)
        for inner in ast.walk(node):
            if isinstance(inner, ast.NamedExpr):
                self.bind(inner.target.id, inner.lineno)

    def expressions(self, node: ast.AST, bound: set[str]) -> None:
        for child in ast.iter_child_nodes(node):
            self.expression(child, bound)

    def read(self, name: str, line: int, bound: set[str], *, later: bool = False) -> None:
        if name in bound:
            return
        self.reads.needed.setdefault(name, line)
        if self.depth == 0 and not later:
            self.reads.straight.add(name)

    def bind(self, name: str, line: int) -> set[str]:
        self.reads.bound.setdefault(name, line)
        return {name}

    def bind_target(self, target: ast.expr, bound: set[str]) -> set[str]:
        """Names that an assignment target binds; what its subscripts and attributes read counts too."""
        match target:
            case ast.Name():
                return self.bind(target.id, target.lineno)
            case ast.Tuple() | ast.List():
                return set().union(*[self.bind_target(part, bound) for part in target.elts])
            case ast.Starred():
                return self.bind_target(target.value, bound)
            case _:
                self.expressions(target, bound)
                return set()


def _walrus(node: ast.AST) -> set[str]:
    """Names that an expression binds with ``:=``."""
    return {inner.target.id for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr)}


def free_names(node: ast.AST) -> Iterator[tuple[str, int, bool]]:
    """Names that a node reads from around it: ``(name, line, whether only when a function is called)``."""
    match node:
        case ast.Name():
            if isinstance(node.ctx, (ast.Load, ast.Del)):
                yield node.id, node.lineno, False
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            yield from _around_function(node)
            own = _own_names(node)
            body = node.body if isinstance(node.body, list) else [node.body]
            for name, line, _ in _free_in(body):
                if name not in own:
                    yield name, line, True
        case ast.ClassDef():
            for part in (*node.decorator_list, *node.bases, *node.keywords):
                yield from free_names(part)
            own = _bound_in(node.body)
            seen: set[str] = set()
            for statement in node.body:
                for name, line, later in free_names(statement):
                    # Methods do not see the class's own names; its body does, once they are bound.
                    if later or name not in seen:
                        yield name, line, later
                seen |= _bound_in([statement]) & own
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            own = set().union(*[_target_names(generator.target) for generator in node.generators])
            for child in ast.iter_child_nodes(node):
                for name, line, later in free_names(child):
                    if name not in own:
                        yield name, line, later
        case _:
            for child in ast.iter_child_nodes(node):
                yield from free_names(child)


def _around_function(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Iterator[tuple[str, int, bool]]:
    """What defining a function reads: decorators, defaults, annotations."""
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    parts: list[ast.AST | None] = [*arguments.defaults, *arguments.kw_defaults]
    if not isinstance(node, ast.Lambda):
        parts += [*node.decorator_list, node.returns, *[argument.annotation for argument in every]]
    for part in parts:
        if part is not None:
            yield from free_names(part)


def _free_in(body: list[ast.AST] | list[ast.stmt] | list[ast.expr]) -> Iterator[tuple[str, int, bool]]:
    for part in body:
        if isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name):
            yield part.target.id, part.lineno, False
        yield from free_names(part)


def _own_names(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> set[str]:
    arguments = node.args
    own = {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    own |= {a.arg for a in (arguments.vararg, arguments.kwarg) if a is not None}
    if isinstance(node, ast.Lambda):
        return own
    declared: set[str] = set()
    for inner in _same_scope(node.body):
        if isinstance(inner, ast.Global):
            declared |= set(inner.names)
    return (own | _bound_in(node.body)) - declared


def _bound_in(body: list[ast.stmt]) -> set[str]:
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
        pending += list(ast.iter_child_nodes(node))


def _target_names(target: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(target) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


_IN_PLACE = frozenset(
    {
        "append",
        "extend",
        "insert",
        "pop",
        "remove",
        "clear",
        "update",
        "sort",
        "reverse",
        "fill",
        "resize",
        "put",
        "itemset",
        "partition",
        "shuffle",
        "setflags",
        "drop_duplicates",
        "fillna",
    }
)


def _mutated_names(tree: ast.AST) -> set[str]:
    """Names whose value may be changed in place: ``X /= 2``, ``X[0] = 1``, ``X.sort()``, ``out=X``, ``shuffle(X)``."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.AugAssign):
            names |= _root(node.target)
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.Delete)):
            targets = node.targets if isinstance(node, (ast.Assign, ast.Delete)) else [node.target]
            for target in targets:
                if isinstance(target, (ast.Subscript, ast.Attribute)):
                    names |= _root(target)
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                is_in_place = node.func.attr in _IN_PLACE or (
                    node.func.attr.endswith("_") and not node.func.attr.startswith("_")
                )
                if is_in_place:
                    names |= _root(node.func.value)
                    if node.func.attr == "shuffle":
                        names |= set().union(*[_root(arg) for arg in node.args[:1]], set())
            for keyword in node.keywords:
                if keyword.arg in ("out", "inplace", "copy"):
                    names |= (
                        _root(keyword.value)
                        if keyword.arg == "out"
                        else (_root(node.func.value) if isinstance(node.func, ast.Attribute) else set())
                    )
    return names


def _root(node: ast.expr) -> set[str]:
    while isinstance(node, (ast.Subscript, ast.Attribute, ast.Starred)):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def globals_of_code(code: types.CodeType) -> set[str]:
    """Global names that a compiled function reads, inner functions included."""
    names = {
        instruction.argval
        for instruction in dis.get_instructions(code)
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME", "DELETE_GLOBAL")
    }
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= globals_of_code(constant)
    return names
