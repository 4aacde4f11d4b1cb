"""Begins a sweep: checks what was asked for, and sends it as one run whose workers run trials."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from workbench.api.caller import callers_names
from workbench.api.project import current_project
from workbench.api.run_handle import RunHandle
from workbench.cell.swept import literals_of
from workbench.errors import OptionError, suggestion
from workbench.options.option import given_of
from workbench.options.run import RunKeywords, check_options
from workbench.options.sweep import STUDY, check_study
from workbench.records.runs import RunOptions
from workbench.settings import Settings
from workbench.sweeps.goal import parse_constraints, parse_goals
from workbench.sweeps.plan import SweepPlan
from workbench.sweeps.space import CallableParam, ChoiceParam, FloatParam, IntParam, Param
from workbench.sweeps.space_parser import parse_space

if TYPE_CHECKING:
    import optuna

    from workbench.cell.payload import CellPayload
    from workbench.tracking.notebook import NotebookContext


def plan_sweep(
    name: str,
    space: str,
    goal: str,
    source: str,
    namespace: Mapping[str, Any],
    *,
    options: RunOptions,
    **given: Any,
) -> SweepPlan:
    """Return a sweep's plan, checked; see :func:`sweep` for the options of its study.

    Raises ``OptionError`` for the first that cannot be used, before anything starts.
    """
    from workbench.api.past_trials import past_trials
    from workbench.sweeps.distributions import grid_of

    asked = check_study(given)
    if options.engine != "crew" or options.resume:
        raise OptionError(
            f"Cannot sweep with engine={options.engine!r}, resume={options.resume!r}: a sweep has an engine of its "
            "own, and goes on when the same name is given again."
        )
    parsed, goals = parse_space(space), parse_goals(goal)
    if asked["pruner"] != "none" and len(goals) > 1:
        raise OptionError(f"Cannot prune by {asked['pruner']!r} with {len(goals)} goals: Optuna prunes by one.")
    if asked["sampler"] == "grid":
        grid_of(parsed)
    for missing in sorted(parsed.objects - set(namespace)):
        raise OptionError(
            f"Cannot choose {missing!r}: the notebook has no such name.{suggestion(missing, list(namespace))} "
            "A text goes in quotation marks."
        )
    project = current_project()
    earlier = asked.pop("learn_from")
    past = past_trials(project.settings, project.store, earlier, parsed, goals) if earlier else ()
    return SweepPlan(
        name=name,
        storage=_storage(asked.pop("storage"), project.settings),
        space=parsed,
        goals=goals,
        constraints=parse_constraints(asked.pop("subject_to")),
        **asked,
        retries=options.retries,
        limit_s=options.timeout_s,
        defaults=_own_values(parsed.params, source, namespace),
        past=past,
    )


def _storage(asked: str | None, settings: Settings) -> str:
    """Return the study's storage: as asked, else by ``OPTUNA_STORAGE``, else the project's own file."""
    from workbench.sweeps.storages import note_storage
    from workbench.sweeps.studies import open_storage

    url = asked or os.environ.get("OPTUNA_STORAGE", "").split(",")[0].strip()
    if not url:
        return str(settings.state_dir / "studies.journal")
    kind, slashes, path = url.partition(":///")
    if slashes and kind.startswith("sqlite"):
        url = f"{kind}:///{Path(path).expanduser().resolve()}"
    elif "://" not in url:
        url = str(Path(url).expanduser().resolve())
    open_storage(url)
    note_storage(settings, url)
    return url


def _own_values(params: tuple[Param, ...], source: str, namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that the cell has without the sweep, where they lie in the space: the first trial."""
    own = dict(namespace)
    try:
        body = ast.parse(source).body
    except SyntaxError:
        body = []  # magics are in it: their cell has its values checked later
    for statement in body:
        for name, value in literals_of(statement).items():
            own[name] = value.id if isinstance(value, ast.Name) else ast.literal_eval(value)
    for param in params:
        if isinstance(param, ChoiceParam) and param.name in own:  # Optuna knows functions and classes by their names
            same = (name for name in param.names if namespace[name] is own[param.name])
            own[param.name] = next(same, own[param.name])
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
    subject_to: str = "",
    sampler: str = "tpe",
    pruner: str = "none",
    seed: int | None = None,
    learn_from: str | None = None,
    no_improvement: int = 0,
    max_failures: int = 10,
    isolate: bool = False,
    storage: str | None = None,
    wait: bool = False,
    **options: Unpack[RunKeywords],
) -> RunHandle:
    """Run a cell's text again and again with other values, as a study of Optuna's.

    ::

        run = workbench.sweep("loss = (x - 2) ** 2", "x=float(-10,10)", "min loss", name="parabola")
        run.wait()
        workbench.study("parabola").best_params

    Args:
        cell: The cell's text, which sees the caller's notebook names.
        space: What is swept; see :mod:`workbench.sweeps.space`.
        goal: ``"min loss"``, ``"max acc"``, or several with commas between: metrics that the cell logs, or names
            that it leaves behind.
        name: The study's name; a study of that name goes on.
        trials: How many trials the study is to have in all.
        parallel: How many at once; ``"auto"`` follows what is free, more and fewer while the sweep runs.
        subject_to: Bounds that the best trial keeps to, ``"latency_ms<20, size<=5"``: names as in ``goal``.
        sampler: One of :data:`workbench.options.sweep.SAMPLERS`.
        pruner: One of :data:`workbench.options.sweep.PRUNERS`.
        seed: Makes a sweep with ``parallel=1`` repeatable.
        learn_from: An earlier study's name, or a query for runs (``"metrics.acc > 0.8"``): a new study's sampler
            knows what they found.
        no_improvement: End after so many trials without a better one; 0 never.
        max_failures: So many failed trials end the sweep as failed.
        isolate: Give each trial a process of its own; else those of one worker share its process, with fresh
            names and random state.
        storage: An Optuna storage's URL or a journal file's path; None takes ``OPTUNA_STORAGE``, or the project's.
        wait: Whether to wait for the end, and raise when the sweep did not finish.
        options: Those of :func:`workbench.train` for each trial: ``workers`` makes each distributed, ``returns`` gives
            the best one's values (``best_params`` among them), ``retries`` tries a failed one's values again,
            ``timeout`` ends the sweep with what it has found.

    Returns:
        The sweep's run; its trials are nested MLflow runs.

    Raises:
        OptionError: What was asked for cannot be; nothing was started.
    """
    given = given_of(STUDY, locals())
    namespace = callers_names()
    checked = check_options(name=name, wait=wait, **options)
    plan = plan_sweep(name, space, goal, cell, namespace, options=checked, **given)
    run = sweep_cell(cell, namespace, plan, checked, filename="sweep", line_offset=0)
    if wait:
        run.result()
    return run


def study(name: str) -> optuna.Study:
    """Return a sweep's ``optuna.Study``, also while it runs, or one of that name in any storage of the project.

    Raises ``RunNotFoundError`` with the nearest name.
    """
    from workbench.sweeps.studies import find_study

    found: optuna.Study = find_study(current_project().settings, name)
    return found


def sweep_cell(
    source: str,
    namespace: dict[str, Any],
    plan: SweepPlan,
    options: RunOptions,
    *,
    filename: str,
    line_offset: int,
    context: NotebookContext | None = None,
    before_submit: Callable[[CellPayload], None] = lambda _: None,
) -> RunHandle:
    """Send a cell as a sweep; ``%%sweep`` calls it."""
    from workbench.api.train import train_cell

    return train_cell(
        source,
        namespace,
        replace(options, name=plan.name, retries=0, timeout_s=None),  # these are the plan's: they are about trials
        filename=filename,
        line_offset=line_offset,
        context=context,
        before_submit=before_submit,
        sweep=plan,
    )
