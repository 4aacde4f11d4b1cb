"""Verbs about runs: list, look at, compare, stop, run again, delete."""

from __future__ import annotations

from pathlib import Path

from workbench.api import runs as api
from workbench.api.project import Project
from workbench.api.run_handle import RunHandle
from workbench.bridge.run_rows import compared_run, run_summary
from workbench.errors import OptionError
from workbench.records.run_answers import (
    DeletedRuns,
    ExperimentList,
    NamedRun,
    RunComparison,
    RunDetail,
    RunPage,
    RunReference,
    TidiedRuns,
    WrittenNotebook,
)
from workbench.tracking.pages import PageQuery
from workbench.tracking.tracked_run import TrackedRun

_MOST_ROWS = 200
_MOST_COMPARED = 100
_MOST_NAMES = 20


class RunVerbs:
    """Verbs about runs.

    Args:
        project: The project whose runs they are.
        folder: The Jupyter server's root.
    """

    def __init__(self, project: Project, folder: Path) -> None:
        self._project = project
        self._folder = folder

    def runs(
        self,
        query: str = "",
        states: list[str] | None = None,
        experiment: str = "",
        notebook: str = "",
        order_by: str = "-start",
        limit: int = 50,
        token: str | None = None,
    ) -> RunPage:
        """List a page of runs; see :func:`workbench.tracking.pages.page_of_runs`.

        ``notebook`` is a path below the server's folder.
        """
        if not 1 <= limit <= _MOST_ROWS:
            raise OptionError(f"Cannot give {limit} runs at once: ask for 1 to {_MOST_ROWS}.")
        page = self._project.store.page(
            PageQuery(
                query=query,
                states=sorted(api.states_of(states or ())),
                experiment=experiment,
                notebook=str(self._folder.resolve() / notebook) if notebook else "",
                order_by=order_by,
                limit=limit,
                token=token,
            )
        )
        rows = [run_summary(self._project.reconciled(record), self._folder) for record in page.runs]
        return {"runs": rows, "next": page.next_token}

    def experiments(self) -> ExperimentList:
        """List names of experiments, which are notebooks' names."""
        return {"experiments": self._project.store.experiments()}

    def run(self, run_id: str) -> RunDetail:
        """Return all that is known of a run, except its points, logs and files."""
        record = self._record(run_id)
        return {
            **compared_run(record, self._folder),
            "tags": {key: value for key, value in record.tags.items() if not key.startswith("mlflow.note")},
            "metric_names": sorted(self._project.store.metric_names(record.run_id)),
            "snapshot": RunHandle(self._project, record.run_id, record.name).snapshot(with_series=False),
        }

    def compare(self, run_ids: list[str]) -> RunComparison:
        """Return several runs with their params and the latest value of each metric."""
        if not 1 <= len(run_ids) <= _MOST_COMPARED:
            raise OptionError(f"Cannot compare {len(run_ids)} runs: choose 1 to {_MOST_COMPARED}.")
        records = [self._record(run_id) for run_id in dict.fromkeys(run_ids)]
        return {"runs": [compared_run(record, self._folder) for record in records]}

    def stop_run(self, run_id: str) -> RunReference:
        """Ask a run to end."""
        record = self._project.store.get(run_id)
        RunHandle(self._project, record.run_id, record.name).stop()
        return {"run_id": record.run_id}

    def run_again(self, run_id: str, resume: bool = False) -> NamedRun:
        """Run an ended run's cell once more; see :func:`workbench.again`."""
        run = api.again(run_id, resume=resume)
        return {"run_id": run.id, "name": run.name}

    def delete_runs(self, run_ids: list[str]) -> DeletedRuns:
        """Delete ended runs, as MLflow does; those that go on are left and named."""
        kept = []
        for run_id in run_ids:
            record = self._record(run_id)
            if record.state.is_terminal:
                self._project.store.delete(record.run_id)
            else:
                kept.append(record.name)
        return {"deleted": len(run_ids) - len(kept), "kept": kept}

    def tidy(self, states: list[str], older_than_days: float, dry: bool = True) -> TidiedRuns:
        """Delete ended runs of an age, or count them (``dry``)."""
        found = api.to_tidy(states=states, older_than_days=older_than_days)
        if not dry:
            for record in found:
                self._project.store.delete(record.run_id)
        return {"count": len(found), "names": [record.name for record in found[:_MOST_NAMES]]}

    def open_notebook(self, run_id: str) -> WrittenNotebook:
        """Write a run's notebook out again; return its path relative to the server's root."""
        from workbench.tracking.reopen import write

        return {"path": write(self._project.store, self._project.store.get(run_id), Path.cwd()).name}

    def _record(self, run_id: str) -> TrackedRun:
        return self._project.reconciled(self._project.store.get(run_id))
