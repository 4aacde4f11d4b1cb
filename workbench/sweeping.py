"""Begins a sweep: checks what was asked for, and sends it as one run whose workers run trials."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workbench.errors import ClusterError, OptionError, suggestion
from workbench.handle import RunHandle
from workbench.options import check_options
from workbench.project import Project, current_project
from workbench.records import RunOptions
from workbench.settings import Settings
from workbench.space import CallableParam, ChoiceParam, FloatParam, IntParam, Param, parse_space
from workbench.sweeps.goal import parse_goals
from workbench.sweeps.plan import SweepPlan

if TYPE_CHECKING:
    from workbench.cell.payload import CellPayload
    from workbench.tracking.notebook import NotebookContext

_MOST_PARALLEL = 64


def plan_sweep(
    name: str,
    space: str,
    goal: str,
    source: str,
    namespace: Mapping[str, Any],
    *,
    settings: Settings,
    trials: int = 20,
    sampler: str = "tpe",
    pruner: str = "none",
    seed: int | None = None,
    max_failures: int = 10,
) -> SweepPlan:
    """A sweep's plan, checked. Raises ``OptionError`` that names what cannot be, before anything starts."""
    from workbench.sweeps.study import PRUNERS, SAMPLERS, grid_of

    if trials < 1 or max_failures < 1:
        raise OptionError(f"Cannot sweep with trials={trials}, max-failures={max_failures}: each must be 1 or more.")
    for what, chosen, known in (("sampler", sampler, SAMPLERS), ("pruner", pruner, PRUNERS)):
        if chosen not in known:
            raise OptionError(f"Cannot use {what} {chosen!r}: there are {', '.join(known)}.{suggestion(chosen, known)}")
    parsed, goals = parse_space(space), parse_goals(goal)
    if pruner != "none" and len(goals) > 1:
        raise OptionError(f"Cannot prune by {pruner!r} with {len(goals)} goals: Optuna prunes by one.")
    if sampler == "grid":
        grid_of(parsed)
    for missing in sorted(parsed.objects - set(namespace)):
        raise OptionError(
            f"Cannot choose {missing!r}: the notebook has no such name.{suggestion(missing, list(namespace))} "
            "A text goes in quotation marks."
        )
    return SweepPlan(
        name=name,
        storage=str(settings.state_dir / "studies.journal"),
        space=parsed,
        goals=goals,
        trials=trials,
        sampler=sampler,
        pruner=pruner,
        seed=seed,
        max_failures=max_failures,
        defaults=_own_values(parsed.params, source, namespace),
    )


def _own_values(params: tuple[Param, ...], source: str, namespace: Mapping[str, Any]) -> dict[str, Any]:
    """The values that the cell would have without the sweep, where they lie in the space: the first trial."""
    own = dict(namespace)
    try:
        body = ast.parse(source).body
    except SyntaxError:
        body = []  # magics are in it: their cell has its values checked later
    for statement in body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            try:
                own[statement.targets[0].id] = ast.literal_eval(statement.value)
            except ValueError:
                continue
    found = {param.name: own[param.name] for param in params if param.name in own and _lies_in(param, own[param.name])}
    return found if len(found) == len([param for param in params if not param.condition]) else {}


def _lies_in(param: Param, value: Any) -> bool:
    if isinstance(param, ChoiceParam):
        return any(value is choice or (type(value) is type(choice) and value == choice) for choice in param.choices)
    if isinstance(param, (FloatParam, IntParam)):
        return isinstance(value, (int, float)) and not isinstance(value, bool) and param.low <= value <= param.high
    return not isinstance(param, CallableParam)


def sweep(
    cell: str,
    space: str,
    goal: str,
    *,
    name: str,
    trials: int = 20,
    parallel: int | str = "auto",
    sampler: str = "tpe",
    pruner: str = "none",
    seed: int | None = None,
    max_failures: int = 10,
    wait: bool = False,
    **options: Any,
) -> RunHandle:
    """Run a cell's text again and again with other values, as a study of Optuna's.

    ::

        run = workbench.sweep("loss = (x - 2) ** 2", "x=float(-10,10)", "min loss", name="parabola")
        run.wait()
        workbench.study("parabola").best_params

    Args:
        cell: The cell's text, which sees the caller's notebook names.
        space: What is swept; see :mod:`workbench.space`.
        goal: ``"min loss"``, ``"max acc"``, or several with commas between: metrics that the cell logs, or names
            that it leaves behind.
        name: The study's name; a study of that name goes on.
        trials: How many trials the study is to have in all.
        parallel: How many at once; ``"auto"`` takes what is free.
        sampler: One of :data:`workbench.sweeps.study.SAMPLERS`.
        pruner: One of :data:`workbench.sweeps.study.PRUNERS`.
        seed: Makes a sweep with ``parallel=1`` repeatable.
        max_failures: So many failed trials end the sweep.
        wait: Whether to wait for the end, and raise when the sweep did not finish.
        options: Those of :func:`workbench.train` for each trial: ``returns`` gives the best one's values.

    Returns:
        The sweep's run; its trials are nested MLflow runs.

    Raises:
        OptionError: What was asked for cannot be; nothing was started.
    """
    from workbench import api

    namespace = api.callers_names()
    project = current_project()
    plan = plan_sweep(
        name, space, goal, cell, namespace, settings=project.settings, trials=trials, sampler=sampler,
        pruner=pruner, seed=seed, max_failures=max_failures,
    )  # fmt: skip
    checked = check_options(name=name, wait=wait, **options)
    run = sweep_cell(cell, namespace, plan, checked, parallel=str(parallel), filename="sweep", line_offset=0)
    if wait:
        run.result()
    return run


def study(name: str) -> Any:
    """A sweep's ``optuna.Study``, also while it runs; or one of that name in any storage of the project.

    Raises ``RunNotFoundError`` with the nearest name.
    """
    from workbench.sweeps.studies import find_study

    return find_study(current_project().settings, name)


def parallel_of(text: str, options: RunOptions, project: Project, trials: int) -> int:
    """How many trials run at once: a number, or ``auto`` for as many as are free."""
    if text != "auto":
        try:
            count = int(text)
        except ValueError:
            count = 0
        if not 1 <= count <= _MOST_PARALLEL:
            raise OptionError(f"Cannot run {text!r} trials at once: give a number from 1 to {_MOST_PARALLEL}, or auto.")
        return min(count, trials)
    import ray

    try:
        project.connection()
    except ClusterError:
        return 1
    free = ray.available_resources()
    fits = [free.get(kind, 0.0) // amount for kind, amount in options.resources.bundle.items() if amount]
    return max(1, min(int(min(fits, default=1)), trials, _MOST_PARALLEL))


def sweep_cell(
    source: str,
    namespace: dict[str, Any],
    plan: SweepPlan,
    options: RunOptions,
    *,
    parallel: str,
    filename: str,
    line_offset: int,
    context: NotebookContext | None = None,
    before_submit: Callable[[CellPayload], None] = lambda _: None,
) -> RunHandle:
    """Send a cell as a sweep; what ``%%sweep`` calls."""
    from workbench import api

    workers = parallel_of(parallel, options, current_project(), plan.trials)
    return api.train_cell(
        source,
        namespace,
        replace(options, name=plan.name, resources=replace(options.resources, workers=workers)),
        filename=filename,
        line_offset=line_offset,
        context=context,
        before_submit=before_submit,
        sweep=plan,
    )
