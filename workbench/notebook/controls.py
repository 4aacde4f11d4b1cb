"""The widgets around a running card: stop it, look at a rank's log."""

from __future__ import annotations

import threading
from html import escape
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.records.runs import RunSnapshot

if TYPE_CHECKING:
    from workbench.notebook.watchable_run import WatchableRun

_TAIL = 100


class Controls:
    """The card in a widget, with a stop button and the log of a rank to choose.

    Args:
        run: What they steer.
    """

    def __init__(self, run: WatchableRun) -> None:
        import ipywidgets as widgets

        self._run = run
        self._card = widgets.HTML()
        self._stop = widgets.Button(
            description="Stop",
            icon="stop",
            tooltip=f"Stop run {run.name}: SIGINT, then kill",
            layout=widgets.Layout(width="auto"),
        )
        self._ranks = widgets.Dropdown(options=[("log of…", -1)], value=-1, layout=widgets.Layout(width="110px"))
        self._log = widgets.HTML()
        self._stop.on_click(self._on_stop)
        self._ranks.observe(lambda _: self._show_log(), names="value")
        row = widgets.HBox([self._stop, self._ranks], layout=widgets.Layout(gap="6px"))
        self._box = widgets.VBox([self._card, row, self._log])

    @classmethod
    def create(cls, run: WatchableRun) -> Controls | None:
        """Return controls, or None where ipywidgets cannot be used."""
        try:
            return cls(run)
        except Exception:  # not installed, or a front end without comms
            return None

    def bundle(self) -> dict[str, Any]:
        """Return the MIME data that shows the widgets."""
        data = self._box._repr_mimebundle_()
        return {key: value for key, value in dict(data or {}).items() if key.startswith("application/")}

    def show(self, html: str, snapshot: RunSnapshot) -> None:
        """Show the run's new state in the card."""
        self._card.value = html
        wanted = [("log of…", -1), *[(f"rank {worker.rank}", worker.rank) for worker in snapshot.workers]]
        if list(self._ranks.options) != wanted:
            self._ranks.options = wanted
        if self._ranks.value >= 0:
            self._show_log()

    def close(self) -> None:
        """Close the widgets."""
        for widget in (self._card, self._stop, self._ranks, self._log, *self._box.children, self._box):
            widget.close()

    def _on_stop(self, _: Any) -> None:
        self._stop.disabled = True
        self._stop.description = "Stopping…"
        # Beside the kernel's main thread: the foreman's answer may take a moment.
        threading.Thread(target=self._stop_now, daemon=True).start()

    def _stop_now(self) -> None:
        try:
            self._run.stop("the Stop button")
        except WorkbenchError as error:
            self._log.value = f"<pre>{escape(str(error))}</pre>"

    def _show_log(self) -> None:
        rank = self._ranks.value
        if rank < 0:
            self._log.value = ""
            return
        try:
            lines = self._run.logs(rank, _TAIL) or "(nothing printed yet)"
        except WorkbenchError as error:
            lines = str(error)
        self._log.value = (
            '<pre style="max-height:220px;overflow:auto;margin:4px 0;padding:6px 8px;line-height:1.35;font-size:12px;'
            "border:1px solid var(--jp-border-color2,#e0e0e0);border-radius:4px;display:flex;"
            f'flex-direction:column-reverse"><span>{escape(lines)}</span></pre>'
        )
