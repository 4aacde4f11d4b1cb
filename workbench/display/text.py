"""Runs as plain text, and lists of runs as a table in text and HTML."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from workbench.display.style import style
from workbench.display.sweep_card import value_text
from workbench.display.words import ago, duration, memory, number
from workbench.records.runs import RunSnapshot
from workbench.records.sweeps import SweepSnapshot

if TYPE_CHECKING:
    from workbench.tracking.run_record import RunRecord

_METRIC_COLUMNS = 4
_METRICS = 12


def render(snapshot: RunSnapshot, *, now: float | None = None) -> str:
    """A run in a few lines."""
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


@dataclass(frozen=True)
class Table:
    """Rows for people: shown as HTML in a notebook and as aligned text elsewhere.

    Attributes:
        heads: Column titles.
        rows: Cells as text.
        numeric: Which columns are numbers.
        empty: What to say where there are no rows.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    empty: str = ""

    def __repr__(self) -> str:
        if not self.rows:
            return self.empty
        widths = [max(len(row[i]) for row in (self.heads, *self.rows)) for i in range(len(self.heads))]
        lines = [
            "  ".join(
                cell.rjust(w) if i in self.numeric else cell.ljust(w)
                for i, (cell, w) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in (self.heads, *self.rows)
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        if not self.rows:
            return f'{style()}<div class="wb-card wb-soft">{escape(self.empty)}</div>'
        return f'{style()}<div class="wb-card" style="overflow-x:auto;max-width:100%">{self.table_html()}</div>'

    def table_html(self) -> str:
        """The table alone, to go into a card."""
        mark = [' class="wb-num"' if i in self.numeric else "" for i in range(len(self.heads))]
        head = "".join(f"<th{m}>{escape(cell)}</th>" for cell, m in zip(self.heads, mark, strict=True))
        body = "".join(
            "<tr>" + "".join(f"<td{m}>{_cell(cell)}</td>" for cell, m in zip(row, mark, strict=True)) + "</tr>"
            for row in self.rows
        )
        return f'<table class="wb-list"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


_TONES = {state: state for state in ("queued", "starting", "running", "finished", "failed", "stopped")}
_TONES |= {"live": "finished", "idle": "stopped", "degraded": "queued", "draining": "stopped"}


def _cell(text: str) -> str:
    return f'<span class="wb-pill wb-{_TONES[text]}">{text}</span>' if text in _TONES else escape(text)


def runs_table(records: Sequence[RunRecord]) -> Table:
    """A list of runs: state, name, age, how long, the metrics that most of them have."""
    counts: dict[str, int] = {}
    for record in records:
        for name in record.metrics:
            counts[name] = counts.get(name, 0) + 1
    metrics = sorted(counts, key=lambda name: (-counts[name], name))[:_METRIC_COLUMNS]
    now = time.time()
    rows = tuple(
        (
            record.name,
            record.state.value,
            record.experiment,
            ago(record.started_at, now),
            duration(record.duration_s if record.ended_at else now - (record.started_at or now)),
            *[number(record.metrics[name]) if name in record.metrics else "" for name in metrics],
            record.run_id[:8],
        )
        for record in records
    )
    return Table(
        ("run", "state", "experiment", "started", "took", *metrics, "id"),
        rows,
        frozenset(range(4, 5 + len(metrics))),
        "No runs yet. Put %%train on top of a cell, and it becomes one.",
    )


def compare_table(records: Sequence[RunRecord]) -> Table:
    """Runs side by side: a row for each param and metric that is not the same in all of them."""
    rows: list[tuple[str, ...]] = [
        ("state", *[record.state.value for record in records]),
        ("took", *[duration(record.duration_s) for record in records]),
    ]
    for kind, values in (
        ("param", [record.params for record in records]),
        ("metric", [{k: number(v) for k, v in record.metrics.items()} for record in records]),
    ):
        for name in sorted({name for one in values for name in one}):
            cells = [str(one.get(name, "–")) for one in values]
            mark = "≠" if len(set(cells)) > 1 else "="
            rows.append((f"{mark} {kind} {name}", *cells))
    rows[2:] = sorted(rows[2:], key=lambda row: row[0].startswith("="))
    return Table(("", *[record.name for record in records]), tuple(rows))
