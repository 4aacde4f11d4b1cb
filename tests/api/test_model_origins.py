"""Which run returned a model."""

from __future__ import annotations

import gc
from typing import Any

import cloudpickle
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeClassifier

from workbench.api.model_origins import Origin, _origins, origin_of, remember

X, Y = [[0.0], [1.0], [2.0]], [0, 1, 1]


def fitted() -> Any:
    return DecisionTreeClassifier(random_state=0).fit(X, Y)


def run_and_name(origin: Origin | None) -> tuple[str, str] | None:
    return None if origin is None else (origin.run_id, origin.name)


def test_model_knows_its_run_under_any_name_until_it_is_changed() -> None:
    model = fitted()
    remember("r1", {"tree": model, "score": 0.9})
    another_name = model
    model.predict(X)
    assert run_and_name(origin_of(another_name)) == ("r1", "tree")
    assert origin_of(cloudpickle.loads(cloudpickle.dumps(model))) is None, "another object may have come from anywhere"
    model.fit(X, [1, 0, 0])
    assert origin_of(model) is None
    remember("r2", {"again": model})
    assert run_and_name(origin_of(model)) == ("r2", "again")


def test_model_of_a_class_that_was_changed_is_another() -> None:
    class Twice(LinearRegression):
        def predict(self, rows: Any) -> Any:
            return 2 * super().predict(rows)

    model = Twice().fit(X, Y)
    remember("r", {"model": model})
    assert origin_of(model) is not None
    Twice.predict = lambda self, rows: rows  # type: ignore[method-assign]
    assert origin_of(model) is None


def test_what_no_run_keeps_has_no_origin() -> None:
    class Stubborn(LinearRegression):
        def __getstate__(self) -> Any:
            raise RuntimeError("no")

    values = {"f": lambda rows: rows, "count": 3, "model": Stubborn()}
    remember("r", values)
    assert [origin_of(value) for value in values.values()] == [None, None, None]


def test_models_that_are_gone_are_forgotten() -> None:
    model = fitted()
    key = id(model)
    remember("r", {"model": model})
    assert key in _origins
    del model
    gc.collect()
    assert key not in _origins
