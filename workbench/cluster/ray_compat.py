"""The private parts of Ray that Workbench uses, all in one module. Ray has no public call for any of them."""

from __future__ import annotations

import os
from typing import Any

READ_FROM = "2.60"
"""The version of Ray whose source these were read from."""

LOOPBACK_ENVIRON = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
"""Ray takes this machine's outside address unless clusters are not for this system; then it binds 127.0.0.1 alone."""

LOOPBACK_INIT = {"_node_ip_address": "127.0.0.1"}
"""Arguments of ``ray.init`` with which a new cluster listens on the loopback interface alone."""


def is_client_connected() -> bool:
    """Return whether this process is connected by ``ray://``, and so is no part of a node."""
    import ray

    return bool(ray.util.client.ray.is_connected())


def available_resources_per_node() -> dict[str, dict[str, float]]:
    """Return the free resources of each node, by its id."""
    from ray._private.state import available_resources_per_node

    found: dict[str, dict[str, float]] = available_resources_per_node()
    return found


def read_environment_again(*, is_local: bool) -> None:
    """Have Ray read its variables and its token again: it read them when it was imported.

    Args:
        is_local: Whether the next cluster is one on the loopback interface of this machine.
    """
    from ray._private import ray_constants
    from ray._raylet import AuthenticationTokenLoader, Config  # type: ignore[attr-defined]

    ray_constants.ENABLE_RAY_CLUSTER = not is_local and os.environ.get(LOOPBACK_ENVIRON) not in ("0", "false")
    Config.initialize("")
    AuthenticationTokenLoader.instance().reset_cache()


def take_free_ports() -> None:
    """Have a cluster that this process starts take any free port for its nodes' agents.

    Ray has one fixed port for them. A second cluster on the machine waits for it, then goes without: it takes no
    Ray Jobs. ``ray.init`` has no argument for it.
    """
    from ray._private import ray_constants
    from ray._private.parameter import RayParams

    fixed = ray_constants.DEFAULT_DASHBOARD_AGENT_LISTEN_PORT
    defaults = RayParams.__init__.__defaults__
    RayParams.__init__.__defaults__ = tuple(0 if value == fixed else value for value in defaults)


def start_dashboard() -> str:
    """Start the dashboard of a head that this process runs without one; return its address.

    It takes the place of the small process that Ray runs instead.
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
