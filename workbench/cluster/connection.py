"""A process's connection to a cluster and its foreman: made at first use, mended when it broke."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from workbench.cluster import local
from workbench.cluster.ray_env import import_ray, outlive_the_cluster, prepare_environment
from workbench.errors import ClusterError, ForemanError, WorkbenchError
from workbench.settings import Settings

_CALL_TIMEOUT_S = 60.0
_KNOCK_EVERY_S = 5.0
_MISSED = 3

_lock = threading.RLock()
_connected_to: str | None = None
_is_our_driver = False
"""Whether it was Workbench that connected Ray in this process, not the notebook's own code."""


def detached_actor(kind: type, name: str, namespace: str, *arguments: Any, max_restarts: int = 0) -> Any:
    """The cluster's only actor of a name, made where there is none; it outlives who made it, and reserves nothing."""
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
    """Our actors run where the project's files are, if that is a node of the cluster."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    if ray.util.client.ray.is_connected():
        return "DEFAULT"
    return NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)


class Connection:
    """Calls to the foreman of one cluster, or to another actor of ours there.

    Args:
        foreman: Its actor handle.
        address: The cluster's.
        dashboard: Where Ray says that the cluster's dashboard is (``host:port``), None where it has none.
        called: What messages call the actor.
    """

    def __init__(self, foreman: Any, address: str, dashboard: str | None = None, called: str = "foreman") -> None:
        self.foreman = foreman
        self.address = address
        self.dashboard = dashboard
        self.called = called

    @property
    def is_local(self) -> bool:
        """Whether the cluster is the one that Workbench runs on this machine."""
        present = local.running()
        return present is not None and present.address == self.address

    def to(self, actor: Any, called: str) -> Connection:
        """The same way to another actor."""
        return Connection(actor, self.address, self.dashboard, called)

    def call(self, method: str, *args: Any, timeout_s: float = _CALL_TIMEOUT_S) -> Any:
        """Call a verb of the foreman and wait for its answer.

        Raises what the verb raises, and ``ForemanError`` when the foreman is gone or silent.
        """
        import ray

        if not ray.is_initialized():  # a call would have Ray start a cluster of its own
            raise ForemanError(
                f"The {self.called} at {self.address} was left: this process is no longer connected to it."
            )
        try:
            return self._answer(getattr(self.foreman, method).remote(*args), timeout_s)
        except ray.exceptions.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, WorkbenchError):
                raise cause from None
            raise ForemanError(f"The {self.called} failed in {method!r}: {cause!r}. Please report this.") from error
        except ray.exceptions.GetTimeoutError:
            raise ForemanError(
                f"The {self.called} at {self.address} said nothing for {timeout_s:g} s. "
                "%workbench doctor looks into it.",
                is_silent=True,
            ) from None
        except (ray.exceptions.RayError, ConnectionError, RuntimeError) as error:
            raise self._gone(error) from error

    def _answer(self, ref: Any, timeout_s: float) -> Any:
        """Wait for an answer, and look now and then whether there is still somebody to give it."""
        import ray

        deadline = time.monotonic() + timeout_s
        while True:
            left = deadline - time.monotonic()
            try:
                return ray.get(ref, timeout=max(0.0, min(left, _KNOCK_EVERY_S)))
            except ray.exceptions.GetTimeoutError:
                if not local.answers(self.address):
                    raise ConnectionError("its cluster ended") from None
                if left <= _KNOCK_EVERY_S:
                    raise

    def _gone(self, error: BaseException) -> ForemanError:
        _forget()
        if self.called != "foreman":
            return ForemanError(f"The {self.called} at {self.address} is gone ({type(error).__name__}). Try once more.")
        return ForemanError(
            f"The foreman at {self.address} is gone ({type(error).__name__}). Its runs have ended; "
            f"the next run starts a new one. Continue a lost run with %%train --resume RUN."
        )


def connect(
    settings: Settings,
    find_actor: Callable[[], Any],
    *,
    address: str | None = None,
    start: bool = True,
    cpus: float | None = None,
    gpus: float | None = None,
    on_tick: Callable[[float], None] = lambda _: None,
) -> Connection:
    """Connect this process to a cluster and to an actor there.

    Args:
        settings: The project's; its ``address`` is joined unless ``address`` is given.
        find_actor: Called once the process is connected; returns the actor that the connection calls.
        address: A cluster to join: ``ray://host:10001`` or ``host:6379``; None takes the one that
            this process is connected to (by ``ray.init`` too), else the settings', else the local one.
        start: Whether to start the local cluster where none runs.
        cpus: CPUs of a local cluster that is started now.
        gpus: GPUs of it.
        on_tick: Called while a cluster starts.

    Raises:
        ClusterError: There is no cluster, and ``start`` is false; or it cannot be joined.
    """
    global _connected_to
    with _lock:
        wanted = address or _connected_to or _users_own() or settings.address
        present = local.running()
        if wanted is None or (_connected_to == wanted and address is None and not _is_joined(wanted, settings)):
            # The local cluster: it may have been stopped and started by another notebook meanwhile.
            if present is None:
                if not start:
                    raise ClusterError("There is no cluster yet: the first %%train starts one, or %workbench up.")
                present = local.start(settings, cpus=cpus, gpus=gpus, on_tick=on_tick)
            wanted = present.address
        is_local = present is not None and wanted == present.address
        if _connected_to is None and _users_own() == wanted:
            if not is_local:
                _joined.add(wanted)
        elif _connected_to != wanted or not _is_alive():
            _join(wanted, is_local=is_local)
        _connected_to = wanted
        return Connection(find_actor(), wanted, _dashboards.get(wanted))


_joined: set[str] = set()
_dashboards: dict[str, str] = {}


def _users_own() -> str | None:
    """The cluster that the notebook has connected itself to with ``ray.init``: then runs go there."""
    ray = sys.modules.get("ray")
    if _is_our_driver or ray is None or not ray.is_initialized() or ray.util.client.ray.is_connected():
        return None
    address: str = ray.get_runtime_context().gcs_address
    return address


def _is_joined(address: str, settings: Settings) -> bool:
    return address in _joined or address == settings.address


def _join(address: str, *, is_local: bool) -> None:
    global _is_our_driver
    _knock(address)
    _leave()
    outlive_the_cluster()
    prepare_environment(is_local=is_local)
    import_ray()

    try:
        _init(address)
    except Exception as error:
        raise ClusterError(
            f"Cannot join the cluster at {address!r}: {type(error).__name__}: {' '.join(str(error).split())[:400]}. "
            f"{_join_fix(str(error))} Without --address, Workbench starts one on this machine."
        ) from error
    _is_our_driver = True
    _watch_over(address)
    if not is_local:
        _joined.add(address)


def _init(address: str) -> None:
    import ray

    for is_last in (False, True):
        try:
            context = ray.init(
                address=address,
                namespace="workbench",
                log_to_driver=False,
                logging_level=logging.ERROR,
                ignore_reinit_error=True,
            )
            _dashboards[address] = context.dashboard_url or ""
            return
        except ConnectionAbortedError:  # a busy head: the process for this client of ray:// did not come up
            if is_last:
                raise


def _join_fix(text: str) -> str:
    if "mismatch" in text:
        return "Run the notebook's kernel with the cluster's versions of Python and Ray."
    return "Is it up, and is its token in RAY_AUTH_TOKEN (mode RAY_AUTH_MODE=token)?"


def _watch_over(address: str) -> None:
    """Leave a cluster that is gone: Ray's threads would look for it for ever, and keep a core busy with that."""

    def watch() -> None:
        missed = 0
        while _connected_to in (address, None) and _is_our_driver and missed < _MISSED:
            time.sleep(_KNOCK_EVERY_S)
            missed = 0 if local.answers(address) else missed + 1
        if missed:
            with _lock:
                if _connected_to in (address, None) and _is_our_driver:
                    _leave()
                    _forget()

    threading.Thread(target=watch, name="cluster-watch", daemon=True).start()


