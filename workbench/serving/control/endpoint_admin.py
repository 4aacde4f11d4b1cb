"""Changes to a published endpoint: its traffic, replicas, limits and tokens, and its end."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import replace
from typing import Any

from workbench.errors import OptionError, ServingError
from workbench.serving.control.deployer import Deployer
from workbench.serving.control.endpoints import Endpoints
from workbench.serving.control.figures import FigureRecorder
from workbench.serving.control.history_writer import HistoryWriter
from workbench.serving.control.replica_scaler import ReplicaScaler
from workbench.serving.control.routing import Router
from workbench.serving.dataplane.data_plane import DataPlane


class EndpointAdmin:
    """Carries out what the owner of an endpoint asks for; each change is on disk when its method returns.

    Args:
        endpoints: The gateway's endpoints.
        plane: The data plane, which forgets an endpoint that is withdrawn.
        deployer: Ends the applications of an endpoint that is withdrawn.
        router: Changes traffic.
        replica_scaler: Scales versions.
        figures: Records figures, and deletes samples.
        history: Ends the runs of versions.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        plane: DataPlane,
        deployer: Deployer,
        router: Router,
        replica_scaler: ReplicaScaler,
        figures: FigureRecorder,
        history: HistoryWriter,
    ) -> None:
        self._endpoints = endpoints
        self._plane = plane
        self._deployer = deployer
        self._router = router
        self._replica_scaler = replica_scaler
        self._figures = figures
        self._history = history

    def set_traffic(self, name: str, weights: dict[str, float]) -> None:
        """Share the requests between versions; the weights are scaled to sum to 100."""
        endpoint, total = self._endpoints.get(name), sum(weights.values())
        for label, weight in weights.items():
            self._endpoints.version(name, label)
            if not 0 <= weight < math.inf:
                raise OptionError(f"Cannot give version {label} {weight:g} %: it must be 0 or more.")
        if not total > 0:
            raise OptionError(f"Cannot share the traffic of {name!r} as {weights}: at least one must be above 0.")
        shares = {label: 100.0 * weight / total for label, weight in weights.items() if weight > 0}
        endpoint.canary = None
        text = "traffic: " + ", ".join(f"{label} {share:g} %" for label, share in shares.items())
        self._router.route(endpoint, shares, text)

    def set_shadow(self, name: str, label: str | None) -> None:
        """Send a copy of each request to a version; None ends that."""
        endpoint = self._endpoints.get(name)
        if label is not None:
            self._endpoints.version(name, label)
            if label == endpoint.champion:
                raise OptionError(f"Cannot have {label} shadow {name!r}: it is the version that answers.")
        if endpoint.shadow is not None and endpoint.shadow != label:
            endpoint.held.append(endpoint.shadow)  # its results may be a reason to promote it
        endpoint.shadow = label
        endpoint.add_event(f"shadow: {label}" if label else "shadow: none")
        self._router.commit(endpoint)

    def promote(self, name: str, label: str) -> None:
        """Give a version all of the traffic."""
        endpoint = self._endpoints.get(name)
        self._endpoints.version(name, label)
        self._router.promote(endpoint, label, f"promoted {label} by hand")

    def roll_back(self, name: str) -> None:
        """Share the requests as before the last change."""
        endpoint = self._endpoints.get(name)
        if not endpoint.past:
            raise ServingError(f"Cannot roll {name!r} back: there was no version before.")
        self._router.roll_back(endpoint, "by hand", is_held=True)

    def set_replicas(self, name: str, low: int, high: int, label: str | None = None) -> None:
        """Set the least and the most replicas of a version; None means the versions that take traffic."""
        endpoint = self._endpoints.get(name)
        chosen = [label] if label is not None else list(endpoint.weights)
        if not chosen:
            raise ServingError(f"Cannot scale {name!r}: no version of it is up yet. %endpoints show {name} says why.")
        for one in chosen:
            status = self._endpoints.version(name, one)
            status.version = status.version.with_options(min_replicas=low, max_replicas=high)
            endpoint.versions[one] = status.version
            endpoint.add_event(f"{one}: {low}..{high} replicas")
        self._router.commit(endpoint)
        self._replica_scaler.scale_all()

    async def set_limits(self, name: str, changes: dict[str, Any]) -> None:
        """Change the given fields of an endpoint's :class:`Limits`."""
        endpoint = self._endpoints.get(name)
        limits = replace(endpoint.limits, **changes)
        is_rate = limits.rate is None or 0 < limits.rate < math.inf
        if not is_rate or limits.max_body < 1 or limits.cache < 0 or limits.samples < 0:
            raise OptionError(
                f"Cannot limit {name!r} to {limits}: give a rate above 0 (or None), 1 byte or more, and 0 answers and "
                "samples or more."
            )
        endpoint.limits = limits
        self._router.commit(endpoint)
        if changes.get("samples") == 0 and (problem := await self._figures.forget_samples(endpoint)):
            raise ServingError(f"Of {name!r} {problem} Set samples to 0 again once that is mended.")

    def add_token(self, name: str, label: str, digest: str) -> None:
        """Accept a token from now on, known by its SHA-256."""
        endpoint = self._endpoints.get(name)
        if label in endpoint.tokens:
            raise OptionError(
                f"Cannot make token {label!r}: {name!r} has one of that name. Revoke it, or name another."
            )
        endpoint.tokens[label] = {"digest": digest, "created_at": time.time()}
        endpoint.add_event(f"token {label!r} was made")
        self._router.commit(endpoint)

    def revoke_token(self, name: str, label: str) -> None:
        """Refuse a token from now on."""
        endpoint = self._endpoints.get(name)
        if label not in endpoint.tokens:
            known = ", ".join(endpoint.tokens) or "none"
            raise OptionError(f"Cannot revoke token {label!r}: the tokens of {name!r} are {known}.")
        del endpoint.tokens[label]
        endpoint.add_event(f"token {label!r} was revoked")
        self._router.commit(endpoint)

    async def withdraw(self, name: str) -> None:
        """End an endpoint; its models stay registered, its figures stay in MLflow."""
        endpoint = self._endpoints.get(name)
        self._figures.record(endpoint)
        statuses = self._endpoints.remove(name)
        self._plane.remove(name)
        endpoint.erase()
        endpoint.versions = {}  # none of them serves a model any more
        for status in statuses.values():
            status.is_draining = True
            if status.startup is not None:
                status.startup.cancel()
            self._history.end_run(endpoint, status.version)
            await asyncio.to_thread(self._deployer.delete, status.version.app)
