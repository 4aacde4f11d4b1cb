"""The process that owns the local cluster: it outlives kernels and Jupyter, and the cluster ends with it.

:mod:`workbench.training.local_cluster` runs it with the services that the cluster offers.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.cluster.local import answers
from workbench.cluster.ray_compat import LOOPBACK_INIT, start_dashboard, take_free_ports
from workbench.cluster.ray_env import import_ray, prepare_environment
from workbench.cluster.record import ClusterRecord, write_record


def supervise(
    record_path: Path,
    *,
    cpus: float | None,
    gpus: float | None,
    prepare: Callable[[], None],
    start_services: Callable[[], dict[str, Any]],
    on_up: Callable[[dict[str, Any]], None],
) -> None:
    """Start a cluster, record its address, and run until a signal ends it.

    Args:
        record_path: The file that says where the cluster is; the cluster ends when the file is gone.
        cpus: The number of the cluster's CPUs; None takes the machine's.
        gpus: The number of its GPUs; None takes the machine's.
        prepare: Called in a thread while Ray starts.
        start_services: Called when Ray is up; returns the actors to close at the end, by name.
        on_up: Called with those actors when the record is written and ``prepare`` has returned.
    """
    prepare_environment(is_local=True)
    import_ray()
    take_free_ports()
    # Ray warns in every notebook of four times as many processes as may start at once, a number of its cores: on two
    # cores a few endpoints would do.
    os.environ.setdefault("RAY_worker_maximum_startup_concurrency", str(max(8, os.cpu_count() or 1)))
    import ray

    wake, ending, dashboard_requested = threading.Event(), threading.Event(), threading.Event()
    preparing = threading.Thread(target=prepare, daemon=True)
    preparing.start()
    ray.init(
        address="local",
        num_cpus=cpus,
        num_gpus=gpus,
        include_dashboard=False,
        log_to_driver=False,
        namespace="workbench",
        **LOOPBACK_INIT,
    )

    def on_signal(number: int, _: object) -> None:
        (dashboard_requested if number == signal.SIGUSR1 else ending).set()
        wake.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):  # after ray.init, which sets handlers of its own
        signal.signal(number, on_signal)
    services = start_services()
    record: ClusterRecord = {
        "address": ray.get_runtime_context().gcs_address,
        "pid": os.getpid(),
        "python": sys.version.split()[0],
        "executable": sys.executable,
        "started_at": time.time(),
    }
    write_record(record_path, record)
    preparing.join()
    on_up(services)
    missed = 0
    while not ending.is_set():
        wake.wait(2.0)
        wake.clear()
        if dashboard_requested.is_set():
            dashboard_requested.clear()
            _add_dashboard(record_path, record)
        missed = 0 if answers(record["address"]) else missed + 1
        if missed == 3:  # Ray's own processes were killed
            os._exit(1)
        if not record_path.exists():  # the user's folder was removed: nobody can find us any more
            break
    _end(record_path, services)


def _add_dashboard(path: Path, record: ClusterRecord) -> None:
    """Start Ray's dashboard and record its address; the log says what went wrong."""
    if "dashboard" in record:
        return
    try:
        record["dashboard"] = start_dashboard()
    except Exception as error:
        print(f"the dashboard did not start: {error}", file=sys.stderr)
        return
    write_record(path, record)


def _end(record: Path, services: dict[str, Any]) -> None:
    """Close the services, then take the cluster down."""
    import ray

    # First, so that nobody joins a cluster that is about to end.
    with contextlib.suppress(OSError, ValueError):
        if json.loads(record.read_text())["pid"] == os.getpid():
            record.unlink()
    closing = dict(services)
    with contextlib.suppress(ValueError):  # nothing was published
        closing["gateway"] = ray.get_actor("gateway", namespace="workbench")
    calls = {name: actor.close.remote() for name, actor in closing.items()}
    for name, call in calls.items():
        try:
            ray.get(call, timeout=20)
        except Exception as error:
            print(f"the {name} did not close: {error}", file=sys.stderr)
    ray.shutdown()
