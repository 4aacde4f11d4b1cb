"""Values of a request: how each is read, and how ``openapi.json`` describes it, declared once."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tornado import web
from typing_extensions import override

Schema = dict[str, Any]

_SAFE_INTEGER = 2**53


def bad_request(reason: str) -> web.HTTPError:
    """Return the error that answers with 400 and these words."""
    return web.HTTPError(400, reason=reason)


@dataclass(frozen=True)
class Value(ABC):
    """A named value of a request.

    Args:
        name: The value's name in the request.
        description: The value's meaning, for ``openapi.json``.
        argument: The name of the bridge verb's argument, where that is another one.
        is_required: Whether a request without it is refused.
    """

    name: str
    description: str = ""
    argument: str = field(default="", kw_only=True)
    is_required: bool = field(default=False, kw_only=True)

    @abstractmethod
    def schema(self) -> Schema:
        """Return the value's JSON schema."""

    def described(self) -> Schema:
        """Return the JSON schema with the description."""
        return {**self.schema(), **({"description": self.description} if self.description else {})}


class QueryValue(Value):
    """A value of the query string."""

    @abstractmethod
    def parse(self, text: str | None) -> Any:
        """Return the value of a text, None for one that is not given; raise ``HTTPError`` 400 for a bad one."""


@dataclass(frozen=True)
class QueryText(QueryValue):
    """A text; ``default`` where it is not given.

    Args:
        keeps_blanks: Whether blanks at its ends belong to it.
    """

    default: str | None = ""
    min_length: int = 0
    keeps_blanks: bool = False

    @override
    def schema(self) -> Schema:
        shown = {"default": self.default} if self.default else {}
        return {"type": "string", **({"minLength": self.min_length} if self.min_length else {}), **shown}

    @override
    def parse(self, text: str | None) -> str | None:
        return self.default if text is None else text if self.keeps_blanks else text.strip()


@dataclass(frozen=True)
class QueryWords(QueryText):
    """Words with commas between."""

    @override
    def parse(self, text: str | None) -> Any:
        return [word for word in (text or "").split(",") if word]


@dataclass(frozen=True)
class QueryNumber(QueryValue):
    """A number; ``default`` where it is not given."""

    default: float | None = None
    low: float | None = None

    @override
    def schema(self) -> Schema:
        return {"type": "number"}

    @override
    def parse(self, text: str | None) -> Any:
        if text is None:
            return self.default
        try:
            value = float(text)
        except ValueError:
            raise bad_request(f"{self.name} is no number") from None
        if value != value or (self.low is not None and value < self.low):
            raise bad_request(
                f"{self.name} must be at least {self.low:g}" if self.low is not None else f"bad {self.name}"
            )
        return value


@dataclass(frozen=True)
class QueryInteger(QueryNumber):
    """A whole number.

    Args:
        high: The largest one that the bridge takes; it says so itself.
    """

    high: int | None = None

    @override
    def schema(self) -> Schema:
        bounds = {"minimum": self.low, "maximum": self.high, "default": self.default}
        return {"type": "integer", **{key: value for key, value in bounds.items() if value is not None}}

    @override
    def parse(self, text: str | None) -> int:
        value = super().parse(text)
        if abs(value) > _SAFE_INTEGER or value != int(value):
            raise bad_request(f"{self.name} is no whole number")
        return int(value)


@dataclass(frozen=True)
class BodyValue(Value):
    """A value of the JSON object in a request's body.

    Args:
        kind: The value's JSON schema.
        check: Says whether a value is a good one.
        must_be: The words after "must be" that a bad one is answered with.
        default: What stands for a value that is not given.
        empty_is_none: Whether an empty string stands for None.
    """

    kind: Schema = field(default_factory=dict, kw_only=True)
    check: Callable[[Any], bool] = field(default=lambda value: True, kw_only=True)
    must_be: str = field(default="", kw_only=True)
    default: Any = field(default=None, kw_only=True)
    empty_is_none: bool = field(default=False, kw_only=True)

    @override
    def schema(self) -> Schema:
        return self.kind

    def read(self, body: dict[str, Any]) -> Any:
        """Return the value in a body; raise ``HTTPError`` 400 that names it where it is missing or bad."""
        if self.name not in body and not self.is_required:
            return self.default
        value = body.get(self.name)
        if self.name not in body or not self.check(value):
            raise bad_request(f"{self.name} must be {self.must_be}")
        return None if value == "" and self.empty_is_none else value


def text(name: str, description: str = "", *, pattern: str = "", **options: Any) -> BodyValue:
    """Return a string of the body."""
    kind = {"type": "string", **({"pattern": pattern} if pattern else {})}
    return BodyValue(name, description, kind=kind, check=_is_text, must_be="a string", **options)


def flag(name: str, description: str = "", *, default: bool) -> BodyValue:
    """Return a truth value of the body."""
    kind = {"type": "boolean", "default": default}
    check = _is_flag
    return BodyValue(name, description, kind=kind, check=check, must_be="true or false", default=default)


def texts(name: str, description: str = "", *, items: Schema | None = None) -> BodyValue:
    """Return a list of strings of the body."""
    kind = {"type": "array", "items": items or {"type": "string"}}
    must_be = "a list of strings"
    return BodyValue(name, description, kind=kind, check=_are_texts, must_be=must_be, is_required=True)


def is_number(value: Any, low: float, high: float) -> bool:
    """Return whether a value is a number from ``low`` to ``high``."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return math.isfinite(value) and low <= value <= high


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
