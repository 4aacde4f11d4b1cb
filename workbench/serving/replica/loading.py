"""Loads models from MLflow; each is called as its own library calls it, without MLflow in between."""

from __future__ import annotations

import importlib
import inspect
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from workbench.errors import WorkbenchError
from workbench.records.endpoint_snapshot import ModelSchema
from workbench.serving.replica.signatures import schema_of

_NATIVE = ("sklearn", "xgboost", "lightgbm", "catboost", "pytorch")


class ModelLoadError(WorkbenchError):
    """Raised when a model does not load, or does not answer its example; ``traceback`` is the model's own."""


@dataclass(frozen=True)
class LoadedModel:
    """A model that is ready to predict.

    Attributes:
        call: The prediction for a batch and the request's parameters.
        schema: The model's schema; see :mod:`workbench.serving.replica_protocol`.
        takes_json: Whether it takes values of JSON as they are.
        stream: The same prediction item by item, None where it answers at once.
        is_generator: Whether :attr:`call` returns an iterator, too.
    """

    call: Callable[[Any, dict[str, Any] | None], Any]
    schema: ModelSchema
    takes_json: bool = False
    stream: Callable[[Any, dict[str, Any] | None], Iterator[Any]] | None = None
    is_generator: bool = False

    def predict(self, batch: Any, params: dict[str, Any] | None = None) -> Any:
        """Return the model's answer to an array, a DataFrame, or what else its schema says."""
        return self.call(batch, params)

    @property
    def example(self) -> str | None:
        """The input example it was logged with, as the JSON body of a ``predict`` request."""
        return self.schema["example"]

    @property
    def streams(self) -> bool:
        """Whether it can yield its answer bit by bit."""
        return self.stream is not None

    @property
    def is_columns(self) -> bool:
        """Whether it takes a table."""
        return self.schema["is_columns"]


def load(uri: str, gpus: float) -> LoadedModel:
    """Load a model by its own flavor.

    Args:
        uri: MLflow's URI of the model.
        gpus: GPUs that the replica has; torch models go to the first one.

    Raises:
        ModelLoadError: There is no GPU though there should be.
        Exception: What the model's own library raises.
    """
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    from mlflow.artifacts import download_artifacts
    from mlflow.models import Model

    folder = download_artifacts(artifact_uri=uri)
    meta = Model.load(folder)
    flavor = next((name for name in _NATIVE if name in meta.flavors), "pyfunc")
    if flavor == "pyfunc":
        return _pyfunc(folder, meta)
    schema = schema_of(meta, folder, flavor=flavor, streams=False)
    if flavor == "pytorch":
        from workbench.serving.replica.torch_model import load_torch

        return LoadedModel(load_torch(folder, schema, gpus), schema)
    model = importlib.import_module(f"mlflow.{flavor}").load_model(folder)
    return LoadedModel(_method(model, flavor, meta.flavors.get("python_function", {})), schema)


def _method(model: Any, flavor: str, options: dict[str, Any]) -> Callable[[Any, dict[str, Any] | None], Any]:
    if flavor == "xgboost" and type(model).__name__ == "Booster":
        import xgboost

        return lambda batch, _: model.predict(xgboost.DMatrix(batch, enable_categorical=True))
    method = getattr(model, options.get("predict_fn", "predict"))
    return lambda batch, _: method(batch)


def _pyfunc(folder: str, meta: Any) -> LoadedModel:
    import mlflow.pyfunc

    from workbench.tracking.function_model import FunctionModel, call

    model = mlflow.pyfunc.load_model(folder)
    has_schema = meta.get_input_schema() is not None
    raw = model.unwrap_python_model() if meta.flavors["python_function"].get("python_model") else None
    if isinstance(raw, FunctionModel):
        function = raw.function
        schema = schema_of(meta, folder, flavor="function", streams=raw.streams)
        answer = _caller(function, call)
        return LoadedModel(
            answer,
            schema,
            takes_json=not has_schema,
            stream=answer if raw.streams else None,
            is_generator=raw.streams,
        )
    is_generator = raw is not None and inspect.isgeneratorfunction(inspect.unwrap(raw.predict))
    predict = model.predict if is_generator else model.predict_stream if _has_stream(raw) else None
    stream = None if predict is None else lambda value, params: predict(value, params=params)
    schema = schema_of(meta, folder, flavor="pyfunc", streams=stream is not None)
    # A signature from type hints describes Python values, which MLflow itself checks.
    takes_json = raw is not None and (meta._is_signature_from_type_hint() or not has_schema)
    return LoadedModel(
        lambda batch, params: model.predict(batch, params=params), schema, takes_json, stream, is_generator
    )


def _caller(function: Callable[[Any], Any], call: Callable[..., Any]) -> Callable[[Any, dict[str, Any] | None], Any]:
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return lambda batch, _: call(function, batch)
    return lambda batch, _: function(batch)


def _has_stream(raw: Any) -> bool:
    from mlflow.pyfunc import PythonModel

    return isinstance(raw, PythonModel) and type(raw).predict_stream is not PythonModel.predict_stream
