"""The private parts of Ray are there, in the version that they were read from."""

from __future__ import annotations

import inspect

import ray
from ray._private import node, parameter, ray_constants, state, worker
from ray._raylet import AuthenticationTokenLoader, Config  # type: ignore[attr-defined]
from ray.experimental import internal_kv

from tests.support.imports import ROOT, python_files
from workbench.cluster import ray_compat


def test_ray_compat_was_read_from_this_version() -> None:
    installed = ".".join(ray.__version__.split(".")[:2])
    assert installed == ray_compat.READ_FROM, (
        f"Ray {installed} is installed, and workbench/cluster/ray_compat.py was read from {ray_compat.READ_FROM}. "
        "Compare each of its functions with Ray's source, run the tests of tests/cluster, then raise READ_FROM."
    )


def test_ray_compat_names_are_there() -> None:
    assert callable(state.available_resources_per_node)
    assert isinstance(ray_constants.ENABLE_RAY_CLUSTER, bool)
    assert callable(Config.initialize)
    assert callable(AuthenticationTokenLoader.instance().reset_cache)
    assert hasattr(worker, "_global_node")
    assert callable(internal_kv._internal_kv_del)
    for name in ("kill_dashboard", "start_api_server", "webui_url"):
        assert hasattr(node.Node, name)
    assert "self.all_processes" in inspect.getsource(node.Node.__init__)
    for name in ("PROCESS_TYPE_DASHBOARD", "DASHBOARD_ADDRESS", "KV_NAMESPACE_DASHBOARD"):
        assert hasattr(ray_constants, name)


def test_ray_compat_agent_port_is_a_default_of_its_parameters() -> None:
    defaults = inspect.signature(parameter.RayParams.__init__).parameters
    assert ray_constants.DEFAULT_DASHBOARD_AGENT_LISTEN_PORT in [value.default for value in defaults.values()]


def test_ray_compat_arguments_of_init_are_taken() -> None:
    source = inspect.getsource(ray.init)
    assert all(f'"{name}"' in source for name in ray_compat.LOOPBACK_INIT)


def test_ray_compat_is_the_only_module_with_private_parts_of_ray() -> None:
    strangers = [
        str(path.relative_to(ROOT))
        for path in python_files("workbench")
        if path.name != "ray_compat.py"
        and any(word in path.read_text() for word in ("ray._private", "ray._raylet", "internal_kv"))
    ]
    assert not strangers
