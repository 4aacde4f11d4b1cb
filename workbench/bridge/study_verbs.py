"""Optuna's studies, ours and those that scripts made."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from workbench.api.project import Project
from workbench.api.run_handle import RunHandle
from workbench.errors import OptionError, RunNotFoundError, TrackingError

if TYPE_CHECKING:
    from workbench.sweeps.studies import Shelf


class StudyVerbs:
    """Verbs about studies."""

    project: Project
    _shelf: Shelf | None = None

    @property
    def shelf(self) -> Shelf:
        """The project's storages."""
        if self._shelf is None:
            from workbench.sweeps.studies import Shelf

            self._shelf = Shelf(self.project.settings)
        return self._shelf

    def studies(self) -> dict[str, Any]:
        """All studies of the project's storages, newest first; storages that cannot be read are named."""
        from workbench.sweeps.storages import storage_urls

        found, problems = [], []
        for url in storage_urls(self.project.settings):
            try:
                found += self.shelf.studies(url)
            except TrackingError as error:
                problems.append(str(error))
        found.sort(key=lambda study: study.started_at or 0.0, reverse=True)
        return {"studies": [asdict(study) for study in found], "problems": problems}

    def study(self, storage: str, study_id: int, after: int = 0) -> dict[str, Any]:
        """A study with its trials from a number on; see :func:`workbench.sweeps.study_view.trials_by_column`.

        ``run`` is the newest sweep of it, None where a script made it.
        """
        from workbench.sweeps.study_view import trials_by_column
        from workbench.tracking.matching import find_run

        study = self.shelf.study(storage, study_id)
        directions = [direction.name.lower() for direction in study.directions]
        try:
            run = self.project.reconciled(find_run(self.project.store, study.study_name))
        except RunNotFoundError:
            run = None
        goals = run.tags.get("workbench.goal", "").split(", ") if run is not None else []
        return {
            "name": study.study_name,
            "directions": directions,
            "goals": [goal.partition(" ")[2] for goal in goals] if len(goals) == len(directions) else [],
            "run": {"run_id": run.run_id, "state": run.state.value, "cell_id": run.tags.get("workbench.cell_id", "")}
            if run is not None
            else None,
            **trials_by_column(study, after),
        }

    def study_importances(self, storage: str, study_id: int, goal: int = 0) -> dict[str, Any]:
        """How much each swept name matters for a goal."""
        from workbench.sweeps.study_view import importances

        return {"importances": importances(self.shelf.study(storage, study_id), goal)}

    def study_curves(self, storage: str, study_id: int) -> dict[str, Any]:
        """Reported values by step of some trials."""
        from workbench.sweeps.study_view import curves

        return {"curves": curves(self.shelf.study(storage, study_id))}

    def enqueue_trial(self, storage: str, study_id: int, params: dict[str, Any]) -> dict[str, Any]:
        """Have these values tried next."""
        from workbench.sweeps.study_view import enqueue

        enqueue(self.shelf.study(storage, study_id), params)
        return {"params": params}

    def trial_run(self, storage: str, study_id: int, number: int) -> dict[str, Any]:
        """The MLflow run of a trial."""
        from workbench.tracking.matching import find_run

        run = find_run(self.project.store, self.shelf.study(storage, study_id).study_name, number)
        return {"run_id": run.run_id, "name": run.name}

    def order_trial(self, run_id: str, number: int, order: str) -> dict[str, Any]:
        """Prune or stop a running trial of a sweep."""
        if order not in ("prune", "stop"):
            raise OptionError(f"Cannot {order!r} a trial: there are prune and stop.")
        self._sweep(run_id).order_trial(number, order)
        return {"number": number}

    def pause_sweep(self, run_id: str, paused: bool) -> dict[str, Any]:
        """Have a sweep start no more trials, or go on."""
        self._sweep(run_id).pause(paused)
        return {"paused": paused}

    def write_back(self, source: str, params: dict[str, Any]) -> dict[str, Any]:
        """A sweep's cell with a trial's values for constants; see :func:`workbench.api.write_back.write_back`."""
        from workbench.api.write_back import write_back

        return {"source": write_back(source, params)}

    def _sweep(self, run_id: str) -> RunHandle:
        record = self.project.store.get(run_id)
        return RunHandle(self.project, record.run_id, record.name)