def _knock(address: str) -> None:
    """See that somebody listens: Ray itself tries for minutes where nobody does."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        raise ClusterError(
            f"Cannot join the cluster at {address!r}: it is no address. Write ray://host:10001, or host:6379."
        )
    if not local.answers(address):
        raise ClusterError(
            f"Cannot join the cluster at {address!r}: nobody answers there. Is it up, and may this machine reach it? "
            f"Without --address, Workbench starts one on this machine."
        )


def _is_alive() -> bool:
    import ray

    # Calls to a cluster that is gone would wait for it to come back.
    if not ray.is_initialized() or (_connected_to is not None and not local.answers(_connected_to)):
        return False
    try:
        ray.get_actor("foreman", namespace="workbench")
        return True
    except ValueError:
        return True  # the cluster answers; its foreman is made anew
    except Exception:
        return False


def _forget() -> None:
    """Have the next call look for the cluster anew."""
    global _connected_to
    _connected_to = None if _connected_to not in _joined else _connected_to


def current_address() -> str | None:
    """The address of the cluster that this process is connected to."""
    return _connected_to


def disconnect() -> None:
    """Leave the cluster, which goes on."""
    global _connected_to
    with _lock:
        _leave()
        _connected_to = None


def _leave() -> None:
    global _is_our_driver
    _is_our_driver = False
    loaded = sys.modules.get("ray")
    if loaded is not None and loaded.is_initialized():
        loaded.shutdown()
