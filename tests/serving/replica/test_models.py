"""Models of each flavor as a replica loads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.support.models_to_serve import Shop
from workbench.serving.replica.loading import load


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(Path(tmp_path_factory.mktemp("models")))


def test_load_scikit_learn_answers_arrays_and_knows_its_schema(shop: Shop) -> None:
    model = load(shop("digits"), 0)
    assert model.schema["inputs"] == [{"name": "inputs", "dtype": "float64", "shape": [-1, 64]}]
    assert model.schema["outputs"] == [{"name": "predictions", "dtype": "int64", "shape": [-1]}]
    assert model.schema["flavor"] == "sklearn"
    assert model.example is not None
    assert model.example.startswith('{"inputs":[[')
    assert model.predict(np.zeros((3, 64))).shape == (3,)


def test_load_honours_the_flavors_predict_function(shop: Shop) -> None:
    model = load(shop("probabilities"), 0)
    assert model.schema["inputs"] == []
    assert model.predict(np.zeros((3, 2))).shape == (3, 2)


def test_load_xgboost_answers_a_table(shop: Shop) -> None:
    model = load(shop("boosted"), 0)
    assert model.is_columns
    assert [each["name"] for each in model.schema["inputs"]] == ["a", "b", "c"]
    assert model.predict(pd.DataFrame({"a": [1.0], "b": [2.0], "c": [1.0]})).dtype == np.float32


def test_load_booster_makes_the_matrix_itself(shop: Shop) -> None:
    assert load(shop("booster"), 0).predict(pd.DataFrame({"a": [1.0], "b": [1.0]})).shape == (1,)


def test_load_torch_answers_arrays_of_the_signatures_dtype(shop: Shop) -> None:
    found = load(shop("perceptron"), 0).predict(np.zeros((2, 4), dtype=np.float32))
    assert isinstance(found, np.ndarray)
    assert (found.shape, found.dtype) == ((2, 3), np.float32)


def test_load_function_gets_json_as_it_is(shop: Shop) -> None:
    model = load(shop("double"), 0)
    assert model.takes_json
    assert model.schema["flavor"] == "function"
    assert model.predict({"x": 4}) == {"doubled": 8}


def test_load_async_function_runs_to_its_end(shop: Shop) -> None:
    assert load(shop("later"), 0).predict([1]) == [1]


def test_load_generator_streams(shop: Shop) -> None:
    model = load(shop("counting"), 0)
    assert model.streams
    assert model.stream is not None
    assert list(model.stream({"to": 2}, None)) == [{"number": 0}, {"number": 1}]


def test_load_python_model_takes_named_tensors_and_parameters(shop: Shop) -> None:
    model = load(shop("two"), 0)
    found = model.predict({"left": np.ones((1, 2)), "right": np.ones((1, 2))}, {"scale": 3})
    assert found["total"].tolist() == [12.0]


def test_load_without_the_gpu_that_was_asked_for_says_so(shop: Shop) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(Exception, match="torch finds no GPU"):
        load(shop("perceptron"), 1)
