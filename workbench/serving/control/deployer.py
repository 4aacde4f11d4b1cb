"""Ray Serve's applications: run a version as one, scale it, end it. All calls block."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from workbench.records.endpoints import Version
from workbench.serving import serve_compat
from workbench.serving.replica_protocol import ReplicaSpec

APP_PREFIX = "workbench-"
"""The prefix of our applications' names; the cluster's other applications are left alone."""

_DEPLOYMENT = "model"
_HEALTH_PERIOD_S = 1.0
_HEALTH_TIMEOUT_S = 30.0
_SHUTDOWN_S = 10.0

P = ParamSpec("P")
T = TypeVar("T")


def _one_at_a_time(call: Callable[Concatenate[Deployer, P], T]) -> Callable[Concatenate[Deployer, P], T]:
    """Lock a method: two threads that look up Serve's controller at once get handles with the wrong methods."""

    @functools.wraps(call)
    def locked(self: Deployer, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self.lock:
            return call(self, *args, **kwargs)

    return locked


class Deployer:
    """Manages Serve's applications of this cluster; its methods may be called from any thread."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._is_started = False

    @_one_at_a_time
    def start(self) -> None:
        """Start Serve where it does not run: without proxies, since requests come in by the gateway."""
        if self._is_started:
            return
        from ray import serve

        serve.start(proxy_location="Disabled", logging_config={"enable_access_log": False})
        self._is_started = True

    @_one_at_a_time
    def deploy(self, version: Version, spec: ReplicaSpec, runtime_env: dict[str, Any], replicas: int) -> None:
        """Have Serve run so many replicas of a version; return before they run."""
        self.start()
        from ray import serve
        from ray.serve.api import RunTarget

        from workbench.serving.replica.deployment import Replica

        options = version.options
        resources: dict[str, Any] = {"num_cpus": options.cpus or 0.0, "num_gpus": options.gpus}
        if runtime_env:
            resources["runtime_env"] = runtime_env
        if options.memory_mb:
            resources["memory"] = options.memory_mb * 2**20
        deployment = serve.deployment(
            Replica,
            name=_DEPLOYMENT,
            num_replicas=replicas,
            ray_actor_options=resources,
            max_ongoing_requests=max(2 * options.max_batch, 100),
            health_check_period_s=_HEALTH_PERIOD_S,
            health_check_timeout_s=_HEALTH_TIMEOUT_S,
            graceful_shutdown_wait_loop_s=0.2,
            graceful_shutdown_timeout_s=options.timeout_s + _SHUTDOWN_S,
            max_constructor_retry_count=1,
        )
        target = RunTarget(deployment.bind(spec), name=version.app, route_prefix=None, external_scaler_enabled=True)
        serve.run_many([target], wait_for_applications_running=False)

    @_one_at_a_time
    def scale(self, app: str, replicas: int) -> None:
        """Change an application's number of replicas; those that go answer the requests that they have first."""
        serve_compat.set_replicas(app, _DEPLOYMENT, replicas)

    @_one_at_a_time
    def delete(self, app: str) -> None:
        """End an application; harmless where it does not run."""
        serve_compat.delete_app(app)

    @_one_at_a_time
    def outlook(self, app: str) -> tuple[bool, str | None]:
        """Return whether an application's replicas are up, and why they did not come up (None where they may still)."""
        found = self.apps().get(app)
        if found is None or found.status not in ("DEPLOY_FAILED", "UNHEALTHY"):
            return found is not None and found.status == "RUNNING", None
        messages = [deployment.message for deployment in found.deployments.values()]
        return False, "\n".join(filter(None, messages)) or found.message

    @_one_at_a_time
    def replicas(self) -> dict[str, int]:
        """Return the number of replicas of each of our applications, starting ones included."""
        found = {}
        for name, app in self.apps().items():
            if name.startswith(APP_PREFIX):
                states = app.deployments[_DEPLOYMENT].replica_states if _DEPLOYMENT in app.deployments else {}
                found[name] = sum(count for state, count in states.items() if state != "STOPPING")
        return found

    @_one_at_a_time
    def apps(self) -> dict[str, Any]:
        """Return Serve's applications by name; none where Serve does not run."""
        if not serve_compat.is_serve_running():
            return {}
        from ray import serve

        return dict(serve.status().applications)
