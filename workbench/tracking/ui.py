"""MLflow's own pages for a project's store, on the loopback interface."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

import psutil

from workbench.errors import TrackingError
from workbench.settings import Settings

_TIMEOUT_S = 60.0


def serve(settings: Settings) -> str:
    """The address of MLflow's pages; they are started where they are not up yet, and go on until logout.

    A tracking server has its own pages: then that is the address.
    """
    if settings.tracking_uri.startswith(("http://", "https://")):
        return settings.tracking_uri
    record = settings.state_dir / "mlflow-ui.json"
    known = _running(record)
    if known is not None:
        return known
    port = _free_port()
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    with (settings.state_dir / "mlflow-ui.log").open("ab") as log:
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "mlflow",
                "server",
                "--backend-store-uri",
                settings.tracking_uri,
                "--default-artifact-root",
                settings.artifact_dir.as_uri(),
                "--host",
                "127.0.0.1",
                "--port",
                str(port),
                "--workers",
                "1",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
        )
    url = f"http://127.0.0.1:{port}"
    _wait(server, url, settings)
    record.write_text(json.dumps({"pid": server.pid, "url": url}))
    return url


def stop(settings: Settings) -> bool:
    """End the pages; whether they were up."""
    record = settings.state_dir / "mlflow-ui.json"
    if _running(record) is None:
        return False
    process = psutil.Process(json.loads(record.read_text())["pid"])
    family = [process, *process.children(recursive=True)]
    for member in family:
        member.terminate()
    psutil.wait_procs(family, timeout=5)
    record.unlink(missing_ok=True)
    return True


def _running(record: os.PathLike[str]) -> str | None:
    try:
        with open(record) as file:
            known = json.load(file)
        if "mlflow" in " ".join(psutil.Process(known["pid"]).cmdline()):
            return str(known["url"])
    except (OSError, ValueError, KeyError, psutil.Error):
        pass
    return None


def _wait(server: subprocess.Popen[bytes], url: str, settings: Settings) -> None:
    deadline = time.monotonic() + _TIMEOUT_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    server.terminate()
    raise TrackingError(
        f"Cannot open MLflow's pages: the server did not come up. See {settings.state_dir / 'mlflow-ui.log'}."
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
