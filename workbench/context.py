"""The functions for cells: ``log``, ``checkpoint``, ``progress`` and the rank helpers.

Each works outside of a run as well, so that a cell stays the same when ``%%train`` is put on top of it or taken away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class RankContext(Protocol):
    """The part of a worker process that the functions of this module call.

    Attributes:
        rank: This worker's rank, from 0.
        world_size: Number of workers of the run.
        local_rank: This worker's rank on its node, from 0.
        attempt: Number of this start of the run, from 1.
    """

    rank: int
    world_size: int
    local_rank: int
    attempt: int

    @property
    def run_id(self) -> str:
        """Id of the MLflow run."""

    def log(self, values: dict[str, Any], step: int | None) -> None:
        """Record metrics; see :func:`log`."""

    def progress(self, done: int, total: int | None, label: str, *, last: bool = False) -> None:
        """Record that ``done`` of ``total`` items of a loop are done; ``last`` ends the loop."""

    def save_checkpoint(self, source: Any, step: int | None) -> str:
        """Save a checkpoint and return its path; see :func:`checkpoint`."""

    def load_checkpoint(self) -> Any:
        """Return the newest checkpoint; see :func:`latest_checkpoint`."""


_context: RankContext | None = None


def enter(context: RankContext | None) -> None:
    """Have this module's functions use a context; None takes it away. For the worker runtime."""
    global _context
    _context = context


def log(values: dict[str, float] | None = None, /, *, step: int | None = None, **metrics: float) -> None:
    """Record metrics of the run, each as a curve in the run's view and in MLflow.

    >>> log(loss=0.25, step=1)
    loss=0.25 step=1

    Args:
        values: Metrics by name, for names that are no Python identifiers (``{"val/loss": 0.3}``).
        step: The points' place on the curves; None counts this rank's calls from 0 on.
        metrics: Metrics by name. A value is anything that ``float()`` takes, a tensor of shape ``()`` too.

    Raises:
        TypeError: A value is no number.

    Every rank may log: metrics of ranks other than 0 are named ``name/rank_1`` and so on. Outside of a run the values
    are printed.
    """
    if values:
        metrics = {**values, **metrics}
    if _context is not None:
        _context.log(metrics, step)
        return
    shown = {**metrics, **({"step": step} if step is not None else {})}
    print(" ".join(f"{key}={_shown(value)}" for key, value in shown.items()))


def progress(iterable: Iterable[T], *, total: int | None = None, label: str = "") -> Iterator[T]:
    """Yield the items of an iterable while the run's view shows the progress of the loop and the time left.

    >>> sum(progress([1, 2, 3]))
    6

    Args:
        iterable: The items of the loop.
        total: Number of items; None takes ``len(iterable)`` where it has one.
        label: Text of the progress bar, for example ``"epoch"``.

    The view shows the outermost loop of rank 0.
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
    """Save the state from which the run can go on after a killed worker, a stop or a lost cluster.

    A run that is restarted, or continued with ``--resume``, gets it from :func:`latest_checkpoint`. Rank 0 saves; on
    other ranks the call does nothing.

    >>> checkpoint({"epoch": 1}) is None  # outside of a run
    True

    Args:
        source: Any picklable state (tensors, ``state_dict()``, dictionaries), or the path of a file or folder that
            the cell has written itself.
        step: A number recorded with the checkpoint, for example the epoch.

    Returns:
        The path of the checkpoint; None on other ranks and outside of a run.
    """
    if _context is None or _context.rank != 0:
        return None
    return _context.save_checkpoint(source, step)


def latest_checkpoint() -> Any:
    """Return the newest checkpoint of this run, on every rank.

    Returns:
        The state that was saved, or a ``pathlib.Path`` where a path was saved. None while there is no checkpoint,
        so that the same cell serves the first start and every later one::

            state = latest_checkpoint() or {"epoch": 0}
            for epoch in range(state["epoch"], 100):
                ...
                checkpoint({"epoch": epoch + 1, "model": model.state_dict()})
    """
    return None if _context is None else _context.load_checkpoint()


def rank() -> int:
    """Return this worker's rank, from 0; 0 outside of a run."""
    return 0 if _context is None else _context.rank


def local_rank() -> int:
    """Return this worker's rank on its node, from 0; 0 outside of a run."""
    return 0 if _context is None else _context.local_rank


def world_size() -> int:
    """Return the number of workers of the run; 1 outside of a run."""
    return 1 if _context is None else _context.world_size


def is_rank_zero() -> bool:
    """Return whether this worker is the one whose output and returned values the notebook gets."""
    return rank() == 0


def run_id() -> str | None:
    """Return the id of the cell's MLflow run; None outside of a run."""
    return None if _context is None else _context.run_id


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def in_run() -> bool:
    """Return whether this code runs on a worker of a run."""
    return _context is not None
