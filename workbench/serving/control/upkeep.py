"""What the gateway does by itself, again and again: scale, judge canaries, record figures."""

from __future__ import annotations

import asyncio
import logging
import time

from workbench.serving.control.canary_judge import CanaryJudge
from workbench.serving.control.endpoints import Endpoints
from workbench.serving.control.figures import FIGURES_EVERY_S, FigureRecorder
from workbench.serving.control.replica_scaler import ReplicaScaler

_TICK_S = 0.25

log = logging.getLogger(__name__)


class Upkeep:
    """The gateway's control loop.

    Args:
        endpoints: The gateway's endpoints.
        replica_scaler: Scales versions.
        canaries: Judges canaries.
        figures: Records figures.
    """

    def __init__(
        self, endpoints: Endpoints, replica_scaler: ReplicaScaler, canaries: CanaryJudge, figures: FigureRecorder
    ) -> None:
        self._endpoints = endpoints
        self._replica_scaler = replica_scaler
        self._canaries = canaries
        self._figures = figures

    async def run(self) -> None:
        """Scale and judge several times a second, record figures once a minute."""
        recorded = time.monotonic()
        while True:
            await asyncio.sleep(_TICK_S)
            try:
                self._replica_scaler.scale_all()
                for endpoint in list(self._endpoints.states.values()):
                    self._canaries.judge(endpoint)
                if time.monotonic() - recorded >= FIGURES_EVERY_S:
                    recorded = time.monotonic()
                    for endpoint in self._endpoints.states.values():
                        self._figures.record(endpoint)
            except Exception:
                log.exception("the gateway's upkeep")
