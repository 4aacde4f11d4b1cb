"""Verbs about registered models and their aliases."""

from __future__ import annotations

from pathlib import Path

from workbench.api.project import Project
from workbench.bridge.paths import below_root
from workbench.records.models import Model, ModelList, MovedAlias, RemovedAlias


class ModelVerbs:
    """Verbs about registered models.

    Args:
        project: The project where the models are registered.
        folder: The Jupyter server's root.
    """

    def __init__(self, project: Project, folder: Path) -> None:
        self._project = project
        self._folder = folder

    def models(self) -> ModelList:
        """List registered models with their versions, newest first."""
        from workbench.api.endpoints import registered_models

        return {"models": [self._below_root(model) for model in registered_models(self._project)]}

    def set_alias(self, name: str, alias: str, number: int) -> MovedAlias:
        """Have an alias name a version of a model, whichever it named before."""
        from workbench.api.endpoints import set_alias

        set_alias(self._project, name, alias, number)
        return {"alias": alias, "number": number}

    def delete_alias(self, name: str, alias: str) -> RemovedAlias:
        """Have an alias name no version any more."""
        from workbench.api.endpoints import delete_alias

        delete_alias(self._project, name, alias)
        return {"alias": alias}

    def _below_root(self, model: Model) -> Model:
        versions = model["versions"]
        for version in versions:
            version["notebook"] = below_root(self._folder, version["notebook"])
        return {**model, "versions": versions}
