"""Endpoints and the models that they serve: see them, change them, ask them."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.api.project import Project
from workbench.bridge.places import below_root
from workbench.errors import OptionError

if TYPE_CHECKING:
    from workbench.api.endpoint_handle import Endpoint

_MOST_LINES = 5_000


class ServingVerbs:
    """Verbs about endpoints, their tokens, and registered models."""

    project: Project
    folder: Path

    def endpoints(self) -> dict[str, Any]:
        """All endpoints of the cluster, and how the gateway is; starts nothing."""
        from workbench.api.endpoints import endpoints_overview

        overview = endpoints_overview(self.project)
        return {**overview, "endpoints": [self._shown(one) for one in overview["endpoints"]]}

    def endpoint(self, name: str) -> dict[str, Any]:
        """One endpoint, with the figures of its versions."""
        return self._shown(self._endpoint(name).snapshot())

    def publish(self, source: str, name: str | None = None, options: dict[str, Any] | None = None) -> dict[str, Any]:
        """Publish a run's model or a registered one; answers at once and goes on by itself."""
        from workbench.api.endpoints import publish_from_panel

        return self._shown(publish_from_panel(self.project, source, name, options or {}))

    def restore_endpoints(self) -> dict[str, Any]:
        """Bring back what this project published and does not run; starts a cluster at need."""
        from workbench.api.endpoints import restore

        return {"names": restore(self.project)}

    def withdraw(self, name: str) -> dict[str, Any]:
        """End an endpoint with all its versions; its models stay in the registry."""
        from workbench.api.endpoints import withdraw

        withdraw(self.project, name)
        return {"name": name}

    def set_traffic(self, name: str, weights: dict[str, float]) -> dict[str, Any]:
        """Percent of the requests by version."""
        return self._shown(self._endpoint(name).set_traffic(weights))

    def set_shadow(self, name: str, version: str = "") -> dict[str, Any]:
        """The version that gets a copy of each request; an empty string for none."""
        return self._shown(self._endpoint(name).set_shadow(version or None))

    def rollback(self, name: str) -> dict[str, Any]:
        """Back to what answered before."""
        return self._shown(self._endpoint(name).rollback())

    def promote(self, name: str, version: str) -> dict[str, Any]:
        """All requests to one version."""
        return self._shown(self._endpoint(name).promote(version))

    def set_replicas(self, name: str, replicas: str, version: str | None = None) -> dict[str, Any]:
        """How many replicas, ``2`` or ``1..4``; of all versions unless one is named."""
        return self._shown(self._endpoint(name).scale(replicas, version))

    def set_limits(self, name: str, limits: dict[str, Any]) -> dict[str, Any]:
        """Change ``rate``, ``max_body``, ``cache`` or ``samples``; what is not given stays as it is."""
        return self._shown(self._endpoint(name).set_limits(**limits))

    def endpoint_log(self, name: str, start: int = -1000, count: int = 1000, wanted: str = "") -> dict[str, Any]:
        """Lines that the replicas printed; see :meth:`workbench.tracking.log_file.LogFile.page`."""
        if not 1 <= count <= _MOST_LINES:
            raise OptionError(f"Cannot give {count} lines at once: ask for 1 to {_MOST_LINES}.")
        return asdict(self._endpoint(name).log_page(start, count, wanted))

    def endpoint_history(self, name: str) -> dict[str, Any]:
        """Figures by minute and version, from before a restart, too."""
        return {"versions": self._endpoint(name).history()}

    def endpoint_samples(self, name: str, version: str) -> dict[str, Any]:
        """Some requests of a version and what it answered."""
        return {"samples": self._endpoint(name).samples(version)}

    def try_endpoint(self, name: str, body: Any = None, version: str | None = None, model: str = "") -> dict[str, Any]:
        """Ask an endpoint as a client would, without a client's token."""
        from workbench.api.endpoints import try_endpoint

        return try_endpoint(self.project, name, body, version, model)

    def endpoint_tokens(self, name: str) -> dict[str, Any]:
        """Labels of the tokens and when each was used; never the tokens themselves."""
        return {"tokens": self._endpoint(name).tokens()}

    def new_token(self, name: str, label: str) -> dict[str, Any]:
        """Make a token; this answer is the only one that has it."""
        return {"label": label, "token": self._endpoint(name).new_token(label)}

    def revoke_token(self, name: str, label: str) -> dict[str, Any]:
        """Have a token open nothing any more."""
        self._endpoint(name).revoke_token(label)
        return {"label": label}

    def models(self) -> dict[str, Any]:
        """Registered models with their versions, newest first."""
        from workbench.api.endpoints import registered_models

        found = registered_models(self.project)
        for model in found:
            model["versions"] = [self._here(version) for version in model["versions"]]
        return {"models": found}

    def set_alias(self, name: str, alias: str, number: int) -> dict[str, Any]:
        """Have an alias name a version of a model, whichever it named before."""
        from workbench.api.endpoints import set_alias

        set_alias(self.project, name, alias, number)
        return {"alias": alias, "number": number}

    def delete_alias(self, name: str, alias: str) -> dict[str, Any]:
        """Have an alias name no version any more."""
        from workbench.api.endpoints import delete_alias

        delete_alias(self.project, name, alias)
        return {"alias": alias}

    def _endpoint(self, name: str) -> Endpoint:
        from workbench.api.endpoint_handle import Endpoint

        return Endpoint(self.project, name)

    def _shown(self, snapshot: dict[str, Any]) -> dict[str, Any]:
        """An endpoint with where its first token lies, so that a line that was copied works; never the token."""
        from workbench.serving.token_files import token_path

        path = token_path(Path(snapshot["state_dir"]), snapshot["name"])
        return {**self._here(snapshot), "token_file": str(path) if os.access(path, os.R_OK) else ""}

    def _here(self, record: dict[str, Any]) -> dict[str, Any]:
        """The same with its notebook's path as the server knows it."""
        return {**record, "notebook": below_root(self.folder, record.get("notebook") or "")}
