"""Triton's own client of the Open Inference Protocol over HTTP, against the real plane and real replicas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from tests.support.models_to_serve import Shop
from tests.support.stack import HEADERS, Stack, running


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    shop = Shop(tmp_path_factory.mktemp("shop"))
    with running() as made:
        made.serve("digits", {"digits": shop("digits")})
        made.serve("both", {"two": shop("two"), "mixed": shop("mixed")})
        yield made


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[triton.InferenceServerClient]:
    with triton.InferenceServerClient(stack.at.http) as made:
        yield made


def tensor(name: str, array: Any, datatype: str, *, is_binary: bool = True) -> triton.InferInput:
    made = triton.InferInput(name, list(array.shape), datatype)
    made.set_data_from_numpy(array, binary_data=is_binary)
    return made


def digits(shape: tuple[int, ...] = (3, 64), **more: Any) -> list[triton.InferInput]:
    return [tensor("inputs", np.zeros(shape), "FP64", **more)]


def test_server_and_models_are_there(client: triton.InferenceServerClient) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.get_server_metadata()["name"] == "workbench"
    assert client.is_model_ready("digits")
    assert client.is_model_ready("digits", "1")
    assert client.is_model_ready("both.mixed")
    assert not client.is_model_ready("digits", "9")
    assert not client.is_model_ready("nothing")


def test_metadata_is_the_schema(client: triton.InferenceServerClient) -> None:
    words = client.get_model_metadata("digits", headers=HEADERS)
    assert (words["name"], words["versions"], words["platform"]) == ("digits", ["1"], "sklearn")
    assert words["inputs"] == [{"name": "inputs", "datatype": "FP64", "shape": [-1, 64]}]
    with pytest.raises(InferenceServerException, match="no token"):
        client.get_model_metadata("digits")


def asked(client: triton.InferenceServerClient, name: str, inputs: Any, headers: Any = HEADERS, **more: Any) -> Any:
    """What it answers; the client writes into the headers that it is given."""
    return client.infer(name, inputs, headers=headers and dict(headers), **more)


@pytest.mark.parametrize("takes_binary", [True, False])
@pytest.mark.parametrize("gives_binary", [True, False])
def test_infer_binary_and_json(client: triton.InferenceServerClient, takes_binary: bool, gives_binary: bool) -> None:
    wanted = [triton.InferRequestedOutput("predictions", binary_data=gives_binary)]
    inputs = digits(is_binary=takes_binary)
    for outputs in (wanted, None):
        result = asked(client, "digits", inputs, outputs=outputs, request_id="7")
        assert result.as_numpy("predictions").shape == (3,)
        assert result.as_numpy("predictions").dtype == np.int64
        assert result.get_response()["id"] == "7"
        assert result.get_response()["model_version"] == "1"


def test_infer_several_tensors_columns_and_parameters(client: triton.InferenceServerClient) -> None:
    sides = [tensor(name, np.full((2, 2), 1.5), "FP64") for name in ("left", "right")]
    result = asked(client, "both.two", sides, parameters={"scale": 2})
    assert result.as_numpy("total").tolist() == [12.0, 12.0]
    table = [
        tensor("size", np.array([1.5]), "FP64"),
        tensor("rooms", np.array([1]), "INT64", is_binary=False),
        tensor("town", np.array(["Bern"], dtype=object), "BYTES"),
    ]
    assert asked(client, "both.mixed", table).as_numpy("predictions").shape == (1,)


@pytest.mark.parametrize(
    ("name", "sent", "headers", "status", "words"),
    [
        ("digits", {"shape": (3, 63)}, HEADERS, "400", "inputs has shape [3, 63]; the model takes [-1, 64]"),
        ("digits", {"shape": (3, 63), "is_binary": False}, HEADERS, "400", "inputs has shape [3, 63]"),
        ("digits", {"shape": (2100, 64)}, HEADERS, "413", "the limit of 'digits'"),
        ("digits", {}, None, "401", "no token"),
        ("digits", {}, {"Authorization": "Bearer nobody's"}, "401", "its token is not known"),
        ("nothing", {}, HEADERS, "404", "Cannot find"),
        ("both", {}, HEADERS, "404", "several models"),
    ],
)
def test_infer_says_what_is_wrong(
    client: triton.InferenceServerClient, name: str, sent: Any, headers: Any, status: str, words: str
) -> None:
    with pytest.raises(InferenceServerException) as caught:
        asked(client, name, digits(**sent), headers)
    assert caught.value.status() == status
    assert words in caught.value.message()


def test_infer_says_that_its_header_tells_another_length(client: triton.InferenceServerClient) -> None:
    with pytest.raises(InferenceServerException, match="Inference-Header-Content-Length"):
        client.infer("digits", digits(is_binary=False), headers={**HEADERS, "Inference-Header-Content-Length": "20"})
