"""Verbs about what a run left: points of its metrics, lines of its logs, its files, its cell."""

from __future__ import annotations

import base64
import mimetypes
import time

from workbench.api.project import Project
from workbench.api.python_call import python_call
from workbench.errors import OptionError
from workbench.records.logs import LogPage
from workbench.records.run_answers import Artifact, ArtifactList, MetricSeries, RunCell
from workbench.tracking.series import Series
from workbench.tracking.tracked_run import TrackedRun

_MOST_POINTS = 20_000
_MOST_LINES = 5_000
_MOST_SERIES = 8
_KEPT_S = 600.0
_MOST_BYTES = 32 * 2**20


class RunDataVerbs:
    """Verbs about what a run left.

    Args:
        project: The project whose runs they are.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._series: dict[tuple[str, str, str], tuple[float, float, Series]] = {}
        """Series read of late, with when and for how many seconds they hold: a zoom asks for the same one again."""

    def series(
        self,
        run_id: str,
        metric: str,
        x: str = "step",
        most: int = 2000,
        start: float | None = None,
        end: float | None = None,
    ) -> MetricSeries:
        """Return points of a metric for a plot: exact where there are few, else each bucket's smallest and largest.

        Args:
            run_id: The run's id.
            metric: The metric's name.
            x: ``step``; ``time`` in seconds since the epoch; or ``metrics.NAME``, the value that another metric
                (``metrics.epoch``) had at that step.
            most: The most points to return.
            start: The smallest x; a zoomed plot asks anew.
            end: The largest x.
        """
        if x not in ("step", "time") and not x.startswith("metrics."):
            raise OptionError(f"Cannot plot by {x!r}: use step, time or metrics.NAME.")
        key = (run_id, metric, x)
        known = self._series.get(key)
        if known is None or time.monotonic() - known[0] > known[1]:
            is_over = self._project.store.get(run_id).state.is_terminal
            known = (time.monotonic(), _KEPT_S if is_over else 0.0, self._read_series(*key))
            if len(self._series) >= _MOST_SERIES:
                self._series.pop(next(iter(self._series)))
            self._series[key] = known
        inside = known[2].between(start, end)
        return {"metric": metric, "count": len(inside), "points": inside.drawn(min(most, _MOST_POINTS)).points()}

    def _read_series(self, run_id: str, metric: str, x: str) -> Series:
        store = self._project.store
        if x.startswith("metrics."):
            return store.series(run_id, metric).against(store.series(run_id, x.removeprefix("metrics.")))
        return store.series(run_id, metric, x)

    def logs(self, run_id: str, rank: int = 0, start: int = -1000, count: int = 1000, wanted: str = "") -> LogPage:
        """Return lines that a rank printed; see :meth:`workbench.tracking.log_file.LogFile.page`."""
        return self._project.log_page(run_id, rank, start, checked_count(count), wanted)

    def artifacts(self, run_id: str) -> ArtifactList:
        """List paths of a run's files."""
        record = self._project.store.get(run_id)
        return {"paths": sorted(self._project.store.artifacts(record.run_id))}

    def artifact(self, run_id: str, path: str) -> Artifact:
        """Return one file with its media type."""
        data = self._project.store.read_artifact(run_id, path)
        if len(data) > _MOST_BYTES:
            raise OptionError(f"Cannot show {path!r}: it has {len(data) / 2**20:.0f} MiB, the limit is 32.")
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        return {"path": path, "type": kind, "data": base64.b64encode(data).decode()}

    def cell(self, run_id: str) -> RunCell:
        """Return the run's cell: as it ran, as a Python call, as the notebook's file has it now."""
        record = self._project.store.get(run_id)
        source = self._project.store.read_artifact(run_id, "lineage/cell.py").decode()
        return {"source": source, "python": python_call(source), "now": _cell_now(record)}


def checked_count(count: int) -> int:
    """Return a number of lines of a log to answer with; raise ``OptionError`` for too many."""
    if not 1 <= count <= _MOST_LINES:
        raise OptionError(f"Cannot give {count} lines at once: ask for 1 to {_MOST_LINES}.")
    return count


def _cell_now(record: TrackedRun) -> str | None:
    """Return the run's cell as its notebook's file has it now."""
    import nbformat

    path, cell_id = record.tags.get("workbench.notebook", ""), record.tags.get("workbench.cell_id", "")
    if not path.endswith(".ipynb") or not cell_id:
        return None
    try:
        notebook = nbformat.read(path, as_version=4)
    except (OSError, ValueError, nbformat.ValidationError):
        return None
    return next((str(cell.source) for cell in notebook.cells if cell.get("id") == cell_id), None)
