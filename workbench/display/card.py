"""A run's card as static HTML: what stands below the cell, live and in the saved notebook."""

from __future__ import annotations

import time
from html import escape

from workbench.display import sweep_card
from workbench.display.chart import sparkline
from workbench.display.style import style
from workbench.display.words import duration, memory, number
from workbench.records.runs import Failure, RunSnapshot, RunState, WorkerSnapshot

_METRICS = 12
_WORKERS_OPEN = 4
_WORKERS_SHOWN = 64
_TRACE_CHARS = 6000


def html(snapshot: RunSnapshot, *, now: float | None = None) -> str:
    """The card of a run.

    Args:
        snapshot: The run.
        now: The time that durations are counted to, for a run that still goes on.
    """
    now = time.time() if now is None else now
    parts = [
        _head(snapshot, now),
        _progress(snapshot),
        _waiting(snapshot),
        _failure(snapshot.failure) if snapshot.failure else "",
        sweep_card.html(snapshot, now) or _metrics(snapshot),
        _workers(snapshot),
        _notes(snapshot),
    ]
    label = escape(f"Run {snapshot.name}: {snapshot.state.value}", quote=True)
    return f'{style()}<div class="wb-card" role="group" aria-label="{label}">{"".join(parts)}</div>'


def _head(snapshot: RunSnapshot, now: float) -> str:
    state = "stopping" if snapshot.stopping and not snapshot.state.is_terminal else snapshot.state.value
    details = [str(snapshot.resources)]
    if snapshot.sweep is not None:
        each = f" of {snapshot.resources}" if snapshot.resources.workers > 1 else ""
        teams = snapshot.sweep.teams
        details = [f"{teams} trial{'s' if teams != 1 else ''} at once{each}"] if teams else []
    if snapshot.engine != "crew":
        details.append(snapshot.engine)
    if snapshot.attempt > 1:
        details.append(f"attempt {snapshot.attempt}")
    begin = snapshot.started_at or snapshot.submitted_at
    took = duration((snapshot.ended_at or now) - begin) if begin else ""
    return (
        f'<div class="wb-head"><span class="wb-pill wb-{snapshot.state.value}">{state}</span>'
        f'<span class="wb-name">{escape(snapshot.name)}</span>'
        f'<span class="wb-soft">{escape(" · ".join(details))}</span><span class="wb-time">{took}</span></div>'
    )


def _progress(snapshot: RunSnapshot) -> str:
    progress = snapshot.progress
    if progress is None or (snapshot.state is RunState.FINISHED and progress.done == progress.total):
        return ""
    count = f"{progress.done:,}" + (f" of {progress.total:,}" if progress.total else "")
    is_going = not snapshot.state.is_terminal and not (snapshot.sweep is not None and snapshot.sweep.is_paused)
    left = f"about {duration(progress.eta_s)} left" if progress.eta_s and is_going else ""
    label = escape(progress.label or "progress")
    bar = ""
    if progress.total:
        share = min(100.0, 100.0 * progress.done / progress.total)
        bar = (
            f'<div class="wb-bar" role="progressbar" aria-label="{label}" aria-valuemin="0" aria-valuemax="100" '
            f'aria-valuenow="{share:.0f}"><i style="width:{share:.1f}%"></i></div>'
        )
    return f'{bar}<div class="wb-row"><span>{label} {count}</span><span>{left}</span></div>'


def _waiting(snapshot: RunSnapshot) -> str:
    if snapshot.waiting is None:
        return ""
    actions = "".join(f"<br>· {_code(action)}" for action in snapshot.waiting.actions)
    return f'<div class="wb-say wb-hold">Waiting: {escape(str(snapshot.waiting))}{actions}</div>'


def _failure(failure: Failure) -> str:
    trace = ""
    if failure.traceback:
        text = failure.traceback[-_TRACE_CHARS:]
        trace = f'<pre class="wb-trace">{escape(text)}</pre>'
    where = f" on rank {failure.rank}" if failure.rank is not None and failure.kind == "error" else ""
    fix = f"<div>{_code(failure.fix)}</div>" if failure.fix else ""
    tone = "" if failure.kind == "stopped" else " wb-bad"
    return f'<div class="wb-say{tone}"><b>{escape(failure.message)}</b>{where}{trace}{fix}</div>'


def _code(text: str) -> str:
    """Escaped text whose magic commands can be seen to be commands."""
    shown = escape(text)
    start = shown.find("%")
    if start < 0 or (start and shown[start - 1].isdigit()) or shown[start : start + 2] == "% ":
        return shown
    return f"{shown[:start]}<code>{shown[start:]}</code>"


def _metrics(snapshot: RunSnapshot) -> str:
    names = [name for name in snapshot.metrics if not name.startswith("system/")]
    if not names:
        return ""
    cells = []
    for name in names[:_METRICS]:
        value = snapshot.metrics[name]
        label = escape(f"{name}, now {number(value)}", quote=True)
        cells.append(
            f'<div class="wb-metric"><b>{escape(name)}<span>{number(value)}</span></b>'
            f"{sparkline(snapshot.series.get(name, []), label)}</div>"
        )
    more = len(names) - _METRICS
    rest = f'<div class="wb-soft">and {more} more</div>' if more > 0 else ""
    return f'<div class="wb-metrics">{"".join(cells)}{rest}</div>'


def _workers(snapshot: RunSnapshot) -> str:
    if not snapshot.workers or snapshot.state is RunState.QUEUED:
        return ""
    has_gpu = any(worker.gpu_percent is not None for worker in snapshot.workers)
    heads = ["rank", "node", "CPU", "memory"] + (["GPU", "GPU memory"] if has_gpu else []) + ["log lines"]
    rows = "".join(
        _worker(worker, has_gpu, snapshot.log_lines.get(worker.rank, 0)) for worker in snapshot.workers[:_WORKERS_SHOWN]
    )
    table = (
        f'<table class="wb-workers"><thead><tr>{"".join(f"<th>{head}</th>" for head in heads)}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )
    is_open = len(snapshot.workers) <= _WORKERS_OPEN and not snapshot.state.is_terminal
    count = len(snapshot.workers)
    return (
        f"<details{' open' if is_open else ''}><summary>{count} worker{'s' if count != 1 else ''}"
        f" · logs of a rank: <code>%runs logs {escape(snapshot.name)} --rank N</code></summary>{table}</details>"
    )


def _worker(worker: WorkerSnapshot, has_gpu: bool, lines: int) -> str:
    cpu = "" if worker.cpu_percent is None else f"{worker.cpu_percent:.0f} %"
    cells = [str(worker.rank), escape(worker.node), cpu, memory(worker.rss_mb)]
    if has_gpu:
        gpu = "" if worker.gpu_percent is None else f"{worker.gpu_percent:.0f} %"
        cells += [gpu, memory(worker.gpu_memory_mb)]
    cells.append(f"{lines:,}")
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _notes(snapshot: RunSnapshot) -> str:
    notes = list(snapshot.notes)
    if snapshot.returns_error:
        notes.append(f"Not returned: {snapshot.returns_error}")
    if snapshot.returns:
        notes.append(f"Back in the notebook: {', '.join(snapshot.returns)}")
    if snapshot.verdict and snapshot.state.is_terminal:
        notes.append(snapshot.verdict)
    return "".join(f'<div class="wb-row"><span>{escape(note)}</span></div>' for note in notes)
