"""The class that Ray Serve runs: a replica, whose requests come from the gateway and not through Serve."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Awaitable
from typing import Any

import ray

from workbench.records.endpoints import ServingOptions
from workbench.serving.replica.model_thread import ModelThread
from workbench.serving.replica_protocol import ReplicaSpec
from workbench.serving.serve_compat import bind_replica_to_loopback

_ADDRESS_S = 10.0
GATEWAY = "gateway"
NAMESPACE = "workbench"


class Replica:
    """Loads the models of a version and answers until Serve ends it.

    Args:
        spec: What to serve, and how to reach the gateway.

    Raises:
        ModelLoadError: A model does not load, or does not answer its own example.
    """

    def __init__(self, spec: ReplicaSpec) -> None:
        bind_replica_to_loopback()
        os.environ.update(spec["environ"])

        def address() -> dict[str, Any]:
            # Looked up each time: a gateway that was created again after its end is another actor.
            actor = ray.get_actor(GATEWAY, namespace=NAMESPACE)
            found: dict[str, Any] = ray.get(actor.replica_address.remote(), timeout=_ADDRESS_S)
            return found

        options = ServingOptions(**spec["options"])
        context = ray.get_runtime_context()
        self._thread = ModelThread(
            address=address,
            secret=spec["secret"],
            endpoint=spec["endpoint"],
            version=spec["version"],
            replica=context.get_actor_id() or uuid.uuid4().hex,
            node=ray.util.get_node_ip_address(),
            models={name: _place(uri, spec["files"].get(name, "")) for name, uri in spec["models"].items()},
            options=options,
            gpus=options.gpus,
            app=spec["app"],
        )
        self._timeout_s = options.timeout_s
        self._thread.start()
        self._thread.wait_ready()

    async def __call__(self, data: Any, model: str = "") -> Any:
        """Return a prediction to the caller of a Serve handle, for rows, records, arrays or a DataFrame."""
        return await asyncio.wrap_future(self._thread.submit(data, model))

    def check_health(self) -> None:
        """Check the thread; Serve calls this again and again.

        Raises:
            RuntimeError: The model's thread ended, or is stuck.
        """
        if not self._thread.is_healthy():
            raise RuntimeError("Cannot answer: the model's thread ended or is stuck in one batch. Replace the replica.")

    def __del__(self) -> Awaitable[None] | None:
        """Answer all requests first; Serve calls this before it kills the replica, and awaits the result.

        It is no coroutine function: one that did not load is collected by Python, which awaits nothing.
        """
        thread = getattr(self, "_thread", None)
        return self._leave() if thread is not None and thread.is_alive() else None

    async def _leave(self) -> None:
        self._thread.leave()
        await asyncio.to_thread(self._thread.join, self._timeout_s)
        self._thread.close()


def _place(uri: str, folder: str) -> str:
    """Return where a model is loaded from: its folder where this node has it, which spares a call to the registry."""
    return folder if folder and os.path.isdir(folder) else uri
