"""The names that a piece of Python reads from outside, and those that it binds."""

from __future__ import annotations

import ast
import dis
import types
from collections.abc import Iterable
from dataclasses import dataclass, field

from workbench.cell.mutations import mutated_names
from workbench.cell.scopes import ScopeReads, bound_in, catches_missing, collect, nodes_of

_BINDERS = frozenset({"exec", "globals", "locals", "vars", "dir"})


@dataclass
class Reads:
    """The names that a cell reads and binds at its top level.

    Attributes:
        needed: Names read before the cell surely binds them, with the first line that does.
        straight: Those of ``needed`` that are read in straight-line code (not in a branch, loop or function).
        tried: Names that are only read where a ``NameError`` is caught.
        bound: Names that the cell binds somewhere at its top level, with the first line.
        mutated: Names whose value the cell may change in place.
        imports: Top-level names of modules that the cell imports.
        imported: Dotted names that it imports, parts of packages too.
        dotted: Attribute chains, such as ``scipy.stats.norm``.
        is_dynamic: Whether it may bind names that cannot be seen (``from m import *``, ``exec``).
    """

    needed: dict[str, int] = field(default_factory=dict)
    straight: set[str] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)
    bound: dict[str, int] = field(default_factory=dict)
    mutated: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    imported: set[str] = field(default_factory=set)
    dotted: set[str] = field(default_factory=set)
    is_dynamic: bool = False


def reads_of(trees: Iterable[ast.Module]) -> Reads:
    """Return what the sections of a cell, in their order, read and bind."""
    reads = Reads()
    walker = _TopLevel(reads)
    nodes: list[ast.AST] = []
    for tree in trees:
        walker.block(tree.body, walker.bound)
        nodes += nodes_of(tree)
    reads.tried = set(reads.needed) - walker.untried
    reads.mutated = mutated_names(nodes)
    for node in nodes:
        if isinstance(node, ast.Attribute):
            chain = _chain(node)
            if chain:
                reads.dotted.add(chain)
        elif isinstance(node, ast.Import):
            reads.imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.module and not node.level:
                reads.imported |= {node.module, *[f"{node.module}.{alias.name}" for alias in node.names]}
            reads.is_dynamic |= any(alias.name == "*" for alias in node.names)
        elif isinstance(node, ast.Name) and node.id in _BINDERS:
            reads.is_dynamic = True
    reads.imports = {name.split(".")[0] for name in reads.imported}
    return reads


def _chain(node: ast.Attribute) -> str:
    parts = [node.attr]
    inner = node.value
    while isinstance(inner, ast.Attribute):
        parts.append(inner.attr)
        inner = inner.value
    return ".".join([inner.id, *reversed(parts)]) if isinstance(inner, ast.Name) else ""


