"""A run as plain text."""

from __future__ import annotations

import time

from workbench.display.words import duration, memory, number, value_text
from workbench.records.runs import RunSnapshot
from workbench.records.sweeps import SweepSnapshot

_METRICS = 12


def render(snapshot: RunSnapshot, *, now: float | None = None) -> str:
    """Return a run in a few lines.

    Args:
        snapshot: The run.
        now: The time up to which the duration of an unfinished run counts, in seconds since the epoch.
    """
    begin = snapshot.started_at or snapshot.submitted_at
    now = time.time() if now is None else now
    took = duration((snapshot.ended_at or now) - begin) if begin else ""
    attempt = f", attempt {snapshot.attempt}" if snapshot.attempt > 1 else ""
    lines = [f"run {snapshot.name} · {snapshot.state.value}{attempt} · {snapshot.resources} · {took}"]
    if snapshot.waiting is not None:
        lines += [f"  waiting: {snapshot.waiting}", *[f"    - {action}" for action in snapshot.waiting.actions]]
    if snapshot.progress is not None and not snapshot.state.is_terminal:
        progress = snapshot.progress
        of = f" of {progress.total:,}" if progress.total else ""
        left = f", about {duration(progress.eta_s)} left" if progress.eta_s else ""
        lines.append(f"  {progress.label or 'progress'} {progress.done:,}{of}{left}")
    if snapshot.sweep is not None:
        lines += _sweep(snapshot.sweep)
    shown = [f"{name} {number(value)}" for name, value in snapshot.metrics.items() if not name.startswith("system/")]
    if shown:
        lines.append(
            "  "
            + " · ".join(shown[:_METRICS])
            + (f" · and {len(shown) - _METRICS} more" if len(shown) > _METRICS else "")
        )
    if not snapshot.state.is_terminal:
        lines += [
            f"  rank {w.rank}: CPU {w.cpu_percent:.0f} %, {memory(w.rss_mb)}"
            for w in snapshot.workers[:4]
            if w.cpu_percent is not None
        ]
    if snapshot.failure is not None:
        lines += _failure(snapshot)
    lines += [f"  {note}" for note in snapshot.notes]
    if snapshot.returns:
        lines.append(f"  back in the notebook: {', '.join(snapshot.returns)}")
    if snapshot.returns_error:
        lines.append(f"  not returned: {snapshot.returns_error}")
    if snapshot.verdict and snapshot.state.is_terminal:
        lines.append(f"  {snapshot.verdict}")
    return "\n".join(lines)


def _sweep(sweep: SweepSnapshot) -> list[str]:
    counts = [(sweep.done, "done"), (len(sweep.running), "running"), (sweep.pruned, "pruned"), (sweep.failed, "failed")]
    words = [f"{count:,} {word}" for count, word in counts if count] + (["paused"] if sweep.is_paused else [])
    lines = [f"  trials: {', '.join(words)}"] if words else []
    if sweep.best is not None:
        params = ", ".join(f"{name} {value_text(value)}" for name, value in sweep.best_params.items())
        lines.append(f"  {sweep.goals[0]}: {number(sweep.best)} by trial {sweep.best_number} ({params})")
    if sweep.front:
        lines.append(f"  {len(sweep.front)} trials that no other beats: workbench.study({sweep.study!r}).best_trials")
    return lines


def _failure(snapshot: RunSnapshot) -> list[str]:
    failure = snapshot.failure
    assert failure is not None
    where = f" (rank {failure.rank})" if failure.rank is not None and failure.kind == "error" else ""
    lines = [f"  {failure.message}{where}"]
    lines += [f"  {line}" for line in failure.traceback.splitlines()]
    return lines + ([f"  {failure.fix}"] if failure.fix else [])
