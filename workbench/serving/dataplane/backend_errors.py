"""Why a version does not answer a request: the refusals of its backend."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.serving.dataplane.request_error import RequestError


def queue_full(whom: str, waiting: int, room: int, retry_after_s: float) -> RequestError:
    """Too many wait already."""
    return RequestError(
        429,
        f"Cannot queue the request: {waiting} wait for {whom}, the limit is {room}. Ask again after the seconds in "
        "Retry-After, or give it more replicas.",
        retry_after_s=retry_after_s,
    )


def timed_out(whom: str, timeout_s: float) -> RequestError:
    """A replica did not answer in time."""
    text = f"Cannot answer in time: {whom} took longer than {timeout_s:g} s. Ask for less at a time, "
    return RequestError(504, text + "or publish it with a longer timeout or more replicas.")


def no_replica(whom: str, timeout_s: float) -> RequestError:
    """There was none in time."""
    text = f"Cannot answer: no replica of {whom} came up within {timeout_s:g} s. Look at its log, or "
    return RequestError(503, text + "ask again later.", retry_after_s=5)


def replicas_died(whom: str) -> RequestError:
    """They did not survive it."""
    return RequestError(500, f"Cannot answer: the replicas of {whom} ended at this request. Look at its log.")


def version_removed(whom: str) -> RequestError:
    """The version goes, and nobody is left to answer."""
    return RequestError(503, f"Cannot answer: {whom} was taken away. Ask again.", retry_after_s=1)


def unknown_model(whom: str, model: str, known: Iterable[str]) -> RequestError:
    """Not one of its models, or not said which."""
    text = f"there is no model '{model}'" if model else "it has several models"
    return RequestError(404, f"Cannot ask {whom}: {text}. Ask one of: {', '.join(sorted(known))}.")