class _TopLevel:
    """Walk statements in the order in which they run, with the names that are surely bound by then."""

    def __init__(self, reads: Reads) -> None:
        self.reads = reads
        self.depth = 0
        self.in_try = 0
        self.bound: set[str] = set()
        self.untried: set[str] = set()

    def block(self, body: list[ast.stmt], bound: set[str]) -> None:
        """Walk statements; ``bound`` grows by what they surely bind."""
        for statement in body:
            self.statement(statement, bound)

    def statement(self, node: ast.stmt, bound: set[str]) -> None:
        """Walk one statement; ``bound`` becomes what is surely bound after it."""
        match node:
            case ast.Assign() | ast.AugAssign() | ast.AnnAssign() | ast.Delete():
                self.assignment(node, bound)
            case ast.If():
                self.expression(node.test, bound)
                bound |= self.inner(node.body, bound) & self.inner(node.orelse, bound)
            case ast.For() | ast.AsyncFor() | ast.While():
                self.loop(node, bound)
            case ast.Try() | ast.TryStar():
                self.attempt(node, bound)
            case ast.With() | ast.AsyncWith():
                self.with_block(node, bound)
            case ast.Match():
                self.match(node, bound)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self.expression(node, bound)
                bound.add(self.bind(node.name, node.lineno))
            case ast.Import() | ast.ImportFrom():
                for alias in node.names:
                    if alias.name != "*":
                        bound.add(self.bind((alias.asname or alias.name).split(".")[0], node.lineno))
            case _:
                self.expression(node, bound)

    def assignment(self, node: ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Delete, bound: set[str]) -> None:
        """Walk a statement that binds its targets, or takes them away."""
        match node:
            case ast.Assign():
                self.expression(node.value, bound)
                for target in node.targets:
                    self.bind_target(target, bound)
            case ast.AugAssign():
                self.expression(node.value, bound)
                if isinstance(node.target, ast.Name):
                    self.read(node.target.id, node.lineno, bound)
                self.bind_target(node.target, bound)
            case ast.AnnAssign():
                self.expression(node.annotation, bound)
                if node.value is not None:
                    self.expression(node.value, bound)
                    self.bind_target(node.target, bound)
            case ast.Delete():
                self.expression(node, bound)
                bound -= {target.id for target in node.targets if isinstance(target, ast.Name)}

    def loop(self, node: ast.For | ast.AsyncFor | ast.While, bound: set[str]) -> None:
        """Walk a loop, whose body may not run."""
        if isinstance(node, ast.While):
            self.expression(node.test, bound)
            self.inner(node.body, bound)
            self.inner(node.orelse, bound)
            return
        self.expression(node.iter, bound)
        looped = set(bound)
        self.bind_target(node.target, looped)
        self.inner(node.body, looped)
        bound |= self.inner(node.orelse, bound)

    def with_block(self, node: ast.With | ast.AsyncWith, bound: set[str]) -> None:
        """Walk a ``with`` statement."""
        for item in node.items:
            self.expression(item.context_expr, bound)
            if item.optional_vars is not None:
                self.bind_target(item.optional_vars, bound)
        self.block(node.body, bound)

    def match(self, node: ast.Match, bound: set[str]) -> None:
        """Walk a ``match`` statement; each case sees the names that its pattern binds."""
        self.expression(node.subject, bound)
        for case in node.cases:
            inside = bound | bound_in([case.pattern])
            for name in inside - bound:
                self.bind(name, case.pattern.lineno)
            self.expression(case.pattern, bound)
            if case.guard is not None:
                self.expression(case.guard, inside)
            self.inner(case.body, inside)

    def attempt(self, node: ast.Try | ast.TryStar, bound: set[str]) -> None:
        """Walk a ``try`` statement; after it is bound what each of its ways out binds."""
        self.in_try += catches_missing(node)
        after = self.inner(node.body, bound)
        self.in_try -= catches_missing(node)
        ends = []
        for handler in node.handlers:
            if handler.type is not None:
                self.expression(handler.type, bound)
            end = self.inner(handler.body, bound | ({handler.name} if handler.name else set()))
            if not isinstance(handler.body[-1], (ast.Raise, ast.Return)):  # one that leaves binds nothing for later
                ends.append(end - ({handler.name} if handler.name else set()))
        after = self.inner(node.orelse, after)
        bound |= after.intersection(*ends)
        if node.finalbody:
            self.block(node.finalbody, bound)

    def inner(self, body: list[ast.stmt], bound: set[str]) -> set[str]:
        """Walk a block that may not run; return what is bound after it."""
        inside = set(bound)
        self.depth += 1
        self.block(body, inside)
        self.depth -= 1
        return inside

    def expression(self, node: ast.AST, bound: set[str]) -> None:
        """Note the names that evaluating a node reads now, and those that functions in it will read."""
        found = ScopeReads()
        collect(node, found, later=False, tried=False)
        for name, line, later, tried in found.names:
            self.read(name, line, bound, later=later or name in found.walrus, tried=tried)
        for name, line in found.walrus.items():
            bound.add(self.bind(name, line))
        for name, line in found.made_global.items():
            self.bind(name, line)

    def read(self, name: str, line: int, bound: set[str], *, later: bool = False, tried: bool = False) -> None:
        """Note a read of a name that may not be bound by then."""
        if name in bound:
            return
        self.reads.needed.setdefault(name, line)
        if not tried and not self.in_try:
            self.untried.add(name)
        if self.depth == 0 and not later:
            self.reads.straight.add(name)

    def bind(self, name: str, line: int) -> str:
        """Note that the cell binds a name; return the name."""
        self.reads.bound.setdefault(name, line)
        return name

    def bind_target(self, target: ast.expr, bound: set[str]) -> None:
        """Bind the names of an assignment's target; its subscripts and attributes read names, too."""
        match target:
            case ast.Name():
                bound.add(self.bind(target.id, target.lineno))
            case ast.Tuple() | ast.List():
                for part in target.elts:
                    self.bind_target(part, bound)
            case ast.Starred():
                self.bind_target(target.value, bound)
            case _:
                self.expression(target, bound)


def globals_of_code(code: types.CodeType) -> set[str]:
    """Return the global names that a compiled function reads, inner functions included."""
    names = {
        instruction.argval
        for instruction in dis.get_instructions(code)
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME", "DELETE_GLOBAL")
    }
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= globals_of_code(constant)
    return names
