"""Publishing a version: check the order, bring the version up, then give it its traffic."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.cluster.background import BackgroundTasks
from workbench.cluster.capacity import check_feasible
from workbench.errors import OptionError, ServingError, TrackingError
from workbench.records.endpoints import Order, ServingOptions, Version
from workbench.records.runs import Resources
from workbench.serving.control.autoscaler import Autoscaler
from workbench.serving.control.canary_judge import CanaryJudge
from workbench.serving.control.deployer import APP_PREFIX
from workbench.serving.control.endpoint_state import EndpointState
from workbench.serving.control.endpoints import Endpoints
from workbench.serving.control.figures import FigureRecorder
from workbench.serving.control.gateway_state import GatewayState
from workbench.serving.control.history_writer import HistoryWriter
from workbench.serving.control.routing import Router
from workbench.serving.control.startup import VersionStarter
from workbench.serving.control.versions import VersionStatus


class Publisher:
    """Takes publishers' orders.

    Args:
        endpoints: The gateway's endpoints.
        state: The gateway's own file, which remembers the projects.
        starter: Brings versions up.
        router: Gives versions their traffic.
        canaries: Begins the trial of a canary.
        figures: Deletes samples where the order asks for none.
        history: Begins the run that keeps a version's figures.
        tasks: For versions that come up beside the caller.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        state: GatewayState,
        starter: VersionStarter,
        router: Router,
        canaries: CanaryJudge,
        figures: FigureRecorder,
        history: HistoryWriter,
        tasks: BackgroundTasks,
    ) -> None:
        self._endpoints = endpoints
        self._state = state
        self._starter = starter
        self._router = router
        self._canaries = canaries
        self._figures = figures
        self._history = history
        self._tasks = tasks

    async def publish(self, order: Order) -> dict[str, Any]:
        """Begin to bring a version up; the endpoint's snapshot says how it goes on.

        Returns:
            The version's ``label``, and ``took_token``: whether the endpoint is new and has taken the order's token.

        Raises:
            ResourcesError: The cluster can never hold a replica.
            OptionError: Another project or another tracking store has an endpoint of that name.
            TrackingError: The models are in a folder that the cluster's machine does not have.
        """
        if order.artifact_dir and not _is_folder(Path(order.state_dir).parent):
            raise TrackingError(
                f"Cannot publish from {order.tracking_uri!r}: that folder is not on the cluster's machine. "
                "Start a server that both reach (mlflow server --host ...), and export MLFLOW_TRACKING_URI=http://..."
            )
        options = self._options(order)
        resources = Resources(max(1, options.min_replicas), options.cpus or 0.0, options.gpus, options.memory_mb)
        await asyncio.to_thread(check_feasible, resources, "replica")
        # Nothing awaits from here on: of two who publish one new name, one makes the endpoint.
        endpoint = self._endpoints.states.get(order.name)
        is_new = endpoint is None
        if endpoint is None:
            endpoint = EndpointState(order.name, order.state_dir, order.tracking_uri, order.artifact_dir)
            endpoint.tokens["default"] = {"digest": order.digest, "created_at": time.time()}
            self._endpoints.add(endpoint)
            self._state.add(order.state_dir)
        else:
            _check_owner(endpoint, order)
        status = self.begin_version(endpoint, order, self._options(order))
        status.startup = self._tasks.start(self._bring_live(endpoint, status, order))
        return {"label": status.version.label, "took_token": is_new}

    def begin_version(self, endpoint: EndpointState, order: Order, options: ServingOptions) -> VersionStatus:
        """Give a version its label and application, and make its status; nothing runs yet."""
        leading = self._endpoints.leading(endpoint)
        endpoint.apps += 1
        endpoint.notebook = order.notebook or endpoint.notebook
        label = self._label(endpoint, order)
        # Never the same name twice: the rest of a withdrawn application must not be taken for this one.
        app = f"{APP_PREFIX}{order.name}-v{label}-{secrets.token_hex(4)}"
        version = Version(label, app, order.models, options, time.time())
        status = VersionStatus(version, Autoscaler(max(1, options.min_replicas)), message="starts a replica")
        if order.traffic == "all" and leading is not None:
            status.scale_to_at_least(leading.autoscaler.target)
        status.sequence = endpoint.apps
        self._remove_failed(endpoint, is_written=False)
        self._endpoints.statuses[order.name][label] = status
        return status

    def go_live(self, endpoint: EndpointState, status: VersionStatus, order: Order) -> None:
        """Write down a version that is up, and give it the traffic of its order.

        Raises:
            ServingError: It cannot be written; everything is then as it was.
        """
        label = status.version.label
        self._remove_failed(endpoint, is_written=True)
        endpoint.versions[label] = status.version
        if order.alias:
            endpoint.aliases[label] = order.alias
        statuses = self._endpoints.statuses[endpoint.name].values()
        newest = max((one.sequence for one in statuses if one.is_settled), default=0)
        if newest > status.sequence:  # a later publication was quicker: it keeps its traffic
            endpoint.held.append(label)
            unused = ", and its limits do not count" if order.limits else ""
            endpoint.add_event(f"{label} is up, later than a newer one, and waits for traffic{unused}")
            self._router.commit(endpoint)
        else:
            endpoint.limits = replace(endpoint.limits, **order.limits)
            self._give_traffic(endpoint, label, order)
            if order.limits.get("samples") == 0:
                self._tasks.start(self._figures.forget_samples(endpoint))
        status.is_settled = True

    async def _bring_live(self, endpoint: EndpointState, status: VersionStatus, order: Order) -> None:
        if not await self._starter.bring_up(endpoint, status):
            endpoint.add_event(f"{status.version.label} did not come up")
            return
        if order.traffic == "all" and self._endpoints.leading(endpoint) is not None:
            await self._starter.wait_until_scaled(endpoint.name, status)
        status.startup = None
        try:
            self.go_live(endpoint, status, order)
        except ServingError as error:  # a full disk: all is as it was
            status.failure = {"message": str(error), "traceback": ""}
            await self._starter.remove(endpoint, status)
            return
        run_id = await asyncio.wrap_future(self._history.begin_run(endpoint, status.version))
        status.version = replace(status.version, history_run=run_id)
        endpoint = self._endpoints.states.get(endpoint.name, endpoint)
        if self._endpoints.is_current(endpoint.name, status) and status.version.label in endpoint.versions:
            endpoint.versions[status.version.label] = status.version
            endpoint.save()

    def _options(self, order: Order) -> ServingOptions:
        """Return the order's options, completed by the leading version's. Packages are each version's own."""
        leading = self._endpoints.leading(self._endpoints.states.get(order.name))
        before = order.usual if leading is None else replace(leading.version.options, env="cluster", requirements=())
        return replace(before, **order.given)

    def _label(self, endpoint: EndpointState, order: Order) -> str:
        number = str(order.models[0].number) if len(order.models) == 1 else str(endpoint.apps)
        taken = {*endpoint.versions, *self._endpoints.statuses[order.name]}
        again = (f"{number}.{count}" for count in range(1, 10_000))
        return number if number not in taken else next(label for label in again if label not in taken)

    def _remove_failed(self, endpoint: EndpointState, *, is_written: bool) -> None:
        """Remove versions that did not come up. Those on disk may still, until another version is there."""
        statuses = self._endpoints.statuses[endpoint.name]
        for label in [label for label, status in statuses.items() if status.failure is not None]:
            if (label in endpoint.versions) is is_written:
                del statuses[label]
                endpoint.remove_version(label)

    def _give_traffic(self, endpoint: EndpointState, label: str, order: Order) -> None:
        if order.traffic == "canary":  # one at a time: it takes the other's place
            self._router.end_canary(endpoint)
        champion = endpoint.champion
        if self._endpoints.leading(endpoint) is None:
            champion = None
        if order.traffic == "none" and champion is not None:
            endpoint.held.append(label)
            endpoint.add_event(f"{label} is up and waits for traffic")
            self._router.commit(endpoint)
        elif order.traffic == "shadow" and champion is not None:
            endpoint.shadow = label
            endpoint.add_event(f"{label} shadows {champion}")
            self._router.commit(endpoint)
        elif order.traffic == "canary" and champion is not None and order.canary is not None:
            share = order.canary.steps[0]
            endpoint.canary = replace(order.canary, version=label)
            self._canaries.begin_step(endpoint, champion)
            weights = {champion: 100.0 - share, label: share}
            self._router.route(endpoint, weights, f"canary {label} gets {share:g} %")
        else:
            self._router.promote(endpoint, label, f"{label} is live")


def _check_owner(endpoint: EndpointState, order: Order) -> None:
    """Raise ``OptionError`` where an endpoint is another project's, or its models are in another store."""
    if endpoint.state_dir != order.state_dir:
        raise OptionError(
            f"Cannot publish as {order.name!r}: the project at {endpoint.state_dir} has an endpoint of that name. "
            "Choose another with --name, or withdraw that one."
        )
    if endpoint.tracking_uri != order.tracking_uri:
        raise OptionError(
            f"Cannot publish as {order.name!r}: its models are registered in {endpoint.tracking_uri!r}, this one in "
            f"{order.tracking_uri!r}. Choose another name, or begin anew: %endpoints withdraw {order.name}"
        )


def _is_folder(path: Path) -> bool:
    return path.is_dir()
