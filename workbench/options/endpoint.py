"""The options of an endpoint, each declared once: for magic, function, panel and command line."""

from __future__ import annotations

from typing import Any

from workbench.options.option import Option
from workbench.options.values import (
    BYTES_PATTERN,
    MS_PATTERN,
    NONE,
    PERCENTS_PATTERN,
    REPLICAS_PATTERN,
    TIME_PATTERN,
    amount,
    check_rate,
    check_slowdown,
    one_of,
    parse_bytes,
    parse_memory,
    parse_ms,
    parse_percent,
    parse_replicas,
    parse_steps,
    parse_time,
    parse_variables,
    whole,
)
from workbench.records.endpoints import Canary, Limits, ServingOptions

ENVS = ("cluster", "pinned")

_USUAL, _LIMITED, _JUDGED = ServingOptions(), Limits(), Canary("", [])


def _unless_none(parse: Any) -> Any:
    """Return a parser for which ``"none"`` takes back what the endpoint has."""
    return lambda value: None if value == NONE else parse(value)


SERVING = (
    Option(
        name="replicas",
        metavar="N|MIN..MAX",
        usual=str(_USUAL.min_replicas),
        help="processes, or the least and the most by load: 1..4; 0..4 lets it sleep",
        check=parse_replicas,
        pattern=REPLICAS_PATTERN,
        forms=("publish",),
        label="Replicas",
    ),
    Option(
        name="cpus",
        type=float,
        metavar="N",
        usual="none on this machine's cluster, else 0.1",
        help="CPUs to reserve for each replica",
        check=amount("cpus"),
        forms=("publish",),
        label="CPUs of a replica",
        placeholder="as usual",
        low=0,
    ),
    Option(
        name="gpus",
        type=float,
        metavar="G",
        usual=f"{_USUAL.gpus:g}",
        help="GPUs for each replica; 0.5 shares one",
        check=amount("gpus"),
        forms=("publish",),
        label="GPUs of a replica",
        low=0,
    ),
    Option(
        name="memory",
        field="memory_mb",
        unit="MiB",
        metavar="M",
        usual=NONE,
        help="memory to reserve for each replica: MiB, or 2G",
        check=_unless_none(parse_memory),
    ),
    Option(
        name="slo",
        field="slo_ms",
        unit="ms",
        metavar="T",
        usual=NONE,
        help="how long an answer may take: 20ms; batches and replicas follow",
        check=_unless_none(parse_ms),
        forms=("publish",),
        label="Latency objective",
        placeholder="20ms",
        pattern=MS_PATTERN,
    ),
    Option(
        name="batch",
        field="max_batch",
        type=int,
        metavar="N",
        usual=str(_USUAL.max_batch),
        help="rows computed together, at most",
        check=whole("Cannot serve with batch={}", 1),
        low=1,
    ),
    Option(
        name="timeout",
        field="timeout_s",
        unit="s",
        metavar="T",
        usual=f"{_USUAL.timeout_s:g}s",
        help="answer what takes longer with 504",
        check=parse_time,
        pattern=TIME_PATTERN,
    ),
    Option(
        name="idle",
        field="idle_s",
        unit="s",
        metavar="T",
        usual=f"{_USUAL.idle_s / 60:g}m",
        help="with 0..N replicas: sleep after so long",
        check=parse_time,
        pattern=TIME_PATTERN,
    ),
    Option(
        name="max_queue",
        type=int,
        metavar="N",
        usual=str(_USUAL.max_queue),
        help="requests that may wait per replica",
        check=whole("Cannot serve with max-queue={}", 1),
        low=1,
    ),
    Option(
        name="max_models",
        type=int,
        metavar="N",
        usual=str(_USUAL.max_models),
        help="of several models, so many loaded",
        check=whole("Cannot serve with max-models={}", 1),
        low=1,
    ),
    Option(
        name="env",
        choices=ENVS,
        usual=_USUAL.env,
        help="packages: the cluster's, or those that the model was logged with",
        check=one_of("env", ENVS),
    ),
    Option(
        name="env_vars",
        flag="--env-var",
        is_repeated=True,
        metavar="NAME=VALUE",
        help="a variable of the replicas",
        check=parse_variables,
    ),
)
"""The options that become fields of :class:`~workbench.records.endpoints.ServingOptions`."""

LIMITS = (
    Option(
        name="rate",
        type=float,
        unit="requests/s",
        metavar="N",
        usual="any number",
        help="requests per second and token; those over it are told when to ask again (429)",
        check=check_rate,
        forms=("limits",),
        label="Requests per second and token",
        low=0,
        is_nullable=True,
    ),
    Option(
        name="max_body",
        unit="bytes",
        metavar="B",
        usual=f"{_LIMITED.max_body // 2**20}M",
        help="bytes of a request, or 512k, 16M, 1G",
        check=parse_bytes,
        forms=("limits",),
        label="Largest request",
        low=1,
        pattern=BYTES_PATTERN,
    ),
    Option(
        name="cache",
        type=int,
        metavar="N",
        usual=str(_LIMITED.cache),
        help="answers to keep for requests that come again, the same to the byte",
        check=whole("Cannot keep {} answers"),
        forms=("publish", "limits"),
        label="Answers to keep",
        low=0,
    ),
    Option(
        name="samples",
        type=int,
        metavar="N",
        usual=str(_LIMITED.samples),
        help="requests to keep of each version, with their answers; 0 keeps none",
        check=whole("Cannot keep {} samples", 0, 1000),
        forms=("publish", "limits"),
        label="Samples to keep",
        low=0,
        high=1000,
    ),
)
"""The options that become fields of :class:`~workbench.records.endpoints.Limits`."""

CANARY = (
    Option(
        name="canary",
        field="steps",
        unit="%",
        metavar="P",
        help="percent of the traffic at first: 10%, or steps 10%,50%; it goes back where it errs more or is slower",
        check=parse_steps,
        forms=("publish",),
        label="Canary",
        placeholder="10%",
        pattern=PERCENTS_PATTERN,
    ),
    Option(
        name="canary_for",
        field="for_s",
        unit="s",
        usual=f"{_JUDGED.for_s:g}s",
        metavar="T",
        help="how long a step lasts at least",
        check=parse_time,
    ),
    Option(
        name="canary_requests",
        field="min_requests",
        type=int,
        usual=str(_JUDGED.min_requests),
        metavar="N",
        help="requests to judge a step by",
        check=whole("Cannot judge a canary by {} requests", 1),
        low=1,
    ),
    Option(
        name="canary_slowdown",
        field="max_slowdown",
        type=float,
        usual=f"{_JUDGED.max_slowdown:g}",
        metavar="F",
        help="p95 allowed, times the champion's",
        check=check_slowdown,
        low=1,
    ),
    Option(
        name="canary_errors",
        field="max_more_errors",
        unit="%",
        usual=f"{_JUDGED.max_more_errors * 100:g}%",
        metavar="P",
        help="errors allowed above the champion's",
        check=lambda share: parse_percent("canary-errors", str(share)) / 100.0,
    ),
)
"""The options that become fields of :class:`~workbench.records.endpoints.Canary`."""

TRAFFIC = (
    Option(name="shadow", type=bool, default=False, help="only give it copies of the requests"),
    Option(name="traffic", type=bool, default=True, help="let it wait for %endpoints traffic or promote"),
)
VERSION_OPTIONS = (*SERVING, *LIMITS, *CANARY, *TRAFFIC)
"""The options that each version of an endpoint is published with."""
