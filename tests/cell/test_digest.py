"""Digests of objects of any class."""

from __future__ import annotations

from typing import Any

import cloudpickle
import numpy as np
import pytest
import torch

from workbench.cell.digest import digest_of


class Model:
    def __init__(self, weights: Any) -> None:
        self.weights = weights


def are_alike(one: Any, other: Any) -> bool:
    return digest_of(one) == digest_of(other)


def again(value: Any) -> Any:
    return cloudpickle.loads(cloudpickle.dumps(value))


def net() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Dropout())


@pytest.mark.parametrize("value", [1, "a", Model(np.arange(6.0)), Model([Model({1, 2})]), net(), lambda x: x + 1])
def test_what_was_pickled_once_more_is_alike(value: Any) -> None:
    assert are_alike(again(value), again(value))


def test_content_counts() -> None:
    one, other = again(model := Model(np.arange(6.0))), again(model)
    other.weights[0] = 7
    assert not are_alike(one, other)
    assert not are_alike(one, Model("else"))


def test_module_counts_by_its_weights_and_not_its_mode() -> None:
    one, other = again(model := net()), again(model)
    other.eval()
    assert are_alike(one, other)
    other[0].weight.data += 1e-6
    assert not are_alike(one, other)
    other = again(model)
    other.threshold = 0.3
    assert not are_alike(one, other)


def test_estimator_after_a_prediction_is_alike_and_one_that_was_fitted_again_is_not() -> None:
    xgboost = pytest.importorskip("xgboost")
    from sklearn.datasets import load_iris
    from sklearn.ensemble import RandomForestClassifier

    data, target = load_iris(return_X_y=True)
    for model in (RandomForestClassifier(3), xgboost.XGBClassifier(n_estimators=2)):
        model.fit(data, target)
        one, other = again(model), again(model)
        other.predict(data)
        assert are_alike(one, other)
        other.fit(data[::2], target[::2])
        assert not are_alike(one, other)


def test_tensor_without_a_fingerprint_cannot_be_compared() -> None:
    with pytest.raises(TypeError, match="sparse"):
        are_alike(Model(torch.eye(2).to_sparse()), Model(torch.eye(2).to_sparse()))
