"""Looks for what may be wrong with this machine, this kernel and the cluster; each problem with its fix."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from workbench.api.project import Project
from workbench.errors import WorkbenchError
from workbench.settings import home

_LEAST_DISK_GB = 5.0
_LEAST_SHM_GB = 1.0
_NEEDED = {"ray": (2, 60), "mlflow": (3, 10), "ipywidgets": (8, 0), "cloudpickle": (3, 0)}


@dataclass(frozen=True)
class Finding:
    """One check: whether it is well, what was found, and the fix where it is not."""

    is_well: bool
    what: str
    said: str
    fix: str = ""

    @property
    def mark(self) -> str:
        """A sign for lists."""
        return "ok" if self.is_well else "!!"


def examine(project: Project) -> list[Finding]:
    """Return the findings of all checks, from the machine to the cluster; never raise."""
    findings: list[Finding] = []
    checks: list[Callable[[Project], Iterator[Finding]]] = [_versions, _disk, _gpus, _loopback, _tracking, _cluster]
    for check in checks:
        try:
            findings += check(project)
        except Exception as error:  # a check that fails must not hide the others
            findings.append(Finding(False, check.__name__.strip("_"), f"{type(error).__name__}: {error}"))
    return findings


def _versions(_: Project) -> Iterator[Finding]:
    yield Finding(sys.version_info >= (3, 11), "Python", platform.python_version(), "Use Python 3.11 or newer.")
    for name, least in _NEEDED.items():
        try:
            found = version(name)
        except PackageNotFoundError:
            yield Finding(False, name, "not installed", f"pip install {name}")
            continue
        numbers = tuple(int(part) for part in found.split(".")[:2] if part.isdigit())
        yield Finding(numbers >= least, name, found, f"pip install -U '{name}>={'.'.join(map(str, least))}'")
    torch = importlib.util.find_spec("torch")
    yield Finding(True, "torch", version("torch") if torch else "not installed (only needed for torch cells)")


def _disk(project: Project) -> Iterator[Finding]:
    for what, folder in (("disk of the project", project.settings.project), ("disk of Ray's files", "/tmp")):
        free = shutil.disk_usage(folder).free / 2**30
        yield Finding(free > _LEAST_DISK_GB, what, f"{free:.1f} GiB free", "Free some space; %runs tidy deletes runs.")
    if os.path.isdir("/dev/shm"):
        total = shutil.disk_usage("/dev/shm").total / 2**30
        yield Finding(
            total > _LEAST_SHM_GB,
            "shared memory",
            f"{total:.1f} GiB",
            "Give the container more: docker run --shm-size=8g",
        )
    writable = os.access(project.settings.project, os.W_OK)
    yield Finding(writable, "project folder", str(project.settings.project), "Make it writable.")


def _gpus(_: Project) -> Iterator[Finding]:
    from workbench.tracking.lineage import gpus

    names = gpus()
    if not names:
        yield Finding(True, "GPUs", "none (runs use the CPU)")
        return
    yield Finding(True, "GPUs", ", ".join(names))
    if importlib.util.find_spec("torch"):
        import torch

        yield Finding(
            torch.cuda.is_available(),
            "torch and the GPU",
            f"torch {torch.__version__}",
            "This torch is built for the CPU: install the CUDA build.",
        )


def _loopback(_: Project) -> Iterator[Finding]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
    yield Finding(True, "loopback ports", "can be opened")
    proxies = [name for name in ("http_proxy", "https_proxy", "grpc_proxy") if os.environ.get(name)]
    excepted = "127.0.0.1" in os.environ.get("no_proxy", "") + os.environ.get("NO_PROXY", "")
    yield Finding(
        not proxies or excepted,
        "proxies",
        ", ".join(proxies) or "none",
        "Except this machine: export no_proxy=127.0.0.1,localhost",
    )


def _tracking(project: Project) -> Iterator[Finding]:
    try:
        project.store.search(limit=1)
        yield Finding(True, "tracking store", project.settings.tracking_uri)
    except WorkbenchError as error:
        yield Finding(False, "tracking store", str(error))


def _cluster(project: Project) -> Iterator[Finding]:
    from workbench.cluster import local

    yield Finding(True, "cluster's log", str(local.log_path()))
    try:
        connection = project.connection(start=False)
    except WorkbenchError as error:
        yield Finding(True, "cluster", str(error))
        return
    facts = connection.call("facts")
    same = facts.python.split(".")[:2] == platform.python_version().split(".")[:2]
    yield Finding(
        same,
        "cluster's Python",
        facts.python,
        f"This kernel has {platform.python_version()}: use the same minor version on both sides.",
    )
    for name in ("ray", "cloudpickle", "mlflow"):
        theirs, mine = facts.packages.get(name), version(name)
        yield Finding(theirs == mine, f"cluster's {name}", str(theirs), f"This kernel has {mine}: install the same.")
    mode = (home() / "ray-token").stat().st_mode & 0o077 if (home() / "ray-token").exists() else 0
    yield Finding(
        mode == 0,
        "cluster token",
        "readable by you alone" if not mode else "readable by others",
        f"chmod 600 {home() / 'ray-token'}",
    )
