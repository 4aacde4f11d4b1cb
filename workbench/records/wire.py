"""Marks of how values travel as JSON, where that differs from their Python type.

``scripts/openapi.py`` reads them with pydantic, by the hooks that pydantic looks for. Nothing else calls the hooks, so
that a kernel or a server that imports these records does not import pydantic.
"""

from __future__ import annotations

from typing import Annotated, Any


class NullUnlessFinite:
    """Mark a number that travels as null where it is NaN or infinite, for which JSON has no word."""

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": ["number", "null"]}


class Base64:
    """Mark a text that carries bytes."""

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "contentEncoding": "base64"}


class SentAs:
    """Mark plain data, a dictionary or a text, that has the JSON of another type.

    Args:
        kind: A record's class, or an enumeration.
    """

    def __init__(self, kind: type) -> None:
        self.kind = kind

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return handler.generate_schema(self.kind)


Measured = Annotated[float, NullUnlessFinite()]
"""A number that a user's code gave or that was computed from such numbers: it may not be finite."""

ParamValue = bool | int | float | str | None
"""The value of a swept name."""
