"""Brings returned values into the notebook, and lets cells that read them wait."""

from __future__ import annotations

import ast
import contextlib
import threading
from typing import Any

from workbench.api.run_handle import RunHandle
from workbench.cell.reads import reads_of
from workbench.errors import WorkbenchError
from workbench.records.runs import RunSnapshot, RunState


class ComingNames:
    """Names that runs will bring.

    Args:
        shell: The notebook's shell, whose names these are.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._coming: dict[str, tuple[RunHandle, threading.Event]] = {}
        self._lock = threading.Lock()

    def expect(self, run: RunHandle, names: tuple[str, ...]) -> None:
        """Expect a run to bring these names, in place of a run that was to bring them before."""
        event = threading.Event()
        with self._lock:
            self._coming.update(dict.fromkeys(names, (run, event)))

    def arrive(self, run: RunHandle, snapshot: RunSnapshot) -> None:
        """Bind what an ended run returned, and let waiting cells go on."""
        try:
            if snapshot.state is RunState.FINISHED and snapshot.returns:
                values = run.returned()
                with self._lock:
                    overtaken = {name for name, (other, _) in self._coming.items() if other.id != run.id}
                self._shell.user_ns.update({name: value for name, value in values.items() if name not in overtaken})
        finally:
            self._settle(run)

    def _settle(self, run: RunHandle) -> None:
        with self._lock:
            for name in [name for name, (other, _) in self._coming.items() if other.id == run.id]:
                self._coming.pop(name)[1].set()

    def wait_for_names_of(self, source: str) -> None:
        """Hold a cell that is about to be captured; one that cannot be read is left to the capture to refuse."""
        if self._coming:
            with contextlib.suppress(SyntaxError, ValueError):
                self.wait_for(ast.parse(source))

    def wait_for(self, tree: ast.AST) -> None:
        """Hold a cell that reads names which are still coming, saying so.

        Ctrl-C ends the waiting; the cell is then not run, since its names are not there.
        """
        if not self._coming or not isinstance(tree, ast.Module):
            return
        needed = [name for name in reads_of([tree]).needed if name in self._coming]
        for name in needed:
            run, event = self._coming.get(name, (None, None))
            if run is None or event is None or event.is_set():
                continue
            print(f"Waiting for {name!r} from run {run.name} …", flush=True)
            try:
                while not event.wait(0.1):
                    pass
            except KeyboardInterrupt:
                raise WorkbenchError(
                    f"{name!r} is still to come from run {run.name}, which goes on: %runs attach {run.name}, "
                    f"%runs stop {run.name}"
                ) from None
            if name not in self._shell.user_ns:
                self._refuse(name, run)

    def _refuse(self, name: str, run: RunHandle) -> None:
        try:
            state = run.state.value
        except WorkbenchError:
            state = "lost"
        raise WorkbenchError(f"{name!r} did not come: run {run.name} {state}. Its card says why: %runs show {run.name}")
