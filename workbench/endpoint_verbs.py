"""What the panel, ``%endpoints`` and the command line do with endpoints and registered models."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import Any

from workbench.data.log_file import LogPage
from workbench.endpoint_handle import Endpoint
from workbench.errors import ClusterError, ForemanError, OptionError, ServingError
from workbench.project import Project
from workbench.publish_options import serving_options, traffic_plan
from workbench.publish_source import Source, check_alias
from workbench.publishing import begin
from workbench.serving.link import gateway_of
from workbench.serving.token_files import forget_tokens

_NOTHING: dict[str, Any] = {"endpoints": []}
_USUAL = {
    "replicas": 1, "cpus": 0.1, "gpus": 0.0, "memory": None, "slo": None, "batch": 64, "timeout": "60s", "idle": "5m",
    "max_queue": 256, "max_models": 3, "max_body": None, "rate": None, "env": "cluster", "env_vars": None,
}  # fmt: skip
_PLAN = {
    "canary": None, "canary_for": "60s", "canary_requests": 100, "canary_slowdown": 1.5, "canary_errors": "1%",
    "shadow": False, "traffic": True,
}  # fmt: skip


def endpoints_overview(project: Project) -> dict[str, Any]:
    """Where the gateway is and every endpoint; starts nothing.

    The gateway's ``state`` is ``up``, ``down`` (no cluster, or nothing published) or ``lost`` (no answer). Endpoints
    that were published and do not run are named in ``asleep``.
    """
    kept = sorted(path.stem for path in (project.settings.state_dir / "endpoints").glob("*.json"))
    try:
        gateway = gateway_of(project.connection(start=False), start=False)
        found: dict[str, Any] = gateway.call("overview", timeout_s=8.0)
    except ForemanError as error:
        return {"gateway": {"state": "lost", "url": "", "message": str(error)}, **_NOTHING, "asleep": kept}
    except (ClusterError, ServingError) as error:
        return {"gateway": {"state": "down", "url": "", "message": str(error)}, **_NOTHING, "asleep": kept}
    live = {one["name"] for one in found["endpoints"]}
    return {**found, "asleep": [name for name in kept if name not in live]}


def endpoint_snapshot(project: Project, name: str) -> dict[str, Any]:
    """One endpoint."""
    return Endpoint(project, name).snapshot()


def publish_from_panel(project: Project, source: str, name: str | None, options: dict[str, Any]) -> dict[str, Any]:
    """Publish what words mean, with :func:`workbench.publish`'s options; comes back before it is live."""
    known = {**_USUAL, **_PLAN, "alias": None, "cache": None}
    for word in options:
        if word not in known:
            raise OptionError(f"Cannot publish with {word!r}: it is no option.")
    given = {**known, **options}
    serving, limits = serving_options(**{word: given[word] for word in _USUAL})
    plan = traffic_plan(**{word: given[word] for word in _PLAN})
    endpoint, _ = begin(
        project, [Source(words=source)], serving, limits, plan, name=name, alias=given["alias"], cache=given["cache"]
    )
    return endpoint.snapshot()


def restore(project: Project, *, everywhere: bool = False) -> list[str]:
    """Bring back what this project, or any of this user's, published and does not run; gives the names."""
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
        forget_tokens(folder, name)
        for kind in ("log", "json"):
            (folder / "endpoints" / f"{name}.{kind}").unlink(missing_ok=True)


def set_traffic(project: Project, name: str, weights: dict[str, float]) -> dict[str, Any]:
    """See :meth:`Endpoint.set_traffic`."""
    return Endpoint(project, name).set_traffic(weights)


def set_shadow(project: Project, name: str, version: str | None) -> dict[str, Any]:
    """See :meth:`Endpoint.set_shadow`."""
    return Endpoint(project, name).set_shadow(version)


def rollback(project: Project, name: str) -> dict[str, Any]:
    """See :meth:`Endpoint.rollback`."""
    return Endpoint(project, name).rollback()


def promote(project: Project, name: str, version: str) -> dict[str, Any]:
    """See :meth:`Endpoint.promote`."""
    return Endpoint(project, name).promote(version)


def set_replicas(project: Project, name: str, replicas: str, version: str | None = None) -> dict[str, Any]:
    """See :meth:`Endpoint.scale`."""
    return Endpoint(project, name).scale(replicas, version)


def endpoint_log(project: Project, name: str, start: int, count: int, wanted: str = "") -> LogPage:
    """See :meth:`Endpoint.log_page`."""
    return Endpoint(project, name).log_page(start, count, wanted)


def endpoint_history(project: Project, name: str) -> dict[str, Any]:
    """See :meth:`Endpoint.history`."""
    return {"versions": Endpoint(project, name).history()}


def endpoint_samples(project: Project, name: str, version: str) -> list[dict[str, Any]]:
    """See :meth:`Endpoint.samples`."""
    return Endpoint(project, name).samples(version)


def try_endpoint(
    project: Project, name: str, body: object, version: str | None = None, model: str = ""
) -> dict[str, Any]:
    """Ask an endpoint by its own protocol, with a token of its project's; the answer with its status and latency."""
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


def tokens(project: Project, name: str) -> list[dict[str, Any]]:
    """See :meth:`Endpoint.tokens`."""
    return Endpoint(project, name).tokens()


def new_token(project: Project, name: str, label: str) -> dict[str, str]:
    """See :meth:`Endpoint.new_token`."""
    return {"label": label, "token": Endpoint(project, name).new_token(label)}


def revoke_token(project: Project, name: str, label: str) -> None:
    """See :meth:`Endpoint.revoke_token`."""
    Endpoint(project, name).revoke_token(label)


def registered_models(project: Project) -> list[dict[str, Any]]:
    """Registered models with their versions, and the runs that those come from."""
    from workbench.errors import RunNotFoundError
    from workbench.tracking.registry import Registry

    runs: dict[str, tuple[str, str]] = {}

    def lineage(run_id: str) -> tuple[str, str]:
        if run_id and run_id not in runs:
            try:
                record = project.store.get(run_id)
                runs[run_id] = record.name, record.tags.get("workbench.notebook", "")
            except RunNotFoundError:
                runs[run_id] = "", ""
        return runs.get(run_id, ("", ""))

    found = []
    for model in Registry(project.store).models():
        versions = []
        for version in model.versions:
            run_name, notebook = lineage(version.run_id)
            versions.append({**asdict(version), "uri": version.uri, "run_name": run_name, "notebook": notebook})
        found.append({**asdict(model), "versions": versions})
    return found


def set_alias(project: Project, name: str, alias: str, number: int) -> None:
    """Have an alias name a version of a registered model."""
    from workbench.tracking.registry import Registry

    check_alias(alias)
    Registry(project.store).set_alias(name, alias, number)


def delete_alias(project: Project, name: str, alias: str) -> None:
    """Remove an alias."""
    from workbench.tracking.registry import Registry

    Registry(project.store).delete_alias(name, alias)
