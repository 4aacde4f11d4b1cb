"""The Ray actor that is a worker process: it starts with heavy modules imported, runs one rank, and ends."""

from __future__ import annotations

import contextlib
import importlib
import os
import socket
import sys
from typing import Any

import ray

from workbench.cluster.ports import free_port
from workbench.training.journal import Journal, journal_path
from workbench.training.spec import Assignment, ProcessInfo, RankOutcome
from workbench.training.worker.returns import as_array


class WorkerProcess:
    """One process of a crew. Spares are the same before they are given a run.

    Args:
        modules: The modules to import now, so that the cell need not wait for them. One that is not
            installed here is passed over.
    """

    def __init__(self, modules: tuple[str, ...]) -> None:
        # Ray sets one thread for an actor without CPUs; the run sets its own number.
        os.environ.pop("OMP_NUM_THREADS", None)
        os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
        from workbench.training.worker.shell import create_shell

        self._shell = create_shell()
        for name in modules:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        # What run_rank needs, torch's process group code included, is imported before anyone waits.
        importlib.import_module("workbench.training.worker.runtime")
        if "torch" in modules:
            with contextlib.suppress(ImportError):
                importlib.import_module("torch.distributed")

    def describe(self) -> ProcessInfo:
        """See :func:`describe_process`."""
        return describe_process()

    def run(self, assignment: Assignment, shared: dict[str, list[Any]], foreman: Any) -> tuple[RankOutcome, Any]:
        """Run one rank in this process's main thread; see :func:`perform`."""
        return perform(assignment, shared, foreman, self._shell)


def describe_process() -> ProcessInfo:
    """Return where this process is, with a port that is free now."""
    ip = ray.util.get_node_ip_address()
    return ProcessInfo(
        pid=os.getpid(),
        node_id=ray.get_runtime_context().get_node_id(),
        ip=ip,
        host=socket.gethostname(),
        port=free_port(ip),
        python=sys.version.split()[0],
        cores=os.cpu_count() or 1,
    )


def perform(assignment: Assignment, shared: dict[str, list[Any]], foreman: Any, shell: Any) -> tuple[RankOutcome, Any]:
    """Run one rank with its channel to the foreman; both engines end here.

    Args:
        assignment: The rank's part.
        shared: Captured large values by digest, each a list of one object reference.
        foreman: The foreman's actor handle.
        shell: The process's :class:`~workbench.training.worker.shell.CellShell`.

    Returns:
        The outcome and, from rank 0, its returned values as an array of bytes or None.
    """
    from workbench.training.worker.foreman_channel import ForemanChannel
    from workbench.training.worker.runtime import run_rank, watch_for_crashes

    path = journal_path(assignment.run_id, assignment.attempt, assignment.worker)
    watch_for_crashes(path.with_suffix(".crash"))
    journal = Journal(path)

    def resolve(digest: str) -> Any:
        return _writable_if(digest in assignment.code.private, ray.get(shared[digest][0]))

    try:
        with ForemanChannel(foreman, (assignment.run_id, assignment.attempt, assignment.worker), journal):
            outcome, blob = run_rank(assignment, journal, shell, resolve, foreman)
    finally:
        journal.close()
    path.unlink(missing_ok=True)
    path.with_suffix(".crash").unlink(missing_ok=True)
    return outcome, as_array(blob)


def read_leftover(run_id: str, attempt: int, rank: int, offset: int) -> tuple[bytes, str]:
    """Return what a dead worker wrote after ``offset`` but did not ship, and its crash report; delete both files."""
    path = journal_path(run_id, attempt, rank)
    crash = path.with_suffix(".crash")
    data, report = b"", ""
    with contextlib.suppress(OSError), path.open("rb") as file:
        file.seek(offset)
        data = file.read()
    with contextlib.suppress(OSError):
        report = crash.read_text(errors="replace")
    for leftover in (path, crash):
        leftover.unlink(missing_ok=True)
    return data, report


def _writable_if(private: bool, value: Any) -> Any:
    """Return a private copy of a captured value that the cell may change in place, else the shared one."""
    return value.copy() if private and hasattr(value, "copy") else value
