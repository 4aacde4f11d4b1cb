"""Runs trials of a sweep in one process, one after the other."""

from __future__ import annotations

import contextlib
import gc
import math
import os
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ray

from workbench import context as in_cell
from workbench.cell.payload import load
from workbench.cell.swept import HOLDER, TakeSwept
from workbench.cluster.ports import free_port
from workbench.sweeps.remote_trial import RemoteTrial
from workbench.sweeps.rendezvous import TrialTask
from workbench.tracking.in_worker import settle
from workbench.tracking.model_logging import flavor_of
from workbench.training.journal import Journal
from workbench.training.spec import Assignment
from workbench.training.worker.failures import UserCode, describe, is_peer_error
from workbench.training.worker.returns import as_array, bare, pack_returns
from workbench.training.worker.shell import CellShell, execute, flush_streams
from workbench.training.worker.torch_group import process_group
from workbench.training.worker.trial_context import TrialContext, TrialInterrupt

_PARAM_CHARS = 250
_POLL_S = 0.004
_FOLLOWERS_GRACE_S = 10.0
_BEST_PARAMS = "best_params"
_STUCK = "its other workers did not end"


@dataclass(frozen=True)
class _Result:
    """How a trial ended for Optuna: its state, the goals' and constraints' values, and what was wrong."""

    state: str
    values: list[float] | None = None
    constraints: list[float] | None = None
    message: str = ""


