"""Which run returned a model of this process, as long as it is as it was returned."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from workbench.cell.digest import digest_of
from workbench.tracking.model_logging import flavor_of


@dataclass(frozen=True)
class Origin:
    """The run that a model comes from.

    Attributes:
        run_id: The run that returned it, and keeps it.
        name: What the run's cell calls it.
        digest: Of its content when it was returned.
    """

    run_id: str
    name: str
    digest: bytes


_origins: dict[int, tuple[weakref.ref[Any], Origin]] = {}


def remember(run_id: str, returned: Mapping[str, Any]) -> None:
    """Note which run returned these objects; only models are noted, since others are not kept with their run."""
    for name, value in returned.items():
        if flavor_of(value) is not None:
            with suppress(Exception):  # classes of the user's own may do anything when they are pickled
                _origins[id(value)] = (weakref.ref(value, _forget(id(value))), Origin(run_id, name, digest_of(value)))


def origin_of(value: Any) -> Origin | None:
    """Return the run that returned an object; None where none did, or where it was changed since, as by a new fit."""
    reference, origin = _origins.get(id(value), (None, None))
    if origin is None or reference is None or reference() is not value:
        return None
    with suppress(Exception):
        return origin if digest_of(value) == origin.digest else None
    return None


def _forget(key: int) -> Any:
    return lambda _: _origins.pop(key, None)
