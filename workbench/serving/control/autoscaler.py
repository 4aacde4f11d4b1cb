"""How many replicas a version should have now."""

from __future__ import annotations

import math
from dataclasses import dataclass

from workbench.records.endpoints import ServingOptions
from workbench.serving.dataplane.pressure import Pressure

_UP_AFTER_S = 1.0
_DOWN_AFTER_S = 30.0


@dataclass
class Autoscaler:
    """Scales one version: up within about a second of need, down when the need has been lower for a while.

    Attributes:
        target: The number of replicas that the version should have.
    """

    target: int
    _more_since: float | None = None
    _less_since: float | None = None
    _less: int = 0

    def decide(self, options: ServingOptions, pressure: Pressure, now: float) -> int:
        """Set and return the new target.

        Args:
            options: The version's options.
            pressure: The version's load.
            now: Seconds of any clock.
        """
        low, high = options.min_replicas, options.max_replicas
        if self.target == 0:
            self.target = max(low, 1) if pressure.is_wanted else low
            return self.target
        if low == 0 and pressure.idle_s > options.idle_s and not pressure.ongoing and not pressure.queued:
            self.target = 0
            return 0
        need = self._need(options, pressure)
        need = min(max(need, low, 1), high)
        if need > self.target:
            self._less_since = None
            self._more_since = now if self._more_since is None else self._more_since
            if now - self._more_since >= _UP_AFTER_S:
                self.target, self._more_since = need, None
        elif need < self.target:
            self._more_since = None
            if self._less_since is None:
                self._less_since, self._less = now, need
            self._less = max(self._less, need)
            if now - self._less_since >= _DOWN_AFTER_S:
                self.target, self._less_since = self._less, None
        else:
            self._more_since = self._less_since = None
        self.target = max(self.target, low)
        return self.target

    def _need(self, options: ServingOptions, pressure: Pressure) -> int:
        need: int = math.ceil((pressure.ongoing + pressure.queued) / options.target_queue)
        is_slow = options.slo_ms is not None and pressure.p95_ms is not None and pressure.p95_ms > options.slo_ms
        # More replicas help when requests wait for each other, not when the model itself is too slow.
        if is_slow and pressure.ongoing + pressure.queued > max(1, pressure.replicas):
            need = max(need, self.target + 1)
        return need
