"""Lineage of a run: the notebook, the packages, the commit, the machine and the fingerprints of the data."""

from __future__ import annotations

import functools
import hashlib
import json
import platform
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib.metadata import distributions
from pathlib import Path

import psutil

from workbench.cell.payload import CellPayload
from workbench.tracking.notebook import NotebookContext

_DIFF_BYTES = 2**20
_GIT_TIMEOUT_S = 10.0


def quick_tags(context: NotebookContext, payload: CellPayload) -> dict[str, str]:
    """Return the tags that take no time to gather, for the moment of submission."""
    tags = {
        "mlflow.source.type": "NOTEBOOK" if context.path else "LOCAL",
        "mlflow.source.name": str(context.path or Path(sys.argv[0]).name or "python"),
        "mlflow.user": _user(),
        "workbench.python": payload.python,
        "workbench.cell_hash": hashlib.sha256(payload.source.encode()).hexdigest()[:16],
    }
    if context.path is not None:
        tags["workbench.notebook"] = str(context.path)
    if context.cell_id is not None:
        tags["workbench.cell_id"] = context.cell_id
    if context.execution_count is not None:
        tags["workbench.execution_count"] = str(context.execution_count)
    return tags


def quick_files(context: NotebookContext, payload: CellPayload) -> dict[str, bytes]:
    """Return the small files that are at hand, by artifact path: the cell, and the cells executed before it."""
    return {
        "lineage/cell.py": (context.source or payload.source).encode(),
        "lineage/executed.json": context.executed_json(),
    }


def full(context: NotebookContext, payload: CellPayload) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return the lineage that takes a while to gather, as files by artifact path and as tags. Never raises."""
    files: dict[str, bytes] = {}
    tags: dict[str, str] = {}
    folder = Path(payload.workdir)
    if context.path is not None and context.path.suffix == ".ipynb":
        try:
            files["lineage/notebook.ipynb"] = context.path.read_bytes()
        except OSError as error:
            tags["workbench.lineage_problem"] = f"the notebook could not be read: {error}"
    files["lineage/requirements.txt"] = requirements().encode()
    files["lineage/hardware.json"] = json.dumps(asdict(hardware()), indent=1).encode()
    files["lineage/data.json"] = json.dumps([asdict(value) for value in captured_data(payload)], indent=1).encode()
    for module in payload.modules:
        files[f"lineage/modules/{module.relative}"] = module.source
    commit = git(folder, "rev-parse", "HEAD")
    if commit:
        tags["mlflow.source.git.commit"] = commit
        tags["mlflow.source.git.branch"] = git(folder, "rev-parse", "--abbrev-ref", "HEAD")
        remote = git(folder, "config", "--get", "remote.origin.url")
        if remote:
            tags["mlflow.source.git.repoURL"] = remote
        diff = git(folder, "diff", "HEAD")
        tags["workbench.git_dirty"] = str(bool(diff)).lower()
        if diff:
            files["lineage/git.diff"] = diff.encode()[:_DIFF_BYTES] + b"\n"
    return files, tags


@dataclass(frozen=True)
class CapturedData:
    """A large value that the cell read, as ``lineage/data.json`` has it.

    Attributes:
        names: Its names in the notebook.
        kind: Its kind, as ``ndarray`` or ``DataFrame``.
        digest: Hash of its content.
        shape: Its shape.
        dtype: Its element type, or the types of its columns.
        nbytes: Its size in bytes.
    """

    names: list[str]
    kind: str
    digest: str
    shape: list[int]
    dtype: str
    nbytes: int


def captured_data(payload: CellPayload) -> list[CapturedData]:
    """Return the captured large values with their fingerprints."""
    return [
        CapturedData(list(value.names), mark.kind, mark.digest, list(mark.shape), mark.dtype, mark.nbytes)
        for value in payload.shared
        for mark in [value.fingerprint]
    ]


@functools.lru_cache(maxsize=1)
def requirements() -> str:
    """Return the installed packages by exact version, as text for ``pip install -r``."""
    lines = set()
    for distribution in distributions():
        name, version = distribution.metadata["Name"], distribution.version
        if not name:
            continue
        direct = distribution.read_text("direct_url.json")
        lines.add(_direct_line(name, version, direct) if direct else f"{name}=={version}")
    return f"# Python {platform.python_version()}\n" + "\n".join(sorted(lines, key=str.lower)) + "\n"


def _direct_line(name: str, version: str, direct: str) -> str:
    """Return the line of a package that was installed from a repository or folder instead of an index."""
    try:
        origin = json.loads(direct)
    except ValueError:
        return f"{name}=={version}"
    vcs = origin.get("vcs_info")
    if vcs:
        return f"{name} @ {vcs['vcs']}+{origin['url']}@{vcs['commit_id']}"
    return f"# {name}=={version} was installed from {origin.get('url', 'a folder')}"


@dataclass(frozen=True)
class Hardware:
    """A machine, as ``lineage/hardware.json`` has it.

    Attributes:
        machine: Its architecture.
        system: Its operating system.
        processor: Its processor's name.
        cores: Number of logical cores; None where it is not known.
        memory_mb: Memory in MiB.
        gpus: Names of its NVIDIA GPUs.
    """

    machine: str
    system: str
    processor: str
    cores: int | None
    memory_mb: int
    gpus: list[str]


def hardware() -> Hardware:
    """Return this machine."""
    return Hardware(
        machine=platform.machine(),
        system=platform.platform(),
        processor=_processor(),
        cores=psutil.cpu_count(),
        memory_mb=psutil.virtual_memory().total // 2**20,
        gpus=gpus(),
    )


def gpus() -> list[str]:
    """Return the names of this machine's NVIDIA GPUs."""
    try:
        import pynvml

        pynvml.nvmlInit()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
        return [str(pynvml.nvmlDeviceGetName(handle)) for handle in handles]
    except Exception:  # no driver
        return []


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor()


def git(folder: Path, *arguments: str) -> str:
    """Return the output of a git command, an empty string where it fails or git is missing."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=_GIT_TIMEOUT_S,
            errors="replace",
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def package_differences(other: dict[str, str], names: Iterable[str]) -> list[tuple[str, str, str]]:
    """Return the packages that have another version elsewhere.

    Args:
        other: Versions elsewhere, by package name in lower case.
        names: The packages to compare.

    Returns:
        ``(name, version here, version there)`` of each package that differs.
    """
    here = {d.metadata["Name"].lower(): d.version for d in distributions() if d.metadata["Name"]}
    rows = []
    for name in sorted(names):
        mine, theirs = here.get(name.lower()), other.get(name.lower())
        if mine is not None and mine != theirs:
            rows.append((name, mine, theirs or "not installed"))
    return rows
