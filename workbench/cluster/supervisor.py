"""The process that keeps the local cluster: it outlives kernels and Jupyter, and the cluster ends with it.

Started by :mod:`workbench.cluster.local` as ``python -m workbench.cluster.supervisor``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from workbench.cluster.ray_env import import_ray, prepare_environment, take_free_ports
from workbench.settings import restores_endpoints


def main() -> None:
    """Start a cluster and its foreman, write where it is, and wait to be told to end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--cpus", type=float)
    parser.add_argument("--gpus", type=float)
    parser.add_argument("--spares", type=int)
    parser.add_argument("--tracking-uri", required=True)
    parser.add_argument("--artifact-dir")
    arguments = parser.parse_args()
    prepare_environment(is_local=True)
    import_ray()
    take_free_ports()
    # Ray warns in every notebook of four times as many processes as may start at once, a number of its cores: on two
    # cores a few endpoints would do.
    os.environ.setdefault("RAY_worker_maximum_startup_concurrency", str(max(8, os.cpu_count() or 1)))
    import ray

    from workbench.cluster.connection import ensure_foreman
    from workbench.cluster.local import answers

    news, ending, wanted = threading.Event(), threading.Event(), threading.Event()
    preparing = threading.Thread(target=_prepare_store, args=(arguments.tracking_uri,), daemon=True)
    preparing.start()
    ray.init(
        address="local",
        num_cpus=arguments.cpus,
        num_gpus=arguments.gpus,
        include_dashboard=False,
        log_to_driver=False,
        namespace="workbench",
        _node_ip_address="127.0.0.1",
    )

    def told(number: int, _: object) -> None:
        (wanted if number == signal.SIGUSR1 else ending).set()
        news.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):  # after ray.init, which sets handlers of its own
        signal.signal(number, told)
    foreman = ensure_foreman(arguments.spares)
    record: dict[str, Any] = {
        "address": ray.get_runtime_context().gcs_address,
        "pid": os.getpid(),
        "python": sys.version.split()[0],
        "executable": sys.executable,
        "started_at": time.time(),
    }
    _write(arguments.record, record)
    preparing.join()
    foreman.warm_up.remote(arguments.tracking_uri, arguments.artifact_dir)
    if restores_endpoints():
        _restore_endpoints()
    missed = 0
    while not ending.is_set():
        news.wait(2.0)
        news.clear()
        if wanted.is_set():
            wanted.clear()
            _add_dashboard(arguments.record, record)
        missed = 0 if answers(record["address"]) else missed + 1
        if missed == 3:  # Ray's own processes were killed
            os._exit(1)
        if not arguments.record.exists():  # the user's folder was removed: nobody can find us any more
            break
    _end(arguments.record, foreman)


def _restore_endpoints() -> None:
    """Have what was published come back, in a process of its own: this one is to know Ray alone."""
    command = [sys.executable, "-m", "workbench.cli", "endpoints", "restore", "--all"]
    subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=Path.home())


def _write(path: Path, record: dict[str, Any]) -> None:
    aside = path.with_suffix(".new")
    aside.write_text(json.dumps(record))
    aside.replace(path)


def _add_dashboard(path: Path, record: dict[str, Any]) -> None:
    """Start Ray's dashboard and note where it is; what goes wrong is in the log."""
    from workbench.cluster.dashboard import start_beside

    if "dashboard" in record:
        return
    try:
        record["dashboard"] = start_beside()
    except Exception as error:
        print(f"the dashboard did not start: {error}", file=sys.stderr)
        return
    _write(path, record)


def _prepare_store(tracking_uri: str) -> None:
    """Make a new SQLite store while Ray starts: its tables take seconds."""
    if tracking_uri.startswith("sqlite:///"):
        from workbench.tracking.sqlite_file import prepare

        with contextlib.suppress(Exception):  # the first run says what is wrong with it
            prepare(Path(tracking_uri.removeprefix("sqlite:///")))


def _end(record: Path, foreman: object) -> None:
    """Give runs their chance to end, then take the cluster down."""
    import ray

    # First, so that nobody joins a cluster that is about to end.
    with contextlib.suppress(OSError, ValueError):
        if json.loads(record.read_text())["pid"] == os.getpid():
            record.unlink()
    closing = {"foreman": foreman}
    with contextlib.suppress(ValueError):  # nothing was published
        closing["gateway"] = ray.get_actor("gateway", namespace="workbench")
    calls = {name: actor.close.remote() for name, actor in closing.items()}  # type: ignore[attr-defined]
    for name, call in calls.items():
        try:
            ray.get(call, timeout=20)
        except Exception as error:
            print(f"the {name} did not close: {error}", file=sys.stderr)
    ray.shutdown()


if __name__ == "__main__":
    main()
