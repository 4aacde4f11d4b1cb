"""Canaries on trial: what they and the champion did since a step began, and what follows."""

from __future__ import annotations

import math
import time

from workbench.errors import ServingError
from workbench.records.endpoints import Canary
from workbench.serving.control.canary import CanaryDecision, judge_canary
from workbench.serving.control.endpoint_state import EndpointState
from workbench.serving.control.endpoints import Endpoints
from workbench.serving.control.routing import Router
from workbench.serving.dataplane.data_plane import DataPlane
from workbench.serving.dataplane.stats import WindowFigures


class CanaryJudge:
    """Moves a canary to its next step, promotes it, or rolls it back.

    Args:
        endpoints: The gateway's endpoints.
        plane: The data plane that counts requests and errors.
        router: Carries out the decision.
    """

    def __init__(self, endpoints: Endpoints, plane: DataPlane, router: Router) -> None:
        self._endpoints = endpoints
        self._plane = plane
        self._router = router

    def begin_step(self, endpoint: EndpointState, champion: str) -> None:
        """Count from now on what the canary and the champion do."""
        assert endpoint.canary is not None
        endpoint.canary.since = time.time()
        endpoint.canary.base = {}
        for label in (endpoint.canary.version, champion):
            totals = self._plane.totals(endpoint.name, label)
            endpoint.canary.base[label] = [totals["requests"], totals["errors"]]

    def judge(self, endpoint: EndpointState) -> None:
        """Decide about an endpoint's canary, and carry the decision out; an endpoint without one stays as it is."""
        canary = endpoint.canary
        if canary is None or endpoint.champion is None:
            return
        now = time.time()
        champion = next((label for label in endpoint.weights if label != canary.version), canary.version)
        mine, theirs = (self._since_step(endpoint, canary, label) for label in (canary.version, champion))
        decision, why = judge_canary(canary, mine, theirs, now, self._down_s(endpoint, canary.version))
        canary.verdict = why
        if decision is CanaryDecision.ROLL_BACK:
            try:
                self._router.roll_back(endpoint, why)
            except ServingError as error:  # there is nothing to go back to: the canary stays
                canary.verdict = f"{why}. {error}"
        elif decision is CanaryDecision.STEP and canary.step + 1 < len(canary.steps):
            canary.step += 1
            self.begin_step(endpoint, champion)
            share = canary.steps[canary.step]
            endpoint.weights = {champion: 100.0 - share, canary.version: share}
            endpoint.add_event(f"canary {canary.version} goes to {share:g} %: {why}")
            self._router.commit(endpoint)
        elif decision is CanaryDecision.STEP:
            self._router.promote(endpoint, canary.version, f"canary {canary.version} is promoted: {why}")

    def _since_step(self, endpoint: EndpointState, canary: Canary, label: str) -> WindowFigures:
        totals, base = self._plane.totals(endpoint.name, label), canary.base.get(label, [0, 0])
        window = self._plane.since(endpoint.name, label, max(1.0, time.time() - canary.since))
        return {**window, "requests": totals["requests"] - base[0], "errors": totals["errors"] - base[1]}

    def _down_s(self, endpoint: EndpointState, label: str) -> float:
        """Return the seconds for which a version has had no replica; infinity where it did not come up."""
        status = self._endpoints.statuses[endpoint.name].get(label)
        if status is None or status.failure is not None:
            return math.inf
        may_sleep = status.version.options.min_replicas == 0
        if may_sleep or not status.was_live or self._plane.pressure(endpoint.name, label).replicas:
            status.down_since = None
            return 0.0
        now = time.monotonic()
        if status.down_since is None:
            status.down_since = now
        return now - status.down_since
