"""What a type checker and the docs see of ``workbench``: each public name, none of them ``Any``."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import workbench
from tests.support.imports import ROOT

pytestmark = pytest.mark.timeout(300)


def test_public_names_are_typed(tmp_path: Path) -> None:
    names = [name for name in workbench.__all__ if name != "errors"]
    lines = [*(f"reveal_type(workbench.{name})" for name in names), "reveal_type(workbench.errors.OptionError)"]
    (tmp_path / "user.py").write_text("\n".join(["import workbench", *lines]))
    options = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(ROOT / ".mypy_cache")]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, str(tmp_path / "user.py")], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    revealed = re.findall(r'Revealed type is "(.*)"', done.stdout)
    assert len(revealed) == len(lines), done.stdout
    returned = [found.rpartition("-> ")[2] for found in revealed]
    untyped = {line for line, found in zip(lines, returned, strict=True) if found == "Any"}
    assert untyped == {"reveal_type(workbench.latest_checkpoint)"}, "it returns what the cell has given to checkpoint"


def test_public_names_are_there_and_documented() -> None:
    missing = [name for name in workbench.__all__ if not inspect.getdoc(getattr(workbench, name))]
    assert not missing
    assert set(workbench.__all__) <= set(dir(workbench))
