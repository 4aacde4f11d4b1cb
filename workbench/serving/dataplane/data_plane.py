"""The data plane: takes requests in, has replicas answer them, and keeps figures."""

from __future__ import annotations

from time import monotonic

from workbench.records.endpoint_answers import Sample
from workbench.records.endpoint_snapshot import EndpointStats, ModelSchema, ShadowFigures
from workbench.records.endpoints import RouteTable, ServingOptions
from workbench.serving.dataplane.backend import Backend
from workbench.serving.dataplane.endpoint import ServedEndpoint
from workbench.serving.dataplane.pressure import Pressure
from workbench.serving.dataplane.request import Answer, Request
from workbench.serving.dataplane.request_error import RequestError
from workbench.serving.dataplane.stats import Totals, VersionStats, WindowFigures


class DataPlane:
    """All endpoints and versions; answers a client's request with what a replica returns."""

    def __init__(self) -> None:
        self._versions: dict[str, dict[str, Backend]] = {}
        self._endpoints: dict[str, ServedEndpoint] = {}

    def close(self) -> None:
        """Cancel the work beside requests: copies to shadow versions."""
        for endpoint in self._endpoints.values():
            endpoint.close()

    def tick(self, now: float) -> None:
        """Sample the queues and replicas of every version; called once a second."""
        for versions in self._versions.values():
            for backend in versions.values():
                backend.tick(now)

    # Routing

    def expect(self, name: str, version: str, options: ServingOptions, target: int, app: str = "") -> None:
        """Create or change a version's backend, so that its replicas may connect. It gets no traffic by that.

        Args:
            name: The endpoint's name.
            version: The version's label.
            options: The options from now on; replicas are told.
            target: The number of replicas that there should be.
            app: The Serve application of its replicas; others are refused. "" takes any, or leaves it as it was.
        """
        backend = self.backend(name, version)
        if backend is None or backend.is_draining:
            backend = Backend(name, version, options, target, app)
            self._versions.setdefault(name, {})[version] = backend
            if name in self._endpoints:
                backend.samples.resize(self._endpoints[name].table.limits.samples)
        else:
            backend.expect(options, target, app)

    def put(self, table: RouteTable) -> None:
        """Create an endpoint, or replace its routing from one request to the next.

        Raises:
            ValueError: The limit of requests per second is no number above zero; nothing is changed then.
        """
        endpoint = self._endpoints.get(table.name)
        if endpoint is None:
            self._endpoints[table.name] = ServedEndpoint(table, self._versions.setdefault(table.name, {}))
        else:
            endpoint.put(table)

    def remove(self, name: str) -> None:
        """Remove an endpoint: its replicas are told to stop, and requests that wait are answered with 503."""
        endpoint = self._endpoints.pop(name, None)
        if endpoint is not None:
            endpoint.close()
        for backend in self._versions.pop(name, {}).values():
            backend.stop()

    async def drain(self, name: str, version: str, timeout_s: float) -> None:
        """Remove a version: no new requests, wait for those in progress, stop its replicas."""
        backend = self.backend(name, version)
        if backend is None:
            return
        await backend.drain(timeout_s)
        versions = self._versions.get(name, {})
        if versions.get(version) is backend:
            del versions[version]
            if name in self._endpoints:
                self._endpoints[name].cache.forget(version)

    # Requests

    async def ask(self, request: Request) -> Answer:
        """Answer a request: token, limits, cache, routing, queue, retry, timeout, shadow and statistics included."""
        endpoint = self._endpoints.get(request.endpoint)
        if endpoint is None:
            return unknown_endpoint(request.endpoint).answer(request.route)
        return await endpoint.ask(request)

    # Figures

    def endpoint(self, name: str) -> ServedEndpoint | None:
        """Return an endpoint that has a routing table, None where there is none."""
        return self._endpoints.get(name)

    def schemas(self, name: str, version: str | None = None) -> dict[str, ModelSchema]:
        """Return the schemas of a version's models by name; None is the version with the most traffic."""
        if version is None:
            endpoint = self._endpoints.get(name)
            backend = endpoint.champion if endpoint is not None else None
        else:
            backend = self.backend(name, version)
        return {} if backend is None else backend.schemas

    def stats(self, name: str, version: str) -> EndpointStats:
        """Return a version's figures: the last minute, and ten minutes in points of five seconds."""
        backend = self.backend(name, version)
        now = monotonic()
        if backend is None:
            return {**VersionStats(now).figures(now), "queue": 0, "ongoing": 0, "replicas": 0}
        backend.tick(now)
        return {
            **backend.stats.figures(now),
            "queue": backend.queued,
            "ongoing": backend.ongoing,
            "replicas": backend.replicas,
        }

    def since(self, name: str, version: str, seconds: float) -> WindowFigures:
        """Return a version's figures of the last so many seconds.

        No more than 600 are known: of a longer time it is the last 600. Answers out of the cache are requests, and
        their durations are left out, so that versions compare whose caches are not equally full.
        """
        backend = self.backend(name, version)
        now = monotonic()
        return (backend.stats if backend is not None else VersionStats(now)).since(now, seconds)

    def totals(self, name: str, version: str) -> Totals:
        """Return requests and errors since the version's backend began, cached answers included.

        Here those that no replica came for (503) or that the version did not understand (400) are errors, too: a
        version that is asked for the first time is compared with one that is used to its clients.
        """
        backend = self.backend(name, version)
        if backend is None:
            return {"requests": 0, "errors": 0}
        stats = backend.stats
        errors = stats.errors + stats.refused + stats.unavailable
        return {"requests": stats.requests + stats.unavailable, "errors": errors}

    def pressure(self, name: str, version: str) -> Pressure:
        """Return the load of a version."""
        backend = self.backend(name, version)
        return Pressure(0, 0, 0, 0.0, None, False) if backend is None else backend.pressure()

    def shadow_stats(self, name: str) -> ShadowFigures:
        """Return the shadow's requests, and the fraction of equal predictions (None before the first)."""
        endpoint = self._endpoints.get(name)
        if endpoint is None or endpoint.shadow is None:
            return {"requests": 0, "agreement": None}
        return endpoint.shadow.to_json()

    def samples(self, name: str, version: str) -> list[Sample]:
        """Return some requests and their answers, drawn evenly from all, as many as the limits say."""
        backend = self.backend(name, version)
        return [] if backend is None else backend.samples.to_json()

    def last_used(self, name: str) -> dict[str, float]:
        """Return when each token was last used, by label, in seconds since the epoch."""
        endpoint = self._endpoints.get(name)
        return {} if endpoint is None else dict(endpoint.access.last_used)

    def backend(self, name: str, version: str) -> Backend | None:
        """Return a version's backend, None where the version is not expected."""
        return self._versions.get(name, {}).get(version)


def unknown_endpoint(name: str) -> RequestError:
    """Return the error of a request to an endpoint that there is not."""
    return RequestError(
        404, f"Cannot find the endpoint '{name[:80]}': there is none of this name. %endpoints lists them."
    )
