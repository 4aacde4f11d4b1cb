"""Which run returned an object of this process."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Origin:
    """Where an object comes from.

    Attributes:
        run_id: The run that returned it.
        name: What the run's cell calls it.
    """

    run_id: str
    name: str


_origins: dict[int, tuple[weakref.ref[Any], Origin]] = {}


def remember(run_id: str, returned: Mapping[str, Any]) -> None:
    """Note that a run returned these very objects; numbers and the like, which take no weak reference, are left out."""
    for name, value in returned.items():
        with suppress(TypeError):
            _origins[id(value)] = (weakref.ref(value, _forget(id(value))), Origin(run_id, name))


def origin_of(value: Any) -> Origin | None:
    """The run that returned an object, whatever was done to it since; None where none did."""
    reference, origin = _origins.get(id(value), (None, None))
    return origin if reference is not None and reference() is value else None


def _forget(key: int) -> Any:
    return lambda _: _origins.pop(key, None)
