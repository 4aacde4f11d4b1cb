"""Logs the models that a run returned, in a process of its own: the foreman runs no user code."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

from workbench.tracking.model_logging import log_model
from workbench.training.spec import CellCode
from workbench.training.worker.returns import unpack_example, unpack_returns
from workbench.training.worker.source_files import importable, write_modules


def log_returned_models(
    code: CellCode, blob: Any, names: tuple[str, ...], run_id: str, tracking_uri: str
) -> dict[str, str]:
    """Log the named returned values as MLflow models.

    Returns:
        Why each model that could not be logged was not, by its name.
    """
    problems = {}
    with contextlib.ExitStack() as stack:
        stack.enter_context(importable(code))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="workbench-models-")))
        write_modules(code.modules, folder)
        values = unpack_returns(memoryview(blob))
        for name in names:
            try:
                log_model(
                    values[name],
                    name,
                    run_id=run_id,
                    tracking_uri=tracking_uri,
                    code_paths=sorted(folder.iterdir()),
                    example=unpack_example(memoryview(blob), name),
                )
            except Exception as error:  # whatever a user's class or a library raises: the others are logged
                problems[name] = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    return problems
