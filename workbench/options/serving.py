"""Checks the options of an endpoint, wherever they come from: magic, function, panel or command line."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

from workbench.errors import OptionError, suggestion
from workbench.options.run import parse_memory, parse_replicas, parse_time

ENVS = ("cluster", "pinned")
NONE = "none"
"""What takes an objective or a reservation back that the endpoint has."""

_MOST = 2**63
_LIMITS = ("max_body", "rate", "cache", "samples")
_MOST_SAMPLES = 1000
_BYTES = re.compile(r"\s*(\d{1,18}(?:\.\d+)?)\s*(k|m|g)?i?b?\s*", re.IGNORECASE)
_MS = re.compile(r"\s*(\d{1,18}(?:\.\d+)?)\s*(ms|s)?\s*")


def serving_options(
    *,
    replicas: str | int | None = None,
    cpus: float | None = None,
    gpus: float | None = None,
    memory: int | str | None = None,
    slo: float | str | None = None,
    batch: int | None = None,
    timeout: float | str | None = None,
    idle: float | str | None = None,
    max_queue: int | None = None,
    max_models: int | None = None,
    max_body: int | str | None = None,
    rate: float | None = None,
    cache: int | None = None,
    samples: int | None = None,
    env: str | None = None,
    env_vars: Mapping[str, str] | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Those that are given, as fields of :class:`ServingOptions`, and the limits among them.

    See :func:`publish`. ``OptionError`` names the first that cannot be used.

    >>> serving_options(replicas="1..4", slo="20ms", rate=50)
    ({'min_replicas': 1, 'max_replicas': 4, 'slo_ms': 20.0}, {'rate': 50})
    """
    found: dict[str, Any] = {}
    if replicas is not None:
        found["min_replicas"], found["max_replicas"] = parse_replicas(replicas)
    for what, amount in (("cpus", cpus), ("gpus", gpus)):
        if amount is not None and not amount >= 0:
            raise OptionError(f"Cannot reserve {what}={amount:g}: it must be 0 or more.")
    counts = (
        ("batch", "max_batch", batch),
        ("max-queue", "max_queue", max_queue),
        ("max-models", "max_models", max_models),
    )
    for what, _, count in counts:
        if count is not None and count < 1:
            raise OptionError(f"Cannot serve with {what}={count}: it must be 1 or more.")
    if env is not None and env not in ENVS:
        raise OptionError(f"Cannot serve with env={env!r}: there are {' and '.join(ENVS)}.{suggestion(env, ENVS)}")
    fields: dict[str, Any] = {
        "cpus": cpus,
        "gpus": gpus,
        **{field: count for _, field, count in counts},
        "timeout_s": parse_time(timeout),
        "idle_s": parse_time(idle),
        "env": env,
        "env_vars": dict(env_vars) if env_vars else None,
    }
    found |= {name: value for name, value in fields.items() if value is not None}
    if slo is not None:
        found["slo_ms"] = None if slo == NONE else parse_ms(slo)
    if memory is not None:
        found["memory_mb"] = None if memory == NONE else parse_memory(memory)
    given = {"max_body": max_body, "rate": rate, "cache": cache, "samples": samples}
    return found, check_limits({name: value for name, value in given.items() if value is not None})


def check_limits(given: Mapping[str, Any]) -> dict[str, Any]:
    """Limits of an endpoint as the gateway takes them, only those that are given.

    ``max_body`` is in bytes or as ``"16M"``, ``rate`` in requests a second and token (None for any number),
    ``cache`` in answers, ``samples`` in requests of each version.

    >>> check_limits({"max_body": "1M"})
    {'max_body': 1048576}
    """
    for name in given:
        if name not in _LIMITS:
            raise OptionError(f"Cannot limit {name!r}: there are {', '.join(_LIMITS)}.{suggestion(name, _LIMITS)}")
    found = dict(given)
    if "max_body" in found:
        found["max_body"] = parse_bytes(found["max_body"])
    rate = found.get("rate")
    if rate is not None and not (_is_number(rate) and 0 < rate < _MOST):
        raise OptionError(f"Cannot limit clients to {rate!r} requests a second: it must be a finite number above 0.")
    if not _is_count(cache := found.get("cache", 0), _MOST - 1):
        raise OptionError(f"Cannot keep {cache!r} answers: give a whole number, 0 or more.")
    if not _is_count(samples := found.get("samples", 0), _MOST_SAMPLES):
        raise OptionError(f"Cannot keep {samples!r} samples: give a whole number, 0 to {_MOST_SAMPLES}.")
    return found


def _is_count(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def parse_ms(text: float | str) -> float:
    """Milliseconds from a number of them, or from ``"20ms"``, ``"1.5s"``.

    >>> parse_ms("20ms"), parse_ms("1.5s")
    (20.0, 1500.0)
    """
    match = _MS.fullmatch(str(text))
    if not match or float(match.group(1)) == 0:
        raise OptionError(f"Cannot aim at {text!r}: write milliseconds, or 20ms, 1s; none takes the objective back.")
    return float(match.group(1)) * (1000.0 if match.group(2) == "s" else 1.0)


def parse_bytes(text: int | str) -> int:
    """Bytes from a number of them, or from ``"16M"``.

    >>> parse_bytes("16M")
    16777216
    """
    match = _BYTES.fullmatch(str(text))
    factors = {"k": 2**10, "m": 2**20, "g": 2**30, "": 1}
    found = int(float(match.group(1)) * factors[(match.group(2) or "").lower()]) if match else 0
    if not 1 <= found < _MOST:
        raise OptionError(f"Cannot limit bodies to {text!r}: write bytes, 1 or more, or 16M, 1G.")
    return found


def traffic_plan(
    canary: str | float | None = None,
    canary_for: float | str = "60s",
    canary_requests: int = 100,
    canary_slowdown: float = 1.5,
    canary_errors: float | str = "1%",
    *,
    shadow: bool = False,
    traffic: bool = True,
) -> tuple[str, Any]:
    """What share of the traffic a version gets, and what a canary has to show for it."""
    from workbench.records.endpoints import Canary

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


def plan_and_options(given: Mapping[str, Any]) -> tuple[tuple[str, Any], dict[str, Any], dict[str, Any]]:
    """What :func:`traffic_plan` and :func:`serving_options` make of options by name; None is not given.

    Raises ``OptionError`` for one that there is not.
    """
    given = {name: value for name, value in given.items() if value is not None}
    of_plan = {name: value for name, value in given.items() if name in _PLAN}
    of_serving = {name: value for name, value in given.items() if name not in _PLAN}
    for name in of_serving:
        if name not in _SERVING:
            raise OptionError(f"Cannot publish with {name!r}: it is no option.")
    return traffic_plan(**of_plan), *serving_options(**of_serving)


_PLAN = inspect.signature(traffic_plan).parameters.keys()
_SERVING = inspect.signature(serving_options).parameters.keys()


def _percent(what: str, text: str) -> float:
    try:
        percent = float(text.strip().removesuffix("%"))
    except ValueError:
        percent = float("nan")
    if not 0 <= percent <= 100:
        raise OptionError(f"Cannot take {what}={text!r}: write percent between 0 and 100, as in 10%.")
    return percent
