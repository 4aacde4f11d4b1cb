"""The part of a card that shows a sweep: the best so far, the way there, and the trials that run."""

from __future__ import annotations

import itertools
import math
from html import escape
from typing import Any

from workbench.display.chart import sparkline
from workbench.display.words import duration, number
from workbench.records.runs import RunSnapshot
from workbench.records.sweeps import SweepSnapshot, TrialSnapshot

_RUNNING_SHOWN = 12
_PARAMS_SHOWN = 12
_FRONT_SHOWN = 8
_WIDTH, _HEIGHT = 720, 120
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 8, 8, 18
_SHOWN_SHARE = 0.9


def html(snapshot: RunSnapshot, now: float) -> str:
    """The sweep of a run, an empty string for one that is none."""
    sweep = snapshot.sweep
    if sweep is None:
        return ""
    parts = [_best(sweep), _counts(sweep, snapshot), history(sweep), _front(sweep)]
    if not snapshot.state.is_terminal:
        parts.append(_running(sweep, now))
    return "".join(parts)


def value_text(value: Any) -> str:
    """A swept value as people read it."""
    return number(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def _best(sweep: SweepSnapshot) -> str:
    if sweep.best is None:
        return ""
    chips = "".join(
        f'<span class="wb-chip">{escape(name)} <b>{escape(value_text(value))}</b></span>'
        for name, value in list(sweep.best_params.items())[:_PARAMS_SHOWN]
    )
    goal = escape(sweep.goals[0])
    return (
        f'<div class="wb-best"><span class="wb-soft">{goal}</span><span class="wb-value">{number(sweep.best)}</span>'
        f'<span class="wb-soft">trial {sweep.best_number}</span>{chips}</div>'
    )


def _counts(sweep: SweepSnapshot, snapshot: RunSnapshot) -> str:
    complete = sweep.done - sweep.pruned - sweep.failed
    kinds = [("finished", max(0, complete), "complete"), ("stopped", sweep.pruned, "pruned")]
    kinds += [("failed", sweep.failed, "failed"), ("running", len(sweep.running), "running")]
    words = [f'<span class="wb-pill wb-{tone}">{count:,} {word}</span>' for tone, count, word in kinds if count]
    if sweep.is_paused and not snapshot.state.is_terminal:
        resume = f"<code>%runs resume {escape(snapshot.name)}</code>"
        words.insert(0, f'<span class="wb-pill wb-queued">paused</span><span class="wb-soft">{resume}</span>')
    return f'<div class="wb-counts">{"".join(words)}</div>' if words else ""


def history(sweep: SweepSnapshot) -> str:
    """Complete trials as dots and the best so far as a line, as an SVG; the worst tenth lies on its edge."""
    finite = [(n, value) for n, value in sweep.history if math.isfinite(value)]
    if len(finite) < 2:
        return ""
    is_min = sweep.goals[0].startswith("min")
    values = sorted((value for _, value in finite), reverse=not is_min)
    bests = [value for _, value in sweep.climb if math.isfinite(value)]
    best, worst = bests[-1] if bests else values[0], values[min(len(values) - 1, int(_SHOWN_SHARE * len(values)))]
    low, high = min(best, worst), max(best, worst)
    span = (high - low) or abs(high) or 1.0
    low, high = low - 0.06 * span, high + 0.06 * span
    first, last = finite[0][0], max(finite[-1][0], finite[0][0] + 1)

    def x(n: float) -> float:
        return _LEFT + (n - first) / (last - first) * (_WIDTH - _LEFT - _RIGHT - 4)

    def y(value: float) -> float:
        share = (min(high, max(low, value)) - low) / (high - low)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)

    dots = "".join(f'<circle cx="{x(n):.1f}" cy="{y(value):.1f}" r="2"/>' for n, value in finite)
    line = [f"{x(max(n, first)):.1f},{y(value):.1f}" for n, value in sweep.climb if math.isfinite(value)]
    # Each best holds until the next one: across, then down.
    corners = [f"{after.split(',')[0]},{before.split(',')[1]}" for before, after in itertools.pairwise(line)]
    steps = [point for pair in itertools.zip_longest(line, corners) for point in pair if point is not None]
    if line:
        steps.append(f"{x(last):.1f},{line[-1].split(',')[1]}")
    ticks = "".join(
        f'<text x="{_LEFT - 6}" y="{y(at) + 4:.1f}" text-anchor="end">{number(float(f"{at:.3g}"))}</text>'
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(at):.1f}" y2="{y(at):.1f}" class="wb-grid"/>'
        for at in (low + 0.06 * span, high - 0.06 * span)
    )
    label = escape(f"{sweep.goals[0]}: {len(finite)} trials, best {number(best)}", quote=True)
    return (
        f'<svg class="wb-history" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">{ticks}'
        f'<text x="{_LEFT}" y="{_HEIGHT - 3}">trial {first}</text>'
        f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 3}" text-anchor="end">{last}</text>'
        f'<g class="wb-dots">{dots}</g><polyline points="{" ".join(steps)}" class="wb-climb"/></svg>'
    )


def _front(sweep: SweepSnapshot) -> str:
    if not sweep.front:
        return ""
    shown = sorted(sweep.front, key=lambda entry: entry[1])[:_FRONT_SHOWN]
    heads = "".join(f"<th>{escape(goal)}</th>" for goal in sweep.goals)
    rows = "".join(
        f"<tr><td>{n}</td>{''.join(f'<td>{number(value)}</td>' for value in values)}</tr>" for n, values in shown
    )
    more = len(sweep.front) - len(shown)
    rest = f'<div class="wb-soft">and {more} more</div>' if more else ""
    return (
        f'<div class="wb-soft" style="margin-top:8px">{len(sweep.front)} that no other trial beats</div>'
        f'<table class="wb-workers"><thead><tr><th>trial</th>{heads}</tr></thead><tbody>{rows}</tbody></table>{rest}'
    )


def _running(sweep: SweepSnapshot, now: float) -> str:
    if not sweep.running:
        return ""
    rows = "".join(_trial(trial, now) for trial in sweep.running[:_RUNNING_SHOWN])
    more = len(sweep.running) - _RUNNING_SHOWN
    rest = f'<div class="wb-soft">and {more} more</div>' if more > 0 else ""
    return f'<table class="wb-workers wb-trials"><tbody>{rows}</tbody></table>{rest}'


def _trial(trial: TrialSnapshot, now: float) -> str:
    params = ", ".join(f"{name} {_short(value)}" for name, value in trial.params.items())
    value = number(trial.value) if trial.value is not None else ""
    curve = sparkline(trial.curve, escape(f"trial {trial.number}", quote=True))
    return (
        f'<tr><td>trial {trial.number}</td><td class="wb-params" title="{escape(params, quote=True)}">'
        f"{escape(params)}</td><td>{value}</td><td>{curve}</td>"
        f"<td>{duration(now - trial.started_at)}</td></tr>"
    )


def _short(text: str) -> str:
    try:
        return number(float(text))
    except ValueError:
        return text
