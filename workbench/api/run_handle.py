"""A run as its user holds it: its state, metrics, logs and results, while it runs and afterwards."""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable
from typing import Any

from workbench.api.project import Project
from workbench.errors import ForemanError, RunFailedError, RunNotFoundError, RunStoppedError, WorkbenchError
from workbench.records.runs import Failure, RunSnapshot, RunState, WatchReply

_POLL_S = 5.0
_MOST_POINTS = 400


class RunHandle:
    """A run, as :func:`workbench.train` and :func:`workbench.run` return it.

    Args:
        project: The project that it belongs to.
        run_id: MLflow's id.
        name: Its name.
    """

    def __init__(self, project: Project, run_id: str, name: str) -> None:
        self._project = project
        self.id = run_id
        self.name = name

    def __repr__(self) -> str:
        return f"<run {self.name} ({self.id[:8]}): {self.state.value}>"

    @property
    def state(self) -> RunState:
        """Its state now."""
        return self.snapshot().state

    @property
    def metrics(self) -> dict[str, float]:
        """The latest value of each metric."""
        return dict(self.snapshot().metrics)

    @property
    def failure(self) -> Failure | None:
        """Why it did not finish, None when it did or still runs."""
        return self.snapshot().failure

    def snapshot(self, *, with_series: bool = True) -> RunSnapshot:
        """Return all that is known of it, from the foreman while it remembers the run, else from MLflow.

        Args:
            with_series: Whether to read the curves of a run that the foreman has forgotten.
        """
        try:
            return self.watch(0, 0.0).snapshot
        except WorkbenchError:
            return self._recorded(with_series)

    def watch(self, cursor: int, timeout_s: float) -> WatchReply:
        """Return what happened since ``cursor``; see :class:`~workbench.records.runs.WatchReply`.

        Raises ``ForemanError`` when the foreman is gone and ``RunNotFoundError`` when it does not
        know the run.
        """
        reply: WatchReply = self._project.connection(start=False).call(
            "watch", self.id, cursor, timeout_s, timeout_s=timeout_s + 30.0
        )
        return reply

    def _recorded(self, with_series: bool) -> RunSnapshot:
        """Return the run as MLflow knows it; one that nobody runs any more is noted as lost."""
        record = self._project.reconciled(self._project.store.get(self.id))
        series = {}
        for name in list(record.metrics)[:12] if with_series else ():
            series[name] = self._project.store.series(self.id, name).drawn(_MOST_POINTS).points()
        return RunSnapshot(
            run_id=self.id,
            name=record.name,
            state=record.state,
            experiment=record.experiment,
            engine=record.tags.get("workbench.engine", "crew"),
            submitted_at=record.started_at or 0.0,
            started_at=record.started_at,
            ended_at=record.ended_at,
            failure=record.failure,
            metrics=dict(record.metrics),
            series=series,
            verdict=record.tags.get("workbench.verdict", ""),
        )

    def wait(self, timeout_s: float | None = None, on_change: Callable[[RunSnapshot], None] | None = None) -> RunState:
        """Wait for its end and return its state; raise ``TimeoutError`` after ``timeout_s``.

        Interrupting the wait (Ctrl-C) does not stop the run.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        cursor = 0
        while True:
            left = _POLL_S if deadline is None else min(_POLL_S, deadline - time.monotonic())
            if left <= 0:
                raise TimeoutError(f"Run {self.name!r} is still {self.state.value} after {timeout_s:g} s.")
            try:
                reply = self.watch(cursor, left)
            except (ForemanError, RunNotFoundError):
                return self._recorded(with_series=False).state
            cursor = reply.cursor
            if on_change is not None:
                on_change(reply.snapshot)
            if reply.snapshot.state.is_terminal:
                return reply.snapshot.state

    def result(self, timeout_s: float | None = None) -> Any:
        """Wait for its end and return its values: the value itself where one name was asked for.

        Raises ``RunFailedError`` (``RunStoppedError``) with the cell's own error when it did not finish.
        """
        self.wait(timeout_s)
        snapshot = self.snapshot()
        if snapshot.state is not RunState.FINISHED:
            failure = snapshot.failure or Failure("error", "it did not finish")
            kind = RunStoppedError if snapshot.state is RunState.STOPPED else RunFailedError
            text = f"Run {self.name!r} {snapshot.state.value}: {failure.message}"
            raise kind("\n".join(filter(None, [text, failure.traceback, failure.fix])), failure=failure)
        values = self.returned()
        return next(iter(values.values())) if len(values) == 1 else values or None

    def returned(self) -> dict[str, Any]:
        """Return the returned values by name, of a run that has finished."""
        from workbench.api.model_origins import remember

        values = self._project.returned(self.id)
        remember(self.id, values)
        return values

    def logs(self, rank: int = 0, tail: int = 1000) -> str:
        """Return the last lines that a rank printed."""
        return self._project.logs(self.id, rank, tail)

    def stop(self, by: str | None = None) -> None:
        """Ask it to end: SIGINT first, so that ``finally`` blocks run, and a kill where that does not help."""
        self._project.connection(start=False).call("stop", self.id, by or getpass.getuser())

    def pause(self, is_paused: bool = True) -> None:
        """Have a sweep start no more trials, or go on again; those that run are left alone.

        Raises ``WorkbenchError`` for a run that is no sweep that is going on.
        """
        self._project.connection(start=False).call("pause", self.id, is_paused)

    def order_trial(self, number: int, what: str) -> None:
        """Have a running trial of a sweep ``prune`` or ``stop``: at its next report, else by interrupting its cell.

        Raises ``WorkbenchError`` when it does not run.
        """
        self._project.connection(start=False).call("order_trial", self.id, number, what)
