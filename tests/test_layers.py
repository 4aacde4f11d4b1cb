"""The house rules: what may import what, and what `import workbench` costs."""

from __future__ import annotations

import graphlib
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.support.imports import ROOT, imported, module_of, panel_files, python_files, python_graph, typescript_graph

LAYERS = (
    {"errors", "settings", "context", "records"},
    {"cell", "cluster", "options"},
    {"tracking", "sweeps"},
    {"display", "training", "serving"},
    {"api"},
    {"commands"},
    {"notebook", "bridge"},
    {"cli", "__init__"},
)
"""Packages from the ground up: each imports only from those below its own."""

OWNERS = {
    "optuna": {"sweeps"},
    "mlflow": {"tracking", "serving"},  # a replica loads its model with MLflow's flavor
    "ray": {"cluster", "training", "serving", "api", "commands", "bridge"},
    "IPython": {"notebook", "cell", "training"},  # a worker's shell is one of IPython's
}
"""Libraries that only some packages import."""

HEAVY = ("ray", "mlflow", "optuna", "torch", "numpy", "pandas", "IPython", "ipywidgets")
LONGEST = 350


def package_of(module: str) -> str:
    return module.partition(".")[2].partition(".")[0] or "__init__"


def layer_of(package: str) -> int:
    return next(number for number, packages in enumerate(LAYERS) if package in packages)


def test_layers_every_package_has_a_layer() -> None:
    packages = {package_of(module_of(path)) for path in python_files("workbench")}
    assert packages == set().union(*LAYERS)


def test_layers_imports_point_downward() -> None:
    upward = [
        f"{module} imports {other}"
        for module, others in python_graph().items()
        for other in others
        if "workbench_server" not in module
        if package_of(module) != package_of(other)
        if layer_of(package_of(module)) <= layer_of(package_of(other))
        if (package_of(module), other) != ("__init__", "workbench.context")
    ]
    assert not upward


def test_layers_server_imports_nothing_of_the_library() -> None:
    """It asks the bridge, a process of its own."""
    graph = python_graph()
    server = {module for module in graph if module.startswith("workbench_server")}
    assert not {other for module in server for other in graph[module]} - server


@pytest.mark.parametrize("graph_of", [python_graph, typescript_graph])
def test_layers_no_file_imports_itself_by_way_of_others(graph_of: Callable[[], dict[str, set[str]]]) -> None:
    graph = graph_of()
    assert sum(map(len, graph.values())) > 100, "imports are found"
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(f"files that import each other in a circle: {' <- '.join(error.args[1])}")


def test_layers_each_library_has_its_owners() -> None:
    strangers = [
        f"{module_of(path)} imports {name}"
        for path in python_files("workbench")
        for name in imported(path)
        if (library := name.partition(".")[0]) in OWNERS
        if package_of(module_of(path)) not in OWNERS[library]
    ]
    assert not strangers


def test_layers_files_stay_small() -> None:
    files = [*python_files("workbench", "server_ext"), *panel_files()]
    long = {str(path.relative_to(ROOT)): n for path in files if (n := path.read_text().count("\n")) > LONGEST}
    assert not long


def test_import_loads_nothing_heavy() -> None:
    code = f"import sys, workbench; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_import_takes_less_than_50_ms() -> None:
    code = "import time; t = time.process_time(); import workbench; print(time.process_time() - t)"
    times = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        for _ in range(5)
    ]
    assert min(times) < 0.05, times


def test_server_imports_nothing_heavy() -> None:
    code = f"import sys, workbench_server.app; print([name for name in {HEAVY[:4]!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
