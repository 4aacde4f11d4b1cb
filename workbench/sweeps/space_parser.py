"""Reads the search space of a sweep from one line.

For example ``lr=log(1e-5,1e-1) batch=[16,32,64] momentum=float(0,1) if opt=="sgd"``. Forms::

    float(LOW, HIGH)  float(LOW, HIGH, step=S)  float(LOW, HIGH, log)  log(LOW, HIGH)
    int(LOW, HIGH)    int(LOW, HIGH, step=S)    int(LOW, HIGH, log)
    [A, B, C]         numbers, texts, True, None; names of functions or classes of the notebook
    NAME              a function of the notebook that takes Optuna's trial and returns the value
    … if CONDITION    only where that holds for names to its left; a comparison with and, or, not, in

An error points at the character.
"""

from __future__ import annotations

import ast
import difflib
import io
import itertools
import math
import tokenize
from typing import Any

from workbench.errors import OptionError
from workbench.sweeps.space import CallableParam, ChoiceParam, FloatParam, IntParam, Param, Space

_KINDS = ("float", "int", "log")
_COMPARED = (ast.Compare, ast.BoolOp, ast.UnaryOp, ast.Name, ast.Constant, ast.List, ast.Tuple)
_PARTS = (ast.Load, ast.And, ast.Or, ast.Not, ast.USub, ast.cmpop)


class SpaceError(OptionError):
    """A space that cannot be read; its message has the line with a mark below the character."""


def parse_space(text: str) -> Space:
    """Return the space of a user's text.

    >>> parse_space("lr=log(1e-5, 1e-1) batch=[16, 32]").names
    ('lr', 'batch')

    Raises:
        SpaceError: The text cannot be read; the message points at the character.
    """
    params: dict[str, Param] = {}
    for name, at, start, end in _pieces(text):
        if name in params:
            raise _error(text, at, f"Cannot sweep {name!r} twice")
        params[name] = _param(text, name, start, end, tuple(params))
    if not params:
        raise _error(text, 0, "Cannot sweep nothing: write NAME=VALUES, as in lr=log(1e-5,1e-1) batch=[16,32]")
    return Space(tuple(params.values()))


def _pieces(text: str) -> list[tuple[str, int, int, int]]:
    """Return the name, its position, and the start and end of its values for each ``NAME=…``."""
    outer = _outer_tokens(text)
    starts = [
        (token.string, token.start[1], following.end[1])
        for token, following in itertools.pairwise(outer)
        if token.type == tokenize.NAME and following.string == "="
    ]
    first = next((token for token in outer if token.string.strip()), None)
    if first is not None and (not starts or first.start[1] != starts[0][1]):
        raise _error(text, first.start[1], f"Cannot read {first.string!r}: write NAME=VALUES")
    ends = [at for _, at, _ in starts[1:]] + [len(text)] * bool(starts)
    return [(name, at, start, end) for (name, at, start), end in zip(starts, ends, strict=True)]


def _outer_tokens(text: str) -> list[tokenize.TokenInfo]:
    """Return the tokens outside of all brackets, outermost brackets included."""
    outer, depth = [], 0
    for token in _tokens(text):
        is_bracket = token.type == tokenize.OP and token.string in "()[]{}"
        depth -= is_bracket and token.string in ")]}"
        if depth == 0:
            outer.append(token)
        depth += is_bracket and token.string in "([{"
    return outer


def _tokens(text: str) -> list[tokenize.TokenInfo]:
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.ERRORTOKEN and token.string.strip():
                raise _error(text, token.start[1], f"Cannot read {token.string!r}")
            found.append(token)
    except (tokenize.TokenError, IndentationError):
        depth: list[int] = []
        for at, char in enumerate(text):
            if char in "([{":
                depth.append(at)
            elif char in ")]}" and depth:
                depth.pop()
        raise _error(text, depth[-1] if depth else len(text), "Cannot find the end of what begins here") from None
    return found


def _param(text: str, name: str, start: int, end: int, before: tuple[str, ...]) -> Param:
    start += len(text[start:end]) - len(text[start:end].lstrip())
    cut = _if_at(text, start, end)
    values, condition = text[start : end if cut is None else cut], ""
    if cut is not None:
        condition = _condition(text, cut + 2, end, name, before)
    if not values.strip():
        raise _error(text, start, f"Cannot sweep {name!r} over nothing: write {name}=float(0,1) or {name}=[1,2,3]")
    node = _parsed(text, values, start)
    if isinstance(node, (ast.List, ast.Tuple)):
        return _choice(text, name, node, start, condition)
    if isinstance(node, ast.Name):
        return CallableParam(name, condition, node.id)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _range(text, name, node, start, condition)
    raise _error(
        text, start, f"Cannot sweep {name!r} over {values.strip()!r}: write a range, {name}=float(0,1), or a list"
    )


def _if_at(text: str, start: int, end: int) -> int | None:
    """Return the position of a condition's ``if``, None where there is no condition."""
    places = (token.start[1] for token in _outer_tokens(text) if token.string == "if")
    return next((at for at in places if start <= at < end), None)


