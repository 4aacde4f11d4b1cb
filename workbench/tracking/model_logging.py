"""Logs models with their runs, as MLflow models that ``mlflow.pyfunc.load_model`` loads."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from workbench.tracking.examples import outputs_of
from workbench.tracking.mlflow_compat import keep_active_experiment

_BASES = (
    ("xgboost.core", "Booster", "xgboost"),
    ("xgboost.sklearn", "XGBModel", "xgboost"),
    ("lightgbm.basic", "Booster", "lightgbm"),
    ("lightgbm.sklearn", "LGBMModel", "lightgbm"),
    ("catboost.core", "CatBoost", "catboost"),
    ("sklearn.base", "BaseEstimator", "sklearn"),
    ("torch.nn.modules.module", "Module", "pytorch"),
)
_FIRST_ARGUMENT = {
    "xgboost": "xgb_model",
    "lightgbm": "lgb_model",
    "catboost": "cb_model",
    "sklearn": "sk_model",
    "pytorch": "pytorch_model",
}
_OPTIONS = {
    # MLflow's own choice, skops, refuses the notebook's classes; torch's needs an example input.
    "sklearn": {"serialization_format": "cloudpickle"},
    "pytorch": {"serialization_format": "pickle"},
}
_PACKAGES = {
    "xgboost": ("xgboost", "scikit-learn"),
    "lightgbm": ("lightgbm", "scikit-learn"),
    "catboost": ("catboost",),
    "sklearn": ("scikit-learn", "cloudpickle"),
    "pytorch": ("torch", "cloudpickle"),
}


def flavor_of(value: Any) -> str | None:
    """Return MLflow's flavor for a model, None for what is no model. Looks at base classes and imports nothing."""
    bases = {(base.__module__, base.__name__) for base in type(value).__mro__}
    for module, name, flavor in _BASES:
        if (module, name) in bases:
            return flavor if flavor != "sklearn" or hasattr(value, "predict") or hasattr(value, "transform") else None
    return None


def can_be_logged(value: Any) -> bool:
    """Return whether a value is a model, or a function that can serve as one."""
    return flavor_of(value) is not None or _is_pyfunc(value) or (callable(value) and not isinstance(value, type))


def requirements_at(uri: str, tracking_uri: str) -> list[str]:
    """Return the requirements that a registered model was logged with, a line of ``requirements.txt`` each."""
    import mlflow

    with _tracking_at(tracking_uri):
        lines = Path(mlflow.pyfunc.get_model_dependencies(uri, format="pip")).read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def log_model(
    model: Any,
    name: str,
    *,
    run_id: str,
    tracking_uri: str,
    code_paths: Sequence[Path] = (),
    example: Any = None,
    requirements: Sequence[str] = (),
) -> str:
    """Log a model with its run, under the name that the notebook gave it.

    Args:
        model: A model that :func:`flavor_of` has a flavor for, or a function of one argument.
        name: The variable's name.
        run_id: The run that made the model; its state stays as it is.
        tracking_uri: URI of the tracking store.
        code_paths: The user's files and packages that define the model's class.
        example: Rows that the model takes; its signature is inferred from them and the model's answer.
        requirements: Requirements besides those of the model's library.

    Returns:
        MLflow's URI of the model, ``models:/m-…``.
    """
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    from mlflow.models import Model

    flavor = flavor_of(model)
    with _in_experiment_of(run_id, tracking_uri), _quiet():
        info = Model.log(
            artifact_path=None,
            name=name,
            flavor=importlib.import_module(f"mlflow.{flavor or 'pyfunc'}"),
            run_id=run_id,
            signature=_signature(model, example),
            input_example=example,
            # Given, since MLflow would find them out by loading the model once more in a process of its own.
            pip_requirements=[*_requirements(flavor), *requirements],
            code_paths=[str(path) for path in code_paths] or None,
            **_as_argument(model, flavor),
            **_OPTIONS.get(flavor or "", {}),
        )
    return str(info.model_uri)


@contextlib.contextmanager
def _in_experiment_of(run_id: str, tracking_uri: str) -> Iterator[None]:
    """Have MLflow log to the run's experiment, and restore the notebook's own settings afterwards."""
    import mlflow

    with _without("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID"), _tracking_at(tracking_uri), keep_active_experiment():
        mlflow.set_experiment(experiment_id=mlflow.get_run(run_id).info.experiment_id)
        yield


@contextlib.contextmanager
def _tracking_at(uri: str) -> Iterator[None]:
    """Have MLflow use a tracking store, and restore the notebook's own choice afterwards."""
    import mlflow

    with _without("MLFLOW_TRACKING_URI"):  # MLflow writes it, too
        before = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None
        mlflow.set_tracking_uri(uri)
        try:
            yield
        finally:
            mlflow.set_tracking_uri(before)


@contextlib.contextmanager
def _without(*names: str) -> Iterator[None]:
    """Take environment variables away, and restore them afterwards whatever was written to them meanwhile."""
    before = {name: os.environ.pop(name, None) for name in names}
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence MLflow's warnings of pickle and of missing type hints, which come with every model."""
    loggers = [logging.getLogger(f"mlflow.{name}") for name in ("sklearn", "pytorch", "models.model", "pyfunc")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=UserWarning, module="mlflow")
            warnings.filterwarnings("ignore", message="(?s).*Add type hints to the `predict` method")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _as_argument(model: Any, flavor: str | None) -> dict[str, Any]:
    if flavor is not None:
        return {_FIRST_ARGUMENT[flavor]: model}
    if _is_pyfunc(model):
        return {"python_model": model}
    from workbench.tracking.function_model import FunctionModel

    return {"python_model": FunctionModel(model)}


def _is_pyfunc(model: Any) -> bool:
    """Return whether a model is one of MLflow's ``PythonModel``."""
    return any(
        (base.__module__, base.__name__) == ("mlflow.pyfunc.model", "PythonModel") for base in type(model).__mro__
    )


def _signature(model: Any, example: Any) -> Any:
    """Return a model's signature, None where it cannot be inferred, False where the model is to have none."""
    if example is None or _is_pyfunc(model):
        return None
    from mlflow.models import infer_signature

    if flavor_of(model) is None:
        if not _is_table_or_arrays(example):
            return False  # it is JSON, and the function takes it as it is
        answer = model(example)
        is_later = hasattr(answer, "__next__") or hasattr(answer, "__await__")
        return infer_signature(example) if is_later else infer_signature(example, answer)
    return infer_signature(example, outputs_of(model, example))


def _is_table_or_arrays(example: Any) -> bool:
    if isinstance(example, dict):
        return bool(example) and all(hasattr(item, "shape") for item in example.values())
    return hasattr(example, "shape")


def _requirements(flavor: str | None) -> list[str]:
    found = []
    for package in ("mlflow", "numpy", "pandas", *(_PACKAGES[flavor] if flavor else ("cloudpickle",))):
        try:
            # A local build's suffix (+cpu) is no version that an index knows.
            found.append(f"{package}=={version(package).partition('+')[0]}")
        except PackageNotFoundError:
            continue
    return found
