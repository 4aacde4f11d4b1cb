"""Ray's own dashboard: the local cluster starts without it, which saves seconds, and gets it when it is asked for."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import Any

from workbench.cluster import local
from workbench.cluster.ray_env import token_path
from workbench.errors import ClusterError

_TIMEOUT_S = 60.0


def dashboard(address: str, known: str | None) -> tuple[str, str]:
    """The address of a cluster's dashboard and the token that it asks for (empty for none).

    Args:
        address: The cluster's.
        known: What Ray says of the dashboard of a cluster that was joined, ``host:port``.

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
            raise ClusterError(f"Ray's dashboard did not come up within {_TIMEOUT_S:g} s. See {local.log_path()}.")
        time.sleep(0.1)
        url = _recorded()
    return url, token


def present(address: str, known: str | None) -> tuple[str, str] | None:
    """The same where the dashboard is up already, else None."""
    here = local.running()
    if (here is not None and here.address == address and not _recorded()) or (here is None and not known):
        return None
    return dashboard(address, known)


def _recorded() -> str:
    try:
        return str(json.loads(local.record_path().read_text()).get("dashboard", ""))
    except (OSError, ValueError):
        return ""


def start_beside() -> str:
    """In the keeper: replace the little that Ray runs in its place by the whole dashboard; its address.

    Ray has no public call for that.
    """
    from ray._private import ray_constants
    from ray._private.worker import _global_node
    from ray.experimental.internal_kv import _internal_kv_del

    node: Any = _global_node
    if ray_constants.PROCESS_TYPE_DASHBOARD in node.all_processes:
        node.kill_dashboard(check_alive=False)
        node.all_processes.pop(ray_constants.PROCESS_TYPE_DASHBOARD, None)
    _internal_kv_del(ray_constants.DASHBOARD_ADDRESS, namespace=ray_constants.KV_NAMESPACE_DASHBOARD)
    node._ray_params.dashboard_host = "127.0.0.1"
    node.start_api_server(include_dashboard=True, raise_on_failure=True)
    return f"http://{node.webui_url}"
