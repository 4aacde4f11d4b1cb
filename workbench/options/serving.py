"""What is published, and how: the command ``%publish`` and the checks of its options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.errors import OptionError, suggestion
from workbench.options.endpoint import CANARY, LIMITS, SERVING, TRAFFIC, VERSION_OPTIONS
from workbench.options.option import Command, Option, checked
from workbench.records.endpoints import Canary

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
            forms=("publish",),
            label="Name of the endpoint",
            pattern=r"[A-Za-z0-9][A-Za-z0-9_\-]*",
        ),
        Option(
            name="alias",
            metavar="A",
            help="the version's alias once it has all of the traffic, as champion",
            forms=("publish",),
            label="Alias",
            placeholder="champion",
            pattern=r"(?!([vV]\d+|[lL][aA][tT][eE][sS][tT])$)[\p{L}\p{N}_\-]{1,255}",  # as JavaScript has it
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
