"""Checks the options of an endpoint, wherever they come from: magic, function, panel or command line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from workbench.errors import OptionError, suggestion
from workbench.options import parse_memory, parse_replicas, parse_time
from workbench.serving.records import Limits, ServingOptions

ENVS = ("cluster", "pinned")
_BYTES = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(k|m|g)?i?b?\s*$", re.IGNORECASE)


def serving_options(
    *,
    replicas: str | int,
    cpus: float,
    gpus: float,
    memory: int | str | None,
    slo: float | str | None,
    batch: int,
    timeout: float | str,
    idle: float | str,
    max_queue: int,
    max_models: int,
    max_body: int | str | None,
    rate: float | None,
    env: str,
    env_vars: Mapping[str, str] | None,
) -> tuple[ServingOptions, Limits | None]:
    """Options as records; ``OptionError`` names the first that cannot be used. See :func:`publish`."""
    low, high = parse_replicas(replicas)
    for what, amount in (("cpus", cpus), ("gpus", gpus)):
        if not amount >= 0:
            raise OptionError(f"Cannot reserve {what}={amount:g}: it must be 0 or more.")
    for what, count in (("batch", batch), ("max-queue", max_queue), ("max-models", max_models)):
        if count < 1:
            raise OptionError(f"Cannot serve with {what}={count}: it must be 1 or more.")
    if env not in ENVS:
        raise OptionError(f"Cannot serve with env={env!r}: there are {' and '.join(ENVS)}.{suggestion(env, ENVS)}")
    if rate is not None and not rate > 0:
        raise OptionError(f"Cannot limit clients to {rate:g} requests a second: it must be above 0.")
    limits = None
    if max_body is not None or rate is not None:
        limits = Limits(Limits.max_body if max_body is None else parse_bytes(max_body), rate)
    options = ServingOptions(
        min_replicas=low,
        max_replicas=high,
        cpus=cpus,
        gpus=gpus,
        memory_mb=parse_memory(memory),
        slo_ms=None if slo is None else parse_ms(slo),
        max_batch=batch,
        max_queue=max_queue,
        timeout_s=parse_time(timeout) or 60.0,
        idle_s=parse_time(idle) or 300.0,
        max_models=max_models,
        env=env,
        env_vars=dict(env_vars or {}),
    )
    return options, limits


def parse_ms(text: float | str) -> float:
    """Milliseconds from a number of them, or from ``"20ms"``, ``"1.5s"``.

    >>> parse_ms("20ms"), parse_ms("1.5s")
    (20.0, 1500.0)
    """
    match = re.match(r"^\s*(\d+(?:\.\d+)?)\s*(ms|s)?\s*$", str(text))
    if not match or float(match.group(1)) == 0:
        raise OptionError(f"Cannot aim at {text!r}: write milliseconds, or 20ms, 1s.")
    return float(match.group(1)) * (1000.0 if match.group(2) == "s" else 1.0)


def parse_bytes(text: int | str) -> int:
    """Bytes from a number of them, or from ``"16M"``.

    >>> parse_bytes("16M")
    16777216
    """
    match = _BYTES.match(str(text))
    if not match or float(match.group(1)) == 0:
        raise OptionError(f"Cannot limit bodies to {text!r}: write bytes, or 16M, 1G.")
    return int(float(match.group(1)) * {"k": 2**10, "m": 2**20, "g": 2**30, "": 1}[(match.group(2) or "").lower()])


def traffic_plan(
    canary: str | float | None,
    canary_for: float | str,
    canary_requests: int,
    canary_slowdown: float,
    canary_errors: float | str,
    *,
    shadow: bool,
    traffic: bool,
) -> tuple[str, Any]:
    """What share of the traffic a version gets, and what a canary has to show for it."""
    from workbench.serving.gateway.book import Canary

    if sum([canary is not None, shadow, not traffic]) > 1:
        raise OptionError("Cannot be canary, shadow and without traffic at once: choose one.")
    if canary is None:
        return "shadow" if shadow else "all" if traffic else "none", None
    steps = []
    for part in str(canary).split(","):
        steps.append(_percent("canary", part))
    if any(not 0 < step < 100 for step in steps) or steps != sorted(set(steps)):
        raise OptionError(f"Cannot step through canary={canary!r}: percents between 0 and 100, each above the last.")
    if canary_requests < 1:
        raise OptionError(f"Cannot judge a canary by {canary_requests} requests: give 1 or more.")
    if not canary_slowdown >= 1:
        raise OptionError(f"Cannot allow canary-slowdown={canary_slowdown:g}: give a factor of 1 or more.")
    return "canary", Canary(
        "",
        steps,
        for_s=parse_time(canary_for) or 60.0,
        min_requests=canary_requests,
        max_slowdown=canary_slowdown,
        max_more_errors=_percent("canary-errors", str(canary_errors)) / 100.0,
    )


def _percent(what: str, text: str) -> float:
    try:
        percent = float(text.strip().removesuffix("%"))
    except ValueError:
        percent = float("nan")
    if not 0 <= percent <= 100:
        raise OptionError(f"Cannot take {what}={text!r}: write percent between 0 and 100, as in 10%.")
    return percent
