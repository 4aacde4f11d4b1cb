"""A process's connection to a cluster: made at first use, made again when it broke."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from workbench.cluster import local
from workbench.cluster.actors import ActorConnection
from workbench.cluster.ray_compat import is_client_connected
from workbench.cluster.ray_env import import_ray, outlive_the_cluster, prepare_environment
from workbench.errors import ClusterError
from workbench.settings import Settings

_CHECK_EVERY_S = 3.0
_MAX_MISSED = 3

_lock = threading.RLock()
_connected_to: str | None = None
_is_our_driver = False
"""Whether Workbench connected Ray in this process, rather than the notebook's own code."""


def connect(
    settings: Settings,
    find_actor: Callable[[], Any],
    *,
    address: str | None = None,
    start: bool = True,
    cpus: float | None = None,
    gpus: float | None = None,
    on_tick: Callable[[float], None] = lambda _: None,
) -> ActorConnection:
    """Connect this process to a cluster and to an actor there.

    Args:
        settings: The project's settings; their ``address`` is joined unless ``address`` is given.
        find_actor: Called once the process is connected; returns the actor that the connection calls.
        address: A cluster to join: ``ray://host:10001`` or ``host:6379``; None takes the one that
            this process is connected to (by ``ray.init`` too), else the settings', else the local one.
        start: Whether to start the local cluster where none runs.
        cpus: The number of CPUs of a local cluster that is started now.
        gpus: The number of its GPUs.
        on_tick: Called while a cluster starts.

    Raises:
        ClusterError: There is no cluster, and ``start`` is false; or it cannot be joined.
    """
    global _connected_to
    with _lock:
        target = address or _connected_to or _users_own() or settings.address
        present = local.running()
        if target is None or (_connected_to == target and address is None and not _is_joined(target, settings)):
            # The local cluster: it may have been stopped and started by another notebook meanwhile.
            if present is None:
                if not start:
                    raise ClusterError("There is no cluster yet: the first %%train starts one, or %workbench up.")
                present = local.start(settings, cpus=cpus, gpus=gpus, on_tick=on_tick)
            target = present.address
        is_local = present is not None and target == present.address
        if _connected_to is None and _users_own() == target:
            if not is_local:
                _joined.add(target)
        elif _connected_to != target or not _is_alive():
            _join(target, is_local=is_local)
        _connected_to = target
        return ActorConnection(find_actor(), target, _dashboards.get(target), on_gone=_forget)


_joined: set[str] = set()
_dashboards: dict[str, str] = {}


def _users_own() -> str | None:
    """Return the cluster that the notebook itself has joined with ``ray.init``: then runs go there."""
    ray = sys.modules.get("ray")
    if _is_our_driver or ray is None or not ray.is_initialized() or is_client_connected():
        return None
    address: str = ray.get_runtime_context().gcs_address
    return address


def _is_joined(address: str, settings: Settings) -> bool:
    return address in _joined or address == settings.address


def _join(address: str, *, is_local: bool) -> None:
    global _is_our_driver
    _check_address(address)
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
    _leave_when_gone(address)
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


def _leave_when_gone(address: str) -> None:
    """Leave the cluster once it is gone: Ray's threads would look for it for ever, and keep a core busy with that."""

    def watch() -> None:
        missed = 0
        while _connected_to in (address, None) and _is_our_driver and missed < _MAX_MISSED:
            time.sleep(_CHECK_EVERY_S)
            missed = 0 if local.answers(address) else missed + 1
        if missed:
            with _lock:
                if _connected_to in (address, None) and _is_our_driver:
                    _leave()
                    _forget()

    threading.Thread(target=watch, name="cluster-watch", daemon=True).start()


def _check_address(address: str) -> None:
    """Raise ``ClusterError`` where nobody listens: Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        raise ClusterError(
            f"Cannot join the cluster at {address!r}: it is not an address. Write ray://host:10001, or host:6379."
        )
    if not local.answers(address):
        raise ClusterError(
            f"Cannot join the cluster at {address!r}: nothing answers there. Is it up, and can this machine reach it? "
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
    """Have the next call look for a cluster again."""
    global _connected_to
    _connected_to = None if _connected_to not in _joined else _connected_to


def current_address() -> str | None:
    """Return the address of the cluster that this process is connected to, None for none."""
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
