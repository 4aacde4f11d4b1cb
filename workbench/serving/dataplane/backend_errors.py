"""The errors of a backend: why a version does not answer a request."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.serving.dataplane.request_error import RequestError


def queue_full(whom: str, waiting: int, room: int, retry_after_s: float) -> RequestError:
    """Return the error of a request that finds the queue full."""
    return RequestError(
        429,
        f"Cannot queue the request: {waiting} wait for {whom}, the limit is {room}. Ask again after the seconds in "
        "Retry-After, or give it more replicas.",
        retry_after_s=retry_after_s,
    )


def timed_out(whom: str, timeout_s: float) -> RequestError:
    """Return the error of a request that no replica answered in time."""
    text = f"Cannot answer in time: {whom} took longer than {timeout_s:g} s. Ask for less at a time, "
    return RequestError(504, text + "or publish it with a longer timeout or more replicas.")


def no_replica(whom: str, timeout_s: float) -> RequestError:
    """Return the error of a request for which no replica came up in time."""
    text = f"Cannot answer: no replica of {whom} came up within {timeout_s:g} s. Look at its log, or "
    return RequestError(503, text + "ask again later.", retry_after_s=5)


def replicas_died(whom: str) -> RequestError:
    """Return the error of a request that ended the replicas that had it."""
    return RequestError(500, f"Cannot answer: the replicas of {whom} ended at this request. Look at its log.")


def version_removed(whom: str) -> RequestError:
    """Return the error of a request whose version is gone."""
    return RequestError(503, f"Cannot answer: {whom} was taken away. Ask again.", retry_after_s=1)


def unknown_model(whom: str, model: str, known: Iterable[str]) -> RequestError:
    """Return the error of a request for a model that there is not, or for none of several."""
    text = f"there is no model '{model}'" if model else "it has several models"
    return RequestError(404, f"Cannot ask {whom}: {text}. Ask one of: {', '.join(sorted(known))}.")
