"""The gateway: a detached Ray actor through which all requests to endpoints go, and which drives Ray Serve."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import ray

from workbench.errors import ServingError
from workbench.records.endpoint_answers import Sample
from workbench.records.endpoint_snapshot import EndpointSnapshot, GatewayOverview
from workbench.records.endpoints import Order
from workbench.serving.control.control_plane import ControlPlane
from workbench.serving.control.deployer import Deployer
from workbench.serving.control.gateway_state import GatewayState
from workbench.serving.control.versions import snapshot
from workbench.serving.dataplane.data_plane import DataPlane
from workbench.serving.protocols.servers import Servers

NAME = "gateway"
NAMESPACE = "workbench"


class Gateway:
    """The remote methods that kernels, the command line, the panel and replicas call.

    Args:
        home: The user's own folder, which keeps the ports and the secret of this gateway.
        host: The interface to listen on; None takes 127.0.0.1.
        port: The port for HTTP; None takes the last one, else any free one.
        grpc_port: The port for gRPC; None likewise.
    """

    def __init__(
        self, home: str, host: str | None = None, port: int | None = None, grpc_port: int | None = None
    ) -> None:
        self._state = GatewayState(Path(home))
        self._plane = DataPlane()
        self._deployer = Deployer()
        self._control = ControlPlane(self._plane, self._deployer, self._state)
        events = self._control.replica_events
        self._servers = Servers(self._plane, on_replica=events.on_replica, on_log=events.on_log)
        self._beginning: asyncio.Future[None] | None = None
        # After a crash Ray makes the actor anew, and nobody calls: until it listens, no request can come in.
        ray.get_runtime_context().current_actor.begin.remote(host, port, grpc_port)

    async def begin(
        self, host: str | None = None, port: int | None = None, grpc_port: int | None = None
    ) -> dict[str, Any]:
        """Listen, and take up again what Serve runs already; return the addresses.

        Args:
            host: The interface to listen on, None for any.
            port: The port for HTTP, None for any.
            grpc_port: The port for gRPC, None for any.

        Raises:
            ServingError: A port is in use, or the gateway listens on another one already.
        """
        if self._beginning is None:
            self._beginning = asyncio.ensure_future(self._begin(host, port, grpc_port))
        try:
            await asyncio.shield(self._beginning)
        except BaseException:
            self._beginning = None
            raise
        addresses = self._state.addresses
        is_host, _, is_port = addresses.http.rpartition(":")
        is_grpc_port = (addresses.grpc or "").rpartition(":")[2]
        for requested, found in ((host, is_host), (port, is_port), (grpc_port, is_grpc_port)):
            if requested is not None and str(requested) != found:
                raise ServingError(
                    f"Cannot listen on {requested}: the gateway listens on {addresses.http} already, and on "
                    f"{addresses.grpc} for gRPC. Unset the variables WORKBENCH_SERVE_..., or begin anew: "
                    "%workbench down, then %endpoints restore."
                )
        return {"http": addresses.http, "grpc": addresses.grpc}

    async def _begin(self, host: str | None, port: int | None, grpc_port: int | None) -> None:
        await self._control.recovery.adopt()  # before anybody is told that an endpoint is not there
        # Serve's controller takes seconds: it starts while the rest is imported and the first model is registered.
        self._control.tasks.start(asyncio.to_thread(self._deployer.start))
        await self._state.listen(self._servers, host, port, grpc_port)
        self._control.tasks.start(self._control.upkeep.run())

    async def replica_address(self) -> dict[str, Any]:
        """Return the address that replicas dial, once the gateway listens."""
        await self.begin()
        return {**self._state.addresses.replicas, "node": ray.util.get_node_ip_address()}

    async def names(self) -> list[str]:
        """Return the names of all endpoints."""
        await self.begin()
        return sorted(self._control.endpoints.states)

    async def overview(self) -> GatewayOverview:
        """Return the gateway's URL and a snapshot of every endpoint."""
        await self.begin()
        found = [self._snapshot(name) for name in sorted(self._control.endpoints.states)]
        return {"gateway": {"state": "up", "url": self._state.addresses.url, "message": ""}, "endpoints": found}

    async def snapshot(self, name: str) -> EndpointSnapshot:
        """Return one endpoint; see :func:`workbench.serving.control.versions.snapshot`."""
        await self.begin()
        return self._snapshot(name)

    async def publish(self, order: Order) -> dict[str, Any]:
        """Begin to bring a version up; see :meth:`Publisher.publish`."""
        await self.begin()
        return await self._control.publisher.publish(order)

    async def set_traffic(self, name: str, weights: dict[str, float]) -> EndpointSnapshot:
        """Share the requests between versions."""
        self._control.admin.set_traffic(name, weights)
        return self._snapshot(name)

    async def set_shadow(self, name: str, label: str | None) -> EndpointSnapshot:
        """Send a copy of each request to a version; None ends that."""
        self._control.admin.set_shadow(name, label)
        return self._snapshot(name)

    async def promote(self, name: str, label: str) -> EndpointSnapshot:
        """Give a version all of the traffic."""
        self._control.admin.promote(name, label)
        return self._snapshot(name)

    async def rollback(self, name: str) -> EndpointSnapshot:
        """Share the requests as before the last change."""
        self._control.admin.roll_back(name)
        return self._snapshot(name)

    async def set_replicas(self, name: str, low: int, high: int, label: str | None = None) -> EndpointSnapshot:
        """Set the least and the most replicas of a version; None means the versions that take traffic."""
        self._control.admin.set_replicas(name, low, high, label)
        return self._snapshot(name)

    async def set_limits(self, name: str, changes: dict[str, Any]) -> EndpointSnapshot:
        """Change the given fields of an endpoint's limits."""
        await self._control.admin.set_limits(name, changes)
        return self._snapshot(name)

    async def add_token(self, name: str, label: str, digest: str) -> None:
        """Accept a token from now on, known by its SHA-256."""
        self._control.admin.add_token(name, label, digest)

    async def revoke_token(self, name: str, label: str) -> None:
        """Refuse a token from now on."""
        self._control.admin.revoke_token(name, label)

    async def withdraw(self, name: str) -> None:
        """End an endpoint; its models stay registered, its figures stay in MLflow."""
        await self._control.admin.withdraw(name)

    async def restore(self, state_dirs: list[str] | None) -> list[str]:
        """Bring back what these projects, or all, published and does not run; return the names."""
        await self.begin()
        return await self._control.recovery.bring_back(self._state.state_dirs if state_dirs is None else state_dirs)

    async def restore_one(self, state_dir: str, name: str) -> None:
        """Bring one endpoint back where it does not run."""
        await self.begin()
        await self._control.recovery.bring_back([state_dir], name)

    async def samples(self, name: str, label: str) -> list[Sample]:
        """Return some of a version's requests with their answers."""
        self._control.endpoints.version(name, label)
        return self._plane.samples(name, label)

    async def close(self) -> None:
        """Write out what is to be kept; called by ``%workbench down``."""
        for endpoint in self._control.endpoints.states.values():
            self._control.figures.record(endpoint)
        await self._servers.close()
        await asyncio.to_thread(self._control.history.close)

    def _snapshot(self, name: str) -> EndpointSnapshot:
        endpoint = self._control.endpoints.get(name)
        return snapshot(endpoint, self._control.endpoints.statuses[name], self._plane, self._state.addresses)
