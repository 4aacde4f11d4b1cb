"""The house rules: what may import what, and what `import workbench` costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "workbench"

LEVELS = {
    "errors": 0, "records": 0, "settings": 0, "in_cell": 0,
    "options": 1, "space": 1, "data": 1, "pages_server": 1, "cell": 2,
    "tracking": 3, "sweeps": 3, "compute": 4, "origins": 4, "serving": 5, "publish_options": 6,
    "project": 6, "handle": 6, "submit": 7, "endpoint_handle": 7, "publish_source": 7, "api": 8, "sweeping": 9,
    "publishing": 9, "view": 9, "parsers": 9, "returning": 9, "doctor": 9,
    "python_call": 10, "endpoint_verbs": 10, "publish_parsers": 10,
    "write_back": 10, "commands": 11, "endpoint_commands": 11, "serving_magics": 12,
    "magics": 13, "cli": 13, "bridge": 13,
}  # fmt: skip

OWNERS = {"ray": "compute", "mlflow": "tracking", "optuna": "sweeps", "IPython": "view"}
ALSO = {
    "ray": {
        "submit",
        "project",
        "bridge",
        "sweeping",
        "serving",
    },  # the kernel's side: put values, get returns; what nodes there are
    "mlflow": {"serving"},  # a replica loads its model with MLflow's flavor
    "IPython": {"magics", "serving_magics", "cell", "compute", "tracking", "returning"},
}
HEAVY = ("ray", "mlflow", "optuna", "torch", "numpy", "pandas", "IPython", "ipywidgets")


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "lazy_imports" not in path.parts)


def top(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(path: Path, *, at_run_time: bool) -> set[str]:
    """Names of modules that a file imports, those for type checking alone left out."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    names = set()
    for node in ast.walk(tree):
        if at_run_time and id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_layers_imports_point_downward(path: Path) -> None:
    here = top(path)
    if here == "__init__":
        return
    for name in imported(path, at_run_time=True):
        parts = name.split(".")
        if parts[0] == "workbench" and len(parts) > 1 and parts[1] in LEVELS:
            allowed = LEVELS[parts[1]] < LEVELS[here] or parts[1] == here or {parts[1], here} <= {"project", "handle"}
            assert allowed, f"{here} (level {LEVELS[here]}) imports {name} (level {LEVELS[parts[1]]})"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_layers_each_library_has_one_owner(path: Path) -> None:
    for name in imported(path, at_run_time=True):
        root = name.split(".")[0]
        if root in OWNERS:
            assert top(path) == OWNERS[root] or top(path) in ALSO.get(root, set()), f"{path} imports {name}"


def test_layers_every_module_has_a_level() -> None:
    assert {top(path) for path in modules()} - {"__init__"} <= set(LEVELS)


def test_layers_files_stay_small() -> None:
    long = {str(path): n for path in modules() if (n := path.read_text().count("\n")) > 400}
    assert not long, f"over 400 lines: {long}"


def test_import_loads_nothing_heavy() -> None:
    code = f"import sys, workbench; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_import_takes_less_than_50_ms() -> None:
    code = "import time; t = time.perf_counter(); import workbench; print(time.perf_counter() - t)"
    times = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        for _ in range(5)
    ]
    assert min(times) < 0.05, times


def test_server_imports_nothing_heavy() -> None:
    code = f"import sys, workbench_server.app; print([name for name in {HEAVY[:4]!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
