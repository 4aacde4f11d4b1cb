"""An endpoint's description against the endpoint itself, with requests that schemathesis makes up; and its page."""

from __future__ import annotations

import io
import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.serving.models_to_serve import Shop
from tests.serving.stack import HEADERS, TOKEN, Stack, running
from workbench.serving.gateway.pages import docs, openapi
from workbench.serving.gateway.pages_body import element, infer_body, predict_body, predict_example
from workbench.serving.records import Limits

EXAMPLES = 30
ENDPOINTS = ("digits", "boosted", "table", "two", "perceptron")


class Models(Shop):
    """Those of the other tests, and a table of all sorts of columns."""

    def table(self) -> Any:
        import mlflow
        import pandas as pd

        from workbench.serving.replica.function_model import FunctionModel

        def describe(frame: Any) -> Any:
            return pd.DataFrame({"rows": range(len(frame)), "kind": frame["kind"].astype(str)})

        frame = pd.DataFrame(
            {
                "size": [1.5, 2.5],
                "weight": np.array([1.5, 2.5], dtype=np.float32),
                "count": [1, 2],
                "small": np.array([1, 2], dtype=np.int32),
                "kind": ["a", "b"],
                "is_new": [True, False],
            }
        )
        signature = mlflow.models.infer_signature(frame, describe(frame))
        return mlflow.pyfunc.log_model(
            name="table",
            python_model=FunctionModel(describe),
            signature=signature,
            input_example=frame,
            pip_requirements=["mlflow"],
        )


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    shop = Models(tmp_path_factory.mktemp("shop"))
    with running() as made:
        for name in ENDPOINTS:
            made.serve(name, {name: shop(name)})
        made.serve("both", {"digits": shop("digits"), "two": shop("two")})
        made.serve("counting", {"counting": shop("counting")})
        yield made


@pytest.fixture(params=[*ENDPOINTS, "both"])
def described(request: pytest.FixtureRequest, stack: Stack) -> Any:
    return schemathesis.openapi.from_url(f"{stack.url}/{request.param}/openapi.json")


def npy() -> st.SearchStrategy[bytes]:
    """Bodies that are no arrays: which array is good, the description says in words."""
    return st.binary(max_size=64)


schema = schemathesis.pytest.from_fixture("described")
made_up = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@schema.parametrize()
@made_up
def test_answers_are_as_described(case: Any) -> None:
    response = case.call(headers=HEADERS)
    is_json = case.media_type in (None, "application/json")
    unclear = [] if is_json else [schemathesis.checks.positive_data_acceptance]
    case.validate_response(response, headers=HEADERS, excluded_checks=unclear)


def page(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=20) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def post(url: str, body: Any) -> int:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {**HEADERS, "Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return int(answer.status)


@pytest.mark.parametrize("name", [*ENDPOINTS, "both", "counting"])
def test_examples_are_accepted(stack: Stack, name: str) -> None:
    asked = 0
    said = page(f"{stack.url}/{name}/openapi.json")
    for path, operations in said["paths"].items():
        if "post" in operations:
            example = operations["post"]["requestBody"]["content"]["application/json"]["example"]
            assert post(f"{said['servers'][0]['url']}{path}", example) == 200, (path, example)
            asked += 1
    assert asked == (6 if name == "both" else 3 if name != "counting" else 2)
