"""A plain function as an MLflow model."""

from __future__ import annotations

import asyncio
import inspect
import warnings
from collections.abc import Callable
from typing import Any

from mlflow.pyfunc import PythonModel

warnings.filterwarnings("ignore", message="(?s).*Add type hints to the `predict` method")


class FunctionModel(PythonModel):  # type: ignore[misc]
    """A function as a model: ``mlflow.pyfunc.log_model(name="model", python_model=FunctionModel(function))``.

    MLflow stores it with cloudpickle, a function that a notebook defines by its value.

    Args:
        function: Takes one argument and returns, or yields, the prediction; it may be async.
    """

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    @property
    def streams(self) -> bool:
        """Whether the function yields its answer in parts."""
        return inspect.isgeneratorfunction(self.function) or inspect.isasyncgenfunction(self.function)

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]  # MLflow reads the hints
        """Return the function's answer for ``model_input``."""
        return call(self.function, model_input)


def call(function: Callable[[Any], Any], value: Any) -> Any:
    """Call a function; run an async function to its end, and turn an async generator into a generator."""
    if inspect.isasyncgenfunction(function):
        return _drained(function(value))
    found = function(value)
    return asyncio.run(_awaited(found)) if inspect.isawaitable(found) else found


async def _awaited(found: Any) -> Any:
    return await found


def _drained(items: Any) -> Any:
    with asyncio.Runner() as runner:
        try:
            while True:
                try:
                    yield runner.run(_awaited(anext(items)))
                except StopAsyncIteration:
                    return
        finally:
            runner.run(_awaited(items.aclose()))
