"""Runs one rank: sets its process up as ``torchrun`` would, executes the cell, reports how it ended."""

from __future__ import annotations

import contextlib
import faulthandler
import linecache
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from workbench import context as in_cell
from workbench.cell.payload import load
from workbench.records.runs import Failure
from workbench.tracking.in_worker import settle
from workbench.tracking.model_logging import flavor_of
from workbench.training.journal import Journal
from workbench.training.spec import Assignment, RankOutcome
from workbench.training.worker.failures import UserCode, describe, is_peer_error
from workbench.training.worker.output_capture import OutputCapture
from workbench.training.worker.returns import bare, pack_returns
from workbench.training.worker.shell import CellShell, execute
from workbench.training.worker.source_files import importable
from workbench.training.worker.torch_group import limit_threads, process_group
from workbench.training.worker.trace import Sampler
from workbench.training.worker.worker_context import WorkerContext

Resolve = Callable[[str], Any]


def run_rank(
    assignment: Assignment, journal: Journal, shell: CellShell, resolve: Resolve, foreman: Any
) -> tuple[RankOutcome, bytes | None]:
    """Execute the cell as one rank.

    Args:
        assignment: The rank's part.
        journal: The journal that gets the events; it stays open.
        shell: This process's shell; its namespace becomes the cell's.
        resolve: Returns the captured large value of a digest.
        foreman: The foreman's actor handle.

    Returns:
        How it ended, and rank 0's returned values pickled (None where there are none).
    """
    code = assignment.code
    files = {code.filename: code.filename, **{name: code.labels.get(name, name) for name in code.sources}}
    user_code = UserCode(files, (code.workdir, *code.sys_path))
    with contextlib.ExitStack() as stack:
        capture = stack.enter_context(OutputCapture(journal))
        stack.enter_context(Sampler(journal, assignment.gpu_ids))
        try:
            stack.enter_context(_environment(assignment))
            stack.enter_context(importable(code))
            if assignment.backend and assignment.sweep is None:
                stack.enter_context(process_group(assignment.backend))
            load(code.pickled, shell.user_ns, resolve)
            for name, text in code.sources.items():
                linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        except BaseException as problem:
            return RankOutcome(assignment.rank, _setup_failure(problem, assignment.rank), time.time()), None
        if assignment.sweep is not None:
            outcome, blob = _sweep(assignment, journal, shell, resolve, foreman, user_code), None
        else:
            error = _execute(assignment, journal, shell)
            outcome, blob = _outcome(assignment, shell, error, time.time(), user_code)
        capture.flush()
    return outcome, blob


def _execute(assignment: Assignment, journal: Journal, shell: CellShell) -> BaseException | None:
    code = assignment.code
    in_cell.enter(WorkerContext(assignment, journal))
    with _interruptible():
        journal.write("first")
        try:
            return execute(shell, journal, code.source, code.filename, code.line_offset)
        finally:
            in_cell.enter(None)
            settle(assignment.run_id)


def _sweep(
    assignment: Assignment,
    journal: Journal,
    shell: CellShell,
    resolve: Resolve,
    foreman: Any,
    user_code: UserCode,
) -> RankOutcome:
    """Run trials instead of the cell once; the best one's values travel by way of the conductor."""
    from workbench.training.worker.trials import TrialLoop

    with _interruptible():
        journal.write("first")
        interrupt = TrialLoop(assignment, journal, shell, resolve, foreman, user_code).run()
    failure = Failure("stopped", "interrupted", rank=assignment.rank) if interrupt is not None else None
    return RankOutcome(assignment.rank, failure, time.time())


def _outcome(
    assignment: Assignment,
    shell: CellShell,
    error: BaseException | None,
    ended_at: float,
    user_code: UserCode,
) -> tuple[RankOutcome, bytes | None]:
    rank = assignment.rank
    if error is not None:
        if isinstance(error, KeyboardInterrupt):
            failure = Failure("stopped", "interrupted", rank=rank)
        else:
            failure = describe(error, rank=rank, user_code=user_code)
        return RankOutcome(rank, failure, ended_at, is_peer_error=is_peer_error(error)), None
    if rank != 0 or not assignment.returns:
        return RankOutcome(rank, None, ended_at), None
    blob, names, problem = pack_returns(shell.user_ns, assignment.returns)
    models = tuple(name for name in names if flavor_of(bare(shell.user_ns[name])))
    return RankOutcome(rank, None, ended_at, returned=names, returns_error=problem, models=models), blob


@contextlib.contextmanager
def _environment(assignment: Assignment) -> Iterator[None]:
    """Set the rank's environment variables, working folder, threads and warning filters."""
    os.environ.update(assignment.environ)
    if assignment.visible_gpus:
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(assignment.visible_gpus)
    if assignment.threads is not None:
        limit_threads(assignment.threads)
    if Path(assignment.code.workdir).is_dir():
        os.chdir(assignment.code.workdir)
    # Ray ignores no warning, but shows none of ours twice; the user's filters start as Python's own.
    with warnings.catch_warnings():
        warnings.resetwarnings()
        warnings.simplefilter("default", UserWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.filterwarnings("default", category=DeprecationWarning, module="__main__")
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        warnings.simplefilter("ignore", ImportWarning)
        warnings.simplefilter("ignore", ResourceWarning)
        yield


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Have SIGINT raise ``KeyboardInterrupt`` while the cell runs, so that its ``finally`` blocks run."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # Ray blocks it in its workers
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        signal.signal(signal.SIGINT, previous if previous is not None else signal.SIG_DFL)


def watch_for_crashes(path: Path) -> None:
    """Have a crash of the interpreter (a segmentation fault) leave its stack in a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    faulthandler.enable(file=path.open("w"), all_threads=False)


def _setup_failure(problem: BaseException, rank: int) -> Failure:
    return Failure(
        "setup",
        f"rank {rank} could not be set up: {type(problem).__name__}: {problem}",
        rank=rank,
        fix=f"Give the run that package: `%%train --pip {problem.name}`."
        if isinstance(problem, ModuleNotFoundError)
        else "",
    )
