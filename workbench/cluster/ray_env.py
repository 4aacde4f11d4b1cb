"""The environment of every process of a local cluster, and of every process that connects to one."""

from __future__ import annotations

import importlib
import os
import secrets
import sys
from pathlib import Path

from workbench.cluster.ray_compat import LOOPBACK_ENVIRON, read_environment_again
from workbench.settings import home

_before: dict[str, str | None] = {}
_RECONNECT_TIMEOUT = "RAY_gcs_rpc_server_reconnect_timeout_s"


def token_path() -> Path:
    """Return the file with the token that Ray asks for; make it at first use, readable by its user alone."""
    path = home() / "ray-token"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(descriptor, secrets.token_hex(32).encode())
        os.close(descriptor)
        try:
            os.link(aside, path)  # two notebooks at once: the first one's token stands
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    return path


def prepare_environment(*, is_local: bool) -> None:
    """Set Ray's variables in this process, before Ray is imported where possible.

    Args:
        is_local: Whether the cluster is one that Workbench runs on this machine: then it stays on
            the loopback interface and asks for our token. A cluster that is joined decides itself:
            ``RAY_AUTH_MODE`` and ``RAY_AUTH_TOKEN`` of the environment are left as they are.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Under `uv run`, Ray would start its workers by `uv run` again, in an environment without Ray.
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    ours = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token_path()),
        LOOPBACK_ENVIRON: "0",
    }
    for name, value in ours.items():
        if is_local:
            _before.setdefault(name, os.environ.get(name))
            os.environ[name] = value
        elif name in _before:  # this process was in the local cluster, and goes to another one now
            former = _before.pop(name)
            os.environ.pop(name) if former is None else os.environ.update({name: former})
    if "ray" in sys.modules:
        read_environment_again(is_local=is_local)  # the notebook imported Ray before, or left another cluster


def outlive_the_cluster() -> None:
    """Have this process live on when its cluster ends: Ray would end it a minute later, a kernel and all.

    By then it has left: see ``connection._leave_when_gone``.

    For kernels and terminals, before :func:`prepare_environment`; a cluster's own processes must end with it.
    """
    os.environ.setdefault(_RECONNECT_TIMEOUT, "300")


def cluster_environ() -> dict[str, str]:
    """Return this process's variables without those that are for itself alone."""
    own = ("JPY_", "IPY", "MLFLOW_RUN_ID", "MPLBACKEND", "PYDEVD", _RECONNECT_TIMEOUT)
    return {key: value for key, value in os.environ.items() if not key.startswith(own)}


def lazy_imports_path() -> Path:
    """Return the folder of stand-in modules that goes first on the import path of a cluster's processes."""
    return Path(__file__).resolve().parent / "lazy_imports"


def import_ray() -> None:
    """Import Ray without the second that a package it does not use takes; harmless when done twice."""
    folder = str(lazy_imports_path())
    sys.path.insert(0, folder)
    try:
        importlib.import_module("ray")
    finally:
        sys.path.remove(folder)
