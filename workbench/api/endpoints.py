"""What the panel, ``%endpoints`` and the command line do with endpoints and registered models."""

from __future__ import annotations

import json
import time
from typing import Any

from workbench.api.endpoint_handle import Endpoint
from workbench.api.model_source import Source, check_alias
from workbench.api.project import Project
from workbench.api.publish import begin
from workbench.errors import ClusterError, ForemanError, ServingError
from workbench.options.serving import publish_options
from workbench.records.endpoint_answers import Attempt
from workbench.records.endpoint_snapshot import EndpointSnapshot, EndpointsOverview, GatewayOverview
from workbench.records.models import Model, ModelVersion
from workbench.serving.control.endpoint_state import load_endpoints
from workbench.serving.control.history_writer import HistoryWriter
from workbench.serving.gateway_client import gateway_of
from workbench.serving.token_files import forget_tokens


def endpoints_overview(project: Project) -> EndpointsOverview:
    """Return where the gateway is and every endpoint; start nothing.

    The gateway's ``state`` is ``up``, ``down`` (no cluster, or nothing published) or ``lost`` (no answer). Endpoints
    that were published and do not run are named in ``asleep``.
    """
    kept = sorted(path.stem for path in (project.settings.state_dir / "endpoints").glob("*.json"))
    try:
        gateway = gateway_of(project.connection(start=False), start=False)
        found: GatewayOverview = gateway.call("overview", timeout_s=8.0)
    except ForemanError as error:
        return {"gateway": {"state": "lost", "url": "", "message": str(error)}, "endpoints": [], "asleep": kept}
    except (ClusterError, ServingError) as error:
        return {"gateway": {"state": "down", "url": "", "message": str(error)}, "endpoints": [], "asleep": kept}
    live = {one["name"] for one in found["endpoints"]}
    return {**found, "asleep": [name for name in kept if name not in live]}


def publish_from_panel(project: Project, source: str, name: str | None, options: dict[str, Any]) -> EndpointSnapshot:
    """Publish what words name, with the options of :func:`workbench.publish`; return before it is live."""
    given = dict(options)
    alias = given.pop("alias", None)
    plan, serving, limits = publish_options(given)
    endpoint, _ = begin(project, [Source(words=source)], serving, limits, plan, name=name, alias=alias)
    return endpoint.snapshot()


def restore(project: Project, *, everywhere: bool = False) -> list[str]:
    """Bring back what this project, or any of this user's, published and does not run; return the names."""
    gateway = gateway_of(project.connection())
    names: list[str] = gateway.call("restore", None if everywhere else [str(project.settings.state_dir)])
    return names


def withdraw(project: Project, name: str) -> None:
    """End an endpoint; one that does not run is forgotten, with its log and its tokens."""
    try:
        Endpoint(project, name).withdraw()
    except ServingError as error:
        if not error.facts.get("is_asleep"):
            raise
        folder = project.settings.state_dir
        history = HistoryWriter()
        for endpoint in [found for found in load_endpoints([folder]) if found.name == name]:
            versions, endpoint.versions = endpoint.versions, {}
            for version in versions.values():
                history.end_run(endpoint, version)
        history.close()
        forget_tokens(folder, name)
        for kind in ("log", "json"):
            (folder / "endpoints" / f"{name}.{kind}").unlink(missing_ok=True)


def try_endpoint(project: Project, name: str, body: object, version: str | None = None, model: str = "") -> Attempt:
    """Ask an endpoint by its own protocol with a token of its project; return the answer, its status and latency."""
    import urllib3

    endpoint = Endpoint(project, name)
    url = f"{endpoint.url}{f'/models/{model}' if model else ''}/predict"
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {endpoint.token}"}
    if version:
        headers["X-Workbench-Version"] = version
    began = time.perf_counter()
    try:
        answer = urllib3.request(
            "POST", url, body=json.dumps(body).encode(), headers=headers, timeout=60.0, retries=False
        )
    except urllib3.exceptions.HTTPError as error:
        raise ServingError(f"Cannot ask {name!r}: {error}") from error
    return {
        "status": answer.status,
        "body": answer.data.decode("utf-8", "replace")[:100_000],
        "latency_ms": 1000.0 * (time.perf_counter() - began),
        "version": answer.headers.get("X-Workbench-Version", ""),
        "cached": answer.headers.get("X-Workbench-Cache") == "hit",
    }


def registered_models(project: Project) -> list[Model]:
    """Return registered models with their versions, and the runs that those come from."""
    from workbench.tracking.registry import Registry

    models = Registry(project.store).models()
    runs = project.store.get_many(version.run_id for model in models for version in model.versions if version.run_id)
    found: list[Model] = []
    for model in models:
        versions: list[ModelVersion] = []
        for version in model.versions:
            run = runs.get(version.run_id)
            versions.append(
                {
                    "name": version.name,
                    "number": version.number,
                    "run_id": version.run_id,
                    "run_name": run.name if run else "",
                    "created_at": version.created_at,
                    "aliases": version.aliases,
                    "endpoints": version.endpoints,
                    "model_uri": version.model_uri,
                    "uri": version.uri,
                    "notebook": run.tags.get("workbench.notebook", "") if run else "",
                }
            )
        found.append(
            {"name": model.name, "updated_at": model.updated_at, "aliases": model.aliases, "versions": versions}
        )
    return found


def set_alias(project: Project, name: str, alias: str, number: int) -> None:
    """Point an alias at a version of a registered model."""
    from workbench.tracking.registry import Registry

    check_alias(alias)
    Registry(project.store).set_alias(name, alias, number)


def delete_alias(project: Project, name: str, alias: str) -> None:
    """Remove an alias."""
    from workbench.tracking.registry import Registry

    Registry(project.store).delete_alias(name, alias)
