"""The local cluster's own process: its supervisor, with a foreman and the project's tracking store.

:func:`workbench.cluster.local.start` runs it as ``python -m workbench.training.local_cluster``.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
from pathlib import Path
from typing import Any

from workbench.cluster.supervisor import supervise
from workbench.settings import restores_endpoints


def main() -> None:
    """Run a cluster and its foreman until a signal ends them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--cpus", type=float)
    parser.add_argument("--gpus", type=float)
    parser.add_argument("--spares", type=int)
    parser.add_argument("--tracking-uri", required=True)
    parser.add_argument("--artifact-dir")
    arguments = parser.parse_args()

    def start_services() -> dict[str, Any]:
        from workbench.training.foreman_client import ensure_foreman

        return {"foreman": ensure_foreman(arguments.spares)}

    def on_up(services: dict[str, Any]) -> None:
        services["foreman"].warm_up.remote(arguments.tracking_uri, arguments.artifact_dir)
        if restores_endpoints():
            _restore_endpoints()

    supervise(
        arguments.record,
        cpus=arguments.cpus,
        gpus=arguments.gpus,
        prepare=lambda: _prepare_store(arguments.tracking_uri),
        start_services=start_services,
        on_up=on_up,
    )


def _restore_endpoints() -> None:
    """Bring published endpoints back, in a process of its own: this one is to know Ray alone."""
    command = [sys.executable, "-m", "workbench.cli", "endpoints", "restore", "--all"]
    subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=Path.home())


def _prepare_store(tracking_uri: str) -> None:
    """Make a new SQLite store while Ray starts: its tables take seconds."""
    if tracking_uri.startswith("sqlite:///"):
        from workbench.tracking.sqlite_file import prepare

        with contextlib.suppress(Exception):  # the first run says what is wrong with it
            prepare(Path(tracking_uri.removeprefix("sqlite:///")))


if __name__ == "__main__":
    main()
