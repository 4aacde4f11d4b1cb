"""MLflow's model registry: versions of models, their aliases and tags, found by the words of a user."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from workbench.errors import ModelNotFoundError, OptionError, TrackingError, suggestion
from workbench.tracking.problems import explained
from workbench.tracking.store import TrackingStore

_NAMED = re.compile(r"^(?:models:/)?(?P<name>[^@/:]+)(?:@(?P<alias>[^@/]+)|/(?P<number>\d+))?$")
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.\- ]{0,99}$")


@dataclass(frozen=True)
class Registered:
    """One version of a registered model.

    Attributes:
        name: The registered name.
        number: The version's number.
        run_id: The run that made it; an empty string where none is known.
        created_at: Seconds since the epoch.
        aliases: The aliases of this version.
        endpoints: The endpoints that serve it.
        model_uri: The source of its files: MLflow's ``models:/m-…``, or a path.
    """

    name: str
    number: int
    run_id: str = ""
    created_at: float = 0.0
    aliases: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    model_uri: str = ""

    @property
    def files(self) -> str:
        """The folder with its files; an empty string where they are not on a disk."""
        path = self.model_uri.removeprefix("file://")
        return path if path.startswith("/") else ""

    @property
    def uri(self) -> str:
        """The URI by which MLflow loads it."""
        return f"models:/{self.name}/{self.number}"


@dataclass(frozen=True)
class RegisteredModel:
    """A registered model.

    Attributes:
        name: Its name.
        updated_at: The last change, in seconds since the epoch.
        aliases: Number of the version of each alias.
        versions: Its versions, newest first.
    """

    name: str
    updated_at: float
    aliases: dict[str, int] = field(default_factory=dict)
    versions: tuple[Registered, ...] = ()


class Registry:
    """The model registry of a tracking store.

    Args:
        store: The tracking store.
    """

    def __init__(self, store: TrackingStore) -> None:
        self._client = store.client
        self._uri = store.tracking_uri

    def register(self, model_uri: str, name: str, run_id: str = "") -> Registered:
        """Register a logged model as a new version, and return that. A missing registered model is created.

        Args:
            model_uri: MLflow's URI of the logged model, ``models:/m-…``.
            name: The registered name.
            run_id: The run that made the model.

        Raises:
            OptionError: The name cannot be used.
        """
        if not _NAME.fullmatch(name):
            raise OptionError(
                f"Cannot register a model as {name!r}: use letters, digits, '-', '_', '.' or spaces, 100 at most, "
                "a letter or digit first."
            )
        from mlflow.exceptions import MlflowException

        with explained("register a model in", self._uri):
            try:
                self._client.create_registered_model(name)
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
            source, model_id = model_uri, None
            if model_uri.startswith("models:/m-"):
                # Given its files' address: MLflow would look the model up in the process's own tracking store.
                logged = self._client.get_logged_model(model_uri.removeprefix("models:/"))
                source, model_id, run_id = logged.artifact_location, logged.model_id, logged.source_run_id or run_id
            made = self._client.create_model_version(name, source, run_id=run_id or None, model_id=model_id)
        return _registered(made)

    def find(self, text: str) -> Registered:
        """Return the version that a user's words name.

        Args:
            text: ``digits`` for the newest version, ``digits@champion``, ``digits/3`` or ``models:/digits/3``.

        Raises:
            ModelNotFoundError: There is none; the message has the nearest name or alias, or the known versions.
        """
        match = _NAMED.fullmatch(text)
        if match is None:
            raise ModelNotFoundError(f"Cannot find model {text!r}: write NAME, NAME@ALIAS or NAME/VERSION.")
        name, alias, number = match["name"], match["alias"], match["number"]
        models = {model.name: model for model in self.models()}
        if name not in models:
            near = suggestion(name, models) or (
                f" Registered: {', '.join(list(models)[:5])}." if models else " None is registered yet."
            )
            raise ModelNotFoundError(f"Cannot find model {name!r}: no model has that name.{near}")
        model = models[name]
        if alias is not None and alias not in model.aliases:
            known = ", ".join(f"@{one}" for one in model.aliases) or "none"
            raise ModelNotFoundError(
                f"Cannot find {name}@{alias}: that model's aliases are: {known}.{suggestion(alias, model.aliases)}"
            )
        wanted = model.aliases[alias] if alias is not None else int(number) if number else None
        for version in model.versions:
            if wanted is None or version.number == wanted:
                return version
        numbers = ", ".join(str(version.number) for version in model.versions[:8])
        raise ModelNotFoundError(f"Cannot find {name}/{wanted}: its versions are {numbers or 'none'}.")

    def models(self) -> list[RegisteredModel]:
        """Return all registered models, the one that changed last first."""
        versions: dict[str, list[Registered]] = {}
        aliases: dict[str, dict[str, int]] = {}
        with explained("read", self._uri):
            found = list(self._pages(self._client.search_registered_models))
            for version in self._pages(self._client.search_model_versions):
                versions.setdefault(version.name, []).append(_registered(version))
        for model in found:
            aliases[model.name] = {alias: int(number) for alias, number in (model.aliases or {}).items()}
        made = [
            RegisteredModel(
                model.name,
                (model.last_updated_timestamp or 0) / 1000,
                aliases[model.name],
                tuple(_with_aliases(versions.get(model.name, []), aliases[model.name])),
            )
            for model in found
        ]
        return sorted(made, key=lambda model: model.updated_at, reverse=True)

    def aliased(self, name: str, alias: str) -> int:
        """Return the number of an alias's version, 0 where there is no such alias."""
        with explained("read", self._uri):
            return int((self._client.get_registered_model(name).aliases or {}).get(alias, 0))

    def set_alias(self, name: str, alias: str, number: int) -> None:
        """Set an alias to a version; an alias of another version is moved."""
        from mlflow.exceptions import MlflowException

        try:
            with explained("write an alias to", self._uri):
                self._client.set_registered_model_alias(name, alias, str(number))
        except (MlflowException, TrackingError) as error:
            raise OptionError(f"Cannot set alias {alias!r} of {name}/{number}: {error}") from error

    def delete_alias(self, name: str, alias: str) -> None:
        """Remove an alias; harmless where there is none."""
        from mlflow.exceptions import MlflowException

        try:
            with explained("remove an alias from", self._uri):
                self._client.delete_registered_model_alias(name, alias)
        except MlflowException as error:
            raise ModelNotFoundError(f"Cannot remove alias {alias!r} of {name!r}: {error}") from error

    def tag(self, name: str, number: int, key: str, value: str) -> None:
        """Write a tag of a version."""
        with explained("write a tag to", self._uri):
            self._client.set_model_version_tag(name, str(number), key, value)

    def untag(self, name: str, number: int, key: str) -> None:
        """Remove a tag of a version."""
        with explained("remove a tag from", self._uri):
            self._client.delete_model_version_tag(name, str(number), key)

    def models_of_run(self, run_id: str) -> dict[str, str]:
        """Return the URIs of the models logged with a run by name, the newest of each name.

        Models that are still being written are left out.
        """
        from mlflow.entities import LoggedModelStatus

        with explained("read", self._uri):
            run = self._client.get_run(run_id)
            found = self._client.search_logged_models(
                [run.info.experiment_id], filter_string=f"source_run_id = '{run_id}'", max_results=100
            )
        ready = [model for model in found if model.status == LoggedModelStatus.READY]
        return {model.name: model.model_uri for model in sorted(ready, key=lambda one: one.creation_timestamp)}

    @staticmethod
    def _pages(search: Any) -> Iterator[Any]:
        token = None
        while True:
            page = search(max_results=1000, page_token=token)
            yield from page
            token = page.token
            if not token:
                return


def _registered(version: Any) -> Registered:
    tags = version.tags or {}
    prefix = "workbench.endpoint."
    return Registered(
        name=version.name,
        number=int(version.version),
        run_id=version.run_id or "",
        created_at=(version.creation_timestamp or 0) / 1000,
        aliases=tuple(version.aliases or ()),
        endpoints=tuple(sorted(key.removeprefix(prefix) for key in tags if key.startswith(prefix))),
        model_uri=version.source or "",
    )


def _with_aliases(versions: list[Registered], aliases: dict[str, int]) -> list[Registered]:
    from dataclasses import replace

    ordered = sorted(versions, key=lambda version: version.number, reverse=True)
    return [
        replace(version, aliases=tuple(alias for alias, number in aliases.items() if number == version.number))
        for version in ordered
    ]
