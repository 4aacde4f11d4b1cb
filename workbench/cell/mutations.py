"""The names whose values a piece of Python may change in place: large ones need a copy on each worker."""

from __future__ import annotations

import ast
from collections.abc import Iterable

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

_VIEWS = frozenset({"reshape", "view", "ravel", "transpose", "swapaxes", "squeeze", "diagonal", "to_numpy", "numpy"})
_PASS_ON = frozenset({"zip", "enumerate", "reversed", "iter"})


def mutated_names(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the names whose value may change: ``X /= 2``, ``X[0] = 1``, ``X.sort()``, ``out=X``, ``shuffle(X)``.

    Also through another name (``Y = X.T; Y[0] = 1``), a loop over it, and a function in ``nodes``
    that changes its argument. Scopes are not told apart: one copy too many does no harm.
    """
    aliases: dict[str, set[str]] = {}
    functions: dict[str, list[str]] = {}
    calls: list[ast.Call] = []
    names: set[str] = set()
    for node in nodes:
        match node:
            case ast.AugAssign():
                names |= _root(node.target)
            case ast.Assign() | ast.AnnAssign() | ast.Delete():
                targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets
                for target in targets:
                    if isinstance(target, (ast.Subscript, ast.Attribute)):
                        names |= _root(target)
                    elif isinstance(target, ast.Name) and not isinstance(node, ast.Delete) and node.value is not None:
                        aliases.setdefault(target.id, set()).update(_viewed(node.value))
            case ast.For() | ast.AsyncFor() | ast.comprehension():
                for part in ast.walk(node.target):
                    if isinstance(part, ast.Name):
                        aliases.setdefault(part.id, set()).update(_viewed(node.iter))
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                functions[node.name] = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)]
            case ast.Call():
                calls.append(node)
                names |= _changed_by(node)
    return _spread(names, aliases, functions, calls)


def _spread(
    names: set[str], aliases: dict[str, set[str]], functions: dict[str, list[str]], calls: list[ast.Call]
) -> set[str]:
    """Return the names with all others that share their values."""
    while True:
        more = set().union(*[aliases[name] for name in names if name in aliases])
        for call in calls:
            more |= _arguments_among(names, call, functions)
        if more <= names:
            return names
        names = names | more


def _arguments_among(names: set[str], call: ast.Call, functions: dict[str, list[str]]) -> set[str]:
    """Return the names that a call passes to parameters that its function changes."""
    is_method = isinstance(call.func, ast.Attribute)
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    parameters = functions.get(called)
    if parameters is None:
        return set()
    by_position = zip(parameters[1:] if is_method else parameters, call.args, strict=False)
    handed = [*by_position, *[(keyword.arg or "", keyword.value) for keyword in call.keywords]]
    return set().union(*[_viewed(value) for parameter, value in handed if parameter in names])


def _changed_by(call: ast.Call) -> set[str]:
    names: set[str] = set()
    if isinstance(call.func, ast.Attribute):
        method = call.func.attr
        if method in _IN_PLACE or (method.endswith("_") and not method.startswith("_")):
            names |= _root(call.func.value)
        if method == "shuffle":
            names |= set().union(*[_root(argument) for argument in call.args[:1]])
    elif isinstance(call.func, ast.Name) and call.func.id == "shuffle":
        names |= set().union(*[_root(argument) for argument in call.args[:1]])
    for keyword in call.keywords:
        if keyword.arg == "out":
            names |= _root(keyword.value)
        elif keyword.arg in ("inplace", "copy") and isinstance(call.func, ast.Attribute):
            names |= _root(call.func.value)
    return names


def _viewed(node: ast.expr) -> set[str]:
    """Return the names whose memory the value of an expression may share."""
    match node:
        case ast.Name():
            return {node.id}
        case ast.Attribute():
            return _viewed(node.value)
        case ast.Subscript():
            is_slice = any(isinstance(part, ast.Slice) for part in ast.walk(node.slice))
            return _viewed(node.value) if is_slice or isinstance(node.slice, ast.Constant) else set()
        case ast.Call(func=ast.Attribute(value=inner, attr=attr)) if attr in _VIEWS:
            return _viewed(inner)
        case ast.Call(func=ast.Name(id=name)) if name in _PASS_ON:
            return set().union(*[_viewed(argument) for argument in node.args])
        case _:
            return set()


def _root(node: ast.expr) -> set[str]:
    while isinstance(node, (ast.Subscript, ast.Attribute, ast.Starred)):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()
