"""Verbs about Optuna's studies, those of sweeps and those that scripts made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.api.project import Project
from workbench.api.run_handle import RunHandle
from workbench.errors import OptionError, RunNotFoundError, TrackingError
from workbench.records.run_answers import NamedRun
from workbench.records.studies import (
    CellSource,
    EnqueuedTrial,
    Importances,
    OrderedTrial,
    PausedSweep,
    StudyDetail,
    StudyList,
    StudySummary,
    TrialCurves,
)
from workbench.records.wire import ParamValue
from workbench.tracking.tracked_run import TrackedRun

if TYPE_CHECKING:
    from workbench.sweeps.studies import OpenStorages


class StudyVerbs:
    """Verbs about studies.

    Args:
        project: The project in whose storages the studies lie.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._opened: OpenStorages | None = None

    def studies(self) -> StudyList:
        """List all studies of the project's storages, newest first; storages that cannot be read are named."""
        from workbench.sweeps.storages import storage_urls

        found: list[StudySummary] = []
        problems = []
        for url in storage_urls(self._project.settings):
            try:
                found += self._storages.studies(url)
            except TrackingError as error:
                problems.append(str(error))
        found.sort(key=lambda study: study.started_at or 0.0, reverse=True)
        return {"studies": found, "problems": problems}

    def study(self, storage: str, study_id: int, after: int = 0) -> StudyDetail:
        """Return a study with its trials from a number on."""
        from workbench.sweeps.studies import direction_words
        from workbench.sweeps.study_view import trials_by_column

        study = self._storages.study(storage, study_id)
        run = self._newest_run(study.study_name)
        goals = run.tags.get("workbench.goal", "").split(", ") if run is not None else []
        names = [goal.partition(" ")[2] for goal in goals]
        return {
            "name": study.study_name,
            "directions": list(direction_words(study.directions)),
            "goals": names if len(names) == len(study.directions) else [],
            "run": {"run_id": run.run_id, "state": run.state, "cell_id": run.tags.get("workbench.cell_id", "")}
            if run is not None
            else None,
            **trials_by_column(study, after),
        }

    def study_importances(self, storage: str, study_id: int, goal: int = 0) -> Importances:
        """Return how much each swept name matters for a goal."""
        from workbench.sweeps.study_view import importances

        return {"importances": importances(self._storages.study(storage, study_id), goal)}

    def study_curves(self, storage: str, study_id: int) -> TrialCurves:
        """Return reported values by step of some trials."""
        from workbench.sweeps.study_view import curves

        return {"curves": curves(self._storages.study(storage, study_id))}

    def enqueue_trial(self, storage: str, study_id: int, params: dict[str, ParamValue]) -> EnqueuedTrial:
        """Have these values tried next."""
        from workbench.sweeps.study_view import enqueue

        enqueue(self._storages.study(storage, study_id), params)
        return {"params": params}

    def trial_run(self, storage: str, study_id: int, number: int) -> NamedRun:
        """Return the MLflow run of a trial."""
        from workbench.tracking.matching import find_run

        run = find_run(self._project.store, self._storages.study(storage, study_id).study_name, number)
        return {"run_id": run.run_id, "name": run.name}

    def order_trial(self, run_id: str, number: int, order: str) -> OrderedTrial:
        """Prune or stop a running trial of a sweep."""
        if order not in ("prune", "stop"):
            raise OptionError(f"Cannot {order!r} a trial: there are prune and stop.")
        self._sweep(run_id).order_trial(number, order)
        return {"number": number}

    def pause_sweep(self, run_id: str, paused: bool) -> PausedSweep:
        """Have a sweep start no more trials, or go on."""
        self._sweep(run_id).pause(paused)
        return {"paused": paused}

    def write_back(self, source: str, params: dict[str, Any]) -> CellSource:
        """Return a sweep's cell with a trial's values; see :func:`workbench.api.write_back.write_back`."""
        from workbench.api.write_back import write_back

        return {"source": write_back(source, params)}

    @property
    def _storages(self) -> OpenStorages:
        """The project's storages, each opened once."""
        if self._opened is None:
            from workbench.sweeps.studies import OpenStorages

            self._opened = OpenStorages(self._project.settings)
        return self._opened

    def _newest_run(self, study: str) -> TrackedRun | None:
        from workbench.tracking.matching import find_run

        try:
            return self._project.reconciled(find_run(self._project.store, study))
        except RunNotFoundError:
            return None

    def _sweep(self, run_id: str) -> RunHandle:
        record = self._project.store.get(run_id)
        return RunHandle(self._project, record.run_id, record.name)
