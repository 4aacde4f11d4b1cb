"""A run's card as static HTML: the output below a cell, live and in the saved notebook."""

from __future__ import annotations

import time

from workbench.display import sweep_card
from workbench.display.sparkline import sparkline
from workbench.display.templating import render
from workbench.display.words import duration, number
from workbench.records.runs import Progress, RunSnapshot, RunState

_METRICS = 12
_WORKERS_OPEN = 4
_WORKERS_SHOWN = 64
_TRACE_CHARS = 6000


def html(snapshot: RunSnapshot, *, now: float | None = None) -> str:
    """Return the card of a run.

    Args:
        snapshot: The run.
        now: The time up to which the durations of an unfinished run count, in seconds since the epoch.
    """
    now = time.time() if now is None else now
    sweep = sweep_card.html(snapshot, now)
    names = [] if sweep else [name for name in snapshot.metrics if not name.startswith("system/")]
    is_queued = snapshot.state is RunState.QUEUED
    progress = _shown_progress(snapshot)
    card = render(
        "card.html.j2",
        run=snapshot,
        state="stopping" if snapshot.stopping and not snapshot.state.is_terminal else snapshot.state.value,
        details=_details(snapshot),
        took=_took(snapshot, now),
        progress=progress,
        percent_done=min(100.0, 100.0 * progress.done / progress.total) if progress and progress.total else 0.0,
        eta_s=progress.eta_s if progress and _is_going_on(snapshot) else None,
        trace=snapshot.failure.traceback[-_TRACE_CHARS:] if snapshot.failure else "",
        sweep=sweep,
        metrics=[_metric(snapshot, name) for name in names[:_METRICS]],
        metrics_left_out=len(names) - _METRICS,
        workers=[] if is_queued else snapshot.workers[:_WORKERS_SHOWN],
        has_open_workers=len(snapshot.workers) <= _WORKERS_OPEN and not snapshot.state.is_terminal,
        has_gpu=any(worker.gpu_percent is not None for worker in snapshot.workers),
        notes=_notes(snapshot),
    )
    return str(card)


def _details(snapshot: RunSnapshot) -> list[str]:
    details = [str(snapshot.resources)]
    if snapshot.sweep is not None:
        each = f" of {snapshot.resources}" if snapshot.resources.workers > 1 else ""
        teams = snapshot.sweep.teams
        details = [f"{teams} trial{'s' if teams != 1 else ''} at once{each}"] if teams else []
    if snapshot.engine != "crew":
        details.append(snapshot.engine)
    if snapshot.attempt > 1:
        details.append(f"attempt {snapshot.attempt}")
    return details


def _took(snapshot: RunSnapshot, now: float) -> str:
    begin = snapshot.started_at or snapshot.submitted_at
    return duration((snapshot.ended_at or now) - begin) if begin else ""


def _shown_progress(snapshot: RunSnapshot) -> Progress | None:
    """Return the run's progress, None where it would only repeat that the run has finished."""
    progress = snapshot.progress
    if progress is None or (snapshot.state is RunState.FINISHED and progress.done == progress.total):
        return None
    return progress


def _is_going_on(snapshot: RunSnapshot) -> bool:
    is_paused = snapshot.sweep is not None and snapshot.sweep.is_paused
    return not snapshot.state.is_terminal and not is_paused


def _metric(snapshot: RunSnapshot, name: str) -> tuple[str, float, str]:
    value = snapshot.metrics[name]
    return name, value, sparkline(snapshot.series.get(name, []), f"{name}, now {number(value)}")


def _notes(snapshot: RunSnapshot) -> list[str]:
    notes = list(snapshot.notes)
    if snapshot.returns_error:
        notes.append(f"Not returned: {snapshot.returns_error}")
    if snapshot.returns:
        notes.append(f"Back in the notebook: {', '.join(snapshot.returns)}")
    if snapshot.verdict and snapshot.state.is_terminal:
        notes.append(snapshot.verdict)
    return notes
