"""What is to be published, and as which version of a registered model."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.api.model_origins import Origin, origin_of
from workbench.api.project import Project
from workbench.errors import (
    ModelNotFoundError,
    OptionError,
    RunNotFoundError,
    TrackingError,
    WorkbenchError,
    suggestion,
)

if TYPE_CHECKING:
    from workbench.tracking.registry import Registered
    from workbench.tracking.tracked_run import TrackedRun

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_ALIAS = re.compile(r"[\w-]{1,255}")
_ALIAS_OF_MLFLOW = re.compile(r"latest|v\d+", re.IGNORECASE)
_KEPT_WITHIN_S = 30.0
_TAKEN = ("v2", "docs", "metrics", "models")


@dataclass(frozen=True)
class Source:
    """Something to publish.

    Attributes:
        model: A model or function of the notebook's, None where words say what is meant.
        words: A run, ``name@alias``, ``name/version`` or a registered name.
        name: What the notebook calls it.
        example: Rows that it takes, None where none are known.
        origin: The run whose model this is: it returned this very object, as it is now. None where none did, or where
            the user named the rows, which that model was not kept with.
    """

    model: Any = None
    words: str = ""
    name: str = ""
    example: Any = None
    origin: Origin | None = None


def source_of(thing: Any, namespace: Mapping[str, Any], example: Any = None) -> Source:
    """Return what was given to publish: words stay words, a model gets the rows that it takes."""
    if isinstance(thing, str):
        if example is not None:
            raise OptionError(
                f"Cannot take an example for {thing!r}: it was logged with its own, or without. Publish the model "
                "itself with example=, or log it with its rows."
            )
        return Source(words=thing)
    from workbench.tracking.examples import as_plain, example_for, first_rows
    from workbench.tracking.model_logging import can_be_logged, flavor_of

    if not can_be_logged(thing):
        raise OptionError(
            f"Cannot publish a {type(thing).__name__}: give a fitted model (scikit-learn, XGBoost, LightGBM, CatBoost, "
            "torch, mlflow.pyfunc.PythonModel), a function of one argument, a run, or a registered model."
        )
    name = next((name for name, value in namespace.items() if value is thing and not name.startswith("_")), "")
    origin = None
    if example is not None:
        example = as_plain(first_rows(example))
    elif flavor_of(thing) is not None:
        example, origin = example_for(thing, namespace), origin_of(thing)
    name = name or getattr(thing, "__name__", "") or "model"
    return Source(thing, name=name, example=example, origin=origin)


def check_name(name: str) -> str:
    """Return an endpoint's name if it can be a part of its address; else raise ``OptionError``."""
    if not _NAME.fullmatch(name) or name in _TAKEN:
        raise OptionError(
            f"Cannot publish as {name!r}: use letters, digits, '-' and '_', 63 at most, a letter or digit first"
            f"{'; that name is taken' if name in _TAKEN else ''}. Name it with --name."
        )
    return name


def check_alias(alias: str) -> str:
    """Return an alias if the registry takes it; it is written when the version has all traffic, too late to refuse."""
    if not _ALIAS.fullmatch(alias):
        raise OptionError(f"Cannot use the alias {alias!r}: use letters, digits, '-' and '_', 255 at most.")
    if _ALIAS_OF_MLFLOW.fullmatch(alias):
        raise OptionError(
            f"Cannot use the alias {alias!r}: MLflow keeps 'latest', 'v1', 'v2' and so on for itself. "
            "Choose another, as champion."
        )
    return alias


def default_name(sources: list[Source]) -> str:
    """Return the name of the model, where only one is published."""
    if len(sources) > 1:
        raise OptionError("Cannot publish several models without a name: give one with --name.")
    source = sources[0]
    text = source.name or re.split(r"[@/]", source.words.removeprefix("models:/"))[0]
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-_") or "model"


def register(project: Project, source: Source, name: str, notebook: str = "") -> Registered:
    """Return the registered version that is published: an existing one, or a new one of a run's or notebook's model."""
    from workbench.tracking.registry import Registry

    registry = Registry(project.store)
    if source.model is None:
        return _of_words(project, registry, source.words, name)
    uri, run_id = _logged(project, registry, source, notebook)
    return registry.register(uri, name or source.name, run_id)


