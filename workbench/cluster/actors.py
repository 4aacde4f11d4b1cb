"""The detached actors of a cluster: made, and called."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from workbench.cluster import local
from workbench.cluster.ray_compat import is_client_connected
from workbench.errors import ForemanError, WorkbenchError

_CALL_TIMEOUT_S = 60.0
_CHECK_EVERY_S = 5.0


def detached_actor(kind: type, name: str, namespace: str, *arguments: Any, max_restarts: int = 0) -> Any:
    """Return the cluster's actor of a name; make it where there is none.

    It outlives the process that made it, and reserves no resources.
    """
    import ray

    return (
        ray.remote(kind)
        .options(
            name=name,
            namespace=namespace,
            lifetime="detached",
            get_if_exists=True,
            num_cpus=0,
            max_concurrency=10_000,
            max_restarts=max_restarts,
            scheduling_strategy=_on_this_node(),
        )
        .remote(*arguments)
    )


def _on_this_node() -> Any:
    """Have an actor run where the project's files are, if that is a node of the cluster."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    if is_client_connected():
        return "DEFAULT"
    return NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)


class ActorConnection:
    """Calls to one detached actor of a cluster, such as its foreman.

    Args:
        actor: The actor's handle.
        address: The cluster's address.
        dashboard: The address of the cluster's dashboard as Ray gives it (``host:port``), None where it has none.
        name: The actor's name, for messages.
        on_gone: Called when the actor turns out to be gone.
    """

    def __init__(
        self,
        actor: Any,
        address: str,
        dashboard: str | None = None,
        name: str = "foreman",
        on_gone: Callable[[], None] = lambda: None,
    ) -> None:
        self.actor = actor
        self.address = address
        self.dashboard = dashboard
        self.name = name
        self._on_gone = on_gone

    @property
    def is_local(self) -> bool:
        """Return whether the cluster is the one that Workbench runs on this machine."""
        present = local.running()
        return present is not None and present.address == self.address

    def to(self, actor: Any, name: str) -> ActorConnection:
        """Return a connection to another actor of the same cluster."""
        return ActorConnection(actor, self.address, self.dashboard, name, self._on_gone)

    def call(self, method: str, *args: Any, timeout_s: float = _CALL_TIMEOUT_S) -> Any:
        """Call a method of the actor and wait for its answer.

        Raises what the method raises, and ``ForemanError`` when the actor is gone or silent.
        """
        import ray

        if not ray.is_initialized():  # a call would have Ray start a cluster of its own
            raise ForemanError(f"Cannot call the {self.name} at {self.address}: this process has left that cluster.")
        try:
            return self._answer(getattr(self.actor, method).remote(*args), timeout_s)
        except ray.exceptions.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, WorkbenchError):
                raise cause from None
            raise ForemanError(f"The {self.name} failed in {method!r}: {cause!r}. Please report this.") from error
        except ray.exceptions.GetTimeoutError:
            raise ForemanError(
                f"The {self.name} at {self.address} did not answer within {timeout_s:g} s. "
                "%workbench doctor looks for the cause.",
                is_silent=True,
            ) from None
        except (ray.exceptions.RayError, ConnectionError, RuntimeError) as error:
            raise self._gone(error) from error

    def _answer(self, ref: Any, timeout_s: float) -> Any:
        """Wait for an answer, and check now and then that the cluster still runs."""
        import ray

        deadline = time.monotonic() + timeout_s
        while True:
            left = deadline - time.monotonic()
            try:
                return ray.get(ref, timeout=max(0.0, min(left, _CHECK_EVERY_S)))
            except ray.exceptions.GetTimeoutError:
                if not local.answers(self.address):
                    raise ConnectionError("its cluster ended") from None
                if left <= _CHECK_EVERY_S:
                    raise

    def _gone(self, error: BaseException) -> ForemanError:
        self._on_gone()
        if self.name != "foreman":
            return ForemanError(f"The {self.name} at {self.address} is gone ({type(error).__name__}). Try again.")
        return ForemanError(
            f"The foreman at {self.address} is gone ({type(error).__name__}). Its runs have ended; "
            f"the next run starts a new one. Continue a lost run with %%train --resume RUN."
        )
