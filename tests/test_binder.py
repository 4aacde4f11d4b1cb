"""The demo notebooks run from end to end, each as it comes, on the tests' cluster."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

pytest.importorskip("torch")

BINDER = Path(__file__).parents[1] / "binder"
BOOKS = sorted(path.name for path in BINDER.glob("*.ipynb"))
TOKEN = re.compile(r"\bwb_[A-Za-z0-9_-]{40,}")


@pytest.mark.timeout(420)
@pytest.mark.parametrize("name", BOOKS)
def test_demo_notebook_runs(name: str, cluster: Path) -> None:
    path = Path(shutil.copy(BINDER / name, cluster / name))
    command = [sys.executable, str(BINDER / "run_notebook.py"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    executed = nbformat.read(cluster / ".workbench" / f"{path.stem}-executed.ipynb", as_version=4)
    cells = [cell for cell in executed.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in cells)
    shown = [output for cell in cells for output in cell.outputs if output.output_type == "display_data"]
    assert any("wb-finished" in str(output.get("data", {}).get("text/html")) for output in shown)
    assert not TOKEN.search(nbformat.writes(executed)), "a saved notebook shows no secret"
