"""The search space of a sweep, in one line: ``lr=log(1e-5,1e-1) batch=[16,32,64] momentum=float(0,1) if opt=="sgd"``.

Forms::

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
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from workbench.errors import OptionError

_KINDS = ("float", "int", "log")
_COMPARED = (ast.Compare, ast.BoolOp, ast.UnaryOp, ast.Name, ast.Constant, ast.List, ast.Tuple)
_PARTS = (ast.Load, ast.And, ast.Or, ast.Not, ast.USub, ast.cmpop)


class SpaceError(OptionError):
    """A space that cannot be read; its message has the line with a mark below the character."""


class Suggests(Protocol):
    """What a parameter needs of Optuna's trial."""

    def suggest_float(self, name: str, low: float, high: float, *, step: float | None, log: bool) -> float: ...

    def suggest_int(self, name: str, low: int, high: int, *, step: int, log: bool) -> int: ...

    def suggest_categorical(self, name: str, choices: Any) -> Any: ...


@dataclass(frozen=True)
class Param:
    """One swept name.

    Attributes:
        name: The notebook variable, or the cell's top-level literal, that it takes the place of.
        condition: When it is swept, as a Python expression over names before it; an empty string for always.
    """

    name: str
    condition: str = ""

    def suggest(self, trial: Suggests, objects: Mapping[str, Any]) -> Any:
        """This name's value in a trial. ``objects`` has the notebook's functions and classes by name."""
        raise NotImplementedError


@dataclass(frozen=True)
class FloatParam(Param):
    """A number from ``low`` to ``high``, both included; in multiples of ``step``, or evenly in its logarithm."""

    low: float = 0.0
    high: float = 1.0
    step: float | None = None
    log: bool = False

    def suggest(self, trial: Suggests, objects: Mapping[str, Any]) -> float:
        return trial.suggest_float(self.name, self.low, self.high, step=self.step, log=self.log)


@dataclass(frozen=True)
class IntParam(Param):
    """A whole number from ``low`` to ``high``, both included."""

    low: int = 0
    high: int = 1
    step: int = 1
    log: bool = False

    def suggest(self, trial: Suggests, objects: Mapping[str, Any]) -> int:
        return trial.suggest_int(self.name, self.low, self.high, step=self.step, log=self.log)


@dataclass(frozen=True)
class ChoiceParam(Param):
    """One of a few. A function or class of the notebook goes by its name, which Optuna stores."""

    choices: tuple[Any, ...] = ()
    names: frozenset[str] = frozenset()

    def suggest(self, trial: Suggests, objects: Mapping[str, Any]) -> Any:
        chosen = trial.suggest_categorical(self.name, self.choices)
        return objects[chosen] if chosen in self.names else chosen


@dataclass(frozen=True)
class CallableParam(Param):
    """What a function of the notebook returns for Optuna's trial."""

    function: str = ""

    def suggest(self, trial: Suggests, objects: Mapping[str, Any]) -> Any:
        return objects[self.function](trial)


@dataclass(frozen=True)
class Space:
    """A search space: its parameters, those that others' conditions read before those."""

    params: tuple[Param, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The swept names."""
        return tuple(param.name for param in self.params)

    @property
    def objects(self) -> frozenset[str]:
        """Names of the notebook's functions and classes that it uses."""
        found: set[str] = set()
        for param in self.params:
            found |= param.names if isinstance(param, ChoiceParam) else set()
            found |= {param.function} if isinstance(param, CallableParam) else set()
        return frozenset(found)

    @property
    def choices(self) -> dict[str, frozenset[str]]:
        """For each name that chooses among functions or classes of the notebook, theirs."""
        return {param.name: param.names for param in self.params if isinstance(param, ChoiceParam) and param.names}

    @property
    def is_open(self) -> bool:
        """Whether a function of the notebook takes part, which runs on a worker."""
        return any(isinstance(param, CallableParam) for param in self.params)

    def suggest(self, trial: Suggests, objects: Mapping[str, Any]) -> dict[str, Any]:
        """A trial's values by name; a name whose condition does not hold is left out."""
        values: dict[str, Any] = {}
        for param in self.params:
            if not param.condition or _holds(param.condition, values):
                values[param.name] = param.suggest(trial, objects)
        return values


def parse_space(text: str) -> Space:
    """A space from its line.

    >>> parse_space("lr=log(1e-5, 1e-1) batch=[16, 32]").names
    ('lr', 'batch')

    Raises ``SpaceError``, which points at the character.
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
    """Name, where it is, and where its values begin and end, for each ``NAME=…``."""
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
    """The tokens outside of all brackets, the brackets themselves among them."""
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
    """Where the ``if`` of a condition is."""
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
    step: float | None = None
    for keyword in node.keywords:
        if keyword.arg == "step":
            step = _number(text, keyword.value, start)
        elif keyword.arg == "log" and isinstance(keyword.value, ast.Constant):
            is_log = bool(keyword.value.value)
        else:
            at = start + keyword.col_offset
            raise _error(text, at, f"Cannot use {keyword.arg!r} with {kind}(…): it knows step and log")
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
    for argument, bound in zip(arguments, (low, high), strict=True):
        if bound != int(bound):
            at = start + argument.col_offset
            raise _error(text, at, f"Cannot use {bound:g} with int(…): it is no whole number")
    if step is not None and step != int(step):
        raise _error(text, start, f"Cannot step by {step:g} in int(…): it is no whole number")
    return IntParam(name, condition, int(low), int(high), int(step or 1), is_log)


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


def _holds(condition: str, values: Mapping[str, Any]) -> bool:
    """Whether a condition holds; it does not where it reads a name that this trial does not sweep."""
    try:
        return bool(eval(condition, {"__builtins__": {}}, dict(values)))
    except NameError:
        return False


def _error(text: str, at: int, words: str) -> SpaceError:
    return SpaceError(f"{words}.\n  {text}\n  {' ' * at}^")
