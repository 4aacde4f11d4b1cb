"""Trials of a sweep in one process, one after the other: what is asked for, the cell, what came out."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import ray

from workbench import in_cell
from workbench.cell.payload import load
from workbench.cell.swept import HOLDER, TakeSwept
from workbench.compute.journal import Journal
from workbench.compute.spec import Assignment
from workbench.compute.worker.context import WorkerContext
from workbench.compute.worker.failures import describe
from workbench.compute.worker.returns import bare, pack_returns
from workbench.compute.worker.shell import CellShell, execute
from workbench.space import ChoiceParam
from workbench.sweeps.conductor import TrialTask
from workbench.tracking.models import flavor_of

_PARAM_CHARS = 250
_OTHERS_POLL_S = 0.05

Returned = tuple[bytes | None, tuple[str, ...], str, tuple[str, ...]]
"""Pickled values, their names, what was wrong with others, and which of them are models."""


class TrialEnds(BaseException):
    """Raised in a trial that is pruned or stopped; no ``except Exception`` of the cell holds it up."""


class TrialContext(WorkerContext):
    """What ``log`` and the others of :mod:`workbench.in_cell` mean in a trial."""

    def __init__(self, assignment: Assignment, journal: Journal, number: int) -> None:
        folder = str(Path(assignment.checkpoint_dir) / f"trial-{number}")
        super().__init__(replace(assignment, rank=0, local_rank=0, world_size=1, checkpoint_dir=folder), journal)
        assert assignment.sweep is not None
        self._number = number
        self._goals = [goal.name for goal in assignment.sweep.goals]
        self._conductor = assignment.conductor
        self._is_pruning = assignment.sweep.pruner != "none"
        self.latest: dict[str, float] = {}
        self.order = ""

    def write_metrics(self, step: int, values: dict[str, float]) -> None:
        """Note a trial's metrics, and hear whether it is to go on."""
        self._journal.write("met", step=step, v=values, trial=self._number)
        for name in self._goals:
            if name in values:
                self.latest[name] = values[name]
        if len(self._goals) == 1 and self._goals[0] in values:
            self.order = ray.get(self._conductor.report.remote(self._number, step, values[self._goals[0]]))
            if self.order:
                raise TrialEnds(self.order)

    def progress(self, done: int, total: int | None, label: str, *, last: bool = False) -> None:
        """The bar is for the sweep's trials."""


class TrialLoop:
    """Runs trials until the conductor has none left.

    Args:
        assignment: The rank's; it has a sweep and its conductor.
        journal: Where events go.
        shell: The process's shell.
        resolve: Gives the captured large value of a digest.
        describe_with: What :func:`describe` needs to know the user's own files.
    """

    def __init__(
        self,
        assignment: Assignment,
        journal: Journal,
        shell: CellShell,
        resolve: Callable[[str], Any],
        describe_with: dict[str, Any],
    ) -> None:
        assert assignment.sweep is not None
        self._assignment, self._plan = assignment, assignment.sweep
        self._journal, self._shell, self._resolve = journal, shell, resolve
        self._describe_with = describe_with
        self._conductor = assignment.conductor
        self._holder = f"{assignment.attempt}-{assignment.rank}"
        self._named = {param.name: param.names for param in self._plan.space.params if isinstance(param, ChoiceParam)}

    def run(self) -> KeyboardInterrupt | None:
        """Run trials; the interrupt that ended them early, None when none is left."""
        transformer = TakeSwept(self._plan.space.names)
        self._shell.ast_transformers.append(transformer)
        try:
            while task := ray.get(self._conductor.ask.remote(self._holder)):
                interrupt = self._trial(task)
                if interrupt is not None:
                    return interrupt
            # Rank 0 speaks for the sweep: it is over when the others' last trials are.
            while self._assignment.rank == 0 and not ray.get(self._conductor.summary.remote()).is_over:
                time.sleep(_OTHERS_POLL_S)
        except KeyboardInterrupt as interrupt:
            return interrupt
        finally:
            self._shell.ast_transformers.remove(transformer)
        return None

    def _trial(self, task: TrialTask) -> KeyboardInterrupt | None:
        before = set(self._shell.user_ns)
        values = self._prepare(task)
        shown = {name: getattr(value, "__name__", str(value))[:_PARAM_CHARS] for name, value in values.items()}
        self._journal.write("trial", n=task.number, state="running", params=shown)
        context = TrialContext(self._assignment, self._journal, task.number)
        in_cell.enter(context)
        code = self._assignment.code
        try:
            error = execute(self._shell, self._journal, code.source, code.filename, code.line_offset)
        finally:
            in_cell.enter(None)
        state, goals, words = self._result(context, error)
        is_best = ray.get(self._conductor.tell.remote(task.number, state, goals))
        if is_best and self._assignment.returns:
            ray.get(self._conductor.keep.remote(task.number, self._returned()))
        self._journal.write("trial", n=task.number, state=state, values=goals, error=words)
        for name in set(self._shell.user_ns) - before:
            del self._shell.user_ns[name]
        return error if isinstance(error, KeyboardInterrupt) else None

    def _prepare(self, task: TrialTask) -> dict[str, Any]:
        """A namespace as fresh as a new process's, with the trial's values in it."""
        names = self._shell.user_ns
        load(self._assignment.code.pickled, names, self._resolve)
        values = {
            name: names[value] if value in self._named.get(name, ()) else value for name, value in task.values.items()
        }
        names.update(values)
        names[HOLDER] = values
        _seed(None if self._plan.seed is None else self._plan.seed * 1_000_003 + task.number)
        return values

    def _result(self, context: TrialContext, error: BaseException | None) -> tuple[str, list[float] | None, str]:
        """How a trial ended: its state, the goals' values, and what was wrong."""
        if isinstance(error, TrialEnds):
            return ("pruned" if context.order == "prune" else "fail"), None, ""
        if isinstance(error, KeyboardInterrupt):
            return "fail", None, "stopped"
        if error is not None:
            failure = describe(error, rank=self._assignment.rank, **self._describe_with)
            print(f"{failure.traceback}\n{failure.message}", file=sys.stderr)
            return "fail", None, failure.message
        values = []
        for goal in self._plan.goals:
            found = context.latest.get(goal.name, self._shell.user_ns.get(goal.name))
            try:
                values.append(float(found.item() if hasattr(found, "item") else found))
            except (TypeError, ValueError):
                words = (
                    f"the cell neither logs {goal.name!r} nor leaves a number of that name: "
                    f"log({goal.name}=…), or assign {goal.name} at its end"
                )
                print(words, file=sys.stderr)
                return "fail", None, words
        return "complete", values, ""

    def _returned(self) -> Returned:
        blob, names, problem = pack_returns(self._shell.user_ns, self._assignment.returns)
        models = tuple(name for name in names if flavor_of(bare(self._shell.user_ns[name])))
        return blob, names, problem, models


def _seed(seed: int | None) -> None:
    """Random numbers as in a new process: those of a seed, else of the system's own chance."""
    random.seed(seed)
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None:
        numpy.random.seed(None if seed is None else seed % 2**32)
    if torch is not None:
        torch.seed() if seed is None else torch.manual_seed(seed)
