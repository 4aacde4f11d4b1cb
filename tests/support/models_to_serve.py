"""Real models, logged with MLflow into a store of their own, for the tests of replicas."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"


class Shop:
    """Logs models, each once.

    Args:
        folder: For the store.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._uris: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        """The address of the model that the method of that name logs."""
        if name not in self._uris:
            import mlflow

            mlflow.set_tracking_uri(f"sqlite:///{self._folder / 'mlflow.db'}")
            if mlflow.get_experiment_by_name("served") is None:
                mlflow.create_experiment("served", artifact_location=(self._folder / "artifacts").as_uri())
            mlflow.set_experiment("served")
            with mlflow.start_run():
                self._uris[name] = getattr(self, name)().model_uri
        return self._uris[name]

    def digits(self) -> Any:
        """scikit-learn on a matrix of floats."""
        import mlflow
        from sklearn.datasets import load_digits
        from sklearn.linear_model import LogisticRegression

        x, y = load_digits(return_X_y=True)
        model = LogisticRegression(max_iter=50).fit(x[:300], y[:300])
        signature = mlflow.models.infer_signature(x[:5], model.predict(x[:5]))
        return mlflow.sklearn.log_model(
            model, name="digits", signature=signature, input_example=x[:2], **_LOGGED_PLAINLY, **_AS_PICKLE
        )

    def probabilities(self) -> Any:
        """scikit-learn, answering with probabilities, without a signature."""
        import mlflow
        from sklearn.linear_model import LogisticRegression

        x = np.arange(20.0).reshape(10, 2)
        model = LogisticRegression().fit(x, np.arange(10) % 2)
        return mlflow.sklearn.log_model(
            model, name="probabilities", pyfunc_predict_fn="predict_proba", **_LOGGED_PLAINLY, **_AS_PICKLE
        )

    def mixed(self) -> Any:
        """A pipeline on a table of floats, integers and strings."""
        import mlflow
        import pandas as pd
        from sklearn.compose import make_column_transformer
        from sklearn.linear_model import LinearRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder

        table = pd.DataFrame({"size": [1.5, 2.5, 3.5], "rooms": [1, 2, 3], "town": ["Bern", "Rome", "Bern"]})
        encoder = make_column_transformer((OneHotEncoder(), ["town"]), remainder="passthrough")
        model = make_pipeline(encoder, LinearRegression()).fit(table, [1.0, 2.0, 3.0])
        signature = mlflow.models.infer_signature(table, np.array([1.0]))
        return mlflow.sklearn.log_model(
            model, name="mixed", signature=signature, input_example=table[:1], **_LOGGED_PLAINLY, **_AS_PICKLE
        )

    def boosted(self) -> Any:
        """XGBoost on a table of floats."""
        import mlflow
        import pandas as pd
        import xgboost

        table = pd.DataFrame({"a": np.arange(20.0), "b": np.arange(20.0)[::-1], "c": np.ones(20)})
        model = xgboost.XGBRegressor(n_estimators=3).fit(table, np.arange(20.0))
        signature = mlflow.models.infer_signature(table, model.predict(table))
        return mlflow.xgboost.log_model(
            model, name="boosted", signature=signature, input_example=table[:2], **_LOGGED_PLAINLY
        )

    def booster(self) -> Any:
        """XGBoost's own Booster, on the same table."""
        import mlflow
        import pandas as pd
        import xgboost

        table = pd.DataFrame({"a": np.arange(20.0), "b": np.ones(20)})
        model = xgboost.train({}, xgboost.DMatrix(table, np.arange(20.0)), 2)
        signature = mlflow.models.infer_signature(table)
        return mlflow.xgboost.log_model(model, name="booster", signature=signature, **_LOGGED_PLAINLY)

    def perceptron(self) -> Any:
        """A small torch MLP on float32."""
        import mlflow
        import torch

        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
        x = np.zeros((2, 4), dtype=np.float32)
        signature = mlflow.models.infer_signature(x, np.zeros((2, 3), dtype=np.float32))
        return mlflow.pytorch.log_model(
            model,
            name="perceptron",
            signature=signature,
            input_example=x,
            serialization_format="pickle",
            **_LOGGED_PLAINLY,
        )

    def double(self) -> Any:
        """A plain function without a signature: it gets JSON as it is."""

        def double(value: Any) -> Any:
            return {"doubled": value["x"] * 2}

        return _function(double, "double", input_example={"x": 21})

    def summed(self) -> Any:
        """A plain function on arrays, that refuses what is below zero, and prints."""
        import mlflow

        def summed(array: Any) -> Any:
            print(f"sums {len(array)} rows")
            if (array < 0).any():
                raise ValueError("a value is below zero")
            return array.sum(axis=1)

        x = np.ones((2, 3))
        return _function(summed, "summed", signature=mlflow.models.infer_signature(x, x.sum(axis=1)))

    def later(self) -> Any:
        """An async function."""

        async def later(value: Any) -> Any:
            import asyncio

            await asyncio.sleep(0)
            return value

        return _function(later, "later")

    def counting(self) -> Any:
        """A generator."""

        def counting(value: Any) -> Iterator[Any]:
            for number in range(value["to"]):
                if number == value.get("fails_at"):
                    raise RuntimeError("no more numbers")
                yield {"number": number}

        return _function(counting, "counting", input_example={"to": 2})

    def halving(self) -> Any:
        """A generator on arrays."""
        import mlflow

        def halving(array: Any) -> Iterator[Any]:
            for row in array:
                yield row / 2

        return _function(halving, "halving", signature=mlflow.models.infer_signature(np.ones((2, 1))))

    def both(self) -> Any:
        """A function that gives two outputs, and works in place."""
        import mlflow

        def both(array: Any) -> Any:
            array -= 1.0
            return array[:, 0], -array[:, 0]

        return _function(both, "both", signature=mlflow.models.infer_signature(np.ones((2, 2))))

    def patient(self) -> Any:
        """A PythonModel that yields, and takes a parameter."""
        import mlflow

        class Patient(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
            def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
                return model_input * (params or {})["times"]

            def predict_stream(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
                yield (params or {})["times"]

        signature = mlflow.models.infer_signature(np.ones((2, 1)), np.ones((2, 1)), params={"times": 1})
        return mlflow.pyfunc.log_model(name="patient", python_model=Patient(), signature=signature, **_LOGGED_PLAINLY)

    def broken(self) -> Any:
        """A function that does not answer its own example."""

        def divide(value: Any) -> Any:
            return 1 / value["x"]

        return _function(divide, "broken", input_example={"x": 0})

    def two(self) -> Any:
        """A PythonModel on two named tensors, that takes a parameter."""
        import mlflow

        class Two(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
            def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
                scale = (params or {}).get("scale", 1)
                return {"total": (model_input["left"] + model_input["right"]).sum(axis=1) * scale}

        tensors = {"left": np.ones((2, 2)), "right": np.ones((2, 2))}
        signature = mlflow.models.infer_signature(tensors, {"total": np.ones(2)}, params={"scale": 1})
        return mlflow.pyfunc.log_model(name="two", python_model=Two(), signature=signature, **_LOGGED_PLAINLY)


_LOGGED_PLAINLY: dict[str, Any] = {"pip_requirements": ["mlflow"]}
_AS_PICKLE: dict[str, Any] = {"serialization_format": "cloudpickle"}


def _function(function: Callable[..., Any], name: str, **more: Any) -> Any:
    import mlflow

    from workbench.tracking.function_model import FunctionModel

    more.setdefault("signature", False)  # else MLflow makes one of the example
    return mlflow.pyfunc.log_model(name=name, python_model=FunctionModel(function), **more, **_LOGGED_PLAINLY)
