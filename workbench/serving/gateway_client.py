"""The way to the cluster's gateway, which is created where there is none."""

from __future__ import annotations

import os
from typing import Any

from workbench.cluster.actors import ActorConnection, detached_actor
from workbench.errors import ClusterError, OptionError, ServingError
from workbench.settings import home

_BEGIN_S = 60.0


def gateway_of(connection: ActorConnection, *, start: bool = True) -> ActorConnection:
    """Return the cluster's gateway, which listens.

    Args:
        connection: The connection to the cluster.
        start: Whether to create one where there is none.

    Raises:
        ServingError: There is none, and ``start`` is false; or a requested port is in use.
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
    settings = listen_settings()
    # A new actor begins by itself, too: it has to know the ports by then.
    actor = detached_actor(Gateway, NAME, NAMESPACE, str(home()), *settings, max_restarts=-1)
    gateway = connection.to(actor, NAME)
    gateway.call("begin", *settings, timeout_s=_BEGIN_S)
    return gateway


def listen_settings() -> tuple[str | None, int | None, int | None]:
    """Return interface and ports: ``WORKBENCH_SERVE_HOST``, ``WORKBENCH_SERVE_PORT``, ``WORKBENCH_SERVE_GRPC_PORT``."""
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
