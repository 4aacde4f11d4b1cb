"""The magics: each reads its line, calls the library and shows what comes back."""

from __future__ import annotations

import argparse
import ast
import functools
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
from workbench.commands import cluster, endpoints, runs
from workbench.display import card, text
from workbench.errors import OptionError, WorkbenchError
from workbench.notebook.completion import NAMES, documentation, register_completion
from workbench.notebook.live import LiveView
from workbench.notebook.publishing import publish
from workbench.notebook.returned_names import ComingNames
from workbench.notebook.starting import DryRun, Starting
from workbench.options.catalog import magic_parser
from workbench.options.option import given_of
from workbench.options.parser import Help, split
from workbench.options.run import RUN, check_options
from workbench.options.sweep import STUDY
from workbench.records.runs import RunOptions, RunSnapshot, RunState
from workbench.tracking.notebook import cell_number, context_of


def _helpful(magic: Callable[..., Any]) -> Callable[..., Any]:
    """Print the help where it was asked for, and end a dry run quietly."""

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
        self.coming = ComingNames(shell)

    @cell_magic
    @_helpful
    def train(self, line: str, cell: str) -> None:
        """Run this cell as a tracked, distributed run; %%train --help shows the options."""
        options = check_options(**given_of(RUN, vars(_parse("%%train", line))))
        self.coming.wait_for_names_of(cell)
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
        arguments = _parse("%%sweep", line)
        options = check_options(**given_of(RUN, vars(arguments)))
        self.coming.wait_for_names_of(cell)
        plan = plan_sweep(
            arguments.name,
            arguments.space,
            arguments.goal,
            cell,
            self.shell.user_ns,
            options=options,
            **given_of(STUDY, vars(arguments)),
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
        self.coming.expect(run, options.returns)

        def on_end(snapshot: RunSnapshot) -> None:
            self.coming.arrive(run, snapshot)

        view = LiveView(run, is_kernel=hasattr(self.shell, "kernel"), on_end=on_end, handle=handle)
        if self.should_hold(options.wait):
            snapshot = view.hold()
            if snapshot.state is not RunState.FINISHED:
                raise _RunNotFinished(f"run {run.name} {snapshot.state.value}")
        else:
            view.follow_beside()

    def should_hold(self, wait: bool | None) -> bool:
        """Return whether the cell is held: when asked to, and where nobody could come back to it later."""
        if wait is not None:
            return wait
        kernel = getattr(self.shell, "kernel", None)
        # A program that executes notebooks (nbclient, papermill) allows no input; a front end does.
        return kernel is None or not getattr(kernel, "_allow_stdin", True)

    @line_magic
    @_helpful
    def runs(self, line: str) -> Any:
        """List, show, follow, stop and compare runs; %runs --help shows how."""
        arguments = _parse("%runs", line)
        if arguments.verb == "attach":
            return self._attach(runs.run_of(arguments))
        return _said(runs.run(arguments))

    def _attach(self, run: RunHandle) -> None:
        snapshot = run.snapshot()
        if snapshot.state is RunState.FINISHED:
            self.coming.arrive(run, snapshot)
        self.follow(run, RunOptions(returns=(), wait=None))

    @line_magic
    @_helpful
    def publish(self, line: str) -> Any:
        """Publish a model as an endpoint; %publish --help shows the options."""
        words = split(line)
        for name in words:
            self.coming.wait_for(ast.parse(name) if name.isidentifier() else ast.Module([], []))
        arguments = magic_parser("%publish").parse(words)
        with Starting(self.shell) as starting:
            return publish(self.shell, arguments, starting.tick)

    @line_magic
    @_helpful
    def endpoints(self, line: str) -> Any:
        """Watch, steer and withdraw endpoints; %endpoints --help shows how."""
        return _said(endpoints.run(_parse("%endpoints", line)))

    @line_cell_magic
    @_helpful
    def workbench(self, line: str, cell: str | None = None) -> Any:
        """Show, start, join or stop the cluster; %workbench --help shows how."""
        if cell is not None:
            raise OptionError("Cannot run a cell with %%workbench: it is a line, %workbench status. For a run: %%train")
        arguments = _parse("%workbench", line)
        with Starting(self.shell) as starting:
            return _said(cluster.run(arguments, starting.tick))


def _parse(magic: str, line: str) -> argparse.Namespace:
    return magic_parser(magic).parse(split(line))


class _RunNotFinished(WorkbenchError):
    """Raised to end a held cell as failed; the card above has said why."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def _said(answer: Any) -> Any:
    """Print words and show a run; return tables, which are values that the notebook shows."""
    if isinstance(answer, str):
        print(answer)
    elif isinstance(answer, RunSnapshot):
        from IPython.display import display

        display({"text/html": card.html(answer), "text/plain": text.render(answer)}, raw=True)
    else:
        return answer
    return None


class _WaitForReturns(ast.NodeTransformer):
    """Makes a cell that reads a name of ``--returns`` wait until the run has brought it."""

    def __init__(self, coming: ComingNames) -> None:
        self._coming = coming

    def visit(self, node: ast.AST) -> ast.AST:
        try:
            self._coming.wait_for(node)
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
    waiter = _WaitForReturns(magics.coming)
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
