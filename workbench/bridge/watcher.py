"""Tell the Jupyter server when something happened, so that no view has to ask."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal

from workbench.api.project import Project
from workbench.errors import ClusterError
from workbench.records.events import WorkbenchEvent
from workbench.records.runs import RunSnapshot

_WAIT_S = 20.0
_AWAY_S = 2.0
_PAUSE_S = 0.4


class Watcher(threading.Thread):
    """Waits on the foreman, and on clusters that come and go.

    Args:
        project: The project whose cluster it watches.
        send: Takes the events.
    """

    def __init__(self, project: Project, send: Callable[[WorkbenchEvent], None]) -> None:
        super().__init__(name="watcher", daemon=True)
        self._project = project
        self._send = send
        self._state = ""

    def run(self) -> None:
        """Watch for as long as the process lives."""
        cursor: tuple[str, int] = ("", 0)
        changed: list[RunSnapshot]
        while True:
            try:
                connection = self._project.connection(start=False)
                foreman, version, changed = connection.call("changes", cursor, _WAIT_S, timeout_s=_WAIT_S + 10.0)
            except ClusterError:
                self._enter("down")
                time.sleep(_AWAY_S)
                continue
            self._enter("up")
            cursor = (foreman, version)
            if changed:
                self._send({"event": "runs", "runs": changed})
            time.sleep(_PAUSE_S)

    def _enter(self, state: Literal["up", "down"]) -> None:
        if state != self._state:
            self._state = state
            self._send({"event": "cluster", "state": state})
