"""Which versions answer an endpoint's requests: promotion, roll-back, and the end of versions that nothing needs."""

from __future__ import annotations

import asyncio
import math

from workbench.cluster.background import BackgroundTasks
from workbench.errors import ServingError
from workbench.serving.control.deployer import Deployer
from workbench.serving.control.endpoint_log import EndpointLogs
from workbench.serving.control.endpoint_state import EndpointState
from workbench.serving.control.endpoints import Endpoints
from workbench.serving.control.figures import FigureRecorder
from workbench.serving.control.history_writer import HistoryWriter
from workbench.serving.control.versions import VersionStatus
from workbench.serving.dataplane.data_plane import DataPlane


class Router:
    """Changes how requests are shared between versions, on disk and in the data plane.

    Args:
        endpoints: The gateway's endpoints.
        plane: The data plane that routes.
        deployer: Ends the applications of versions.
        history: Moves the aliases of models, and ends the runs of versions.
        figures: Records what a version did before it ends.
        logs: The endpoints' logs.
        tasks: For versions that end beside the caller.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        plane: DataPlane,
        deployer: Deployer,
        history: HistoryWriter,
        figures: FigureRecorder,
        logs: EndpointLogs,
        tasks: BackgroundTasks,
    ) -> None:
        self._endpoints = endpoints
        self._plane = plane
        self._deployer = deployer
        self._history = history
        self._figures = figures
        self._logs = logs
        self._tasks = tasks

    def route(self, endpoint: EndpointState, weights: dict[str, float], why: str) -> None:
        """Share the requests by new weights that can be rolled back.

        A version that gets all requests gets its alias, too.
        """
        before = endpoint.weights
        endpoint.set_weights(weights)
        endpoint.add_event(why)
        self._logs.write(endpoint, endpoint.champion or "", f"[{why}]")
        self.commit(endpoint)
        self._share_replicas(endpoint, before)
        alias = endpoint.aliases.get(endpoint.champion or "")
        if alias and endpoint.champion and len(endpoint.weights) == 1:
            self._history.set_alias(endpoint, endpoint.versions[endpoint.champion], alias)

    def promote(self, endpoint: EndpointState, label: str, why: str) -> None:
        """Give all requests to one version, and its alias with them."""
        self.end_canary(endpoint)
        endpoint.held = []
        if endpoint.shadow == label:
            endpoint.shadow = None
        self.route(endpoint, {label: 100.0}, why)

    def roll_back(self, endpoint: EndpointState, why: str, *, is_held: bool = False) -> None:
        """Share the requests as before the last change.

        Args:
            endpoint: The endpoint.
            why: The reason, for the log and the list of events.
            is_held: Whether versions that lose their traffic stay up.

        Raises:
            ServingError: There is no earlier version, or it does not run.
        """
        gone = endpoint.canary.version if endpoint.canary is not None else endpoint.champion
        others = {label: share for label, share in endpoint.weights.items() if label != gone}
        now = endpoint.weights
        before = endpoint.past[-1] if endpoint.past else others  # without earlier weights the others share the traffic
        if not before:
            raise ServingError(f"Cannot roll {endpoint.name!r} back from {gone}: there is no other version any more.")
        for label in before:
            status = self._endpoints.statuses[endpoint.name].get(label)
            if status is None or not status.can_serve:
                raise ServingError(
                    f"Cannot roll {endpoint.name!r} back from {gone}: version {label} does not run. "
                    "%endpoints restore tries to bring it up."
                )
        endpoint.canary = None
        endpoint.past = endpoint.past[:-1]
        if is_held:
            endpoint.held += [label for label in endpoint.weights if label not in before]
        endpoint.weights = before
        shares = ", ".join(f"{label} {share:g} %" for label, share in endpoint.weights.items())
        text = f"rolled back from {gone} to {shares}: {why}"
        endpoint.add_event(text)
        self._logs.write(endpoint, gone or "", f"[{text}]")
        self.commit(endpoint)
        self._share_replicas(endpoint, now)
        self._history.restore_alias(endpoint, gone)

    @staticmethod
    def end_canary(endpoint: EndpointState) -> None:
        """End the trial of a canary. Its steps count as one change: a roll-back goes to the state before the first."""
        if endpoint.canary is not None and endpoint.past and endpoint.canary.version in endpoint.weights:
            endpoint.weights = endpoint.past.pop()
        endpoint.canary = None

    def commit(self, endpoint: EndpointState) -> None:
        """Write an endpoint's state to disk, route by it, and end the versions that nothing needs any more.

        Raises:
            ServingError: The state cannot be written; everything is then as it was.
        """
        endpoint.past = [past for past in endpoint.past if all(self._exists(endpoint, label) for label in past)]
        try:
            endpoint.save()
        except OSError as error:
            _revert(endpoint)
            raise ServingError(
                f"Cannot write endpoint {endpoint.name!r} down: {error}. Free some space on its disk; all is as it was."
            ) from error
        self._plane.put(endpoint.route_table())
        needed = {*endpoint.weights, *(endpoint.past[-1] if endpoint.past else ()), *endpoint.held, endpoint.shadow}
        needed.add(endpoint.canary.version if endpoint.canary else None)
        for label, status in list(self._endpoints.statuses[endpoint.name].items()):
            is_up = label in endpoint.versions and (status.was_live or status.autoscaler.target == 0)
            if label not in needed and is_up and not status.is_draining and endpoint.weights:
                status.is_draining = True
                self._tasks.start(self._retire(endpoint, status))

    def _share_replicas(self, endpoint: EndpointState, before: dict[str, float]) -> None:
        """Give versions that got more requests as many replicas as those that had them, until their need shows."""
        statuses = self._endpoints.statuses[endpoint.name]
        count = max((statuses[label].autoscaler.target for label in before if label in statuses), default=0)
        for label, share in endpoint.weights.items():
            status = statuses.get(label)
            if status is not None and status.autoscaler.target and share > before.get(label, 0.0):
                status.scale_to_at_least(math.ceil(count * share / 100.0))
                version = status.version
                self._plane.expect(endpoint.name, label, version.options, status.autoscaler.target, version.app)

    def _exists(self, endpoint: EndpointState, label: str) -> bool:
        status = self._endpoints.statuses[endpoint.name].get(label)
        return status is not None and not status.is_draining

    async def _retire(self, endpoint: EndpointState, status: VersionStatus) -> None:
        """End a version once it has answered the requests that it has."""
        label = status.version.label
        self._figures.record_version(endpoint, status)
        if self._endpoints.is_current(endpoint.name, status):
            await self._plane.drain(endpoint.name, label, status.version.options.timeout_s)
        await asyncio.to_thread(self._deployer.delete, status.version.app)
        self._history.end_run(endpoint, status.version)
        if self._endpoints.is_current(endpoint.name, status):
            del self._endpoints.statuses[endpoint.name][label]
            endpoint.remove_version(label)
            endpoint.save()


def _revert(endpoint: EndpointState) -> None:
    """Take back what was changed since the state was last written."""
    try:
        written = EndpointState.load(endpoint.path)
    except OSError:  # it was never written: there was nothing before
        written = EndpointState(
            endpoint.name, endpoint.state_dir, endpoint.tracking_uri, endpoint.artifact_dir, tokens=endpoint.tokens
        )
    vars(endpoint).update(vars(written))