def _of_words(project: Project, registry: Any, words: str, name: str) -> Registered:
    if "@" in words or "/" in words.removeprefix("runs:/"):
        run, _, model = words.removeprefix("runs:/").partition("/")
        if "@" not in words and not model.isdigit() and not words.startswith("models:/"):
            return _of_run(project, registry, run, model, name)
        found: Registered = registry.find(words)
        return found
    try:
        return _of_run(project, registry, words.removeprefix("runs:/"), "", name)
    except RunNotFoundError as no_run:
        try:
            found = registry.find(words)
        except ModelNotFoundError as no_model:
            raise ModelNotFoundError(f"Cannot publish {words!r}. {no_model} {no_run}") from None
        return found


def _of_run(project: Project, registry: Any, run: str, model: str, name: str) -> Registered:
    record = project.store.get(run)
    coming = [name for name in record.tags.get("workbench.models", "").split(",") if name]
    models = _kept(registry, record, set(coming))
    known = list(dict.fromkeys([*models, *coming]))
    if not known:
        soon = "" if record.state.is_terminal else " It still runs: one that it returns is kept when it ends."
        raise ModelNotFoundError(
            f"Cannot publish run {record.name!r}: it keeps no model. Return one from its cell "
            f"(%%train --returns model), or log one with mlflow.{soon}"
        )
    if model and model not in known:
        raise ModelNotFoundError(
            f"Cannot find model {model!r} of run {record.name!r}: it keeps {', '.join(known)}."
            f"{suggestion(model, known)}"
        )
    if not model and len(known) > 1:
        raise OptionError(
            f"Cannot tell which model of run {record.name!r} is meant: it keeps {', '.join(known)}. "
            f"Write {record.name}/{known[0]}."
        )
    chosen = model or known[0]
    if chosen not in models:
        raise ModelNotFoundError(
            f"Cannot publish {chosen!r} of run {record.name!r}: it has not been kept as an MLflow model. Where it "
            "cannot be, the card below the run's cell says why; else try again in a moment."
        )
    registered: Registered = registry.register(models[chosen], name or chosen, record.run_id)
    return registered


def _logged(project: Project, registry: Any, source: Source, notebook: str) -> tuple[str, str]:
    """Return where MLflow has the notebook's model: with the run that returned it, else logged now in its own run."""
    from workbench.records.runs import RunState
    from workbench.tracking.model_logging import log_model

    origin = source.origin
    if origin is not None:
        with contextlib.suppress(RunNotFoundError):  # it was deleted meanwhile
            kept = _kept(registry, project.store.get(origin.run_id), {origin.name})
            if origin.name in kept:
                return kept[origin.name], origin.run_id
    experiment = Path(notebook).stem if notebook else "published"
    tags = {"workbench.state": RunState.RUNNING.value, "workbench.notebook": notebook}
    run_id = project.store.create_run(experiment=experiment, name=f"publish {source.name}", tags=tags, params={})
    try:
        uri = log_model(
            source.model,
            source.name,
            run_id=run_id,
            tracking_uri=project.settings.tracking_uri,
            example=source.example,
        )
    except WorkbenchError:
        project.store.set_state(run_id, RunState.FAILED)
        raise
    except Exception as error:
        project.store.set_state(run_id, RunState.FAILED)
        raise TrackingError(
            f"Cannot keep {source.name!r} as an MLflow model: {type(error).__name__}: {error}. "
            "Give rows that it takes with example=, or log it with mlflow yourself and publish the run."
        ) from error
    project.store.set_state(run_id, RunState.FINISHED)
    return uri, run_id


def _kept(registry: Any, run: TrackedRun, names: set[str]) -> dict[str, str]:
    """Return the models kept with a run by name; wait for those of some names, which are kept after the run's end.

    Without them where they have not come a while after its end: then they could not be kept.
    """
    now = time.time()
    until = min(run.ended_at or now, now) + _KEPT_WITHIN_S
    while True:
        models: dict[str, str] = registry.models_of_run(run.run_id)
        if names <= models.keys() or time.time() > until:
            return models
        time.sleep(0.1)


def requirements_of(project: Project, models: Iterable[Registered]) -> tuple[str, ...]:
    """Return all packages that the models were logged with."""
    from workbench.tracking.model_logging import requirements_at

    return tuple(
        dict.fromkeys(line for one in models for line in requirements_at(one.uri, project.settings.tracking_uri))
    )
