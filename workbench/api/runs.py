"""Find runs of the project, and run one again."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from workbench.api.project import current_project
from workbench.api.run_handle import RunHandle
from workbench.errors import OptionError, suggestion
from workbench.records.runs import RunState

if TYPE_CHECKING:
    from workbench.tracking.tracked_run import TrackedRun


def run(run: str) -> RunHandle:
    """Return a run by its name (the newest of that name), its id, or the beginning of its id.

    Raises ``RunNotFoundError`` with the nearest name.
    """
    project = current_project()
    record = project.store.get(run)
    return RunHandle(project, record.run_id, record.name)


def runs(
    query: str | None = None,
    *,
    states: Iterable[RunState | str] | None = None,
    experiment: str | None = None,
    order_by: str | None = None,
    limit: int = 50,
    with_trials: bool | None = None,
) -> list[TrackedRun]:
    """Return runs of this project, newest first; see :meth:`TrackingStore.search` for the arguments.

    Runs that say they are going on are checked with the foreman, so that what is listed is true. Trials of sweeps are
    given ``with_trials``; None gives them when a ``query`` asks for something.
    """
    project = current_project()
    wanted = None if states is None else states_of(states)
    with_trials = bool(query) if with_trials is None else with_trials
    found = project.store.search(
        query=query, states=wanted, experiment=experiment, order_by=order_by, limit=limit, with_trials=with_trials
    )
    records = [project.reconciled(record) for record in found]
    return [record for record in records if wanted is None or record.state in wanted]


def again(run: str, *, resume: bool = False) -> RunHandle:
    """Run an ended run's cell once more, on the values that it was given then.

    The cluster still has them for a while; the kernel that sent them is not needed.

    Args:
        run: Its name or id.
        resume: Go on with that run from its last checkpoint, instead of making a new one.

    Raises ``RunNotFoundError`` when the cluster no longer has what the cell reads.
    """
    from workbench.api.submit import submit_again

    return submit_again(current_project(), run, resume=resume)


def to_tidy(
    query: str | None = None, *, states: Iterable[RunState | str] | None = None, older_than_days: float | None = None
) -> list[TrackedRun]:
    """Return ended runs that may be deleted: failed and stopped ones unless ``states`` says others, of an age."""
    wanted = states_of(states or (RunState.FAILED, RunState.STOPPED))
    now = time.time()
    limit = None if older_than_days is None else now - 86400 * older_than_days
    found = runs(query, states={state for state in wanted if state.is_terminal}, limit=10_000, with_trials=True)
    return [record for record in found if limit is None or (record.ended_at or now) < limit]


def states_of(words: Iterable[RunState | str]) -> set[RunState]:
    """Return states by their words; raise ``OptionError`` for an unknown one, with the nearest."""
    known = [state.value for state in RunState]
    found = set()
    for word in words:
        if word not in known:
            raise OptionError(
                f"Cannot filter by state {word!r}: there are {', '.join(known)}.{suggestion(str(word), known)}"
            )
        found.add(RunState(word))
    return found
