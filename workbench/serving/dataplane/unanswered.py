"""Why a version does not answer a request: the refusals of its backend."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.serving.dataplane.refusals import Refusal


def queue_full(whom: str, waiting: int, room: int, retry_after_s: float) -> Refusal:
    """Too many wait already."""
    return Refusal(
        429,
        f"Cannot queue the request: {waiting} wait for {whom}, the limit is {room}. Ask again after the seconds in "
        "Retry-After, or give it more replicas.",
        retry_after_s=retry_after_s,
    )


def too_slow(whom: str, timeout_s: float) -> Refusal:
    """A replica did not answer in time."""
    words = f"Cannot answer in time: {whom} took longer than {timeout_s:g} s. Ask for less at a time, "
    return Refusal(504, words + "or publish it with a longer timeout or more replicas.")


def no_replica(whom: str, timeout_s: float) -> Refusal:
    """There was none in time."""
    words = f"Cannot answer: no replica of {whom} came up within {timeout_s:g} s. Look at its log, or "
    return Refusal(503, words + "ask again later.", retry_after_s=5)


def replicas_ended(whom: str) -> Refusal:
    """They did not survive it."""
    return Refusal(500, f"Cannot answer: the replicas of {whom} ended at this request. Look at its log.")


def taken_away(whom: str) -> Refusal:
    """The version goes, and nobody is left to answer."""
    return Refusal(503, f"Cannot answer: {whom} was taken away. Ask again.", retry_after_s=1)


def unknown_model(whom: str, model: str, known: Iterable[str]) -> Refusal:
    """Not one of its models, or not said which."""
    words = f"there is no model '{model}'" if model else "it has several models"
    return Refusal(404, f"Cannot ask {whom}: {words}. Ask one of: {', '.join(sorted(known))}.")
