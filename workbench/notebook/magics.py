"""The magics: each reads its line, calls the library and shows what comes back."""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from IPython.core.error import InputRejected
from IPython.core.magic import Magics, cell_magic, line_cell_magic, line_magic, magics_class

from workbench.api.project import current_project
from workbench.api.run_handle import RunHandle
from workbench.api.sweep import plan_sweep, sweep_cell
from workbench.api.train import train_cell
from workbench.cell.modules import note_imports
from workbench.commands import cluster, runs
from workbench.errors import OptionError, WorkbenchError
from workbench.notebook import serving_magics
from workbench.notebook.completion import NAMES, documentation, register_completion
from workbench.notebook.live import LiveView
from workbench.notebook.returned_names import Arrivals
from workbench.notebook.starting import DryRun, Starting
from workbench.options.parsers import (
    RUN_VERBS,
    Help,
    runs_parser,
    split,
    sweep_options,
    sweep_parser,
    train_options,
    train_parser,
    workbench_parser,
)
from workbench.records.runs import RunOptions, RunSnapshot, RunState
from workbench.tracking.notebook import cell_number, context_of


def _helpful(magic: Callable[..., Any]) -> Callable[..., Any]:
    """Print the help where it was asked for; a dry run ends quietly."""

    @functools.wraps(magic)
    def shown(*args: Any, **kwargs: Any) -> Any:
        try:
            return magic(*args, **kwargs)
        except Help as text:
            print(text)
        except DryRun:
            pass
        return None

    return shown


@magics_class
class WorkbenchMagics(Magics):
    """``%%train``, ``%%sweep``, ``%runs``, ``%publish``, ``%endpoints`` and ``%workbench``."""

    shell: Any

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self.arrivals = Arrivals(shell)

    @cell_magic
    @_helpful
    def train(self, line: str, cell: str) -> None:
        """Run this cell as a tracked, distributed run; %%train --help shows the options."""
        options = train_options(train_parser().parse(split(line)))
        self.arrivals.wait_for_names_of(cell)
        with Starting(self.shell) as starting:
            run = train_cell(
                cell,
                self.shell.user_ns,
                options,
                filename=f"Cell In[{cell_number(self.shell)}]",
                line_offset=1,
                context=context_of(self.shell, f"%%train {line}\n{cell}".replace("%%train \n", "%%train\n")),
                before_submit=lambda payload: starting.before_submit(payload, options),
            )
        self.follow(run, options, starting.handle)

    @cell_magic
    @_helpful
    def sweep(self, line: str, cell: str) -> None:
        """Run this cell again and again with other values; %%sweep --help shows the options."""
        arguments = sweep_parser().parse(split(line))
        options = train_options(arguments)
        self.arrivals.wait_for_names_of(cell)
        plan = plan_sweep(
            arguments.name,
            arguments.space,
            arguments.goal,
            cell,
            self.shell.user_ns,
            options=options,
            **sweep_options(arguments),
        )
        with Starting(self.shell) as starting:
            run = sweep_cell(
                cell,
                self.shell.user_ns,
                plan,
                options,
                filename=f"Cell In[{cell_number(self.shell)}]",
                line_offset=1,
                context=context_of(self.shell, f"%%sweep {line}\n{cell}"),
                before_submit=lambda payload: starting.before_submit(payload, options),
            )
        self.follow(run, options, starting.handle)

    def follow(self, run: RunHandle, options: RunOptions, handle: Any = None) -> None:
        """Show a run below the cell, and bring its returns back when it ends."""
        self.arrivals.expect(run, options.returns)

        def on_end(snapshot: RunSnapshot) -> None:
            self.arrivals.arrive(run, snapshot)

        view = LiveView(run, is_kernel=hasattr(self.shell, "kernel"), on_end=on_end, handle=handle)
        if self.should_hold(options.wait):
            snapshot = view.hold()
            if snapshot.state is not RunState.FINISHED:
                raise _Shown(f"run {run.name} {snapshot.state.value}")
        else:
            view.follow_beside()

    def should_hold(self, wait: bool | None) -> bool:
        """Whether the cell is held: when asked to, and where nobody could come back to it later."""
        if wait is not None:
            return wait
        kernel = getattr(self.shell, "kernel", None)
        # A program that executes notebooks (nbclient, papermill) allows no input; a front end does.
        return kernel is None or not getattr(kernel, "_allow_stdin", True)

    @line_magic
    @_helpful
    def runs(self, line: str) -> Any:
        """List, show, follow, stop and compare runs; %runs --help shows how."""
        arguments = runs_parser().parse(split(line))
        verb, arguments.words = runs.verb_of(arguments.words, RUN_VERBS, "list")
        if verb == "list":
            return runs.list_runs(arguments)
        if verb == "show":
            return self._show(runs.run_of(arguments, verb).snapshot())
        if verb == "logs":
            runs.logs(arguments, sys.stdout.write)
            return None
        if verb == "attach":
            return self._attach(runs.run_of(arguments, verb))
        say = {
            "stop": runs.stop,
            "pause": runs.pause,
            "resume": runs.resume,
            "again": runs.again,
            "compare": runs.compare,
            "open": runs.open_notebook,
            "tidy": runs.tidy,
        }
        return _said(say[verb](arguments) if verb in say else runs.open_ui())

    def _attach(self, run: RunHandle) -> None:
        snapshot = run.snapshot()
        if snapshot.state is RunState.FINISHED:
            self.arrivals.arrive(run, snapshot)
        self.follow(run, RunOptions(returns=(), wait=None))

    def _show(self, snapshot: RunSnapshot) -> None:
        from IPython.display import display

        from workbench.display import card, text

        display({"text/html": card.html(snapshot), "text/plain": text.render(snapshot)}, raw=True)

    @line_magic
    @_helpful
    def publish(self, line: str) -> Any:
        """Publish a model as an endpoint; %publish --help shows the options."""
        words = split(line)
        for name in words:
            self.arrivals.wait_for(ast.parse(name) if name.isidentifier() else ast.Module([], []))
        with Starting(self.shell) as starting:
            return serving_magics.publish(self.shell, words, starting.tick)

    @line_magic
    @_helpful
    def endpoints(self, line: str) -> Any:
        """Watch, steer and withdraw endpoints; %endpoints --help shows how."""
        return _said(serving_magics.endpoints(split(line)))

    @line_cell_magic
    @_helpful
    def workbench(self, line: str, cell: str | None = None) -> Any:
        """The cluster: status, up, down, doctor; %workbench --help shows how."""
        if cell is not None:
            raise OptionError("Cannot run a cell with %%workbench: it is a line, %workbench status. For a run: %%train")
        arguments = workbench_parser().parse(split(line))
        verb, project = cluster.check_verb(arguments.verb), current_project()
        if verb == "status":
            return _said(cluster.status(project))
        if verb == "doctor":
            return cluster.doctor(project)
        if verb == "down":
            return _said(cluster.down())
        with Starting(self.shell) as starting:
            return _said(cluster.up(project, arguments, starting.tick))


