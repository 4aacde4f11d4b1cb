"""The options of an endpoint, each declared once: for magic, function, panel and command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.errors import OptionError, suggestion
from workbench.options.option import Command, Option, checked
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
    """Have ``"none"`` take back what the endpoint has."""
    return lambda value: None if value == NONE else parse(value)


SERVING = (
    Option(
        name="replicas",
        metavar="N|MIN..MAX",
        usual=str(_USUAL.min_replicas),
        help="processes, or the least and the most by load: 1..4; 0..4 lets it sleep",
        check=parse_replicas,
        pattern=REPLICAS_PATTERN,
        label="Replicas",
    ),
    Option(
        name="cpus",
        type=float,
        metavar="N",
        usual="none on this machine's cluster, else 0.1",
        help="CPUs to reserve for each replica",
        check=amount("cpus"),
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
        label="Requests per second and token",
        low=0,
    ),
    Option(
        name="max_body",
        unit="bytes",
        metavar="B",
        usual=f"{_LIMITED.max_body // 2**20}M",
        help="bytes of a request, or 512k, 16M, 1G",
        check=parse_bytes,
        label="Largest request",
        pattern=BYTES_PATTERN,
    ),
    Option(
        name="cache",
        type=int,
        metavar="N",
        usual=str(_LIMITED.cache),
        help="answers to keep for requests that come again, the same to the byte",
        check=whole("Cannot keep {} answers"),
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

PUBLISH = Command(
    name="publish",
    help="make an endpoint of a model",
    usage="MODEL [options]",
    description="Publish a model as an endpoint that other programs can ask. A model is a variable of the\n"
    "notebook, a run (its model), or a registered model: digits, digits@champion, digits/3.",
    examples="  %publish model --name digits\n"
    "  %publish digits@champion --replicas 1..4 --slo 20ms\n"
    "  %publish forest --name digits --canary 10%      the run's model gets 10 % at first\n"
    "  %publish small_a small_b --name small           several models, one endpoint\n"
    "An option that is not given stays as the endpoint has it; the defaults are those of a new endpoint.\n"
    "--slo none and --memory none take back what it has. From then on: %endpoints --help",
    options=(
        Option(name="model", is_word=True, nargs="+", help="what to publish"),
        Option(
            name="name",
            short="-n",
            metavar="NAME",
            help="the endpoint's name; none takes the model's",
            label="Name of the endpoint",
            pattern=r"[A-Za-z0-9][A-Za-z0-9_\-]*",
        ),
        Option(
            name="alias",
            metavar="A",
            help="the version's alias once it has all of the traffic, as champion",
            label="Alias",
            placeholder="champion",
        ),
        Option(name="example", metavar="X", help="a variable with rows that the model takes; none looks for them"),
        *VERSION_OPTIONS,
        Option(name="wait", type=bool, default=True, help="do not wait until it answers"),
    ),
)


def publish_options(given: Mapping[str, Any]) -> tuple[tuple[str, Canary | None], dict[str, Any], dict[str, Any]]:
    """Return how a version begins, its options and the endpoint's limits; see :func:`traffic_plan`.

    Args:
        given: Values of :data:`VERSION_OPTIONS` by name; None is not given.

    Raises ``OptionError`` for one that cannot be used, or that does not exist.
    """
    given = {name: value for name, value in given.items() if value is not None}
    of_plan = {option.name for option in (*CANARY, *TRAFFIC)}
    known = [option.name for option in VERSION_OPTIONS]
    for name in given:
        if name not in known:
            raise OptionError(f"Cannot publish with {name!r}: it is no option.{suggestion(name, known)}")
    plan = traffic_plan(**{name: value for name, value in given.items() if name in of_plan})
    return plan, *serving_options(**{name: value for name, value in given.items() if name not in of_plan})


def serving_options(**given: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the fields of :class:`ServingOptions` that are given, and those of :class:`Limits`; None is not given.

    >>> serving_options(replicas="1..4", slo="20ms", rate=50)
    ({'min_replicas': 1, 'max_replicas': 4, 'slo_ms': 20.0}, {'rate': 50})
    """
    limits = {option.name for option in LIMITS}
    given = {name: value for name, value in given.items() if value is not None}
    found = checked(SERVING, {name: value for name, value in given.items() if name not in limits})
    if "replicas" in found:
        low, high = found.pop("replicas")
        found = {"min_replicas": low, "max_replicas": high, **found}
    if not found.get("env_vars", True):
        del found["env_vars"]
    return found, checked(LIMITS, {name: value for name, value in given.items() if name in limits})


def check_limits(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the limits of an endpoint as the gateway takes them, only those that are given.

    >>> check_limits({"max_body": "1M"})
    {'max_body': 1048576}
    """
    known = [option.name for option in LIMITS]
    for name in given:
        if name not in known:
            raise OptionError(f"Cannot limit {name!r}: there are {', '.join(known)}.{suggestion(name, known)}")
    return checked(LIMITS, given)


def traffic_plan(*, shadow: bool = False, traffic: bool = True, **given: Any) -> tuple[str, Canary | None]:
    """Return the share of the traffic that a version begins with: ``all``, ``canary``, ``shadow`` or ``none``.

    Args:
        shadow: Whether it only gets a copy of each request.
        traffic: Whether it gets traffic at all.
        given: Values of :data:`CANARY` by name: what a canary has to show.
    """
    canary = given.get("canary")
    if sum([canary is not None, shadow, not traffic]) > 1:
        raise OptionError("Cannot be canary, shadow and without traffic at once: choose one.")
    if canary is None:
        return "shadow" if shadow else "all" if traffic else "none", None
    return "canary", Canary("", **checked(CANARY, {name: value for name, value in given.items() if value is not None}))
