"""The private parts of Ray Serve that serving uses, in one place.

Read from Ray 2.60. A test fails when another minor version is installed: read the parts below again there, then set
:data:`READ_FROM`.
"""

from __future__ import annotations

import contextlib
from typing import Any

READ_FROM = "2.60"
"""The minor version of Ray whose source these functions were written against."""


def is_serve_running() -> bool:
    """Return whether the cluster has Serve's controller. The public ``serve.status()`` would start one."""
    import ray
    from ray.serve._private.constants import SERVE_CONTROLLER_NAME, SERVE_NAMESPACE

    try:
        ray.get_actor(SERVE_CONTROLLER_NAME, namespace=SERVE_NAMESPACE)
    except ValueError:
        return False
    return True


def set_replicas(app: str, deployment: str, replicas: int) -> None:
    """Scale a deployment of an application that has its scaler outside of Serve.

    The public form is a REST call to Ray's dashboard, which need not run.
    """
    import ray
    from ray.serve._private.common import DeploymentID
    from ray.serve.context import _get_global_client

    client = _get_global_client()
    assert client is not None
    identifier = DeploymentID(name=deployment, app_name=app)
    ray.get(client._controller.update_deployment_replicas.remote(identifier, replicas))


def delete_app(app: str) -> None:
    """End an application without waiting for it; harmless where Serve does not run, or not that application."""
    from ray import serve
    from ray.serve.exceptions import RayServeException

    with contextlib.suppress(RayServeException):
        serve.delete(app, _blocking=False)


def bind_replica_to_loopback() -> None:
    """Have Serve bind this replica's port for calls between deployments to 127.0.0.1, where the node has that address.

    Serve binds all interfaces, after the constructor of the deployment has run, and has no setting for it.
    """
    import ray
    from ray.serve._private import replica

    if ray.util.get_node_ip_address() != "127.0.0.1":
        return
    bind = replica.add_port_to_grpc_server

    def on_loopback(server: Any, address: str) -> Any:
        return bind(server, address.replace("[::]", "127.0.0.1"))

    replica.add_port_to_grpc_server = on_loopback
