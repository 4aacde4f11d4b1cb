"""What explains a run, and the notebook that it becomes again."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import nbformat
import numpy as np
import pytest

from workbench.cell.payload import prepare
from workbench.errors import TrackingError
from workbench.tracking import lineage
from workbench.tracking.notebook import ExecutedCell, NotebookContext
from workbench.tracking.reopen import write
from workbench.tracking.store import TrackingStore


def test_requirements_can_be_installed() -> None:
    from packaging.requirements import Requirement

    lines = [line for line in lineage.requirements().splitlines() if not line.startswith("#")]
    assert any(line.startswith("ray==") for line in lines)
    assert all(Requirement(line) for line in lines)


def test_full_has_commit_and_diff(project: Path) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t", *arguments], cwd=project, check=True)

    git("init", "-q")
    (project / "code.py").write_text("a = 1\n")
    git("add", "-A")
    git("commit", "-qm", "first")
    (project / "code.py").write_text("a = 2\n")
    payload = prepare("X.sum()", {"X": np.ones(200_000)}, workdir=project)
    files, tags = lineage.full(NotebookContext(), payload)
    assert len(tags["mlflow.source.git.commit"]) == 40
    assert tags["workbench.git_dirty"] == "true"
    assert b"+a = 2" in files["lineage/git.diff"]
    (row,) = json.loads(files["lineage/data.json"])
    assert (row["names"], row["shape"]) == (["X"], [200_000])


def test_open_gives_the_notebook_back(tmp_path: Path) -> None:
    store = TrackingStore(f"sqlite:///{tmp_path}/mlflow.db", tmp_path / "artifacts")
    run_id = store.create_run(
        experiment="nb", name="my run", tags={"workbench.cell_id": "b", "workbench.foreman": "x"}, params={}
    )
    book = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("a = 1", id="a"), nbformat.v4.new_code_cell("old", id="b")]
    )
    store.log_bytes(run_id, nbformat.writes(book).encode(), "lineage/notebook.ipynb")
    store.log_bytes(run_id, b"%%train\nx = a", "lineage/cell.py")
    store.log_bytes(run_id, b"[]", "lineage/executed.json")
    first = write(store, store.get(run_id), tmp_path)
    second = write(store, store.get(run_id), tmp_path)
    assert (first.name, second.name) == ("my-run.ipynb", "my-run-1.ipynb")
    opened = nbformat.read(first, as_version=4)
    assert [cell.source for cell in opened.cells[1:]] == ["a = 1", "%%train\nx = a"]
    assert opened.cells[2].metadata.workbench.run_id == run_id
    assert "my run" in opened.cells[0].source


def test_open_rebuilds_from_executed_cells(tmp_path: Path) -> None:
    store = TrackingStore(f"sqlite:///{tmp_path}/mlflow.db", tmp_path / "artifacts")
    run_id = store.create_run(experiment="nb", name="r", tags={"workbench.foreman": "x"}, params={})
    context = NotebookContext(executed=(ExecutedCell(1, "a = 1"), ExecutedCell(2, "b = 2")), source="%%train\nx = a")
    store.log_bytes(run_id, context.source.encode(), "lineage/cell.py")
    store.log_bytes(run_id, context.executed_json(), "lineage/executed.json")
    opened = nbformat.read(write(store, store.get(run_id), tmp_path), as_version=4)
    assert [cell.source for cell in opened.cells[1:]] == ["a = 1", "b = 2", "%%train\nx = a"]


def test_open_of_a_plain_mlflow_run_says_why_not(tmp_path: Path) -> None:
    store = TrackingStore(f"sqlite:///{tmp_path}/mlflow.db", tmp_path / "artifacts")
    run_id = store.create_run(experiment="nb", name="plain", tags={}, params={})
    with pytest.raises(TrackingError, match="not started by %%train"):
        write(store, store.get(run_id), tmp_path)