class _Shown(WorkbenchError):
    """Ends a held cell as failed; the card above has said why."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def _said(answer: Any) -> Any:
    """Words are printed; tables are values, which the notebook shows."""
    if isinstance(answer, str):
        print(answer)
        return None
    return answer


class _WaitForReturns(ast.NodeTransformer):
    """Has a cell that reads a name of ``--returns`` wait until the run has brought it."""

    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals

    def visit(self, node: ast.AST) -> ast.AST:
        try:
            self._arrivals.wait_for(node)
        except WorkbenchError as error:
            raise InputRejected(str(error)) from None  # anything else would unregister this transformer
        return node


_loaded: dict[int, tuple[WorkbenchMagics, _WaitForReturns]] = {}


def load(shell: Any) -> None:
    """Register the magics, their completion, and the waiting for returned names."""
    if id(shell) in _loaded:
        return
    magics = WorkbenchMagics(shell)
    for name in NAMES:
        method = getattr(magics, name)
        method.__func__.__doc__ = documentation(name)
    shell.register_magics(magics)
    waiter = _WaitForReturns(magics.arrivals)
    shell.events.register("post_run_cell", _note_imports)
    shell.ast_transformers.append(waiter)
    register_completion(shell)
    _loaded[id(shell)] = (magics, waiter)


def unload(shell: Any) -> None:
    """Undo :func:`load`; runs go on."""
    magics, waiter = _loaded.pop(id(shell), (None, None))
    if magics is None:
        return
    for kind in ("line", "cell"):
        for name in NAMES:
            shell.magics_manager.magics[kind].pop(name, None)
    shell.events.unregister("post_run_cell", _note_imports)
    if waiter in shell.ast_transformers:
        shell.ast_transformers.remove(waiter)


def _note_imports(_: Any = None) -> None:
    """Remember when local modules were imported, to tell later that one was edited since."""
    note_imports([Path.cwd(), current_project().settings.project])
