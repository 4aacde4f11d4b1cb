"""What the gateway keeps of its versions in MLflow: figures, and samples of requests."""

from __future__ import annotations

import asyncio
import time

from workbench.errors import WorkbenchError
from workbench.serving.control.endpoint_state import EndpointState
from workbench.serving.control.endpoints import Endpoints
from workbench.serving.control.history_writer import HistoryWriter
from workbench.serving.control.versions import VersionStatus
from workbench.serving.dataplane.data_plane import DataPlane

FIGURES_EVERY_S = 60.0


class FigureRecorder:
    """Hands the figures of versions to the history.

    Args:
        endpoints: The gateway's endpoints.
        plane: The data plane that counts.
        history: The writer of figures and samples.
    """

    def __init__(self, endpoints: Endpoints, plane: DataPlane, history: HistoryWriter) -> None:
        self._endpoints = endpoints
        self._plane = plane
        self._history = history

    def record(self, endpoint: EndpointState) -> None:
        """Record what each version of an endpoint did since the last record."""
        for status in self._endpoints.statuses[endpoint.name].values():
            self.record_version(endpoint, status)

    def record_version(self, endpoint: EndpointState, status: VersionStatus) -> None:
        """Record what one version did since the last record; a version without requests records nothing."""
        label, now = status.version.label, time.monotonic()
        stats = self._plane.stats(endpoint.name, label)
        before = status.last_figures
        totals = {"requests": stats["requests"], "errors": stats["errors"], "cache_hits": stats["cache_hits"]}
        counts = {name: total - before.get(name, 0) for name, total in totals.items()}
        if not counts["requests"]:
            return
        elapsed_s = min(now - before.get("at", now - FIGURES_EVERY_S), FIGURES_EVERY_S)
        values = {**stats, **self._plane.since(endpoint.name, label, max(1.0, elapsed_s)), **counts}
        status.last_figures = {**totals, "at": now}
        self._history.write_figures(endpoint, status.version, values, self._plane.samples(endpoint.name, label))

    async def forget_samples(self, endpoint: EndpointState) -> str:
        """Delete the samples that MLflow has; return what went wrong, an empty string where nothing did."""
        try:
            await asyncio.wrap_future(self._history.forget_samples(endpoint))
        except (WorkbenchError, OSError) as error:
            text = f"no more samples are kept, but MLflow still has some: {error}"
            endpoint.add_event(text)
            return text
        return ""
