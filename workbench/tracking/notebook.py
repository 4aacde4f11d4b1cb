"""The notebook of a kernel, and the cells executed in it before the run's cell."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ExecutedCell:
    """A cell that was executed in this kernel, in the order of execution."""

    execution_count: int
    source: str


@dataclass(frozen=True)
class NotebookContext:
    """The place that a run was submitted from.

    Attributes:
        path: The notebook's file; None where it is not known (a terminal, a script).
        cell_id: The cell's id in the notebook format; None where the front end does not tell it.
        execution_count: The cell's number in this kernel; None outside of a kernel.
        source: The whole cell as typed, its magic line included.
        executed: The cells executed before it, in order.
    """

    path: Path | None = None
    cell_id: str | None = None
    execution_count: int | None = None
    source: str = ""
    executed: tuple[ExecutedCell, ...] = ()

    @property
    def experiment(self) -> str:
        """The experiment of its runs: the notebook's name."""
        return self.path.stem if self.path is not None else "default"

    def executed_json(self) -> bytes:
        """Return the executed cells as JSON."""
        return json.dumps([asdict(cell) for cell in self.executed], indent=1, ensure_ascii=False).encode()


def context_of(shell: Any, source: str = "") -> NotebookContext:
    """Return the context of the cell that ``shell`` executes now."""
    if shell is None:
        return NotebookContext(source=source)
    count = cell_number(shell)
    inputs = (shell.user_ns.get("In") or [])[1:count]
    executed = tuple(ExecutedCell(number, text) for number, text in enumerate(inputs, 1) if text)
    return NotebookContext(notebook_path(shell), _cell_id(shell), count, source, executed)


def cell_number(shell: Any) -> int:
    """Return the number that the cell that is executed now has in its notebook, as in ``In [3]``.

    ``shell.execution_count`` is that number in some versions of IPython, and the next one in others.
    """
    inputs = shell.user_ns.get("In") or []
    return len(inputs) - 1 if len(inputs) > 1 else int(shell.execution_count)


def notebook_path(shell: Any) -> Path | None:
    """Return the notebook's file, from the server's session name or from what VS Code leaves in the namespace."""
    named = (
        shell.user_ns.get("__vsc_ipynb_file__")
        or os.environ.get("WORKBENCH_NOTEBOOK")
        or os.environ.get("JPY_SESSION_NAME")
    )
    if not named:
        return None
    path = Path(named)
    # jupyter_server gives a path from its root or a full one; the kernel starts beside the notebook.
    for candidate in (path, Path.cwd() / path.name):
        if candidate.suffix == ".ipynb" and candidate.is_file():
            return candidate.resolve()
    return path if path.suffix == ".ipynb" else None


def _cell_id(shell: Any) -> str | None:
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return None
    try:
        parent = kernel.get_parent("shell")
    except Exception:  # another kernel than ipykernel
        return None
    found = (parent.get("metadata") or {}).get("cellId")
    return str(found) if found else None
