"""What is said between Shift-Enter and the card: a cluster that starts, a large send, a dry run."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

from workbench.errors import ClusterError, WorkbenchError
from workbench.records.runs import ClusterFacts

if TYPE_CHECKING:
    from workbench.api.project import Project
    from workbench.cell.payload import CellPayload
    from workbench.records.runs import RunOptions

_SAY_AFTER_S = 0.3


class DryRun(WorkbenchError):
    """Raised to end a cell after its pre-flight sheet; not an error to show."""


class Starting:
    """A line that says why a cell takes a moment, until the card takes its place.

    Args:
        shell: The notebook's shell.

    Attributes:
        handle: The display that was used, None where nothing needed to be said.
    """

    def __init__(self, shell: Any) -> None:
        self._is_kernel = hasattr(shell, "kernel")
        self.handle: Any = None
        self._has_said = False

    def __enter__(self) -> Starting:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self.handle is not None and error is not None:
            self.handle.update({"text/plain": ""}, raw=True)

    def tick(self, seconds: float) -> None:
        """Say for how many seconds a cluster has been starting."""
        if seconds < _SAY_AFTER_S:
            return
        words = f"Starting a Ray cluster on this machine (once for all notebooks) … {seconds:.0f} s"
        if not self._is_kernel:
            if not self._has_said:
                print(words.partition(" …")[0] + " …", file=sys.stderr)
                self._has_said = True
            return
        from IPython.display import display

        bundle = {"text/plain": words}
        if self.handle is None:
            self.handle = display(bundle, raw=True, display_id=True)
        else:
            self.handle.update(bundle, raw=True)

    def before_submit(self, payload: CellPayload, options: RunOptions) -> None:
        """Start the cluster where there is none; show what leaves the kernel where it is much, or asked for."""
        from workbench.api.project import current_project

        project = current_project()
        if options.dry_run:
            self._show_sheet(project, payload)
            raise DryRun("dry run")
        project.connection(on_tick=self.tick)
        from workbench.cell.preflight import LARGE_BYTES

        if payload.nbytes > LARGE_BYTES:
            self._show_sheet(project, payload)

    def _show_sheet(self, project: Any, payload: CellPayload) -> None:
        from IPython.display import display

        from workbench.cell.preflight import sheet
        from workbench.display.preflight import preflight_html, preflight_text

        facts, held = facts_and_held(project, payload)
        made = sheet(payload, facts, held)
        display({"text/plain": preflight_text(made), "text/html": preflight_html(made)}, raw=True)


def facts_and_held(project: Project, payload: CellPayload) -> tuple[ClusterFacts | None, set[str]]:
    """Return what the workers have, and which of the payload's large values the cluster holds; start nothing."""
    try:
        connection = project.connection(start=False)
    except ClusterError:
        return None, set()
    digests = [value.fingerprint.digest for value in payload.shared]
    facts: ClusterFacts = connection.call("facts")
    return facts, set(connection.call("held", digests))
