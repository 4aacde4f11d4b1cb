"""Ray's own dashboard: the local cluster starts without it, which saves seconds, and gets it on request."""

from __future__ import annotations

import os
import signal
import time

from workbench.cluster import local
from workbench.cluster.ray_env import token_path
from workbench.cluster.record import read_record
from workbench.errors import ClusterError

_TIMEOUT_S = 60.0


def dashboard(address: str, known: str | None) -> tuple[str, str]:
    """Return the address of a cluster's dashboard and the token that it asks for (empty for none).

    Args:
        address: The cluster's address.
        known: The dashboard's ``host:port`` as Ray gives it for a cluster that was joined.

    Raises ``ClusterError`` where there is none.
    """
    here = local.running()
    if here is None or here.address != address:
        if not known:
            raise ClusterError(
                f"The cluster at {address} runs without a dashboard: ray start --include-dashboard=true."
            )
        return f"http://{known}", os.environ.get("RAY_AUTH_TOKEN", "")
    token = token_path().read_text().strip()
    deadline = time.monotonic() + _TIMEOUT_S
    if not (url := _recorded()):
        os.kill(here.pid, signal.SIGUSR1)
    while not url:
        if time.monotonic() > deadline or not local.answers(address):
            raise ClusterError(
                f"Cannot open Ray's dashboard: it did not start within {_TIMEOUT_S:g} s. See {local.log_path()}."
            )
        time.sleep(0.1)
        url = _recorded()
    return url, token


def present(address: str, known: str | None) -> tuple[str, str] | None:
    """Return the same where the dashboard is up already, else None."""
    here = local.running()
    if (here is not None and here.address == address and not _recorded()) or (here is None and not known):
        return None
    return dashboard(address, known)


def _recorded() -> str:
    record = read_record()
    return record.get("dashboard", "") if record is not None else ""
