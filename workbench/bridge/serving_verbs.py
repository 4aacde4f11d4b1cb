"""Verbs about endpoints: see them, change them, ask them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from workbench.api.project import Project
from workbench.bridge.paths import below_root
from workbench.bridge.run_data_verbs import checked_count
from workbench.errors import OptionError
from workbench.options.endpoint import LIMITS
from workbench.records.endpoint_answers import (
    Attempt,
    EndpointDetail,
    EndpointHistory,
    EndpointList,
    EndpointName,
    EndpointNames,
    NewToken,
    SampleList,
    TokenLabel,
    TokenList,
    VersionHistory,
)
from workbench.records.endpoint_snapshot import EndpointSnapshot
from workbench.records.logs import LogPage

if TYPE_CHECKING:
    from workbench.api.endpoint_handle import Endpoint


class ServingVerbs:
    """Verbs about endpoints and their tokens.

    Args:
        project: The project that asks.
        folder: The Jupyter server's root.
    """

    def __init__(self, project: Project, folder: Path) -> None:
        self._project = project
        self._folder = folder

    def endpoints(self) -> EndpointList:
        """List all endpoints of the cluster, and how the gateway is; start nothing."""
        from workbench.api.endpoints import endpoints_overview

        overview = endpoints_overview(self._project)
        shown = [self._detail(endpoint) for endpoint in overview["endpoints"]]
        return {"gateway": overview["gateway"], "endpoints": shown, "asleep": overview["asleep"]}

    def endpoint(self, name: str) -> EndpointDetail:
        """Return one endpoint, with the figures of its versions."""
        return self._detail(self._endpoint(name).snapshot())

    def publish(self, source: str, name: str | None = None, options: dict[str, Any] | None = None) -> EndpointDetail:
        """Publish a run's model or a registered one; answer at once and go on."""
        from workbench.api.endpoints import publish_from_panel

        return self._detail(publish_from_panel(self._project, source, name, options or {}))

    def restore_endpoints(self) -> EndpointNames:
        """Bring back what this project published and does not run; start a cluster at need."""
        from workbench.api.endpoints import restore

        return {"names": restore(self._project)}

    def withdraw(self, name: str) -> EndpointName:
        """End an endpoint with all its versions; its models stay in the registry."""
        from workbench.api.endpoints import withdraw

        withdraw(self._project, name)
        return {"name": name}

    def set_traffic(self, name: str, weights: dict[str, float]) -> EndpointDetail:
        """Set the percentage of the requests by version."""
        return self._detail(self._endpoint(name).set_traffic(weights))

    def set_shadow(self, name: str, version: str = "") -> EndpointDetail:
        """Set the version that gets a copy of each request; an empty string for none."""
        return self._detail(self._endpoint(name).set_shadow(version or None))

    def rollback(self, name: str) -> EndpointDetail:
        """Go back to what answered before."""
        return self._detail(self._endpoint(name).rollback())

    def promote(self, name: str, version: str) -> EndpointDetail:
        """Give all requests to one version."""
        return self._detail(self._endpoint(name).promote(version))

    def set_replicas(self, name: str, replicas: str, version: str | None = None) -> EndpointDetail:
        """Set the number of replicas, ``2`` or ``1..4``; of all versions unless one is named."""
        return self._detail(self._endpoint(name).scale(replicas, version))

    def set_limits(self, name: str, limits: dict[str, Any]) -> EndpointDetail:
        """Change some of the endpoint's limits; what is not given stays as it is."""
        if not limits:
            *names, last = [option.name for option in LIMITS]
            raise OptionError(f"Cannot change the limits of {name!r}: give {', '.join(names)} or {last}.")
        return self._detail(self._endpoint(name).set_limits(**limits))

    def endpoint_log(self, name: str, start: int = -1000, count: int = 1000, wanted: str = "") -> LogPage:
        """Return lines that the replicas printed; see :meth:`workbench.tracking.log_file.LogFile.page`."""
        return self._endpoint(name).log_page(start, checked_count(count), wanted)

    def endpoint_history(self, name: str) -> EndpointHistory:
        """Return figures by minute and version, from before a restart, too."""
        return {"versions": cast("dict[str, VersionHistory]", self._endpoint(name).history())}

    def endpoint_samples(self, name: str, version: str) -> SampleList:
        """Return some requests of a version and what it answered."""
        return {"samples": self._endpoint(name).samples(version)}

    def try_endpoint(self, name: str, body: Any = None, version: str | None = None, model: str = "") -> Attempt:
        """Ask an endpoint as a client does, without a client's token."""
        from workbench.api.endpoints import try_endpoint

        return try_endpoint(self._project, name, body, version, model)

    def endpoint_tokens(self, name: str) -> TokenList:
        """List labels of the tokens and when each was used; never the tokens themselves."""
        return {"tokens": self._endpoint(name).tokens()}

    def new_token(self, name: str, label: str) -> NewToken:
        """Make a token; this answer is the only one that has it."""
        return {"label": label, "token": self._endpoint(name).new_token(label)}

    def revoke_token(self, name: str, label: str) -> TokenLabel:
        """Have a token open nothing any more."""
        self._endpoint(name).revoke_token(label)
        return {"label": label}

    def _endpoint(self, name: str) -> Endpoint:
        from workbench.api.endpoint_handle import Endpoint

        return Endpoint(self._project, name)

    def _detail(self, snapshot: EndpointSnapshot) -> EndpointDetail:
        """Return an endpoint with where its first token lies, so that a line that was copied works; never the token."""
        from workbench.serving.token_files import token_path

        path = token_path(Path(snapshot["state_dir"]), snapshot["name"])
        return {
            **snapshot,
            "notebook": below_root(self._folder, snapshot["notebook"]),
            "token_file": str(path) if os.access(path, os.R_OK) else "",
        }
