"""The wheel as a user gets it: built from the repository's files, installed where nothing else is."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PANEL = Path("server_ext") / "workbench_server" / "labextension"
VERSION = json.loads((ROOT / "package.json").read_text())["version"]

pytestmark = pytest.mark.timeout(600)  # where the panel is not built yet, the build begins with npm install


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel that was built from a copy of the repository's files and of the built panel."""
    tree = tmp_path_factory.mktemp("tree")
    for name in tracked_files():
        target = tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    if (ROOT / PANEL / "package.json").exists():
        shutil.copytree(ROOT / PANEL, tree / PANEL)
    out = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(out), str(tree)])
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment that has the wheel, and its dependencies from the tests' own."""
    folder = tmp_path_factory.mktemp("environment")
    run([sys.executable, "-m", "venv", "--without-pip", str(folder)])
    python = folder / "bin" / "python"
    run([sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", str(wheel)])
    packages = Path(run([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip())
    # The .pth files of a folder that a .pth names are not read: an editable installation of this tree stays unseen.
    dependencies = [path for path in sys.path if Path(path).name == "site-packages"]
    (packages / "dependencies.pth").write_text("\n".join(dependencies))
    return python


def test_wheel_has_all_that_the_package_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    data = f"jupyter_ml_workbench-{VERSION}.data/data/"
    labextension = f"{data}share/jupyter/labextensions/jupyter-ml-workbench/"
    assert {
        "workbench/py.typed",
        "workbench_server/openapi.json",
        "workbench_server/event_schemas/runs-v1.yaml",
        f"{data}etc/jupyter/jupyter_server_config.d/workbench.json",
        f"{labextension}package.json",
        f"{labextension}install.json",
        f"{labextension}schemas/jupyter-ml-workbench/package.json.orig",
        f"{labextension}schemas/jupyter-ml-workbench/workbench.json",
    } <= names
    assert any(name.startswith(f"{labextension}static/remoteEntry") for name in names)


def test_wheel_has_each_file_of_the_packages_and_no_other(wheel: Path) -> None:
    packages = {"workbench/": "workbench/", "server_ext/workbench_server/": "workbench_server/"}
    expected = {
        name.replace(folder, package, 1)
        for name in tracked_files()
        for folder, package in packages.items()
        if name.startswith(folder)
    }
    with zipfile.ZipFile(wheel) as archive:
        present = {name for name in archive.namelist() if name.startswith(tuple(packages.values()))}
    assert present == expected


def test_installed_extensions_are_enabled_and_ok(environment: Path, tmp_path: Path) -> None:
    of_panel = jupyter(environment, tmp_path, "jupyterlab.labextensions", "list")
    assert f"jupyter-ml-workbench v{VERSION} enabled OK" in of_panel
    of_server = " ".join(jupyter(environment, tmp_path, "jupyter_server", "extension", "list").split())
    assert "workbench_server enabled" in of_server
    assert "workbench_server OK" in of_server


def test_installed_package_is_imported_from_the_environment(environment: Path, tmp_path: Path) -> None:
    code = "import workbench, workbench_server; print(workbench.__file__, workbench.__version__)"
    where, version = run([str(environment), "-c", code], tmp_path).split()
    assert Path(where).is_relative_to(environment.parents[1])
    assert version == VERSION
    usage = run([str(environment.parent / "workbench"), "--version"], tmp_path)
    assert usage.strip() == VERSION


def tracked_files() -> list[str]:
    """Return the repository's files, those that are new but not ignored among them."""
    listed = run(["git", "ls-files", "--cached", "--others", "--exclude-standard"]).splitlines()
    return [name for name in listed if (ROOT / name).is_file()]


def jupyter(python: Path, folder: Path, module: str, *words: str) -> str:
    """Run a Jupyter application that sees the environment alone; return what it prints, without colours."""
    return re.sub(r"\x1b\[\d*m", "", run([str(python), "-m", module, *words], folder))


def run(command: Sequence[str], folder: Path = ROOT) -> str:
    """Run a program to its end and return what it prints; a failure shows that."""
    hidden = ("JUPYTER", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    env = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    if folder != ROOT:  # neither the user's settings nor the user's packages
        env |= {"HOME": str(folder), "PYTHONNOUSERSITE": "1"}
    done = subprocess.run(
        command, cwd=folder, env=env, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout
