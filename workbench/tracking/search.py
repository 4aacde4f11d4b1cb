"""Runs found by name, id, words or MLflow's filters."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from workbench.errors import RunNotFoundError, suggestion
from workbench.records.runs import RunState
from workbench.tracking.experiments import Experiments
from workbench.tracking.matching import NO_TRIALS, any_quote, haystack, in_order, is_filter, order_clause
from workbench.tracking.tracked_run import TrackedRun

if TYPE_CHECKING:
    from mlflow import MlflowClient

_AT_ONCE = 200
_ID_CHARS = 32
_FEWEST_ID_CHARS = 4
_UNFINISHED = (RunState.QUEUED, RunState.STARTING, RunState.RUNNING)


class RunSearch:
    """The runs of a store, read only.

    Args:
        client: MLflow's client of the store.
        experiments: The store's experiments.
    """

    def __init__(self, client: MlflowClient, experiments: Experiments) -> None:
        self._client = client
        self._experiments = experiments

    def get(self, run: str) -> TrackedRun:
        """Return the run of an id, the beginning of an id, or a name; see :meth:`TrackingStore.get`."""
        from mlflow.exceptions import MlflowException

        if len(run) == _ID_CHARS:
            with contextlib.suppress(MlflowException):
                entity = self._client.get_run(run)
                return TrackedRun.from_mlflow(entity, self._experiments.name_of(entity.info.experiment_id))
        for named in self.matches(f"attributes.run_name LIKE '{any_quote(run)}'", order="attributes.start_time DESC"):
            if named.name == run:
                return named
        if len(run) >= _FEWEST_ID_CHARS and all(char in "0123456789abcdef" for char in run):
            found = list(self.matches(f"attributes.run_id LIKE '{run}%'", limit=2))
            if len(found) == 1:
                return found[0]
            if found:
                raise RunNotFoundError(f"Cannot tell which run is {run!r}: several ids begin so. Give more of it.")
        recent = [record.name for record in self.search(limit=50)]
        near = suggestion(run, recent) or (
            f" Newest runs: {', '.join(recent[:5])}." if recent else " There are none yet."
        )
        raise RunNotFoundError(f"Cannot find run {run!r}: no run has that name or id.{near}", known=recent)

    def get_many(self, run_ids: Iterable[str]) -> dict[str, TrackedRun]:
        """Return the runs of some ids by id, without those that are missing or were deleted."""
        wanted = list(dict.fromkeys(run_ids))
        found: dict[str, TrackedRun] = {}
        for at in range(0, len(wanted), _AT_ONCE):
            ids = ", ".join(f"'{run_id}'" for run_id in wanted[at : at + _AT_ONCE])
            found |= {run.run_id: run for run in self.matches(f"attributes.run_id IN ({ids})")}
        return found

    def search(
        self,
        *,
        query: str | None = None,
        states: Iterable[RunState] | None = None,
        experiment: str | None = None,
        order_by: str | None = None,
        limit: int = 100,
        with_trials: bool = True,
    ) -> list[TrackedRun]:
        """Return runs; see :meth:`TrackingStore.search`."""
        text = query if query and is_filter(query) else ""
        words = [] if text else (query or "").lower().split()
        wanted = set(states) if states is not None else None
        if not with_trials:
            text = f"{text} AND {NO_TRIALS}" if text else NO_TRIALS
        found = []
        for run in self.matches(text, order=order_clause(order_by), experiment=experiment):
            if wanted is not None and run.state not in wanted:
                continue
            if words and not all(word in haystack(run) for word in words):
                continue
            found.append(run)
            if len(found) >= limit:
                break
        if order_by and order_by.lstrip("-") not in ("start", "name"):
            found = in_order(found, order_by)
        return found

    def unfinished(self) -> list[TrackedRun]:
        """Return runs of Workbench that are not known to have ended."""
        return [run for state in _UNFINISHED for run in self.matches(f"tags.`workbench.state` = '{state.value}'")]

    def matches(
        self, text: str, *, order: str = "", limit: int | None = None, experiment: str | None = None
    ) -> Iterator[TrackedRun]:
        """Yield the runs that a filter of MLflow's matches, read in pages.

        Args:
            text: MLflow's filter; an empty string matches all.
            order: MLflow's order clause.
            limit: The most runs to yield; None yields all.
            experiment: The only experiment to search; None searches all that hold runs of cells.
        """
        names = self._experiments.searched(experiment)
        token, given = None, 0
        while names:
            page = self._client.search_runs(
                list(names),
                text,
                max_results=min(limit or _AT_ONCE, _AT_ONCE),
                order_by=[order] if order else [],
                page_token=token,
            )
            for run in page:
                yield TrackedRun.from_mlflow(run, names[run.info.experiment_id])
                given += 1
                if limit is not None and given >= limit:
                    return
            token = page.token
            if not token:
                return
