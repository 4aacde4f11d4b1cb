"""Errors of SQLite, the disk or an MLflow server, in words and with a fix."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from workbench.errors import RunNotFoundError, TrackingError


@contextlib.contextmanager
def explained(verb: str, tracking_uri: str) -> Iterator[None]:
    """Turn errors that are known to occur with a tracking store into ``TrackingError``.

    Args:
        verb: The attempted action, to go between "Cannot" and "the tracking store".
        tracking_uri: URI of the store.
    """
    try:
        yield
    except (TrackingError, RunNotFoundError, GeneratorExit):
        raise
    except Exception as error:
        fix = _fix(str(error))
        if fix is None and not isinstance(error, OSError):
            raise
        first = str(error).splitlines()[0][:200]
        message = f"Cannot {verb} the tracking store {tracking_uri!r}: {first}. {fix or ''}"
        raise TrackingError(message.rstrip()) from error


def _fix(text: str) -> str | None:
    low = text.lower()
    if "readonly" in low or "read-only" in low or "permission denied" in low or "unable to open database" in low:
        return "Make its folder writable, or name another store: export MLFLOW_TRACKING_URI=..."
    if "database is locked" in low:
        return "Another program holds it; it is tried again, and nothing is lost."
    if "disk is full" in low or "no space left" in low or "disk i/o error" in low:
        return "Free some space on the disk; it is tried again."
    if "connection" in low or "max retries" in low or "timed out" in low:
        return "Is the MLflow server up? Its address comes from MLFLOW_TRACKING_URI."
    if "malformed" in low or "not a database" in low:
        return "The file is damaged: move it away, and a new one is made."
    if "no such table" in low or "out-of-date" in low or "detected out" in low:
        return "Bring it up to date: mlflow db upgrade URI"
    return None
