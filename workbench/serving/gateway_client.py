"""A process's way to the gateway, which is made where the cluster has none."""

from __future__ import annotations

import os
from typing import Any

from workbench.cluster.actors import ActorConnection, detached_actor
from workbench.errors import ClusterError, OptionError, ServingError
from workbench.settings import home

_BEGIN_S = 60.0


def gateway_of(connection: ActorConnection, *, start: bool = True) -> ActorConnection:
    """The cluster's gateway, listening.

    Args:
        connection: To the cluster.
        start: Whether to make one where there is none.

    Raises:
        ServingError: There is none, and ``start`` is false; or a port that was asked for is in use.
    """
    import ray

    from workbench.serving.control.actor import NAME, NAMESPACE, Gateway

    if not start:
        try:
            return connection.to(ray.get_actor(NAME, namespace=NAMESPACE), NAME)
        except ValueError:
            raise ServingError("Nothing is published yet: %publish MODEL --name NAME begins.") from None
        except (ray.exceptions.RayError, ConnectionError, RuntimeError) as error:
            raise ClusterError(f"Cannot reach the gateway: {error}") from error
    wanted = asked()
    # Where it is made, it begins by itself, too: it has to know the ports by then.
    actor = detached_actor(Gateway, NAME, NAMESPACE, str(home()), *wanted, max_restarts=-1)
    gateway = connection.to(actor, NAME)
    gateway.call("begin", *wanted, timeout_s=_BEGIN_S)
    return gateway


def asked() -> tuple[str | None, int | None, int | None]:
    """Interface and ports: ``WORKBENCH_SERVE_HOST``, ``WORKBENCH_SERVE_PORT``, ``WORKBENCH_SERVE_GRPC_PORT``."""
    return (
        os.environ.get("WORKBENCH_SERVE_HOST") or None,
        _port("WORKBENCH_SERVE_PORT"),
        _port("WORKBENCH_SERVE_GRPC_PORT"),
    )


def _port(name: str) -> int | None:
    text: Any = os.environ.get(name)
    if not text:
        return None
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise OptionError(f"Cannot listen on {name}={text!r}: give a port, 1 to 65535.")
    return int(text)
