"""The part of a card that shows a sweep: the best trial so far, the history, and the running trials."""

from __future__ import annotations

from workbench.display.history_chart import history
from workbench.display.sparkline import sparkline
from workbench.display.templating import render
from workbench.display.words import number
from workbench.records.runs import RunSnapshot
from workbench.records.sweeps import SweepSnapshot, TrialSnapshot

_RUNNING_SHOWN = 12
_PARAMS_SHOWN = 12
_FRONT_SHOWN = 8


def html(snapshot: RunSnapshot, now: float) -> str:
    """Return the sweep of a run, or an empty string for a run that is none."""
    sweep = snapshot.sweep
    if sweep is None:
        return ""
    is_going_on = not snapshot.state.is_terminal
    return render(
        "sweep.html.j2",
        run=snapshot,
        sweep=sweep,
        now=now,
        best_params=list(sweep.best_params.items())[:_PARAMS_SHOWN],
        is_paused=sweep.is_paused and is_going_on,
        counts=_counts(sweep),
        history=history(sweep),
        front=sorted(sweep.front, key=lambda entry: entry[1])[:_FRONT_SHOWN],
        front_left_out=len(sweep.front) - _FRONT_SHOWN,
        running=[_trial(trial) for trial in sweep.running[:_RUNNING_SHOWN]] if is_going_on else [],
        running_left_out=len(sweep.running) - _RUNNING_SHOWN,
    )


def _counts(sweep: SweepSnapshot) -> list[tuple[str, int, str]]:
    complete = sweep.done - sweep.pruned - sweep.failed
    kinds = [("finished", max(0, complete), "complete"), ("stopped", sweep.pruned, "pruned")]
    kinds += [("failed", sweep.failed, "failed"), ("running", len(sweep.running), "running")]
    return [kind for kind in kinds if kind[1]]


def _trial(trial: TrialSnapshot) -> tuple[TrialSnapshot, str, str]:
    params = ", ".join(f"{name} {_short(value)}" for name, value in trial.params.items())
    return trial, params, sparkline(trial.curve, f"trial {trial.number}")


def _short(text: str) -> str:
    try:
        return number(float(text))
    except ValueError:
        return text
