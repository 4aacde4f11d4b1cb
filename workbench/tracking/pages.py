"""Pages of runs, filtered and sorted by the store itself: as quick with 10,000 runs as with ten."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.errors import OptionError
from workbench.records.runs import RunState
from workbench.tracking.experiments import Experiments
from workbench.tracking.matching import FILTER_MARKS, NO_TRIALS, any_quote
from workbench.tracking.tracked_run import TrackedRun

if TYPE_CHECKING:
    from mlflow import MlflowClient

_ATTRIBUTES = {"start": "attributes.start_time", "end": "attributes.end_time", "name": "attributes.run_name"}
_MARKS = (*FILTER_MARKS, " in ")


@dataclass(frozen=True)
class PageQuery:
    """A question for one page of runs.

    Attributes:
        query: MLflow's filter syntax, or words of the runs' names. Without it, trials of sweeps are left out.
        states: The only states; MLflow tells queued and starting apart from the others, not from each other.
        experiment: The only experiment; an empty string for all that hold runs of cells.
        notebook: The only notebook whose cells' runs are given, by its whole path.
        order_by: ``start``, ``end``, ``name``, ``metrics.X`` or ``params.X``; ``-`` in front for descending.
        limit: The most runs on the page, up to 1,000.
        token: ``next_token`` of the page before; None for the first page.
    """

    query: str = ""
    states: Iterable[RunState] = ()
    experiment: str = ""
    notebook: str = ""
    order_by: str = "-start"
    limit: int = 50
    token: str | None = None


@dataclass(frozen=True)
class Page:
    """One page of runs.

    Attributes:
        runs: The runs.
        next_token: The token for the page after this one; None at the end.
    """

    runs: list[TrackedRun]
    next_token: str | None


def page_of_runs(client: MlflowClient, experiments: Experiments, wanted: PageQuery) -> Page:
    """Return a page of runs.

    Args:
        client: MLflow's client of the store.
        experiments: The store's experiments.
        wanted: The runs to give.

    Raises:
        OptionError: The order names nothing that runs can be sorted by.
    """
    names = experiments.searched(wanted.experiment)
    if not names:
        return Page([], None)
    found = client.search_runs(
        list(names),
        _filter(wanted.query, wanted.states, wanted.notebook),
        max_results=wanted.limit,
        order_by=[_order(wanted.order_by)],
        page_token=wanted.token,
    )
    following = found.token.decode() if isinstance(found.token, bytes) else found.token  # SQL stores give bytes
    return Page([TrackedRun.from_mlflow(run, names[run.info.experiment_id]) for run in found], following or None)


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
