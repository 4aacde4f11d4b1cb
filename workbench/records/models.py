"""Answers about registered models."""

from __future__ import annotations

from typing_extensions import TypedDict


class ModelVersion(TypedDict):
    """A version of a registered model.

    Attributes:
        name: The model's name.
        number: The version's number.
        run_id: The run that made it, or an empty string.
        run_name: That run's name, or an empty string.
        created_at: Seconds since the epoch.
        aliases: Aliases that name it.
        endpoints: Endpoints that serve it.
        model_uri: The place of its files, MLflow's ``models:/m-…`` or a path.
        uri: MLflow's name for the version, ``models:/NAME/NUMBER``.
        notebook: The notebook's path below the server's folder, or an empty string.
    """

    name: str
    number: int
    run_id: str
    run_name: str
    created_at: float
    aliases: tuple[str, ...]
    endpoints: tuple[str, ...]
    model_uri: str
    uri: str
    notebook: str


class Model(TypedDict):
    """A registered model.

    Attributes:
        name: The model's name.
        updated_at: Seconds since the epoch.
        aliases: The number of a version by alias.
        versions: The versions, the newest first.
    """

    name: str
    updated_at: float
    aliases: dict[str, int]
    versions: list[ModelVersion]


class ModelList(TypedDict):
    """Registered models, the one that changed last first."""

    models: list[Model]


class RemovedAlias(TypedDict):
    """An alias that names no version any more."""

    alias: str


class MovedAlias(RemovedAlias):
    """An alias and the number of the version that it names."""

    number: int
