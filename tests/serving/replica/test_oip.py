"""Tensors of the Open Inference Protocol, in JSON and as bytes; and bodies of any route with anything in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.codecs import MATRIX, TOWNS, codec, decode, error_of, tensor
from workbench.serving.content_types import BINARY, JSON
from workbench.serving.replica.codecs.codecs import join
from workbench.serving.replica.codecs.refusals import RefusedError


def infer(*inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"inputs": list(inputs), **more}


def oip(name: str, shape: list[int], datatype: str, data: Any) -> dict[str, Any]:
    return {"name": name, "shape": shape, "datatype": datatype, "data": data}


def test_infer_takes_json_tensors_and_echoes_the_id() -> None:
    found = decode(MATRIX, infer(oip("x", [2, 2], "INT64", [1, 2, 3, 4]), id="7"), route="infer")
    assert found.data.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    kind, body = MATRIX.encode("infer", "", found.infer, np.array([5, 6]))
    assert kind == JSON
    assert orjson.loads(body) == {
        "model_name": "end",
        "model_version": "3",
        "id": "7",
        "outputs": [{"name": "predictions", "shape": [2], "datatype": "INT64", "data": [5, 6]}],
    }


def test_infer_takes_and_gives_binary_tensors() -> None:
    raw = np.array([[1, 2]], dtype=np.float32).tobytes()
    head = orjson.dumps(
        infer(
            {"name": "x", "shape": [1, 2], "datatype": "FP32", "parameters": {"binary_data_size": len(raw)}},
            parameters={"binary_data_output": True},
        )
    )
    found = decode(MATRIX, head + raw, f"{BINARY}{len(head)}", "infer")
    assert found.data.tolist() == [[1.0, 2.0]]
    assert found.params is None
    kind, body = MATRIX.encode("infer", "", found.infer, np.array([5], dtype=np.int32))
    size = int(kind.partition("json=")[2])
    assert orjson.loads(body[:size])["outputs"][0]["parameters"] == {"binary_data_size": 4}
    assert np.frombuffer(body[size:], np.int32).tolist() == [5]


def test_infer_takes_one_tensor_a_column() -> None:
    raw = b"\x04\x00\x00\x00Bern"
    town = {"name": "town", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": len(raw)}}
    head = orjson.dumps(infer(oip("size", [1, 1], "FP64", [1.5]), oip("rooms", [1], "INT32", [2]), town))
    found = join([decode(TOWNS, head + raw, f"{BINARY}{len(head)}", "infer").data])
    assert found.to_numpy().tolist() == [[1.5, 2, "Bern"]]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (infer(oip("x", [1, 3], "FP64", [1, 2])), "x has 2 values; its shape [1, 3] needs 3"),
        (infer(oip("x", [1, 2], "FP65", [1, 2])), "the datatype of x is 'FP65'"),
        (infer(oip("x", [1, 2], "FP64", ["a", "b"])), "not all of FP64"),
        (infer(oip("x", [1, 2], "INT8", [1, 300])), "x holds 300; its datatype INT8 takes int8"),
        (infer(oip("x", [1, 2], "INT64", [1, 1.5])), "x holds 1.5; its datatype INT64 takes int64"),
        (infer(oip("x", [1, 2], "INT64", [1, 2.0**63])), "x holds 9.2"),
        (infer(oip("x", [1, 2], ["FP64"], [1, 2])), "the datatype of x is ['FP64']"),
        (infer(oip("x", [1, 2], None, [1, 2])), "the datatype of x is null"),
        (infer(oip("x", {"a": 1}, "FP64", [1, 2])), "the shape of x is {'a': 1}"),
        (infer(oip("x", [1, 2.0], "FP64", [1, 2])), "the shape of x is [1, 2.0]"),
        (infer(oip("x", [0, 2**62], "FP64", [])), "the shape of x is [0, "),
        (infer(oip("x", [1] * 65, "FP64", [1])), "the shape of x is [1, 1, "),
        (infer(oip(["x"], [1, 2], "FP64", [1, 2])), "a tensor's name is ['x']"),
        (infer({**oip("x", [1, 2], "FP64", [1, 2]), "parameters": []}), "parameters of x is a list"),
        (
            infer(oip("x", [1, 2], "FP64", [1, 2]), parameters={"binary_data_output": "no"}),
            "binary_data_output is 'no'",
        ),
        (
            infer(oip("x", [1, 2], "FP64", [1, 2]), outputs=[{"name": "y", "parameters": {"binary_data": 1}}]),
            "binary_data is 1",
        ),
        (infer(oip("x", [-1, 2], "FP64", [1, 2])), "the shape of x is [-1, 2]"),
        (infer(oip("x", [1, 2], "FP64", [1, True])), "not all of FP64"),
        (infer(), "inputs is no list of tensors"),
        ({}, "inputs is no list of tensors"),
        (infer(oip("x", [1, 2], "FP64", [1, 2]), id=3), "id is a number"),
        (infer(oip("x", [1, 2], "FP64", [1, 2]), outputs=[3]), "outputs is no list of names"),
    ],
)
def test_infer_says_what_is_wrong(message: Any, words: str) -> None:
    assert words in str(error_of(MATRIX, message, route="infer"))


def test_infer_says_which_output_there_is_not() -> None:
    found = decode(MATRIX, infer(oip("x", [1, 2], "FP64", [1, 2]), outputs=[{"name": "y"}]), route="infer")
    with pytest.raises(RefusedError, match="no output 'y'"):
        MATRIX.encode("infer", "", found.infer, np.array([5]))


def test_infer_takes_whole_floats_for_integers() -> None:
    found = decode(codec(tensor("int64")), infer(oip("x", [1, 2], "INT64", [5.0, 2])), route="infer")
    assert found.data.tolist() == [[5, 2]]
    found = decode(codec(tensor("int64")), infer(oip("x", [1, 2], "INT64", [2**63 - 1, 2.0])), route="infer")
    assert found.data.tolist() == [[2**63 - 1, 2]]
    assert found.data.dtype == np.int64


def test_infer_gives_strings_in_their_shape() -> None:
    found = decode(MATRIX, infer(oip("x", [1, 2], "FP64", [1, 2])), route="infer")
    for told in (np.array([["a", "b"]], dtype=object), [["a", "b"]], {"predictions": np.array([["a", "b"]])}):
        output = orjson.loads(MATRIX.encode("infer", "", found.infer, told)[1])["outputs"][0]
        assert (output["shape"], output["datatype"], output["data"]) == ([1, 2], "BYTES", ["a", "b"])
    ragged = orjson.loads(MATRIX.encode("infer", "", found.infer, [[1], [2, 3]])[1])["outputs"][0]
    assert (ragged["shape"], ragged["data"]) == ([2], ["[1]", "[2,3]"])


_KEYS = ["inputs", "instances", "params", "x", "size", "rooms", "town", "name", "shape", "data", "columns",
         "dataframe_split", "dataframe_records", "parameters", "binary_data", "binary_data_size"]  # fmt: skip
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "x", "FP64", "INT8", "BYTES", "inputs", "2026-01-31"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4),
    max_leaves=12,
)
SORTS = (MATRIX, TOWNS, *(codec(tensor(word, (-1,), "x")) for word in ("int8", "str", "bool", "object", "float32")))
GOOD = infer({**oip("x", [1, 2], "FP64", [1, 2]), "parameters": {}}, id="7", parameters={}, outputs=[{"name": "y"}])


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SORTS), st.sampled_from(["predict", "infer"]), anything)
def test_any_body_is_read_or_refused(of: Any, route: str, body: Any) -> None:
    read_or_refuse(of, route, body)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SORTS), st.sampled_from(["name", "shape", "datatype", "data", "parameters"]), anything)
def test_any_word_of_a_tensor_is_read_or_refused(of: Any, key: str, value: Any) -> None:
    read_or_refuse(of, "infer", {**GOOD, "inputs": [{**GOOD["inputs"][0], key: value}]})


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SORTS), st.sampled_from(["id", "outputs", "parameters", "inputs"]), anything)
def test_any_word_of_a_request_is_read_or_refused(of: Any, key: str, value: Any) -> None:
    read_or_refuse(of, "infer", {**GOOD, key: value})


def read_or_refuse(of: Any, route: str, body: Any) -> None:
    try:
        found = decode(of, body, route=route)
        join([found.data])
    except RefusedError as error:
        is_good = error.status == 400 and str(error).startswith("Cannot ")
    else:
        is_good = found.rows >= 1
    assert is_good
