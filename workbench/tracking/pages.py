"""One page of a list of runs, filtered and sorted by the store itself: as quick with 10,000 runs as with ten."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from workbench.errors import OptionError
from workbench.records.runs import RunState
from workbench.tracking.matching import any_quote
from workbench.tracking.tracked_run import TrackedRun

_ATTRIBUTES = {"start": "attributes.start_time", "end": "attributes.end_time", "name": "attributes.run_name"}
NO_TRIALS = "tags.`workbench.trial` IS NULL"
"""Leaves out trials of sweeps, in MLflow's words: their sweep stands for them."""

ENDPOINTS_EXPERIMENT = "workbench: endpoints"
"""Where the figures of endpoints are kept, a run a version. Lists of runs give them only when that is asked for."""

_MARKS = ("=", "<", ">", " LIKE ", " like ", " IN ", " in ")


@dataclass(frozen=True)
class Page:
    """Some runs, and the token for those that follow; None at the end."""

    runs: list[TrackedRun]
    next_token: str | None


def page_of_runs(
    client: Any,
    *,
    query: str = "",
    states: Iterable[RunState] = (),
    experiment: str = "",
    notebook: str = "",
    order_by: str = "-start",
    limit: int = 50,
    token: str | None = None,
) -> Page:
    """A page of runs.

    Args:
        client: MLflow's.
        query: MLflow's filter syntax, or words of the runs' names. Without it, trials of sweeps are left out.
        states: Only these; MLflow tells queued and starting apart from the others, not from each other.
        experiment: Only this experiment.
        notebook: Only runs of cells of this notebook, by its whole path.
        order_by: ``start``, ``end``, ``name``, ``metrics.X`` or ``params.X``; ``-`` in front for descending.
        limit: At most so many, up to 1,000.
        token: From the page before.
    """
    names = {found.experiment_id: found.name for found in client.search_experiments(max_results=1000)}
    ids = experiment_ids(names, experiment)
    if not ids:
        return Page([], None)
    found = client.search_runs(
        ids, _filter(query, states, notebook), max_results=limit, order_by=[_order(order_by)], page_token=token
    )
    following = found.token.decode() if isinstance(found.token, bytes) else found.token  # SQL stores give bytes
    return Page([TrackedRun.from_mlflow(run, names[run.info.experiment_id]) for run in found], following or None)


def experiment_ids(names: dict[str, str], experiment: str | None) -> list[str]:
    """Ids of the experiments to look in: the one that was asked for, else all that hold runs of cells."""
    return [key for key, name in names.items() if (name == experiment if experiment else name != ENDPOINTS_EXPERIMENT)]


def _filter(query: str, states: Iterable[RunState], notebook: str) -> str:
    parts = []
    if any(mark in query for mark in _MARKS):
        parts.append(query)
    elif not query.strip():
        parts.append(NO_TRIALS)
    else:
        words = any_quote(query).split()
        parts += [f"attributes.run_name ILIKE '%{word}%'" for word in words]
    statuses = sorted({state.mlflow_status for state in states})
    if len(statuses) == 1:
        parts.append(f"attributes.status = '{statuses[0]}'")
    elif statuses:
        parts += [
            f"attributes.status != '{other}'"
            for other in sorted({state.mlflow_status for state in RunState} - set(statuses))
        ]
    if notebook:
        mark = '"' if "'" in notebook else "'"
        parts.append(f"tags.`workbench.notebook` = {mark}{notebook}{mark}")
    return " AND ".join(parts)


def _order(order_by: str) -> str:
    key, direction = order_by.lstrip("-"), "DESC" if order_by.startswith("-") else "ASC"
    kind, _, name = key.partition(".")
    if key in _ATTRIBUTES:
        return f"{_ATTRIBUTES[key]} {direction}"
    if kind in ("metrics", "params") and name and "`" not in name:
        return f"{kind}.`{name}` {direction}"
    raise OptionError(f"Cannot sort by {key!r}: use start, end, name, metrics.NAME or params.NAME.")
