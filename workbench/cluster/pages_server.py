"""Programs that serve web pages of a project on the loopback interface: MLflow's and optuna-dashboard's."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Callable

from workbench.cluster.ports import free_port
from workbench.errors import WorkbenchError
from workbench.settings import Settings

_TIMEOUT_S = 60.0


class PagesServer:
    """One such program. It runs until it is stopped; other processes find it by its record.

    Args:
        settings: The project's settings.
        name: The name of its files below ``.workbench/``: ``NAME.json`` is its record, ``NAME.log`` has its output.
        title: The name that users know it by, for errors.
        command: Returns its command line for a port.
        health: A path that answers once it is up.
        mark: A word of its command line, which tells its process from others.
    """

    def __init__(
        self, settings: Settings, name: str, *, title: str, command: Callable[[int], list[str]], health: str, mark: str
    ) -> None:
        self._record = settings.state_dir / f"{name}.json"
        self._log = settings.state_dir / f"{name}.log"
        self._title, self._command, self._health, self._mark = title, command, health, mark
        self.is_ours = False
        """Whether this process started it."""

    def url(self) -> str:
        """Return its address; start it where it is not up. Raise ``WorkbenchError`` where that fails."""
        known = self._running()
        if known is not None:
            return known[1]
        port = free_port()
        self._record.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            server = subprocess.Popen(
                self._command(port),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
            )
        url = f"http://127.0.0.1:{port}"
        self._wait(server, url)
        self._record.write_text(json.dumps({"pid": server.pid, "url": url}))
        self.is_ours = True
        return url

    def stop(self) -> bool:
        """End it; return whether it was up."""
        import psutil

        known = self._running()
        if known is None:
            return False
        process = psutil.Process(known[0])
        family = [process, *process.children(recursive=True)]
        for member in family:
            with contextlib.suppress(psutil.Error):
                member.terminate()
        psutil.wait_procs(family, timeout=5)
        self._record.unlink(missing_ok=True)
        return True

    def _running(self) -> tuple[int, str] | None:
        import psutil

        try:
            known = json.loads(self._record.read_text())
            if self._mark in " ".join(psutil.Process(known["pid"]).cmdline()):
                return int(known["pid"]), str(known["url"])
        except (OSError, ValueError, KeyError, psutil.Error):
            pass
        return None

    def _wait(self, server: subprocess.Popen[bytes], url: str) -> None:
        deadline = time.monotonic() + _TIMEOUT_S
        while time.monotonic() < deadline and server.poll() is None:
            try:
                with urllib.request.urlopen(f"{url}{self._health}", timeout=2):
                    return
            except OSError:
                time.sleep(0.1)
        server.terminate()
        raise WorkbenchError(f"Cannot open {self._title}: its server did not start. See {self._log}.")
