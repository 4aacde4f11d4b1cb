"""Makes the modules beside the notebook importable on a worker, as they were when the cell was sent."""

from __future__ import annotations

import contextlib
import importlib
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from workbench.training.spec import CellCode


@contextlib.contextmanager
def importable(code: CellCode) -> Iterator[None]:
    """Put the notebook's import path first in this process's.

    On the notebook's own machine the files are used where they lie; on another one, or when they
    were edited since, the copies that travelled with the run are written to a folder of their own.
    """
    folders = [folder for folder in code.sys_path if Path(folder).is_dir()]
    with contextlib.ExitStack() as stack:
        if not all(_is_here(module.path, module.source) for module in code.modules):
            copies = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="workbench-modules-")))
            write_modules(code.modules, copies)
            folders.insert(0, str(copies))
        sys.path[:0] = folders
        importlib.invalidate_caches()
        yield


def write_modules(modules: Iterable[Any], folder: Path) -> None:
    """Write the notebook's modules below a folder, as they lie below its import path."""
    for module in modules:
        target = folder / module.relative
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(module.source)


def _is_here(path: str, source: bytes) -> bool:
    try:
        return Path(path).read_bytes() == source
    except OSError:
        return False
