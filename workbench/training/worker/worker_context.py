"""The worker's side of ``log``, ``progress`` and ``checkpoint``: everything becomes a journal line."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from workbench.training.journal import Journal
from workbench.training.spec import Assignment
from workbench.training.worker.checkpoints import CheckpointFolder

_PROGRESS_INTERVAL_S = 0.1


class WorkerContext:
    """The functions of :mod:`workbench.context` on a worker.

    Args:
        assignment: The rank's part.
        journal: The journal that gets the events.
    """

    def __init__(self, assignment: Assignment, journal: Journal) -> None:
        self.rank = assignment.rank
        self.world_size = assignment.world_size
        self.local_rank = assignment.local_rank
        self._run_id = assignment.run_id
        self.attempt = assignment.attempt
        self._journal = journal
        self._checkpoints = CheckpointFolder(Path(assignment.checkpoint_dir))
        self._calls = 0
        self._suffix = "" if assignment.rank == 0 else f"/rank_{assignment.rank}"
        self._loops: list[str] = []
        self._shown_at = 0.0

    @property
    def run_id(self) -> str:
        """Return the id of the cell's MLflow run."""
        return self._run_id

    def log(self, values: dict[str, Any], step: int | None) -> None:
        """Write one metrics line; raise ``TypeError`` for a value that is no number."""
        if step is None:
            step = self._calls
        self._calls += 1
        try:
            numbers = {f"{name}{self._suffix}": _number(value) for name, value in values.items()}
        except (TypeError, ValueError, RuntimeError) as error:
            bad = next(name for name, value in values.items() if not _is_number(value))
            raise TypeError(
                f"Cannot log {bad}={values[bad]!r}: a metric is one number. Log {bad}=float(...) of one value, "
                f"or a mean over the batch."
            ) from error
        self.write_metrics(int(step), numbers)

    def write_metrics(self, step: int, values: dict[str, float]) -> None:
        """Write the metrics of one step."""
        self._journal.write("met", step=step, v=values)

    def progress(self, done: int, total: int | None, label: str, *, last: bool = False) -> None:
        """Write how far a loop is; inner loops and calls less than 0.1 s apart are passed over."""
        key = f"{label}/{total}"
        if done == 0 and not last:
            self._loops.append(key)
            self._shown_at = 0.0 if len(self._loops) == 1 else self._shown_at
        if len(self._loops) == 1 and self._loops[0] == key:
            now = time.monotonic()
            if last or now - self._shown_at >= _PROGRESS_INTERVAL_S:
                self._shown_at = now
                self._journal.write("prog", done=done, total=total, label=label)
        if last and self._loops:
            self._loops.pop()

    def save_checkpoint(self, source: Any, step: int | None) -> str:
        """Save a checkpoint, write an event about it, and return its folder."""
        path = self._checkpoints.save(source)
        self._journal.write("ckpt", step=step, path=str(path))
        return str(path)

    def load_checkpoint(self) -> Any:
        """Return the newest whole checkpoint, None when there is none."""
        return self._checkpoints.load()


def _number(value: Any) -> float:
    """Return a metric's value; a tensor's item rather than its float, which warns where it has a gradient."""
    return float(value.item() if hasattr(value, "item") else value)


def _is_number(value: Any) -> bool:
    try:
        _number(value)
    except (TypeError, ValueError, RuntimeError):
        return False
    return True
