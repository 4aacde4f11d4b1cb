"""Runs a notebook from end to end and prints what its cells show, as a reader would see it."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError


def main() -> int:
    """Run; returns 0 when every cell ended well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebook", type=Path)
    path = parser.parse_args().notebook.resolve()
    os.environ["WORKBENCH_NOTEBOOK"] = str(path)  # executors do not tell a kernel which notebook it runs
    book = nbformat.read(path, as_version=4)
    began = time.monotonic()

    def on_cell_executed(cell: nbformat.NotebookNode, cell_index: int, **_: object) -> None:
        if cell.cell_type == "code":
            show(cell)

    client = NotebookClient(
        book, timeout=900, resources={"metadata": {"path": str(path.parent)}}, on_cell_executed=on_cell_executed
    )
    code = 0
    try:
        client.execute()
    except CellExecutionError as error:
        print(error, file=sys.stderr)
        code = 1
    target = path.parent / ".workbench" / f"{path.stem}-executed.ipynb"
    target.parent.mkdir(exist_ok=True)
    nbformat.write(book, target)
    print(f"\n{path.name} ran in {time.monotonic() - began:.0f} s; with its outputs: {os.path.relpath(target)}")
    print("To work in it: make lab. The Ray cluster stays up for the next run: .venv/bin/workbench down stops it.")
    return code


def show(cell: nbformat.NotebookNode) -> None:
    """Print a cell's first line and its outputs."""
    print(f"\n\x1b[1mIn [{cell.execution_count}]\x1b[0m {cell.source.splitlines()[0]}")
    for output in cell.outputs:
        text = output.get("text") or output.get("data", {}).get("text/plain") or "\n".join(output.get("traceback", []))
        for line in str(text).rstrip().splitlines():
            print(f"    {line}")


if __name__ == "__main__":
    sys.exit(main())
