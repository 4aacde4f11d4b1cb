"""Models of all kinds, published on a real cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import workbench
from workbench.api.project import current_project
from workbench.errors import ServingError
from workbench.tracking.model_logging import log_model

FLAVORS: dict[str, Callable[[], tuple[Any, Any, Any]]] = {}
"""By name what makes a model, rows, and what the model says to them."""


def flavor(make: Callable[[], tuple[Any, Any, Any]]) -> Callable[[], tuple[Any, Any, Any]]:
    FLAVORS[make.__name__] = make
    return make


@flavor
def torch_module() -> tuple[Any, Any, Any]:
    import torch

    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
    rows = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    with torch.inference_mode():
        return model, rows, model(torch.from_numpy(rows)).numpy()


@flavor
def lightning_module() -> tuple[Any, Any, Any]:
    import lightning
    import torch

    class Net(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(4, 2)

        def forward(self, x: Any) -> Any:
            return self.layer(x).softmax(1)

    torch.manual_seed(0)
    model, rows = Net(), np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    with torch.inference_mode():
        return model, rows, model(torch.from_numpy(rows)).numpy()


@flavor
def xgboost_of_a_table() -> tuple[Any, Any, Any]:
    from sklearn.datasets import load_breast_cancer
    from xgboost import XGBClassifier

    table, target = load_breast_cancer(return_X_y=True, as_frame=True)
    model = XGBClassifier(n_estimators=5).fit(table, target)
    return model, table.head(5), model.predict(table.head(5))


@flavor
def lightgbm_of_a_table() -> tuple[Any, Any, Any]:
    from lightgbm import LGBMClassifier
    from sklearn.datasets import load_breast_cancer

    table, target = load_breast_cancer(return_X_y=True, as_frame=True)
    model = LGBMClassifier(n_estimators=5, verbose=-1).fit(table, target)
    return model, table.head(5), model.predict(table.head(5))


@flavor
def sklearn_pipeline_of_a_table() -> tuple[Any, Any, Any]:
    from sklearn.datasets import load_wine
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    table, target = load_wine(return_X_y=True, as_frame=True)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(table, target)
    return model, table.head(5), model.predict(table.head(5))


@flavor
def function() -> tuple[Any, Any, Any]:
    factor = 3.0

    def times(rows: Any) -> Any:
        return np.asarray(rows) * factor

    rows = np.arange(6.0).reshape(3, 2)
    return times, rows, rows * 3.0


@flavor
def pyfunc() -> tuple[Any, Any, Any]:
    from mlflow.pyfunc import PythonModel

    class Sum(PythonModel):  # type: ignore[misc]
        def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
            return np.asarray(model_input).sum(axis=1)

    rows = np.arange(6.0).reshape(3, 2)
    return Sum(), rows, rows.sum(axis=1)


@pytest.mark.parametrize("kind", FLAVORS)
def test_publish_flavor_says_what_the_model_says(kind: str, published: Path) -> None:
    model, rows, said = FLAVORS[kind]()
    endpoint = workbench.publish(model, name=kind, example=rows)
    answer = endpoint.predict(rows)
    assert np.allclose(np.asarray(answer, dtype=float), np.asarray(said, dtype=float), rtol=1e-5)


def test_publish_generator_streams(published: Path) -> None:
    def count(value: Any) -> Iterator[Any]:
        for number in range(int(value["to"])):
            yield {"number": number}

    endpoint = workbench.publish(count, name="count")
    assert list(endpoint.stream({"to": 3})) == [{"number": 0}, {"number": 1}, {"number": 2}]


def test_publish_example_is_found_in_the_notebook(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.api import caller

    model, rows, _ = sklearn_pipeline_of_a_table()
    monkeypatch.setattr(caller, "callers_names", lambda: {"model": model, "X": rows, "n": 3})
    endpoint = workbench.publish(model)
    assert endpoint.name == "model"
    schema = next(iter(endpoint.snapshot()["schemas"].values()))
    assert [column["name"] for column in schema["inputs"]] == list(rows.columns)
    assert schema["is_columns"]


def test_publish_pinned_environment_has_the_models_packages(published: Path) -> None:
    def needs(rows: Any) -> Any:
        import cowsay  # the cluster has no such package

        return [cowsay.get_output_string("cow", "moo")] * len(rows)

    rows = np.zeros((2, 1))
    run_id = current_project().store.create_run(experiment="pinned", name="pinned", tags={}, params={})
    uri = log_model(
        needs,
        "needs",
        run_id=run_id,
        tracking_uri=current_project().settings.tracking_uri,
        requirements=["cowsay==6.1"],
    )
    assert uri
    with pytest.raises(ServingError, match="No module named 'cowsay'"):
        workbench.publish("pinned", name="pinned").predict(rows)
    endpoint = workbench.publish("pinned", name="pinned", env="pinned")
    assert "moo" in endpoint.predict(rows)[0]
