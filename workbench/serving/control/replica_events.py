"""What replicas tell the gateway: that they are there, ready or gone, and what their models print."""

from __future__ import annotations

from typing import Any

from workbench.serving.control.endpoint_log import EndpointLogs
from workbench.serving.control.endpoints import Endpoints


class ReplicaEvents:
    """Takes the events of replicas into the status of their versions and into logs.

    Args:
        endpoints: The gateway's endpoints.
        logs: The endpoints' logs.
    """

    def __init__(self, endpoints: Endpoints, logs: EndpointLogs) -> None:
        self._endpoints = endpoints
        self._logs = logs

    def on_replica(self, name: str, label: str, replica: str, event: str, facts: dict[str, Any]) -> None:
        """Take an event; see :data:`workbench.serving.dataplane.replica_link.OnReplica`."""
        status = self._endpoints.statuses.get(name, {}).get(label)
        if status is None:
            return
        if event == "hello":
            status.message = "loads the model"
        elif event == "ready":
            status.was_live, status.message = True, ""
        elif event == "lost" and not status.is_draining and status.autoscaler.target:
            text = f"[replica {replica} is gone; Serve starts another]"
            self._logs.write(self._endpoints.states[name], label, text)
        report = status.first_report
        if report is not None and not report.done() and event in ("ready", "failed"):
            report.set_result({"event": event, **facts})

    def on_log(self, name: str, label: str, replica: str, text: str) -> None:
        """Write what a model printed to its endpoint's log."""
        if name in self._endpoints.states:
            self._logs.write(self._endpoints.states[name], label, text)
