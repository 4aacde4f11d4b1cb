"""Publishes models: finds what is meant, registers it, and has the gateway bring it up."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.api.caller import callers_names
from workbench.api.endpoint_handle import Endpoint
from workbench.api.model_source import (
    Source,
    check_alias,
    check_name,
    default_name,
    register,
    requirements_of,
    source_of,
)
from workbench.api.project import Project, current_project
from workbench.errors import OptionError
from workbench.options.endpoint import VERSION_OPTIONS
from workbench.options.option import given_of
from workbench.options.serving import publish_options
from workbench.records.endpoints import ServedModel, ServingOptions
from workbench.serving.token_files import digest, token_aside, token_path

if TYPE_CHECKING:
    from workbench.records.endpoints import Order

_CPUS_ELSEWHERE = 0.1


def publish(
    model: Any,
    *more: Any,
    name: str | None = None,
    alias: str | None = None,
    example: Any = None,
    replicas: str | int | None = None,
    cpus: float | None = None,
    gpus: float | None = None,
    memory: int | str | None = None,
    slo: float | str | None = None,
    batch: int | None = None,
    cache: int | None = None,
    samples: int | None = None,
    canary: str | float | None = None,
    canary_for: float | str | None = None,
    canary_requests: int | None = None,
    canary_slowdown: float | None = None,
    canary_errors: float | str | None = None,
    shadow: bool = False,
    traffic: bool = True,
    timeout: float | str | None = None,
    idle: float | str | None = None,
    max_queue: int | None = None,
    max_models: int | None = None,
    max_body: int | str | None = None,
    rate: float | None = None,
    env: str | None = None,
    env_vars: Mapping[str, str] | None = None,
    wait: bool = True,
) -> Endpoint:
    """Publish a model as an endpoint that other programs can ask.

    ::

        digits = workbench.publish(model, name="digits", slo="20ms", replicas="1..4")
        digits.predict(X[:1])

    What is not given (None) stays as the endpoint has it; at first it is as below in brackets.

    Args:
        model: A model or a function of one argument; or words: a run's name (its model), ``"digits@champion"``,
            ``"digits/3"``, ``"digits"`` (the newest version of a registered model).
        more: More of them: each replica then holds several, and requests say which they mean.
        name: The endpoint's name, and the registered model's; None takes the model's own.
        alias: What the version is called in the registry once it has all of the traffic.
        example: Rows that the model takes, where they cannot be found in the notebook.
        replicas: How many processes serve it, or the least and the most: ``"1..4"``; ``"0..4"`` lets it sleep (1).
        cpus: CPUs to reserve for each (none on this machine's own cluster, where training and endpoints must not wait
            for each other, and 0.1 on others).
        gpus: GPUs for each, a fraction to share one (0).
        memory: Memory to reserve for each, MiB or ``"2G"`` (``"none"``).
        slo: How long an answer may take, ``"20ms"``: batches are made as large as that allows, and replicas are
            added when it is missed (``"none"``).
        batch: Rows computed together, at most (64).
        cache: Answers to keep for requests that come again (0).
        samples: Requests to keep of each version, with their answers, drawn evenly from all; 0 keeps none (100).
        canary: Percent of the traffic that it gets at first, ``"10%"``, or several steps ``"10%,50%"``; it is promoted
            or rolled back by its errors and latency.
        canary_for: How long a step lasts at least (``"60s"``).
        canary_requests: How many requests it must answer in a step (100).
        canary_slowdown: It is rolled back when its p95 is more than so many times the champion's, and 2 ms (1.5).
        canary_errors: It is rolled back when its share of errors is by so much above the champion's (``"1%"``).
        shadow: Whether it only gets a copy of each request.
        traffic: Whether it gets traffic at all; without, it waits for ``set_traffic`` or ``promote``.
        timeout: Requests that take longer are answered with 504 (``"60s"``).
        idle: With replicas from 0, how long after the last request it goes to sleep (``"5m"``).
        max_queue: Requests that may wait per replica; more are answered with 429 (256).
        max_models: With several models, how many a replica holds at a time (3).
        max_body: Bytes of a request, or ``"16M"`` (16M).
        rate: Requests per second and token (any number).
        env: ``"cluster"`` for the cluster's packages, ``"pinned"`` for those that the model was logged with; of each
            version anew (``"cluster"``).
        env_vars: Environment variables of the replicas (none).
        wait: Whether to wait until it answers.

    Returns:
        The endpoint.

    Raises:
        OptionError: An option cannot be used.
        ModelNotFoundError: The words name no model.
        ServingError: It did not load, or did not answer; what was live before still is.
    """
    given = given_of(VERSION_OPTIONS, locals())
    namespace = callers_names()
    sources = [source_of(one, namespace, example) for one in (model, *more)]
    plan, options, limits = publish_options(given)
    endpoint, label = begin(current_project(), sources, options, limits, plan, name=name, alias=alias)
    if wait:
        endpoint.wait(label)
    return endpoint


def begin(
    project: Project,
    sources: list[Source],
    options: dict[str, Any],
    limits: dict[str, Any],
    plan: tuple[str, Any],
    *,
    name: str | None,
    alias: str | None = None,
    notebook: str = "",
    on_step: Callable[[str], None] = lambda _: None,
    on_tick: Callable[[float], None] = lambda _: None,
) -> tuple[Endpoint, str]:
    """Register the models and hand over to the gateway; return the endpoint and the label of the new version.

    Options, limits and plan are what :func:`workbench.options.serving.publish_options` gives.
    """
    from workbench.records.endpoints import Order
    from workbench.serving.gateway_client import gateway_of

    name = check_name(name or default_name(sources))
    if alias:
        check_alias(alias)
    as_name = name if len(sources) == 1 else ""
    # Words that name nothing are refused before a cluster is started for them.
    named = [register(project, source, as_name) if source.model is None else None for source in sources]
    connection = project.connection(on_tick=on_tick)
    with ThreadPoolExecutor(1) as beside:
        # The gateway takes seconds when it is the first: the notebook's models are kept meanwhile.
        gateway = beside.submit(gateway_of, connection)
        on_step("keeps the model")
        found = [
            done or register(project, source, as_name, notebook) for done, source in zip(named, sources, strict=True)
        ]
        gateway.result()
    if len({one.name for one in found}) < len(found):
        raise OptionError(f"Cannot publish two versions of one model as {name!r} at once: use traffic, or a canary.")
    usual = ServingOptions(cpus=0.0 if connection.is_local else _CPUS_ELSEWHERE)
    if options.get("env") == "pinned":
        options = {**options, "requirements": requirements_of(project, found)}
    kind, canary = plan
    state_dir = project.settings.state_dir
    order = Order(
        name=name,
        state_dir=str(state_dir),
        tracking_uri=project.settings.tracking_uri,
        artifact_dir=str(project.settings.artifact_dir) if project.settings.is_embedded_tracking else None,
        models=tuple(ServedModel(one.name, one.number, one.uri, one.run_id, one.files) for one in found),
        given=options,
        usual=usual,
        notebook=notebook,
        alias=alias or "",
        traffic=kind,
        canary=canary,
        limits=limits,
    )
    return Endpoint(project, name), _hand_over(gateway.result(), order, state_dir)


def _hand_over(gateway: Any, order: Order, state_dir: Path) -> str:
    """Give the order to the gateway, with a token that it takes if the endpoint is new.

    Only the gateway can tell: two kernels may publish the same name at once, and one of their tokens opens it.
    """
    is_written = (state_dir / "endpoints" / f"{order.name}.json").exists()
    if is_written and order.name not in gateway.call("names"):
        gateway.call("restore_one", str(state_dir), order.name)  # published before the cluster ended
    aside, token = token_aside(state_dir, order.name)
    try:
        begun = gateway.call("publish", replace(order, digest=digest(token)))
        if begun["took_token"]:
            aside.replace(token_path(state_dir, order.name))
    finally:
        aside.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # goes only while no token lies in it
            aside.parent.rmdir()
    return str(begun["label"])


def endpoint(name: str) -> Endpoint:
    """Return a published endpoint.

    Raises ``EndpointNotFoundError`` with the nearest name.
    """
    found = Endpoint(current_project(), name)
    found.snapshot()
    return found