def _condition(text: str, start: int, end: int, name: str, before: tuple[str, ...]) -> str:
    source = text[start:end]
    start += len(source) - len(source.lstrip())
    if not source.strip():
        raise _error(text, start, "Cannot read a condition that is empty: write … if NAME==VALUE")
    node = _parsed(text, source.strip(), start)
    for part in ast.walk(node):
        at = start + getattr(part, "col_offset", 0)
        if not isinstance(part, (*_COMPARED, *_PARTS)):
            raise _error(text, at, "Cannot use that in a condition: compare names with values, with and, or, not, in")
        if isinstance(part, ast.Name) and part.id not in before:
            known = f"those before {name!r} are {', '.join(before)}" if before else f"none is before {name!r}"
            raise _error(text, at, f"Cannot read {part.id!r} in the condition of {name!r}: {known}")
    return source.strip()


def _range(text: str, name: str, node: ast.Call, start: int, condition: str) -> Param:
    assert isinstance(node.func, ast.Name)
    kind = node.func.id
    if kind not in _KINDS:
        near = difflib.get_close_matches(kind, _KINDS, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise _error(text, start, f"Cannot read {kind!r}: ranges are float(…), int(…) and log(…).{hint}")
    is_log = kind == "log"
    arguments = list(node.args)
    if arguments and isinstance(arguments[-1], ast.Name) and arguments[-1].id == "log":
        arguments.pop()
        is_log = True
    step, is_log = _keywords(text, node, start, is_log)
    if len(arguments) != 2:
        raise _error(
            text, start, f"Cannot read {kind}(…) with {len(arguments)} bounds: give the lowest and the highest"
        )
    low, high = (_number(text, argument, start) for argument in arguments)
    if low > high:
        at = start + arguments[0].col_offset
        raise _error(text, at, f"Cannot sweep {name!r} from {low:g} to {high:g}: the lowest comes first")
    if is_log and low <= 0:
        at = start + arguments[0].col_offset
        raise _error(text, at, f"Cannot take the logarithm of {low:g}: the lowest must be above 0")
    if step is not None and (step <= 0 or is_log):
        raise _error(text, start, "Cannot step by that: a step is above 0, and goes with no logarithm")
    if kind != "int":
        return FloatParam(name, condition, low, high, step, is_log)
    _check_whole(text, arguments, (low, high), start, step)
    return IntParam(name, condition, int(low), int(high), int(step or 1), is_log)


def _keywords(text: str, node: ast.Call, start: int, is_log: bool) -> tuple[float | None, bool]:
    """Return the step of a range, and whether it is logarithmic."""
    assert isinstance(node.func, ast.Name)
    step: float | None = None
    for keyword in node.keywords:
        if keyword.arg == "step":
            step = _number(text, keyword.value, start)
        elif keyword.arg == "log" and isinstance(keyword.value, ast.Constant):
            is_log = bool(keyword.value.value)
        else:
            at = start + keyword.col_offset
            raise _error(text, at, f"Cannot use {keyword.arg!r} with {node.func.id}(…): it knows step and log")
    return step, is_log


def _check_whole(
    text: str, arguments: list[ast.expr], bounds: tuple[float, float], start: int, step: float | None
) -> None:
    for argument, bound in zip(arguments, bounds, strict=True):
        if bound != int(bound):
            at = start + argument.col_offset
            raise _error(text, at, f"Cannot use {bound:g} with int(…): it is no whole number")
    if step is not None and step != int(step):
        raise _error(text, start, f"Cannot step by {step:g} in int(…): it is no whole number")


def _choice(text: str, name: str, node: ast.List | ast.Tuple, start: int, condition: str) -> Param:
    choices: list[Any] = []
    names: set[str] = set()
    for element in node.elts:
        at = start + element.col_offset
        if isinstance(element, ast.Name):
            choices.append(element.id)
            names.add(element.id)
            continue
        try:
            value = ast.literal_eval(element)
        except ValueError:
            raise _error(text, at, "Cannot choose that: choices are numbers, texts, or names of functions") from None
        if not isinstance(value, (str, int, float, bool, type(None))):
            raise _error(text, at, f"Cannot choose {value!r}: Optuna keeps numbers, texts, True, False and None")
        choices.append(value)
    if not choices:
        raise _error(text, start, f"Cannot choose {name!r} of nothing: write [A, B]")
    return ChoiceParam(name, condition, tuple(choices), frozenset(names))


def _number(text: str, node: ast.expr, start: int) -> float:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        value = None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        shown = ast.unparse(node)
        raise _error(text, start + node.col_offset, f"Cannot use {shown} as a bound: write a number")
    return value


def _parsed(text: str, source: str, start: int) -> ast.expr:
    try:
        return ast.parse(source.strip(), mode="eval").body
    except SyntaxError as error:
        raise _error(text, start + max(0, (error.offset or 1) - 1), f"Cannot read {source.strip()!r}") from None


def _error(text: str, at: int, words: str) -> SpaceError:
    return SpaceError(f"{words}.\n  {text}\n  {' ' * at}^")
