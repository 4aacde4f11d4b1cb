"""What the panel asks for, each verb a call of the library with an answer that JSON can carry."""

from __future__ import annotations

import base64
import mimetypes
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workbench import commands
from workbench.bridge.overview import cluster_overview
from workbench.data.downsample import min_max
from workbench.errors import ClusterError, OptionError
from workbench.handle import RunHandle
from workbench.project import Project, current_project
from workbench.records import RunState
from workbench.tracking.records import RunRecord

_MOST_ROWS = 200
_MOST_POINTS = 20_000
_MOST_BYTES = 32 * 2**20
_LIVE = (RunState.QUEUED, RunState.STARTING, RunState.RUNNING)


class Verbs:
    """The verbs of one project.

    Args:
        folder: A folder of the project: the Jupyter server's root.
    """

    def __init__(self, folder: Path) -> None:
        self.project: Project = current_project(folder)

    # -- cluster -------------------------------------------------------------------------------

    def cluster(self) -> dict[str, Any]:
        """What the cluster has, what runs on it, what waits and why; ``state`` is ``down`` where there is none."""
        return cluster_overview(self.project)

    def start_cluster(self, address: str | None = None) -> dict[str, Any]:
        """Start the local cluster, or join one."""
        self.project.connection(address=address or None)
        return self.cluster()

    def stop_cluster(self) -> dict[str, Any]:
        """Stop the local cluster, or leave a joined one."""
        return {"message": commands.down()}

    # -- runs ----------------------------------------------------------------------------------

    def runs(
        self,
        query: str = "",
        states: list[str] | None = None,
        experiment: str = "",
        order_by: str = "-start",
        limit: int = 50,
        token: str | None = None,
    ) -> dict[str, Any]:
        """A page of runs; see :func:`workbench.tracking.pages.page_of_runs`."""
        if not 1 <= limit <= _MOST_ROWS:
            raise OptionError(f"Cannot give {limit} runs at once: ask for 1 to {_MOST_ROWS}.")
        page = self.project.store.page(
            query=query,
            states=[_state(word) for word in states or ()],
            experiment=experiment,
            order_by=order_by,
            limit=limit,
            token=token,
        )
        return {"runs": [brief(self.project.reconciled(record)) for record in page.runs], "next": page.next_token}

    def experiments(self) -> dict[str, Any]:
        """Names of experiments, which are notebooks' names."""
        return {"experiments": self.project.store.experiments()}

    def run(self, run_id: str) -> dict[str, Any]:
        """All that is known of a run, except its points, logs and files."""
        record = self.project.reconciled(self.project.store.get(run_id))
        data = brief(record)
        data["params"] = record.params
        data["tags"] = {key: value for key, value in record.tags.items() if not key.startswith("mlflow.note")}
        data["metric_names"] = sorted(self.project.store.metric_names(record.run_id))
        data["snapshot"] = RunHandle(self.project, record.run_id, record.name).snapshot().to_json()
        return data

    def series(self, run_id: str, metric: str, x: str = "step", most: int = 2000, **bounds: Any) -> dict[str, Any]:
        """Points of a metric for a plot: exact where there are few, else each bucket's smallest and largest.

        Args:
            run_id: Whose.
            metric: Its name.
            x: ``step``, or ``time`` in seconds since the epoch.
            most: How many points at most.
            bounds: ``start`` and ``end``: only points whose x lies between; a zoomed plot asks anew.
        """
        if x not in ("step", "time"):
            raise OptionError(f"Cannot plot by {x!r}: use step or time.")
        points = self.project.store.series(run_id, metric, x)
        low, high = bounds.get("start"), bounds.get("end")
        inside = [point for point in points if (low is None or point[0] >= low) and (high is None or point[0] <= high)]
        return {"metric": metric, "count": len(inside), "points": min_max(inside, min(most, _MOST_POINTS))}

    def logs(self, run_id: str, rank: int = 0, tail: int = 1000) -> dict[str, Any]:
        """The last lines that a rank printed."""
        return {"text": self.project.logs(run_id, rank, tail)}

    def artifacts(self, run_id: str) -> dict[str, Any]:
        """Paths of a run's files."""
        return {"paths": sorted(self.project.store.artifacts(run_id))}

    def artifact(self, run_id: str, path: str) -> dict[str, Any]:
        """One file, in base64, with its media type."""
        data = self.project.store.read_artifact(run_id, path)
        if len(data) > _MOST_BYTES:
            raise OptionError(f"Cannot show {path!r}: it has {len(data) / 2**20:.0f} MiB, the limit is 32.")
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        return {"path": path, "type": kind, "data": base64.b64encode(data).decode()}

    def stop_run(self, run_id: str) -> dict[str, Any]:
        """Ask a run to end."""
        record = self.project.store.get(run_id)
        RunHandle(self.project, record.run_id, record.name).stop()
        return {"run_id": record.run_id}

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

    def open_notebook(self, run_id: str) -> dict[str, Any]:
        """Write a run's notebook out again; its path relative to the server's root."""
        from workbench.tracking.reopen import write

        return {"path": write(self.project.store, self.project.store.get(run_id), Path.cwd()).name}

    def mlflow_ui(self) -> dict[str, Any]:
        """The address of MLflow's own pages."""
        from workbench.tracking.ui import serve

        return {"url": serve(self.project.settings)}

    def live(self) -> dict[str, Any]:
        """Briefs of the runs that are going on, as the foreman knows them."""
        try:
            snapshots = self.project.connection(start=False).call("snapshots")
        except ClusterError:
            return {"runs": []}
        return {"runs": [snapshot.to_json() for snapshot in snapshots if snapshot.state in _LIVE]}


def brief(record: RunRecord) -> dict[str, Any]:
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
        "notebook": record.tags.get("workbench.notebook", ""),
        "workers": record.tags.get("workbench.workers", ""),
    }


def _state(word: str) -> RunState:
    try:
        return RunState(word)
    except ValueError:
        raise OptionError(
            f"Cannot filter by state {word!r}: there are {', '.join(state.value for state in RunState)}."
        ) from None
