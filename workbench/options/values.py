"""The values of options: read from what users write, or refused with the reason and the fix."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral
from typing import Any

from workbench.errors import OptionError, suggestion

NONE = "none"
"""Takes back an objective or a reservation that the endpoint has."""

MEMORY_PATTERN = r"\s*\d+(\.\d+)?\s*[kKmMgGtT]?[iI]?[bB]?\s*"
TIME_PATTERN = r"\s*\d+(\.\d+)?\s*[sSmMhHdD]?\s*"
REPLICAS_PATTERN = r"\s*\d{1,4}\s*(\.\.\s*\d{1,4}\s*)?"
MS_PATTERN = r"\s*\d{1,18}(\.\d+)?\s*(ms|s)?\s*"
BYTES_PATTERN = r"\s*\d{1,18}(\.\d+)?\s*[kKmMgG]?[iI]?[bB]?\s*"
PERCENTS_PATTERN = r"\s*\d+(\.\d+)?\s*%?(\s*,\s*\d+(\.\d+)?\s*%?)*\s*"

_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)", re.IGNORECASE)
_MOST = 2**63
_NAME_CHARS = 200


def parse_name(name: str | None) -> str | None:
    """Return a run's name without spaces around it; None stays None."""
    if name is not None and (not name.strip() or len(name) > _NAME_CHARS or any(ord(char) < 32 for char in name)):
        raise OptionError(f"Cannot name a run {name!r}: give a name of 1 to {_NAME_CHARS} printable characters.")
    return name.strip() if name else None


def parse_memory(text: int | str | None) -> int | None:
    """Return MiB from a number of them, or from ``"2G"``, ``"512M"``.

    >>> parse_memory("2G"), parse_memory(512)
    (2048, 512)
    """
    if text is None:
        return None
    amount, unit = _amount_of(text, MEMORY_PATTERN)
    if not amount:
        raise OptionError(f"Cannot reserve memory={text!r}: write a number of MiB, or 512M, 2G.")
    return max(1, int(amount * {"k": 1 / 1024, "m": 1, "g": 1024, "t": 1024 * 1024}.get(unit[:1], 1)))


def parse_time(text: float | str | None) -> float | None:
    """Return seconds from a number of them, or from ``"90s"``, ``"10m"``, ``"2h"``.

    >>> parse_time("10m")
    600.0
    """
    if text is None:
        return None
    amount, unit = _amount_of(text, TIME_PATTERN)
    if not amount:
        raise OptionError(f"Cannot limit the time to {text!r}: write seconds, or 90s, 10m, 2h.")
    return amount * {"m": 60, "h": 3600, "d": 86400}.get(unit, 1)


def parse_ms(text: float | str) -> float:
    """Return milliseconds from a number of them, or from ``"20ms"``, ``"1.5s"``.

    >>> parse_ms("20ms"), parse_ms("1.5s")
    (20.0, 1500.0)
    """
    amount, unit = _amount_of(text, MS_PATTERN)
    if not amount:
        raise OptionError(f"Cannot aim at {text!r}: write milliseconds, or 20ms, 1s; none takes the objective back.")
    return amount * (1000.0 if unit == "s" else 1.0)


def parse_bytes(text: int | str) -> int:
    """Return bytes from a number of them, or from ``"16M"``.

    >>> parse_bytes("16M")
    16777216
    """
    amount, unit = _amount_of(text, BYTES_PATTERN)
    found = int(amount * {"k": 2**10, "m": 2**20, "g": 2**30}.get(unit[:1], 1))
    if not 1 <= found < _MOST:
        raise OptionError(f"Cannot limit bodies to {text!r}: write bytes, 1 or more, or 16M, 1G.")
    return found


def _amount_of(text: float | str, pattern: str) -> tuple[float, str]:
    """Return the number and the unit in lower case; 0 where the text does not match the whole pattern."""
    match = _AMOUNT.match(str(text)) if re.fullmatch(pattern, str(text)) else None
    return (float(match.group(1)), match.group(2).lower()) if match else (0.0, "")


def parse_replicas(text: str | int) -> tuple[int, int]:
    """Return the least and the most replicas, from ``2`` or ``"1..4"``.

    >>> parse_replicas("1..4"), parse_replicas(2)
    ((1, 4), (2, 2))
    """
    low, _, high = str(text).partition("..")
    bounds = (int(low), int(high or low)) if re.fullmatch(REPLICAS_PATTERN, str(text)) else (0, 0)
    if bounds[1] < max(bounds[0], 1):
        raise OptionError(
            f"Cannot have replicas={text!r}: write a number, or the least and the most of them, as in 1..4; "
            "0..4 lets the endpoint sleep."
        )
    return bounds


