"""The cluster on this machine: found, started and stopped, one for all notebooks of a user."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from workbench.cluster.ray_env import (
    cluster_environ,
    import_ray,
    lazy_imports_path,
    outlive_the_cluster,
    prepare_environment,
)
from workbench.cluster.record import read_record, record_path
from workbench.errors import ClusterError
from workbench.settings import Settings, home

_START_TIMEOUT_S = 120.0
_STOP_TIMEOUT_S = 30.0
_ENTRY = "workbench.training.local_cluster"
"""The module that the supervisor runs."""


@dataclass(frozen=True)
class LocalCluster:
    """Where the local cluster is."""

    address: str
    pid: int
    python: str = ""


def log_path() -> Path:
    """Return the file with what the cluster's supervisor prints."""
    return home() / "cluster.log"


def answers(address: str, timeout_s: float = 5.0) -> bool:
    """Return whether somebody listens at an address, ``host:port`` or ``ray://host:port``."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=timeout_s).close()
    except OSError:
        return False
    return True


def running() -> LocalCluster | None:
    """Return the local cluster, None where none runs, or where nothing but its supervisor is left of it."""
    record = read_record()
    if record is None or "address" not in record or "pid" not in record:
        return None
    cluster = LocalCluster(record["address"], record["pid"], record.get("python", ""))
    return cluster if _is_supervisor(cluster.pid) and answers(cluster.address) else None


def start(
    settings: Settings,
    *,
    cpus: float | None = None,
    gpus: float | None = None,
    on_tick: Callable[[float], None] = lambda _: None,
) -> LocalCluster:
    """Return the local cluster; start it where none runs. Two notebooks at once get the same one.

    Args:
        settings: The project's settings; its tracking store is opened ahead.
        cpus: The number of the cluster's CPUs; None takes the machine's.
        gpus: The number of its GPUs; None takes the machine's.
        on_tick: Called with the seconds waited, a few times a second.

    Raises:
        ClusterError: It did not start; the message has the end of its log.
    """
    home().mkdir(parents=True, exist_ok=True)
    with FileLock(str(home() / "cluster.lock")):
        present = running()
        if present is not None:
            return present
        record_path().unlink(missing_ok=True)
        outlive_the_cluster()
        prepare_environment(is_local=True)
        command = [
            sys.executable,
            "-m",
            _ENTRY,
            "--record",
            str(record_path()),
            "--tracking-uri",
            settings.tracking_uri,
        ]
        if settings.is_embedded_tracking:
            command += ["--artifact-dir", str(settings.artifact_dir)]
        for name, value in (("--cpus", cpus), ("--gpus", gpus), ("--spares", settings.spares)):
            if value is not None:
                command += [name, f"{value:g}"]
        with log_path().open("ab") as log:
            # A session of its own: it lives on when the kernel or Jupyter ends.
            supervisor = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=home(),
                env=_environment(),
            )
        # This process needs Ray as well as soon as the cluster is up.
        threading.Thread(target=import_ray, name="import-ray", daemon=True).start()
        return _wait_until_up(supervisor, on_tick)


def _environment() -> dict[str, str]:
    """Return the supervisor's environment: workers inherit it, so nothing of this kernel's own may be in it."""
    environ = cluster_environ()
    first = [str(lazy_imports_path()), str(Path(__file__).resolve().parents[2])]
    others = [path for path in environ.get("PYTHONPATH", "").split(os.pathsep) if path and path not in first]
    environ["PYTHONPATH"] = os.pathsep.join([*first, *others])
    return environ


def _wait_until_up(supervisor: subprocess.Popen[bytes], on_tick: Callable[[float], None]) -> LocalCluster:
    began = time.monotonic()
    while time.monotonic() - began < _START_TIMEOUT_S:
        cluster = running()
        if cluster is not None and cluster.pid == supervisor.pid:
            return cluster
        if supervisor.poll() is not None:
            raise ClusterError(
                f"Cannot start the local cluster: it ended with code {supervisor.returncode}. "
                f"The end of {log_path()}:\n{_log_end()}\nRun %workbench doctor for what may be wrong."
            )
        on_tick(time.monotonic() - began)
        time.sleep(0.02)
    supervisor.terminate()
    raise ClusterError(
        f"Cannot start the local cluster: it was not up within {_START_TIMEOUT_S:g} s. "
        f"The end of {log_path()}:\n{_log_end()}"
    )


def stop() -> bool:
    """End the local cluster and all its runs; return whether there was one."""
    cluster = running()
    if cluster is None:
        return False
    os.kill(cluster.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_TIMEOUT_S
    while _is_supervisor(cluster.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    if _is_supervisor(cluster.pid):
        os.kill(cluster.pid, signal.SIGKILL)  # Ray's processes end with their parent
    record_path().unlink(missing_ok=True)
    return True


def _is_supervisor(pid: int) -> bool:
    """Return whether the process lives and is a supervisor: process numbers are used again."""
    import psutil

    try:
        process = psutil.Process(pid)
        command = " ".join(process.cmdline())
        return process.status() != psutil.STATUS_ZOMBIE and _ENTRY in command
    except psutil.Error:
        return False


def _log_end(lines: int = 15) -> str:
    try:
        return "\n".join(log_path().read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"
