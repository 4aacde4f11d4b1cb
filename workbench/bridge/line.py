"""The line to the Jupyter server: messages as JSON, one a line, from any thread."""

from __future__ import annotations

import dataclasses
import json
import math
import threading
from typing import IO, Any

from workbench.records.events import WorkbenchEvent


class Line:
    """The way back to the Jupyter server.

    Args:
        stream: The stream that the server reads.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._events = 0

    def send(self, message: dict[str, Any]) -> None:
        """Write one message."""
        text = as_json(message)
        with self._lock:
            try:
                self._stream.write(text + "\n")
                self._stream.flush()
            except (BrokenPipeError, ValueError):
                pass  # the server went away; the loop over its requests ends, too

    def send_event(self, event: WorkbenchEvent) -> None:
        """Write an event with its number: a front end that sees a gap reads everything anew."""
        with self._lock:
            self._events += 1
            number = self._events
        self.send({**event, "number": number})


def as_json(message: Any) -> str:
    """Return records as JSON text; a number that is not finite becomes null.

    >>> from workbench.records.runs import Progress
    >>> as_json({"progress": Progress(1), "loss": float("nan")})
    '{"progress": {"done": 1, "total": null, "label": "", "eta_s": null}, "loss": null}'
    """
    try:
        return json.dumps(message, default=_plain, allow_nan=False)
    except ValueError:  # a loss that diverged
        return json.dumps(_finite(message), default=str)


def _plain(value: Any) -> Any:
    """Return a record as a dictionary, and as its text what JSON knows nothing of."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return str(value)


def _finite(value: Any) -> Any:
    """Return the same with None for what is no finite number."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return _finite(_plain(value)) if dataclasses.is_dataclass(value) else value
