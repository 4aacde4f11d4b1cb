"""Workbench from Python: the same calls that the magics, the panel and the command line make."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.api.caller import callers_names, cell_labels, ipython_shell
from workbench.api.project import Project, current_project
from workbench.api.run_handle import RunHandle
from workbench.errors import OptionError
from workbench.options.option import given_of
from workbench.options.run import RUN, check_options
from workbench.records.runs import RunOptions

if TYPE_CHECKING:
    from workbench.cell.payload import CellPayload
    from workbench.sweeps.plan import SweepPlan
    from workbench.tracking.notebook import NotebookContext

_RESULT = "result"
_CALL = "_workbench_call"


def train(
    cell: str | Callable[..., Any],
    *args: Any,
    name: str | None = None,
    workers: int = 1,
    cpus_per_worker: float | None = None,
    gpus_per_worker: float = 0.0,
    memory: int | str | None = None,
    returns: str | Iterable[str] = (),
    wait: bool = False,
    retries: int = 0,
    timeout: float | str | None = None,
    resume: str | None = None,
    pip: Iterable[str] = (),
    env: Mapping[str, str] | Iterable[str] = (),
    engine: str = "crew",
    **kwargs: Any,
) -> RunHandle:
    """Run a function, or source text, as a tracked run on the cluster.

    ::

        def fit(depth):
            from sklearn.tree import DecisionTreeClassifier
            return DecisionTreeClassifier(max_depth=depth).fit(X, y)

        run = workbench.train(fit, 4, name="tree")
        model = run.result()

    Args:
        cell: A function, called with ``args`` and ``kwargs`` on each worker, or a cell's text,
            which sees the caller's notebook names.
        args: Arguments of the function.
        kwargs: Keyword arguments of the function.
        name: The run's name; None makes one of the notebook's name and the cell's number.
        workers: How many worker processes.
        cpus_per_worker: CPUs to reserve for each; None reserves one, and lets the workers of a
            node share all of its cores.
        gpus_per_worker: GPUs for each, a fraction to share one.
        memory: Memory to reserve for each, in MiB or as ``"2G"``.
        returns: Names that come back from rank 0; a function's return value comes back anyhow.
        wait: Whether to wait for the end, and raise when the run did not finish.
        retries: How often to start again after an error of the cell. A worker that was killed
            from outside is started again in any case, three times at most.
        timeout: Seconds, or ``"10m"``, after which the run is ended as failed.
        resume: An ended run to go on with, from its last checkpoint.
        pip: Packages for this run alone.
        env: Environment variables for this run alone.
        engine: ``"crew"``, or ``"ray-train"`` for Ray Train's ``TorchTrainer``.

    Returns:
        The run; ``run.result()`` waits for its value.

    Raises:
        OptionError: An option cannot be used.
        CellError: The cell cannot run on a worker.
        CaptureError: A value that it reads cannot travel.
        ResourcesError: The cluster can never meet the request.
    """
    options = check_options(**given_of(RUN, locals()))
    if callable(cell):
        options = replace(
            options, returns=(_RESULT, *options.returns), name=options.name or getattr(cell, "__name__", None)
        )
        with _call_of(cell, args, kwargs) as (source, namespace):
            run = train_cell(source, namespace, options, filename="workbench.train", line_offset=0)
    elif args or kwargs:
        raise OptionError("Cannot pass arguments to a cell's text: they are for functions.")
    else:
        run = train_cell(cell, callers_names(), options, filename="train", line_offset=0)
    if wait:
        run.result()
    return run


def train_cell(
    source: str,
    namespace: dict[str, Any],
    options: RunOptions,
    *,
    filename: str,
    line_offset: int,
    context: NotebookContext | None = None,
    project: Project | None = None,
    before_submit: Callable[[CellPayload], None] = lambda _: None,
    sweep: SweepPlan | None = None,
) -> RunHandle:
    """Capture and submit a cell, as ``%%train`` does, and with a plan ``%%sweep``.

    ``before_submit`` sees what is about to leave.
    """
    from workbench.api.submit import submit
    from workbench.cell.payload import prepare
    from workbench.tracking.notebook import context_of

    project = project or current_project()
    if context is None:
        context = context_of(ipython_shell(), source)
    payload = prepare(
        source,
        namespace,
        filename=filename,
        line_offset=line_offset,
        workdir=Path.cwd(),
        returns=options.returns,
        swept=sweep.space.names if sweep else (),
        also=sweep.space.objects if sweep else (),
    )
    before_submit(payload)
    return submit(project, payload, options, context, cell_labels(payload.sources), sweep)


@contextlib.contextmanager
def _call_of(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a cell that calls the function, and the names that it sees: the function's own globals."""
    is_notebooks = getattr(function, "__module__", None) == "__main__" and hasattr(function, "__globals__")
    namespace: dict[str, Any] = function.__globals__ if is_notebooks else {}
    namespace[_CALL] = (function, args, kwargs)
    try:
        yield f"{_RESULT} = {_CALL}[0](*{_CALL}[1], **{_CALL}[2])", namespace
    finally:
        namespace.pop(_CALL, None)
