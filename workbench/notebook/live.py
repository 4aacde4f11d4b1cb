"""The live view below a cell: the card, rank 0's output, a stop button; beside the cell or holding it."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from workbench.display import card, text
from workbench.errors import WorkbenchError
from workbench.notebook.outputs import OutputReplay
from workbench.notebook.watchable_run import WatchableRun
from workbench.records.runs import RunSnapshot

_REFRESH_S = 0.25
_POLL_S = 1.0
_RETRY_S = 0.5


class LiveView:
    """A view that shows a run until it ends.

    Args:
        run: What to show.
        is_kernel: Whether a front end can renew output in place; a terminal cannot.
        on_end: Called once with the last snapshot, before the view shows it.
        handle: A display that the card takes the place of; None makes a new one.
    """

    def __init__(
        self,
        run: WatchableRun,
        *,
        is_kernel: bool,
        on_end: Callable[[RunSnapshot], None] = lambda _: None,
        handle: Any = None,
    ) -> None:
        self._run = run
        self._on_end = on_end
        self._surface: _Surface = _NotebookSurface(run, handle) if is_kernel else _TerminalSurface()
        self.ended = threading.Event()

    def hold(self) -> RunSnapshot:
        """Show the run in the calling thread until it ends; Ctrl-C stops watching, not the run."""
        try:
            return self._follow()
        except KeyboardInterrupt:
            name = self._run.name
            self._surface.detach(
                f"Stopped watching; run {name} goes on. To end it: %runs stop {name} · "
                f"to watch it again: %runs attach {name}"
            )
            raise

    def follow_beside(self) -> threading.Thread:
        """Show the run from a thread; what it prints goes below the cell that is executing now."""
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(self._follow,), name=f"view-{self._run.name}", daemon=True)
        thread.start()
        return thread

    def _follow(self) -> RunSnapshot:
        surface, cursor = self._surface, 0
        replay = OutputReplay(self._run.name, surface.tail)
        while True:
            began = time.monotonic()
            try:
                reply = self._run.watch(cursor, _POLL_S)
            except WorkbenchError:
                snapshot = self._lost()
                break
            cursor = reply.cursor
            snapshot = reply.snapshot
            if not snapshot.state.is_terminal:
                surface.show(snapshot)
            replay.show(reply.events, reply.skipped_lines)
            if snapshot.state.is_terminal:
                break
            time.sleep(max(0.0, _REFRESH_S - (time.monotonic() - began)) if reply.events or cursor else 0.0)
        self._on_end(snapshot)
        replay.finish()
        surface.end(snapshot)
        self.ended.set()
        return snapshot

    def _lost(self) -> RunSnapshot:
        """Return what MLflow says of a run whose foreman is gone."""
        for _ in range(10):
            try:
                snapshot = self._run.snapshot()
            except WorkbenchError:
                time.sleep(_RETRY_S)
                continue
            if snapshot.state.is_terminal:
                return snapshot
            time.sleep(_RETRY_S)
        return self._run.snapshot()


class _Surface(Protocol):
    """Where a run is shown."""

    @property
    def tail(self) -> Callable[[str], None] | None: ...

    def show(self, snapshot: RunSnapshot) -> None: ...

    def detach(self, message: str) -> None: ...

    def end(self, snapshot: RunSnapshot) -> None: ...


class _TerminalSurface:
    """A terminal, which gets a line when the state changes."""

    def __init__(self) -> None:
        self.tail: Callable[[str], None] | None = None
        self._said = ""

    def show(self, snapshot: RunSnapshot) -> None:
        said = f"run {snapshot.name} · {snapshot.state.value}"
        if snapshot.waiting is not None:
            said += f" · waiting: {snapshot.waiting}"
        if said != self._said:
            self._said = said
            print(said, flush=True)

    def detach(self, message: str) -> None:
        print(message, flush=True)

    def end(self, snapshot: RunSnapshot) -> None:
        print(text.render(snapshot), flush=True)


class _NotebookSurface:
    """A display that is renewed in place: widgets while the run goes on, static HTML once it ended."""

    def __init__(self, run: WatchableRun, handle: Any) -> None:
        self._run = run
        self._handle: Any = handle
        self._controls: Any = None
        self._tail_handle: Any = None
        self._shown = ""

    def tail(self, shown: str) -> None:
        from IPython.display import display

        bundle = {"text/plain": shown}
        if self._tail_handle is None:
            self._tail_handle = display(bundle, raw=True, display_id=True)
        else:
            self._tail_handle.update(bundle, raw=True)

    def show(self, snapshot: RunSnapshot) -> None:
        rendered = card.html(snapshot)
        if rendered == self._shown:
            return
        is_first, self._shown = not self._shown, rendered
        if is_first:
            from workbench.notebook.controls import Controls

            self._controls = Controls.create(self._run)
            bundle = {"text/html": rendered, "text/plain": text.render(snapshot)}
            if self._controls is not None:
                self._controls.show(rendered, snapshot)
                bundle.update(self._controls.bundle())
            self._put(bundle)
        elif self._controls is not None:
            self._controls.show(rendered, snapshot)
        else:
            self._handle.update({"text/html": rendered, "text/plain": text.render(snapshot)}, raw=True)

    def detach(self, message: str) -> None:
        print(message, flush=True)
        snapshot = self._run.snapshot()
        if self._handle is not None:
            self._handle.update({"text/html": card.html(snapshot), "text/plain": text.render(snapshot)}, raw=True)

    def end(self, snapshot: RunSnapshot) -> None:
        self._put({"text/html": card.html(snapshot), "text/plain": text.render(snapshot)})
        if self._controls is not None:
            self._controls.close()

    def _put(self, bundle: dict[str, Any]) -> None:
        from IPython.display import display

        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)
