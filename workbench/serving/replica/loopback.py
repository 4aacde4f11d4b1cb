"""Keeps a replica's own listeners on the loopback interface where the cluster is there."""

from __future__ import annotations

from typing import Any


def stay_on_loopback() -> None:
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
