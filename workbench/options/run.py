"""Checks the options of a run, wherever they come from: magic, function or command line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from workbench.errors import OptionError, suggestion
from workbench.records.runs import Resources, RunOptions

ENGINES = ("crew", "ray-train")
_MEMORY = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(k|m|g|t)?i?b?\s*$", re.IGNORECASE)
_TIME = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(s|m|h|d)?\s*$", re.IGNORECASE)
_REPLICAS = re.compile(r"^\s*(\d{1,4})\s*(?:\.\.\s*(\d{1,4}))?\s*$")
_NAME_CHARS = 200


def check_options(
    *,
    name: str | None = None,
    workers: int = 1,
    cpus_per_worker: float | None = None,
    gpus_per_worker: float = 0.0,
    memory: int | str | None = None,
    returns: str | Iterable[str] = (),
    wait: bool | None = None,
    retries: int = 0,
    timeout: float | str | None = None,
    resume: str | None = None,
    pip: Iterable[str] = (),
    env: Mapping[str, str] | Iterable[str] = (),
    engine: str = "crew",
    dry_run: bool = False,
) -> RunOptions:
    """Options as a record; ``OptionError`` names the first that cannot be used, and the fix."""
    if name is not None and (not name.strip() or len(name) > _NAME_CHARS or any(ord(char) < 32 for char in name)):
        raise OptionError(f"Cannot name a run {name!r}: give a name of 1 to {_NAME_CHARS} printable characters.")
    if not isinstance(workers, int) or isinstance(workers, bool) or workers < 1:
        raise OptionError(f"Cannot run with workers={workers!r}: it must be a whole number, 1 or more.")
    for what, amount in (("cpus-per-worker", cpus_per_worker), ("gpus-per-worker", gpus_per_worker)):
        if amount is not None and (amount < 0 or amount != amount):
            raise OptionError(f"Cannot reserve {what}={amount:g}: it must be 0 or more.")
    if gpus_per_worker > 1 and gpus_per_worker != int(gpus_per_worker):
        raise OptionError(
            f"Cannot reserve gpus-per-worker={gpus_per_worker:g}: a worker gets whole GPUs, or a part of one "
            f"(0.5). Ask for {int(gpus_per_worker)} or {int(gpus_per_worker) + 1}."
        )
    if retries < 0:
        raise OptionError(f"Cannot retry {retries} times: it must be 0 or more.")
    if engine not in ENGINES:
        raise OptionError(
            f"Cannot use engine {engine!r}: there are {' and '.join(ENGINES)}.{suggestion(engine, ENGINES)}"
        )
    return RunOptions(
        name=name.strip() if name else None,
        resources=Resources(workers, cpus_per_worker, float(gpus_per_worker), parse_memory(memory)),
        returns=parse_names(returns),
        wait=wait,
        retries=retries,
        timeout_s=parse_time(timeout),
        resume=resume,
        pip=tuple(word for item in pip for word in item.replace(",", " ").split()),
        env=dict(env) if isinstance(env, Mapping) else dict(_pair(item) for item in env),
        engine=engine,
        dry_run=dry_run,
    )


def parse_memory(text: int | str | None) -> int | None:
    """MiB from a number of them, or from ``"2G"``, ``"512M"``.

    >>> parse_memory("2G"), parse_memory(512)
    (2048, 512)
    """
    if text is None:
        return None
    match = _MEMORY.match(str(text))
    if not match or float(match.group(1)) == 0:
        raise OptionError(f"Cannot reserve memory={text!r}: write a number of MiB, or 512M, 2G.")
    factor = {"k": 1 / 1024, "m": 1, "g": 1024, "t": 1024 * 1024, "": 1}[(match.group(2) or "").lower()]
    return max(1, int(float(match.group(1)) * factor))


def parse_time(text: float | str | None) -> float | None:
    """Seconds from a number of them, or from ``"90s"``, ``"10m"``, ``"2h"``.

    >>> parse_time("10m")
    600.0
    """
    if text is None:
        return None
    match = _TIME.match(str(text))
    if not match or float(match.group(1)) == 0:
        raise OptionError(f"Cannot limit the time to {text!r}: write seconds, or 90s, 10m, 2h.")
    return float(match.group(1)) * {"s": 1, "m": 60, "h": 3600, "d": 86400, "": 1}[(match.group(2) or "").lower()]


def parse_replicas(text: str | int) -> tuple[int, int]:
    """The least and the most replicas, from ``2`` or ``"1..4"``.

    >>> parse_replicas("1..4"), parse_replicas(2)
    ((1, 4), (2, 2))
    """
    match = _REPLICAS.match(str(text))
    low, high = (int(match.group(1)), int(match.group(2) or match.group(1))) if match else (0, 0)
    if not match or high < max(low, 1):
        raise OptionError(
            f"Cannot have replicas={text!r}: write a number, or the least and the most of them, as in 1..4; "
            "0..4 lets the endpoint sleep."
        )
    return low, high


def parse_names(names: str | Iterable[str]) -> tuple[str, ...]:
    """Names of variables, from ``"a,b"`` or a list."""
    parts = names.replace(",", " ").split() if isinstance(names, str) else list(names)
    for part in parts:
        if not part.isidentifier():
            raise OptionError(f"Cannot return {part!r}: give names of variables, with commas between: --returns a,b")
    return tuple(dict.fromkeys(parts))


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key.isidentifier():
        raise OptionError(f"Cannot set the variable {text!r}: write NAME=VALUE.")
    return key, value
