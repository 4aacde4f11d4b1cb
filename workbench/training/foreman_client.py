"""The cluster's foreman: find it, or start it where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.cluster.actors import detached_actor
from workbench.cluster.connection import connect

if TYPE_CHECKING:
    from workbench.cluster.actors import ActorConnection
    from workbench.settings import Settings


def connect_to_foreman(settings: Settings, **options: Any) -> ActorConnection:
    """Connect to the cluster and its foreman; see :func:`workbench.cluster.connection.connect` for the options."""
    return connect(settings, lambda: ensure_foreman(settings.spares), **options)


def ensure_foreman(spares: int | None = None) -> Any:
    """Return the cluster's foreman; start it where there is none."""
    from workbench.training.foreman.actor import NAME, NAMESPACE, Foreman

    return detached_actor(Foreman, NAME, NAMESPACE, spares)
