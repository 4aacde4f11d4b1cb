"""Runs: list, look at, compare, stop, run again, delete."""

from __future__ import annotations

import base64
import mimetypes
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workbench.api import runs as api
from workbench.api.project import Project
from workbench.api.python_call import python_call
from workbench.api.run_handle import RunHandle
from workbench.bridge.places import below_root
from workbench.errors import OptionError
from workbench.tracking.pages import PageQuery
from workbench.tracking.series import Series
from workbench.tracking.tracked_run import TrackedRun

_MOST_ROWS = 200
_MOST_COMPARED = 100
_MOST_POINTS = 20_000
_MOST_LINES = 5_000
_MOST_SERIES = 8
_KEPT_S = 600.0
_MOST_BYTES = 32 * 2**20


class RunVerbs:
    """Verbs about runs."""

    project: Project
    folder: Path
    _series: dict[tuple[str, str, str], tuple[float, float, Series]]
    """Series read of late, with when and for how many seconds they hold: a zoom asks for the same one again."""

    def runs(
        self,
        query: str = "",
        states: list[str] | None = None,
        experiment: str = "",
        notebook: str = "",
        order_by: str = "-start",
        limit: int = 50,
        token: str | None = None,
    ) -> dict[str, Any]:
        """A page of runs; see :func:`workbench.tracking.pages.page_of_runs`.

        ``notebook`` is a path below the server's folder.
        """
        if not 1 <= limit <= _MOST_ROWS:
            raise OptionError(f"Cannot give {limit} runs at once: ask for 1 to {_MOST_ROWS}.")
        page = self.project.store.page(
            PageQuery(
                query=query,
                states=sorted(api.states_of(states or ())),
                experiment=experiment,
                notebook=str(self.folder.resolve() / notebook) if notebook else "",
                order_by=order_by,
                limit=limit,
                token=token,
            )
        )
        return {"runs": [self._brief(self.project.reconciled(record)) for record in page.runs], "next": page.next_token}

    def experiments(self) -> dict[str, Any]:
        """Names of experiments, which are notebooks' names."""
        return {"experiments": self.project.store.experiments()}

    def run(self, run_id: str) -> dict[str, Any]:
        """All that is known of a run, except its points, logs and files."""
        record = self.project.reconciled(self.project.store.get(run_id))
        data = self._with_params(record)
        data["tags"] = {key: value for key, value in record.tags.items() if not key.startswith("mlflow.note")}
        data["metric_names"] = sorted(self.project.store.metric_names(record.run_id))
        data["snapshot"] = RunHandle(self.project, record.run_id, record.name).snapshot(with_series=False).to_json()
        return data

    def compare(self, run_ids: list[str]) -> dict[str, Any]:
        """Several runs with their params and the latest value of each metric."""
        if not 1 <= len(run_ids) <= _MOST_COMPARED:
            raise OptionError(f"Cannot compare {len(run_ids)} runs: choose 1 to {_MOST_COMPARED}.")
        records = [self.project.reconciled(self.project.store.get(run_id)) for run_id in dict.fromkeys(run_ids)]
        return {"runs": [self._with_params(record) for record in records]}

    def series(
        self,
        run_id: str,
        metric: str,
        x: str = "step",
        most: int = 2000,
        start: float | None = None,
        end: float | None = None,
    ) -> dict[str, Any]:
        """Points of a metric for a plot: exact where there are few, else each bucket's smallest and largest.

        Args:
            run_id: Whose.
            metric: Its name.
            x: ``step``; ``time`` in seconds since the epoch; or ``metrics.NAME``, the value that another metric
                (``metrics.epoch``) had at that step.
            most: How many points at most.
            start: Only points whose x is at least that; a zoomed plot asks anew.
            end: Only points whose x is at most that.
        """
        if x not in ("step", "time") and not x.startswith("metrics."):
            raise OptionError(f"Cannot plot by {x!r}: use step, time or metrics.NAME.")
        key = (run_id, metric, x)
        known = self._series.get(key)
        if known is None or time.monotonic() - known[0] > known[1]:
            is_over = self.project.store.get(run_id).state.is_terminal
            known = (time.monotonic(), _KEPT_S if is_over else 0.0, self._read_series(*key))
            if len(self._series) >= _MOST_SERIES:
                self._series.pop(next(iter(self._series)))
            self._series[key] = known
        inside = known[2].between(start, end)
        return {"metric": metric, "count": len(inside), "points": inside.drawn(min(most, _MOST_POINTS)).points()}

    def _read_series(self, run_id: str, metric: str, x: str) -> Series:
        store = self.project.store
        if x.startswith("metrics."):
            return store.series(run_id, metric).against(store.series(run_id, x.removeprefix("metrics.")))
        return store.series(run_id, metric, x)

    def logs(
        self, run_id: str, rank: int = 0, start: int = -1000, count: int = 1000, wanted: str = ""
    ) -> dict[str, Any]:
        """Lines that a rank printed; see :meth:`workbench.tracking.log_file.LogFile.page`."""
        if not 1 <= count <= _MOST_LINES:
            raise OptionError(f"Cannot give {count} lines at once: ask for 1 to {_MOST_LINES}.")
        return asdict(self.project.log_page(run_id, rank, start, count, wanted))

    def artifacts(self, run_id: str) -> dict[str, Any]:
        """Paths of a run's files."""
        record = self.project.store.get(run_id)
        return {"paths": sorted(self.project.store.artifacts(record.run_id))}

    def artifact(self, run_id: str, path: str) -> dict[str, Any]:
        """One file, in base64, with its media type."""
        data = self.project.store.read_artifact(run_id, path)
        if len(data) > _MOST_BYTES:
            raise OptionError(f"Cannot show {path!r}: it has {len(data) / 2**20:.0f} MiB, the limit is 32.")
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        return {"path": path, "type": kind, "data": base64.b64encode(data).decode()}

    def cell(self, run_id: str) -> dict[str, Any]:
        """The run's cell.

        Returns:
            ``source`` as it ran, ``python`` as a call, ``now`` as the notebook's file has it (None where the
            cell or the notebook is gone).
        """
        record = self.project.store.get(run_id)
        source = self.project.store.read_artifact(run_id, "lineage/cell.py").decode()
        return {"source": source, "python": python_call(source), "now": _cell_now(record)}

    def stop_run(self, run_id: str) -> dict[str, Any]:
        """Ask a run to end."""
        record = self.project.store.get(run_id)
        RunHandle(self.project, record.run_id, record.name).stop()
        return {"run_id": record.run_id}

    def run_again(self, run_id: str, resume: bool = False) -> dict[str, Any]:
        """Run an ended run's cell once more; see :func:`workbench.again`."""
        run = api.again(run_id, resume=resume)
        return {"run_id": run.id, "name": run.name}

    def delete_runs(self, run_ids: list[str]) -> dict[str, Any]:
        """Delete ended runs, as MLflow does; those that are going on are left and named."""
        kept = []
        for run_id in run_ids:
            record = self.project.reconciled(self.project.store.get(run_id))
            if record.state.is_terminal:
                self.project.store.delete(record.run_id)
            else:
                kept.append(record.name)
        return {"deleted": len(run_ids) - len(kept), "kept": kept}

    def tidy(self, states: list[str], older_than_days: float, dry: bool = True) -> dict[str, Any]:
        """Delete ended runs of an age, or count them (``dry``)."""
        found = api.to_tidy(states=states, older_than_days=older_than_days)
        if not dry:
            for record in found:
                self.project.store.delete(record.run_id)
        return {"count": len(found), "names": [record.name for record in found[:20]]}

    def open_notebook(self, run_id: str) -> dict[str, Any]:
        """Write a run's notebook out again; its path relative to the server's root."""
        from workbench.tracking.reopen import write

        return {"path": write(self.project.store, self.project.store.get(run_id), Path.cwd()).name}

    def _with_params(self, record: TrackedRun) -> dict[str, Any]:
        return {**self._brief(record), "params": record.params}

    def _brief(self, record: TrackedRun) -> dict[str, Any]:
        """A run as a row of a list."""
        return {
            "run_id": record.run_id,
            "name": record.name,
            "state": record.state.value,
            "experiment": record.experiment,
            "metrics": record.metrics,
            "started_at": record.started_at,
            "ended_at": record.ended_at,
            "source": record.source,
            "failure": asdict(record.failure) if record.failure else None,
            "cell_id": record.tags.get("workbench.cell_id", ""),
            "notebook": below_root(self.folder, record.tags.get("workbench.notebook", "")),
            "workers": record.tags.get("workbench.workers", ""),
        }


def _cell_now(record: TrackedRun) -> str | None:
    """The run's cell as its notebook's file has it now."""
    import nbformat

    path, cell_id = record.tags.get("workbench.notebook", ""), record.tags.get("workbench.cell_id", "")
    if not path.endswith(".ipynb") or not cell_id:
        return None
    try:
        book = nbformat.read(path, as_version=4)
    except (OSError, ValueError, nbformat.ValidationError):
        return None
    return next((str(cell.source) for cell in book.cells if cell.get("id") == cell_id), None)
