"""Experiments of a tracking store: their ids by name, created where they are missing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient

ENDPOINTS_EXPERIMENT = "workbench: endpoints"
"""The experiment with the figures of endpoints, a run for each version.

Lists of runs show them only when this experiment is asked for.
"""

_MOST = 1000


class Experiments:
    """The experiments of a store.

    Args:
        client: MLflow's client of the store.
        artifact_dir: The folder for artifacts of new experiments; None leaves the place to the store.
    """

    def __init__(self, client: MlflowClient, artifact_dir: Path | None) -> None:
        self._client = client
        self._artifact_dir = artifact_dir
        self._ids: dict[str, str] = {}

    def id_of(self, name: str) -> str:
        """Return an experiment's id; the experiment is created or restored where that is needed."""
        if name not in self._ids:
            from mlflow.exceptions import MlflowException

            found = self._client.get_experiment_by_name(name)
            if found is None:
                location = self._artifact_dir.as_uri() + f"/{_folder_name(name)}" if self._artifact_dir else None
                try:
                    self._ids[name] = self._client.create_experiment(name, artifact_location=location)
                except MlflowException:  # another process was quicker
                    found = self._client.get_experiment_by_name(name)
            if found is not None:
                if found.lifecycle_stage == "deleted":
                    self._client.restore_experiment(found.experiment_id)
                self._ids[name] = found.experiment_id
        return self._ids[name]

    def name_of(self, experiment_id: str) -> str:
        """Return an experiment's name."""
        name: str = self._client.get_experiment(experiment_id).name
        return name

    def names(self) -> dict[str, str]:
        """Return the names of all experiments by id."""
        return {found.experiment_id: found.name for found in self._client.search_experiments(max_results=_MOST)}

    def searched(self, experiment: str | None) -> dict[str, str]:
        """Return the names of the experiments to search by id: the one asked for, else all with runs of cells."""
        return {
            key: name
            for key, name in self.names().items()
            if (name == experiment if experiment else name != ENDPOINTS_EXPERIMENT)
        }


def _folder_name(name: str) -> str:
    return "".join(char if char.isalnum() or char in "-_." else "_" for char in name).strip(".") or "experiment"