class TrialLoop:
    """Run trials until the conductor has none left; with ``--isolate``, one.

    Args:
        assignment: The rank's part; it has a sweep and its conductor. Rank 0 leads its team.
        journal: The journal that gets the events.
        shell: The process's shell.
        resolve: Returns the captured large value of a digest.
        foreman: The foreman's actor handle.
        user_code: Which frames of an error to show.
    """

    def __init__(
        self,
        assignment: Assignment,
        journal: Journal,
        shell: CellShell,
        resolve: Callable[[str], Any],
        foreman: Any,
        user_code: UserCode,
    ) -> None:
        assert assignment.sweep is not None
        self._assignment, self._plan = assignment, assignment.sweep
        self._journal, self._shell, self._resolve = journal, shell, resolve
        self._foreman = foreman
        self._user_code = user_code
        self._conductor = assignment.conductor
        self._is_leader = assignment.rank == 0
        self._turn = 0
        self._next_tasks: list[TrialTask | None] = []

    def run(self) -> KeyboardInterrupt | None:
        """Run trials; return the interrupt that ended them early, None when no trial is left."""
        transformer = TakeSwept(self._plan.space.names)
        self._shell.ast_transformers.append(transformer)
        try:
            while (task := self._next_task()) is not None:
                interrupt = self._trial(task)
                if interrupt is not None or self._plan.isolate:
                    return interrupt
        except KeyboardInterrupt as interrupt:
            return interrupt
        finally:
            self._shell.ast_transformers.remove(transformer)
        return None

    def _next_task(self) -> TrialTask | None:
        team = self._assignment.team
        if self._is_leader:
            tasks, self._next_tasks = self._next_tasks, []
            first: TrialTask | None = tasks[0] if tasks else ray.get(self._conductor.ask.remote(team, self._port()))
            return first
        while (found := ray.get(self._conductor.task_after.remote(team, self._turn))) is None:
            time.sleep(_POLL_S)
        task: TrialTask | None = found[0]
        self._turn = task.turn if task is not None else self._turn
        return task

    def _port(self) -> int:
        """Return a free port for the next process group; 0 where there is none."""
        return free_port(self._assignment.environ["MASTER_ADDR"]) if self._assignment.world_size > 1 else 0

    def _trial(self, task: TrialTask) -> KeyboardInterrupt | None:
        before = set(self._shell.user_ns)
        context = TrialContext(self._assignment, self._journal, task.number, lambda: self._create_run(task.number))
        error = self._execute(task, context)
        interrupt = error if isinstance(error, KeyboardInterrupt) else None
        if interrupt is not None and (order := ray.get(self._conductor.order_of.remote(task.number))):
            context.order, error, interrupt = order, TrialInterrupt(order), None  # meant for this trial alone
        if self._is_leader:
            goes_on = interrupt is None and not self._plan.isolate
            interrupt = self._end_as_leader(task, self._result(context, error), goes_on=goes_on) or interrupt
        else:
            fault = self._error_message(error) if error is not None and _is_own_fault(error) else ""
            end = self._conductor.end_part.remote(self._assignment.team, task.turn, self._assignment.rank, fault)
            ray.get(end)
        for name in set(self._shell.user_ns) - before:
            del self._shell.user_ns[name]
        _free_gpu()
        return interrupt

    def _execute(self, task: TrialTask, context: TrialContext) -> BaseException | None:
        """Run the cell with the trial's values; return what it raised."""
        code = self._assignment.code
        try:
            values = self._prepare(task)
        except Exception as error:
            self._note_start(task, {})
            return error
        self._note_start(task, values)
        with contextlib.ExitStack() as stack:
            try:
                if "mlflow" in code.imports:
                    os.environ["MLFLOW_RUN_ID"] = context.run_id
                if self._assignment.backend:
                    os.environ["MASTER_PORT"] = str(task.port)
                    stack.enter_context(process_group(self._assignment.backend))
                in_cell.enter(context)
                return execute(self._shell, self._journal, code.source, code.filename, code.line_offset)
            except Exception as error:
                return error
            finally:
                in_cell.enter(None)
                if "mlflow" in code.imports:
                    settle(context.run_id)

    def _prepare(self, task: TrialTask) -> dict[str, Any]:
        """Fill the namespace as a new process would, and put the trial's values in it; return the values."""
        names, space = self._shell.user_ns, self._plan.space
        load(self._assignment.code.pickled, names, self._resolve)
        chosen = task.values
        if task.needs_worker:
            objects = dict(names)
            objects.update({name: name for choices in space.choices.values() for name in choices})
            suggest = self._conductor.suggest.remote
            trial = RemoteTrial(task.number, lambda *given: ray.get(suggest(task.number, *given)))
            chosen = space.suggest(trial, objects)
        values = {
            name: names[value] if value in space.choices.get(name, ()) else value for name, value in chosen.items()
        }
        names.update(values)
        names[HOLDER] = names[_BEST_PARAMS] = values
        _seed(None if self._plan.seed is None else self._plan.seed * 1_000_003 + task.number)
        return values

    def _note_start(self, task: TrialTask, values: dict[str, Any]) -> None:
        if self._is_leader:
            flush_streams()  # what was printed before belongs to the trial before
            shown = {name: getattr(value, "__name__", str(value))[:_PARAM_CHARS] for name, value in values.items()}
            self._journal.write("trial", n=task.number, state="running", params=shown)

    def _create_run(self, number: int) -> str:
        run_id: str = ray.get(self._foreman.trial_run.remote(self._assignment.run_id, number))
        return run_id

    # -- ends ----------------------------------------------------------------------------------

    def _end_as_leader(self, task: TrialTask, result: _Result, *, goes_on: bool) -> KeyboardInterrupt | None:
        """Report how a trial ended, and take the next one where the team ``goes_on``.

        Returns an interrupt where the team cannot go on.
        """
        if self._assignment.world_size > 1:
            fault = self._wait_for_followers(has_ended=result.state == "complete")
            if fault is None:
                result = _Result("fail", message=_STUCK)
            elif fault and result.state != "pruned":
                result = _Result("fail", message=fault)
        ended = (task.number, result.state, result.values, result.constraints)
        if not goes_on or result.message is _STUCK:
            is_best = ray.get(self._conductor.tell.remote(*ended))
        else:
            is_best, *self._next_tasks = ray.get(
                self._conductor.tell_and_ask.remote(self._assignment.team, self._port(), *ended)
            )
        if is_best and self._assignment.returns:
            ray.get(self._conductor.keep.remote(task.number, self._returned()))
        flush_streams()
        self._journal.write("trial", n=task.number, state=result.state, values=result.values, error=result.message)
        return KeyboardInterrupt() if result.message is _STUCK else None

    def _wait_for_followers(self, *, has_ended: bool) -> str | None:
        """Return the first fault of the others, empty where there is none; None when they do not end in time."""
        deadline = math.inf if has_ended else time.monotonic() + _FOLLOWERS_GRACE_S
        while True:
            count, fault = ray.get(self._conductor.ends.remote(self._assignment.team))
            if count == self._assignment.world_size - 1:
                return str(fault)
            if fault and deadline == math.inf:
                deadline = time.monotonic() + _FOLLOWERS_GRACE_S
            if time.monotonic() > deadline:
                return None
            time.sleep(_POLL_S)

    def _result(self, context: TrialContext, error: BaseException | None) -> _Result:
        if isinstance(error, TrialInterrupt):
            state = "pruned" if context.order == "prune" else "fail"
            return _Result(state, message="" if state == "pruned" else "stopped by hand")
        if isinstance(error, KeyboardInterrupt):
            return _Result("fail", message="stopped")
        if error is not None:
            return _Result("fail", message=self._error_message(error))
        found: dict[str, float] = {}
        for name in (*[goal.name for goal in self._plan.goals], *[bound.name for bound in self._plan.constraints]):
            value = context.latest.get(name, self._shell.user_ns.get(name))
            try:
                found[name] = float(value.item() if hasattr(value, "item") else value)
            except (TypeError, ValueError):
                message = (
                    f"the cell neither logs {name!r} nor leaves a number of that name: "
                    f"log({name}=…), or assign {name} at its end"
                )
                print(message, file=sys.stderr)
                return _Result("fail", message=message)
            if math.isnan(found[name]):
                return _Result("pruned", message=f"{name} is not a number (nan)")
        values = [found[goal.name] for goal in self._plan.goals]
        return _Result("complete", values, [found[bound.name] for bound in self._plan.constraints])

    def _error_message(self, error: BaseException) -> str:
        """Print an error to the log; return its last line."""
        failure = describe(error, rank=self._assignment.rank, user_code=self._user_code)
        print(f"{failure.traceback}\n{failure.message}", file=sys.stderr)
        return failure.message

    def _returned(self) -> tuple[Any, tuple[str, ...], str, tuple[str, ...]]:
        """Return the pickled values, their names, what was wrong with others, and which of them are models."""
        blob, names, problem = pack_returns(self._shell.user_ns, self._assignment.returns)
        models = tuple(name for name in names if flavor_of(bare(self._shell.user_ns[name])))
        return as_array(blob), names, problem, models


def _is_own_fault(error: BaseException) -> bool:
    """Return whether a rank's error is neither an order to end its trial nor another rank's fault."""
    return not isinstance(error, TrialInterrupt) and not is_peer_error(error)


def _seed(seed: int | None) -> None:
    """Seed random numbers as in a new process: from the seed, or from the system where it is None."""
    random.seed(seed)
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None:
        numpy.random.seed(None if seed is None else seed % 2**32)
    if torch is not None:
        torch.seed() if seed is None else torch.manual_seed(seed)


def _free_gpu() -> None:
    """Free the GPU memory that the trial used: others may wait for it."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        gc.collect()
        torch.cuda.empty_cache()
