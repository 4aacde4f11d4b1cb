"""Workbench from Python: the same calls that the magics, the panel and the command line make."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.api.project import Project, current_project
from workbench.api.run_handle import RunHandle
from workbench.errors import OptionError, suggestion
from workbench.options.run import check_options
from workbench.records.runs import RunOptions, RunState

if TYPE_CHECKING:
    from workbench.cell.payload import CellPayload
    from workbench.sweeps.plan import SweepPlan
    from workbench.tracking.notebook import NotebookContext
    from workbench.tracking.run_record import RunRecord

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
    options = check_options(
        name=name,
        workers=workers,
        cpus_per_worker=cpus_per_worker,
        gpus_per_worker=gpus_per_worker,
        memory=memory,
        returns=returns,
        wait=wait,
        retries=retries,
        timeout=timeout,
        resume=resume,
        pip=pip,
        env=env,
        engine=engine,
    )
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
    """Capture and submit a cell; what ``%%train`` calls, and with a plan ``%%sweep``.

    ``before_submit`` sees what is about to leave.
    """
    from workbench.api.submit import submit
    from workbench.cell.payload import prepare
    from workbench.tracking.notebook import context_of

    project = project or current_project()
    if context is None:
        context = context_of(_shell(), source)
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
    return submit(project, payload, options, context, _labels(payload.sources), sweep)


def run(run: str) -> RunHandle:
    """A run by its name (the newest of that name), its id, or the beginning of its id.

    Raises ``RunNotFoundError`` with the nearest name.
    """
    project = current_project()
    record = project.store.get(run)
    return RunHandle(project, record.run_id, record.name)


def runs(
    query: str | None = None,
    *,
    states: Iterable[RunState | str] | None = None,
    experiment: str | None = None,
    order_by: str | None = None,
    limit: int = 50,
    with_trials: bool | None = None,
) -> list[RunRecord]:
    """Runs of this project, newest first; see :meth:`TrackingStore.search` for the arguments.

    Runs that say they are going on are checked with the foreman, so that what is listed is true. Trials of sweeps are
    given ``with_trials``; None gives them when a ``query`` asks for something.
    """
    project = current_project()
    wanted = None if states is None else states_of(states)
    with_trials = bool(query) if with_trials is None else with_trials
    found = project.store.search(
        query=query, states=wanted, experiment=experiment, order_by=order_by, limit=limit, with_trials=with_trials
    )
    records = [project.reconciled(record) for record in found]
    return [record for record in records if wanted is None or record.state in wanted]


def again(run: str, *, resume: bool = False) -> RunHandle:
    """Run an ended run's cell once more, on the values that it was given then.

    The cluster still has them for a while; the kernel that sent them is not needed.

    Args:
        run: Its name or id.
        resume: Go on with that run from its last checkpoint, instead of making a new one.

    Raises ``RunNotFoundError`` when the cluster no longer has what the cell reads.
    """
    from workbench.api.submit import submit_again

    return submit_again(current_project(), run, resume=resume)


def to_tidy(
    query: str | None = None, *, states: Iterable[RunState | str] | None = None, older_than_days: float | None = None
) -> list[RunRecord]:
    """Ended runs that may go: failed and stopped ones unless ``states`` says others, of that age at least."""
    wanted = states_of(states or (RunState.FAILED, RunState.STOPPED))
    now = time.time()
    limit = None if older_than_days is None else now - 86400 * older_than_days
    found = runs(query, states={state for state in wanted if state.is_terminal}, limit=10_000, with_trials=True)
    return [record for record in found if limit is None or (record.ended_at or now) < limit]


def states_of(words: Iterable[RunState | str]) -> set[RunState]:
    """States by their words; ``OptionError`` names one that there is not, and the nearest."""
    known = [state.value for state in RunState]
    found = set()
    for word in words:
        if word not in known:
            raise OptionError(
                f"Cannot filter by state {word!r}: there are {', '.join(known)}.{suggestion(str(word), known)}"
            )
        found.add(RunState(word))
    return found


@contextlib.contextmanager
def _call_of(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """A cell that calls the function, and the names that it sees: the function's own globals."""
    is_notebooks = getattr(function, "__module__", None) == "__main__" and hasattr(function, "__globals__")
    namespace: dict[str, Any] = function.__globals__ if is_notebooks else {}
    namespace[_CALL] = (function, args, kwargs)
    try:
        yield f"{_RESULT} = {_CALL}[0](*{_CALL}[1], **{_CALL}[2])", namespace
    finally:
        namespace.pop(_CALL, None)


def callers_names() -> dict[str, Any]:
    """The notebook's names, or those of the script that runs."""
    shell = _shell()
    return shell.user_ns if shell is not None else vars(sys.modules["__main__"])


def _labels(filenames: Iterable[str]) -> dict[str, str]:
    """What the notebook calls the files of its cells: ``Cell In[3]``."""
    compiler = getattr(_shell(), "compile", None)
    if compiler is None:
        return {}
    named = {name: compiler.format_code_name(name) for name in filenames}
    return {name: " ".join(words) for name, words in named.items() if words}


def _shell() -> Any:
    """The IPython shell of this process, None outside of one; never imports IPython."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
