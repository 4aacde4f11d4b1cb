"""An endpoint's description against the endpoint itself, with requests that schemathesis makes up; and its page."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import jsonschema
import numpy as np
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from tests.support.models_to_serve import Shop, _function
from tests.support.stack import HEADERS, TOKEN, Stack, running
from workbench.records.endpoints import Limits
from workbench.serving.protocols.openapi import docs, openapi
from workbench.serving.protocols.openapi_schemas import (
    element,
    infer_body,
    infer_example,
    invocations_body,
    predict_body,
    predict_example,
)

EXAMPLES = 20
ENDPOINTS = ("digits", "boosted", "table", "two", "perceptron")


class Models(Shop):
    """Those of the other tests, and a table of all sorts of columns."""

    def table(self) -> Any:
        import mlflow
        import pandas as pd

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
        return _function(describe, "table", signature=signature, input_example=frame)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    shop = Models(tmp_path_factory.mktemp("shop"))
    with running() as made:
        for name in ENDPOINTS:
            made.serve(name, {name: shop(name)})
        made.serve("both", {"digits": shop("digits"), "two": shop("two")})
        made.serve("counting", {"counting": shop("counting")})
        yield made


made_up = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: str(mode.value))
@pytest.mark.parametrize("name", [*ENDPOINTS, "both"])
def test_answers_are_as_described(stack: Stack, name: str, mode: GenerationMode) -> None:
    described = schemathesis.openapi.from_url(f"{stack.url}/{name}/openapi.json")
    disagreements: list[str] = []
    asked = 0

    def check(case: Any) -> None:
        nonlocal asked
        asked += 1
        response = case.call(headers=HEADERS)
        is_json = case.media_type in (None, "application/json")
        # What bodies are good that are not JSON, the description says in words.
        unclear = [] if is_json else [schemathesis.checks.positive_data_acceptance]
        case.validate_response(response, headers=HEADERS, excluded_checks=unclear)

    for found in described.get_all_operations():
        operation = found.ok()
        try:
            made_up(given(case=operation.as_strategy(generation_mode=mode))(check))()
        except Unsatisfiable:  # nothing to do wrong
            assert operation.method == "get"
        except Exception as error:
            disagreements.append(f"{operation.label}: {error}")
    assert not disagreements, "\n".join(disagreements)
    assert asked > EXAMPLES


def page(url: str, headers: dict[str, str]) -> dict[str, Any]:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def post(url: str, body: Any) -> int:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {**HEADERS, "Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return int(answer.status)


@pytest.mark.parametrize("headers", [HEADERS, {}], ids=["saved", "made-up"])
@pytest.mark.parametrize("name", [*ENDPOINTS, "both", "counting"])
def test_examples_are_accepted(stack: Stack, name: str, headers: dict[str, str]) -> None:
    asked = 0
    said = page(f"{stack.url}/{name}/openapi.json", headers)
    for path, operations in said["paths"].items():
        if "post" in operations:
            sent = operations["post"]["requestBody"]["content"]["application/json"]
            if "example" not in sent:
                assert name == "counting"
                continue
            example = sent["example"]
            assert post(f"{said['servers'][0]['url']}{path}", example) == 200, (path, example)
            asked += 1
    of_counting = 2 if headers else 0  # it does not say what it takes
    assert asked == (6 if name == "both" else 3 if name != "counting" else of_counting)


def schema_of(**more: Any) -> dict[str, Any]:
    tensor = {"name": "x", "dtype": "float64", "shape": [-1, 3]}
    return {"inputs": [tensor], "outputs": None, "is_columns": False, "example": None, "streams": False, **more}


def takes(described: dict[str, Any], body: Any) -> bool:
    return bool(jsonschema.Draft202012Validator(described).is_valid(body))


def test_tensors_are_nested_arrays_of_fixed_lengths() -> None:
    described = predict_body(schema_of())
    assert takes(described, {"inputs": [[1.0, 2, -3]]})
    assert takes(described, [[1.0, 2, -3], [4, 5, 6]])
    assert takes(described, [1.0, 2, -3])
    for wrong in (
        [],
        {"inputs": []},
        {"inputs": [[1.0, 2.0]]},
        {"inputs": [[1.0, 2.0, "3"]]},
        {"inputs": [[1, 2, None]]},
    ):
        assert not takes(described, wrong)
    assert not takes(described, {"inputs": [[1.0, 2.0, 3.0]], "instances": [[1.0, 2.0, 3.0]]})


def test_columns_are_properties() -> None:
    columns = [
        {"name": "size", "dtype": "float32", "shape": [-1]},
        {"name": "count", "dtype": "int64", "shape": [-1]},
        {"name": "kind", "dtype": "str", "shape": [-1], "optional": True},
    ]
    described = predict_body(schema_of(inputs=columns, is_columns=True))
    assert takes(described, {"size": None, "count": 3})
    assert takes(described, [{"size": 0.5, "count": 3, "kind": "a", "unknown": [1]}])
    assert takes(described, {"dataframe_split": {"columns": ["size", "count", "kind"], "data": [[1, 2, "a"]]}})
    assert not takes(described, {"size": 0.5})
    assert not takes(described, {"size": 1e39, "count": 3})
    assert not takes(described, {"size": 0.5, "count": 2**63})
    assert not takes(described, {"size": 0.5, "count": None})
    assert not takes(described, {"dataframe_split": {"columns": ["size", "count", "kind"], "data": [[1, 2]]}})


@pytest.mark.parametrize(
    ("dtype", "good", "bad"),
    [
        ("float16", 65504, 65505),
        ("uint8", 255, 256),
        ("uint64", 2**64 - 1, -1),
        ("int8", -128, -129),
        ("bool", True, 1),
        ("str", "a", 1),
        ("bytes", "dGV4dA==", "dGV4dA="),
        ("datetime64[ns]", "2026-01-31T12:00:00".replace("31", "28"), "yesterday"),
        ("object", {"a": []}, ...),
    ],
)
def test_elements_have_the_range_of_their_type(dtype: str, good: Any, bad: Any) -> None:
    assert takes(element(dtype), good)
    assert bad is ... or not takes(element(dtype), bad)


@pytest.mark.parametrize("dtype", ["float32", "int32", "bool", "str", "bytes", "datetime64[ns]"])
def test_made_up_examples_are_as_described(dtype: str) -> None:
    for inputs, is_columns in (
        ([{"name": "x", "dtype": dtype, "shape": [-1, 2, 2]}], False),
        ([{"name": name, "dtype": dtype, "shape": [-1, -1]} for name in "ab"], False),
        ([{"name": name, "dtype": dtype, "shape": [-1]} for name in "ab"], True),
    ):
        schema = schema_of(inputs=inputs, is_columns=is_columns)
        assert takes(predict_body(schema), predict_example(schema))
        assert takes(infer_body(schema), infer_example(schema))


def test_one_of_several_free_lengths_is_free_at_a_time() -> None:
    described = predict_body(schema_of(inputs=[{"name": "x", "dtype": "int64", "shape": [-1, -1]}]))
    assert takes(described, {"inputs": [[1, 2, 3]]})
    assert takes(described, {"inputs": [[1], [2], [3]]})
    assert not takes(described, {"inputs": [[1, 2, 3], [1]]})


def test_several_tensors_have_one_row_each_or_come_row_by_row() -> None:
    tensors = [{"name": "a", "dtype": "int64", "shape": [-1, 2]}, {"name": "b", "dtype": "str", "shape": [-1]}]
    for described in (predict_body(schema_of(inputs=tensors)), invocations_body(schema_of(inputs=tensors))):
        assert takes(described, {"inputs": {"a": [[1, 2]], "b": ["x"]}})
        assert takes(described, {"instances": [{"a": [1, 2], "b": "x"}, {"a": [3, 4], "b": "y"}]})
        assert not takes(described, {"instances": [{"a": [1, 2]}]})


def test_protocol_tensors_have_as_many_values_as_their_shape() -> None:
    described = infer_body(schema_of())
    tensor = {"name": "x", "datatype": "FP64", "shape": [2, 3], "data": [1.0] * 6}
    assert takes(described, {"inputs": [tensor]})
    assert takes(described, {"inputs": [{**tensor, "shape": [1, 3], "data": [1.0] * 3}]})
    assert not takes(described, {"inputs": [{**tensor, "shape": [1, 3]}]})
    assert not takes(described, {"inputs": [tensor], "parameters": {"binary_data_output": 1}})
    anything = infer_body(schema_of(inputs=[]))
    assert takes(anything, {"inputs": [{"name": "y", "datatype": "BYTES", "shape": [1], "data": ["a"]}]})
    assert not takes(anything, {})


def test_description_names_tokens_statuses_and_limits() -> None:
    said = openapi("digits", {"digits": schema_of()}, "http://127.0.0.1:1/digits", Limits(max_body=1000))
    predict = said["paths"]["/predict"]["post"]
    assert set(predict["responses"]) >= {"200", "400", "401", "404", "405", "413", "415", "429", "500", "503", "504"}
    assert "1000 bytes" in predict["responses"]["413"]["description"]
    assert "Retry-After" in predict["responses"]["503"]["headers"]
    assert said["security"] == [{"token": []}]
    assert said["paths"]["/ping"]["get"]["security"] == []
    assert said["servers"] == [{"url": "http://127.0.0.1:1/digits"}]


def test_models_of_an_endpoint_have_paths_of_their_own() -> None:
    said = openapi("shop", {"a": schema_of(), "b": schema_of(streams=True)}, "", Limits())
    assert {"/models/a/predict", "/models/b/invocations", "/v2/models/shop.a/infer"} <= set(said["paths"])
    assert "/predict" not in said["paths"]
    answers = said["paths"]["/models/b/predict"]["post"]["responses"]["200"]["content"]
    assert {"text/event-stream", "application/x-ndjson"} <= set(answers)
    assert "text/event-stream" not in said["paths"]["/models/a/predict"]["post"]["responses"]["200"]["content"]


def test_page_allows_nothing_from_elsewhere() -> None:
    answer = docs("")
    assert answer is not None
    assert answer.content_type.startswith("text/html")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert b"http" not in answer.body


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("swagger-ui.css", "text/css"),
        ("swagger-ui-bundle.js", "text/javascript"),
        ("workbench-docs.js", "text/javascript"),
        ("favicon-32x32.png", "image/png"),
    ],
)
def test_assets_have_their_types(name: str, kind: str) -> None:
    answer = docs(f"/assets/{name}")
    assert answer is not None
    assert answer.content_type.startswith(kind)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Cache-Control" in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../__init__.py",
        "/assets/%2e%2e/__init__.py",
        "/assets//etc/passwd",
        "/assets/..\\__init__.py",
        "/assets/index.html",
        "/assets/swagger-ui.css/",
        "/assets/",
        "/assets",
        "/swagger-ui.css",
        "assets/swagger-ui.css",
        "/x",
    ],
)
def test_nothing_else_is_there(path: str) -> None:
    assert docs(path) is None


@pytest.mark.ui
def test_page_tries_the_model_out(stack: Stack) -> None:
    from playwright.sync_api import expect

    from tests.support.lab import browser

    with browser() as chromium:
        shown = chromium.new_page()
        said: list[str] = []
        asked: list[str] = []
        shown.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        shown.on("request", lambda request: asked.append(request.url))
        for address in ("docs", "docs/"):
            shown.goto(f"{stack.url}/digits/{address}")
            expect(shown).to_have_title("Endpoint digits")
            expect(shown.get_by_text("/predict", exact=True).first).to_be_visible()
        shown.get_by_role("button", name="Authorize").first.click()
        dialog = shown.locator(".auth-container")
        dialog.locator("input").fill(TOKEN)
        dialog.get_by_role("button", name="Authorize").click()
        dialog.get_by_role("button", name="Close").click()
        block = shown.locator("#operations-digits-post_predict")
        block.locator(".opblock-summary").click()
        block.get_by_role("button", name="Execute").click()
        answers = block.locator(".live-responses-table")
        expect(answers.locator("td.response-col_status:not(.col_header)").first).to_contain_text("200")
        expect(answers).to_contain_text('"predictions"')
        assert TOKEN not in json.dumps(shown.evaluate("({...localStorage, ...sessionStorage})"))
        assert not said
        assert all(url.startswith((f"{stack.url}/digits", "data:", "blob:")) for url in asked)
