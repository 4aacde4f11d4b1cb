"""The private parts of Ray Serve are still what serve_compat takes them for."""

from __future__ import annotations

import inspect
from typing import Any

import ray

from workbench.serving import serve_compat

ADVICE = (
    f"workbench/serving/serve_compat.py was read from Ray {serve_compat.READ_FROM}. Compare it with Ray "
    f"{ray.__version__}: %s. Then set READ_FROM."
)


def parameters(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)


def test_compat_was_read_from_the_installed_ray() -> None:
    minor = ".".join(ray.__version__.split(".")[:2])
    assert minor == serve_compat.READ_FROM, ADVICE % "the other tests of this file name what to check"


def test_compat_controller_scales_by_deployment() -> None:
    from ray.serve._private.common import DeploymentID
    from ray.serve._private.controller import ServeController
    from ray.serve.context import _get_global_client

    what = ADVICE % "ServeController.update_deployment_replicas, DeploymentID, ray.serve.context._get_global_client"
    found = getattr(ServeController, "update_deployment_replicas", None)
    assert found is not None, what
    assert parameters(found) == ["self", "deployment_id", "target_num_replicas"], what
    assert DeploymentID(name="model", app_name="app").app_name == "app", what
    assert callable(_get_global_client), what


def test_compat_client_has_its_controller() -> None:
    from ray.serve._private.client import ServeControllerClient

    what = ADVICE % "ServeControllerClient._controller"
    assert "self._controller" in inspect.getsource(ServeControllerClient.__init__), what


def test_compat_controller_has_its_name() -> None:
    from ray.serve._private import constants

    what = ADVICE % "SERVE_CONTROLLER_NAME and SERVE_NAMESPACE in ray.serve._private.constants"
    assert (constants.SERVE_CONTROLLER_NAME, constants.SERVE_NAMESPACE) == ("SERVE_CONTROLLER_ACTOR", "serve"), what


def test_compat_applications_are_deleted_without_waiting() -> None:
    from ray import serve

    assert "_blocking" in parameters(serve.delete), ADVICE % "the parameter _blocking of serve.delete"


def test_compat_applications_may_be_scaled_from_outside() -> None:
    from ray.serve.api import RunTarget

    assert "external_scaler_enabled" in parameters(RunTarget), ADVICE % "ray.serve.api.RunTarget"


def test_compat_replica_binds_its_port_where_it_is_patched() -> None:
    from ray.serve._private import replica

    what = ADVICE % "add_port_to_grpc_server in ray.serve._private.replica, and the address that it gets"
    assert parameters(replica.add_port_to_grpc_server) == ["server", "address"], what
    assert 'add_port_to_grpc_server(self._server, "[::]:0")' in inspect.getsource(replica), what
