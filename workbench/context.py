"""What a cell may call while it runs: ``log``, ``checkpoint``, ``progress`` and the rank helpers.

Each also works in a cell that runs plainly in the notebook, so that a cell need not change when
``%%train`` is put on top of it or taken away again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class RankContext(Protocol):
    """What a worker process offers to the functions of this module."""

    rank: int
    world_size: int
    local_rank: int
    attempt: int

    @property
    def run_id(self) -> str: ...

    def log(self, values: dict[str, Any], step: int | None) -> None: ...

    def progress(self, done: int, total: int | None, label: str, *, last: bool = False) -> None: ...

    def save_checkpoint(self, source: Any, step: int | None) -> str: ...

    def load_checkpoint(self) -> Any: ...


_context: RankContext | None = None


def enter(context: RankContext | None) -> None:
    """Make ``context`` the one that this module's functions speak to (for the worker runtime)."""
    global _context
    _context = context


def log(values: dict[str, float] | None = None, /, *, step: int | None = None, **metrics: float) -> None:
    """Record metrics of the run: a curve each, live in the view and kept in MLflow.

    >>> log(loss=0.25, step=1)
    loss=0.25 step=1

    Args:
        values: Metrics by name, for names that are no Python identifiers (``{"val/loss": 0.3}``).
        step: Where on the curve; None counts this rank's calls from 0 on.
        metrics: Metrics by name. A value is anything that ``float()`` takes, 0-d tensors too.

    Every rank may log; ranks other than 0 appear as ``name/rank_1``. Outside of a run the values
    are printed. Raises ``TypeError`` where a value is no number.
    """
    if values:
        metrics = {**values, **metrics}
    if _context is not None:
        _context.log(metrics, step)
        return
    shown = {**metrics, **({"step": step} if step is not None else {})}
    print(" ".join(f"{key}={_shown(value)}" for key, value in shown.items()))


def progress(iterable: Iterable[T], *, total: int | None = None, label: str = "") -> Iterator[T]:
    """Iterate while the run's view shows how far the loop is and when it will be done.

    >>> sum(progress([1, 2, 3]))
    6

    Args:
        iterable: What to iterate over.
        total: The number of items; None takes ``len(iterable)`` where it has one.
        label: What the bar says, for example ``"epoch"``.

    Rank 0's outermost loop is the one shown.
    """
    context = _context
    if context is None:
        yield from iterable
        return
    if total is None and isinstance(iterable, Sized):
        total = len(iterable)
    context.progress(0, total, label)
    done = 0
    for item in iterable:
        yield item
        done += 1
        context.progress(done, total, label)
    context.progress(done, total, label, last=True)


def checkpoint(source: Any, *, step: int | None = None) -> str | None:
    """Save what is needed to go on from here after a killed worker, a stop or a lost cluster.

    A run that is restarted, or continued with ``--resume``, finds it with
    :func:`latest_checkpoint`. Rank 0 saves; on other ranks the call does nothing.

    Args:
        source: Any picklable state (tensors, ``state_dict()``, dictionaries), or the path of a
            file or folder that the cell has written itself.
        step: Noted beside the checkpoint, for example the epoch.

    Returns:
        Where it was saved, or None on other ranks and outside of a run.
    """
    if _context is None or _context.rank != 0:
        return None
    return _context.save_checkpoint(source, step)


def latest_checkpoint() -> Any:
    """The newest checkpoint of this run: the state that was saved, or a ``pathlib.Path``.

    None when there is none yet, so that one cell serves the first start and every later one::

        state = latest_checkpoint() or {"epoch": 0}
        for epoch in range(state["epoch"], 100):
            ...
            checkpoint({"epoch": epoch + 1, "model": model.state_dict()})

    All ranks get it. A path is given back where a path was saved.
    """
    return None if _context is None else _context.load_checkpoint()


def rank() -> int:
    """This worker's rank, 0 outside of a run."""
    return 0 if _context is None else _context.rank


def local_rank() -> int:
    """This worker's rank on its node, 0 outside of a run."""
    return 0 if _context is None else _context.local_rank


def world_size() -> int:
    """How many workers the run has, 1 outside of a run."""
    return 1 if _context is None else _context.world_size


def is_rank_zero() -> bool:
    """Whether this worker is the one whose output and returns the notebook gets."""
    return rank() == 0


def run_id() -> str | None:
    """The id of the MLflow run that this cell runs as, None outside of a run."""
    return None if _context is None else _context.run_id


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def in_run() -> bool:
    """Whether this code runs on a worker of a run."""
    return _context is not None
