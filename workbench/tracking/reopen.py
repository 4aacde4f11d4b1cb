"""Writes the notebook of a run: as it was, or rebuilt from the cells that were executed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from workbench.errors import TrackingError
from workbench.tracking.store import TrackingStore
from workbench.tracking.tracked_run import TrackedRun


def notebook(store: TrackingStore, record: TrackedRun) -> Any:
    """Return the run's notebook, with the run's own cell tagged and a note on top.

    Args:
        store: The tracking store.
        record: The run.

    Raises:
        TrackingError: The run was not started by Workbench.
    """
    import nbformat

    try:
        cell = store.read_artifact(record.run_id, "lineage/cell.py").decode()
        executed = json.loads(store.read_artifact(record.run_id, "lineage/executed.json"))
    except FileNotFoundError as error:
        raise TrackingError(
            f"Cannot open run {record.name!r} as a notebook: it keeps no cell. It was not started by %%train."
        ) from error
    try:
        text = store.read_artifact(record.run_id, "lineage/notebook.ipynb").decode()
        book = nbformat.reads(text, as_version=4)
    except FileNotFoundError:
        cells = [
            nbformat.v4.new_code_cell(item["source"], execution_count=item["execution_count"]) for item in executed
        ]
        book = nbformat.v4.new_notebook(cells=cells)
    _mark(book, record, cell)
    book.cells.insert(0, nbformat.v4.new_markdown_cell(_note(record)))
    return book


def _mark(book: Any, record: TrackedRun, source: str) -> None:
    """Put the run's cell into the notebook as it ran, and tag it."""
    import nbformat

    wanted = record.tags.get("workbench.cell_id")
    for cell in book.cells:
        if (wanted and cell.get("id") == wanted) or (not wanted and cell.source.strip() == source.strip()):
            break
    else:
        cell = nbformat.v4.new_code_cell(source)
        book.cells.append(cell)
    cell.source = source  # the file may have been saved before the last edit
    cell.metadata["workbench"] = {"run_id": record.run_id}
    cell.metadata["tags"] = sorted({*cell.metadata.get("tags", []), "workbench-run"})


def _note(record: TrackedRun) -> str:
    commit = record.tags.get("mlflow.source.git.commit")
    dirty = " with uncommitted changes (`lineage/git.diff`)" if record.tags.get("workbench.git_dirty") == "true" else ""
    metrics = ", ".join(f"{key} {value:.6g}" for key, value in sorted(record.metrics.items())[:8])
    lines = [
        f"**Run {record.name}** (`{record.run_id}`), {record.state.value}"
        + (f": {record.failure.message}" if record.failure else ""),
        f"- metrics: {metrics}" if metrics else "",
        f"- commit: `{commit}`{dirty}" if commit else "",
        f"- Python {record.tags.get('workbench.python', '?')}; packages: `lineage/requirements.txt` of the run",
        "- the run's own cell carries the tag `workbench-run`",
    ]
    return "\n".join(line for line in lines if line)


def write(store: TrackingStore, record: TrackedRun, folder: Path) -> Path:
    """Write the run's notebook into a folder under a name that is free, and return its path."""
    import nbformat

    book = notebook(store, record)
    stem = "".join(char if char.isalnum() or char in "-_." else "-" for char in record.name)
    path = folder / f"{stem}.ipynb"
    number = 1
    while path.exists():
        path = folder / f"{stem}-{number}.ipynb"
        number += 1
    nbformat.write(book, path)
    return path