def parse_names(names: str | Iterable[str]) -> tuple[str, ...]:
    """Return names of variables, from ``"a,b"`` or a list.

    >>> parse_names("a, b")
    ('a', 'b')
    """
    parts = names.replace(",", " ").split() if isinstance(names, str) else list(names)
    for part in parts:
        if not part.isidentifier():
            raise OptionError(f"Cannot return {part!r}: give names of variables, with commas between: --returns a,b")
    return tuple(dict.fromkeys(parts))


def parse_packages(packages: Iterable[str]) -> tuple[str, ...]:
    """Return requirements, from a list whose items may hold several with commas or spaces between."""
    return tuple(word for item in packages for word in item.replace(",", " ").split())


def parse_variables(variables: Mapping[str, str] | Iterable[str]) -> dict[str, str]:
    """Return environment variables by name, from a mapping or from texts ``NAME=VALUE``."""
    if isinstance(variables, Mapping):
        return dict(variables)
    found = {}
    for text in variables:
        key, equals, value = text.partition("=")
        if not equals or not key.isidentifier():
            raise OptionError(f"Cannot set the variable {text!r}: write NAME=VALUE.")
        found[key] = value
    return found


def parse_percent(what: str, text: str) -> float:
    """Return a number from 0 to 100, from ``"10%"`` or ``"10"``."""
    try:
        percent = float(text.strip().removesuffix("%"))
    except ValueError:
        percent = float("nan")
    if not 0 <= percent <= 100:
        raise OptionError(f"Cannot take {what}={text!r}: write percent between 0 and 100, as in 10%.")
    return percent


def parse_steps(steps: str | float) -> list[float]:
    """Return the percents of a canary's steps, from ``"10%,50%"``.

    >>> parse_steps("10%,50%")
    [10.0, 50.0]
    """
    found = [parse_percent("canary", part) for part in str(steps).split(",")]
    if any(not 0 < step < 100 for step in found) or found != sorted(set(found)):
        raise OptionError(f"Cannot step through canary={steps!r}: percents between 0 and 100, each above the last.")
    return found


def parse_parallel(text: int | str) -> int | None:
    """Return how many trials run at once, None for ``"auto"``."""
    if text == "auto":
        return None
    try:
        count = int(text)
    except ValueError:
        count = 0
    if not 1 <= count <= MOST_PARALLEL:
        raise OptionError(f"Cannot run {text!r} trials at once: give a number from 1 to {MOST_PARALLEL}, or auto.")
    return count


MOST_PARALLEL = 64


def check_rate(rate: Any) -> float | None:
    """Return requests per second; None for any number."""
    is_number = isinstance(rate, int | float) and not isinstance(rate, bool)
    if rate is not None and not (is_number and 0 < rate < _MOST):
        raise OptionError(f"Cannot limit clients to {rate!r} requests a second: it must be a finite number above 0.")
    return rate  # type: ignore[no-any-return]


def check_slowdown(factor: float) -> float:
    """Return how many times as slow as the champion a canary may be."""
    if not factor >= 1:
        raise OptionError(f"Cannot allow canary-slowdown={factor:g}: give a factor of 1 or more.")
    return factor


def amount(what: str) -> Callable[[float | None], float | None]:
    """Return a check of how much of a resource is reserved."""

    def check(value: float | None) -> float | None:
        if value is not None and not value >= 0:
            raise OptionError(f"Cannot reserve {what}={value:g}: it must be 0 or more.")
        return value

    return check


def whole_gpus(value: float) -> float:
    """Return how many GPUs a worker gets: a part of one, or whole ones."""
    amount("gpus-per-worker")(value)
    if value > 1 and value != int(value):
        raise OptionError(
            f"Cannot reserve gpus-per-worker={value:g}: a worker gets whole GPUs, or a part of one "
            f"(0.5). Ask for {int(value)} or {int(value) + 1}."
        )
    return float(value)


def whole(sentence: str, low: int = 0, high: int | None = None) -> Callable[[Any], int]:
    """Return a check of a whole number; ``sentence`` has ``{}`` where the value belongs: "Cannot keep {} answers"."""

    def check(value: Any) -> int:
        is_whole = isinstance(value, Integral) and not isinstance(value, bool)
        if not is_whole or not low <= value <= (_MOST - 1 if high is None else high):
            bounds = f"{low} or more" if high is None else f"{low} to {high}"
            raise OptionError(f"{sentence.format(repr(value))}: it must be a whole number, {bounds}.")
        return int(value)

    return check


def one_of(what: str, choices: tuple[str, ...]) -> Callable[[str], str]:
    """Return a check that a word is one of some."""

    def check(value: str) -> str:
        if value not in choices:
            known = " and ".join(choices) if len(choices) == 2 else ", ".join(choices)
            raise OptionError(f"Cannot use {what} {value!r}: there are {known}.{suggestion(value, choices)}")
        return value

    return check
