"""Events of a rank's output: lines of its journal, which views get as they are."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, TypedDict


class TextEvent(TypedDict):
    """Text ``x`` that a stream ``s`` got, such as ``stdout``."""

    k: Literal["out"]
    t: float
    s: str
    x: str


class DisplayEvent(TypedDict):
    """A MIME bundle that ``display(...)`` showed; with ``update`` it takes the place of an earlier one."""

    k: Literal["disp"]
    t: float
    data: dict[str, Any]
    meta: dict[str, Any]
    id: str | None
    update: bool


class ClearEvent(TypedDict):
    """The output is cleared, with ``wait`` when the next output comes."""

    k: Literal["clear"]
    t: float
    wait: bool


OutputEvent: TypeAlias = TextEvent | DisplayEvent | ClearEvent
