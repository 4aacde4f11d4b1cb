"""The gateway's gRPC side, asked by tritonclient."""

from __future__ import annotations

import queue
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
import tritonclient.grpc as triton
from tritonclient.grpc import service_pb2 as pb
from tritonclient.grpc import service_pb2_grpc
from tritonclient.utils import InferenceServerException

from tests.support.grpc_gateway import ECHOES, Gateway
from tests.support.models_to_serve import Shop
from tests.support.small_plane import TOKEN
from tests.support.stack import LIMITS, running
from workbench.serving.dataplane.request import Answer
from workbench.serving.protocols.grpc_messages import MessageError, binary_request, infer_response

HEADERS = {"authorization": f"Bearer {TOKEN}"}
ROW = [[5.1, 3.5, 1.4, 0.2]]


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    running = Gateway()
    yield running
    running.close()


@pytest.fixture(scope="module")
def client(gateway: Gateway) -> Iterator[triton.InferenceServerClient]:
    with triton.InferenceServerClient(gateway.address) as made:
        yield made


@pytest.fixture(scope="module")
def stub(gateway: Gateway) -> Iterator[Any]:
    with grpc.insecure_channel(gateway.address) as channel:
        yield service_pb2_grpc.GRPCInferenceServiceStub(channel)


def tensor(name: str, array: Any, datatype: str) -> triton.InferInput:
    made = triton.InferInput(name, list(array.shape), datatype)
    made.set_data_from_numpy(array)
    return made


def iris(rows: Any = ROW) -> list[triton.InferInput]:
    return [tensor("inputs", np.array(rows, dtype=np.float64), "FP64")]


def status_of(call: Any, *args: Any, **kwargs: Any) -> tuple[str, str]:
    with pytest.raises(InferenceServerException) as caught:
        call(*args, **kwargs)
    return caught.value.status().removeprefix("StatusCode."), caught.value.message()


def test_server_says_that_it_is_there(client: triton.InferenceServerClient) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.get_server_metadata().name == "workbench"


def test_model_readiness_is_told_for_each_name(client: triton.InferenceServerClient) -> None:
    assert client.is_model_ready("iris")
    assert client.is_model_ready("iris", "1")
    assert client.is_model_ready("echo.float32")
    assert not client.is_model_ready("iris", "9")
    assert not client.is_model_ready("echo")
    assert not client.is_model_ready("nothing")


def test_model_metadata_is_the_schema(client: triton.InferenceServerClient) -> None:
    words = client.get_model_metadata("house", "1", headers=HEADERS)
    assert [(each.name, each.datatype, list(each.shape)) for each in words.inputs] == [
        ("size", "FP64", [-1]),
        ("count", "INT64", [-1]),
        ("kind", "BYTES", [-1]),
        ("is_new", "BOOL", [-1]),
    ]
    assert list(words.versions) == ["1"]
    assert status_of(client.get_model_metadata, "nothing", headers=HEADERS)[0] == "NOT_FOUND"
    assert status_of(client.get_model_metadata, "house")[0] == "UNAUTHENTICATED"


def test_infer_answers_as_the_model(gateway: Gateway, client: triton.InferenceServerClient) -> None:
    result = client.infer("iris", iris(), headers=HEADERS, request_id="a-1")
    assert result.as_numpy("predictions").tolist() == [0]
    answer = result.get_response()
    assert (answer.id, answer.model_name, answer.model_version) == ("a-1", "iris", "1")
    assert len(answer.raw_output_contents) == 1
    assert gateway.plane.asked[-1].route == "infer"


@pytest.mark.parametrize("dtype", ECHOES)
def test_raw_tensors_of_each_datatype_come_back(client: triton.InferenceServerClient, dtype: str) -> None:
    if dtype == "str":
        sent, word = np.array([["a", "b\u00e4"], ["", "longer text"]], dtype=object), "BYTES"
    else:
        sent = np.array([[0, 1], [1, 0]], dtype=dtype)
        word = {"bool": "BOOL", "float16": "FP16", "float32": "FP32", "float64": "FP64"}.get(dtype, dtype.upper())
    result = client.infer(f"echo.{dtype}", [tensor("x", sent, word)], headers=HEADERS)
    received = result.as_numpy("y")
    if dtype == "str":
        assert [[item.decode() for item in row] for row in received] == sent.tolist()
    else:
        assert received.dtype == sent.dtype
        assert received.tolist() == sent.tolist()


@pytest.mark.parametrize(
    ("dtype", "word", "kind", "items"),
    [
        ("bool", "BOOL", "bool_contents", [True, False]),
        ("int8", "INT8", "int_contents", [-128, 127]),
        ("int16", "INT16", "int_contents", [-3, 3]),
        ("int32", "INT32", "int_contents", [-(2**31), 2**31 - 1]),
        ("int64", "INT64", "int64_contents", [-(2**63), 2**63 - 1]),
        ("uint8", "UINT8", "uint_contents", [0, 255]),
        ("uint16", "UINT16", "uint_contents", [0, 65535]),
        ("uint32", "UINT32", "uint_contents", [0, 2**32 - 1]),
        ("uint64", "UINT64", "uint64_contents", [0, 2**64 - 1]),
        ("float32", "FP32", "fp32_contents", [0.5, -1.5]),
        ("float64", "FP64", "fp64_contents", [0.1, -1e300]),
        ("str", "BYTES", "bytes_contents", [b"", "\u00e4".encode()]),
    ],
)
def test_contents_of_each_datatype_come_back_as_contents(
    stub: Any, dtype: str, word: str, kind: str, items: list[Any]
) -> None:
    request = pb.ModelInferRequest(model_name=f"echo.{dtype}")
    sent = request.inputs.add(name="x", datatype=word, shape=[1, 2])
    getattr(sent.contents, kind).extend(items)
    answer = stub.ModelInfer(request, metadata=tuple(HEADERS.items()))
    assert not answer.raw_output_contents
    assert answer.outputs[0].datatype == word
    assert list(getattr(answer.outputs[0].contents, kind)) == items


def test_answer_that_has_no_contents_form_goes_raw() -> None:
    body = b'{"outputs":[{"name":"y","datatype":"FP16","shape":[2],"data":[0.5,null]}]}'
    answer = infer_response(body, "application/json", is_raw=False, id="", model_name="m", model_version="1")
    values = np.frombuffer(answer.raw_output_contents[0], np.float16)
    assert values[0] == 0.5
    assert np.isnan(values[1])


def test_outputs_can_be_chosen(client: triton.InferenceServerClient) -> None:
    sent = tensor("x", np.ones((1, 2), np.float32), "FP32")
    wanted = [triton.InferRequestedOutput("y")]
    assert client.infer("echo.float32", [sent], outputs=wanted, headers=HEADERS).as_numpy("y").tolist() == [[1, 1]]
    unknown = [triton.InferRequestedOutput("z")]
    assert status_of(client.infer, "echo.float32", [sent], outputs=unknown, headers=HEADERS)[0] == "INVALID_ARGUMENT"


def test_columns_are_tensors_by_name(client: triton.InferenceServerClient) -> None:
    inputs = [
        tensor("size", np.array([1.5, 2.5]), "FP64"),
        tensor("count", np.array([1, 2]), "INT64"),
        tensor("kind", np.array(["a", "b"], dtype=object), "BYTES"),
    ]
    result = client.infer("house", inputs, headers=HEADERS)
    assert result.as_numpy("price").tolist() == [2.5, 3.5]
    assert result.as_numpy("kind").tolist() == [b"a", b"b"]


@pytest.mark.parametrize(
    ("name", "headers", "rows", "code"),
    [
        ("iris", {}, ROW, "UNAUTHENTICATED"),
        ("iris", {"authorization": "Bearer wrong"}, ROW, "UNAUTHENTICATED"),
        ("iris", {"authorization": f"Basic {TOKEN}"}, ROW, "UNAUTHENTICATED"),
        ("nothing", HEADERS, ROW, "NOT_FOUND"),
        ("iris.other", HEADERS, ROW, "NOT_FOUND"),
        ("iris", HEADERS, [[1.0, 2.0]], "INVALID_ARGUMENT"),
    ],
)
def test_refusals_have_grpc_codes(
    client: triton.InferenceServerClient, name: str, headers: dict[str, str], rows: Any, code: str
) -> None:
    found, message = status_of(client.infer, name, iris(rows), headers=headers)
    assert found == code
    assert message.startswith("Cannot ")
    assert TOKEN not in message


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (413, "RESOURCE_EXHAUSTED"),
        (429, "RESOURCE_EXHAUSTED"),
        (500, "INTERNAL"),
        (503, "UNAVAILABLE"),
        (504, "DEADLINE_EXCEEDED"),
        (418, "UNKNOWN"),
    ],
)
def test_statuses_become_codes(gateway: Gateway, stub: Any, status: int, code: str) -> None:
    gateway.plane.refusals.append(Answer(status, b'{"error": "Cannot do it."}', headers={"Retry-After": "2"}))
    with pytest.raises(grpc.RpcError) as caught:
        stub.ModelInfer(pb.ModelInferRequest(model_name="iris"), metadata=tuple(HEADERS.items()))
    assert caught.value.code().name == code
    assert caught.value.details() == "Cannot do it."
    assert ("retry-after", "2") in caught.value.trailing_metadata()


def refused(**words: Any) -> str:
    request = pb.ModelInferRequest(model_name="m")
    raw = words.pop("raw", [])
    contents = words.pop("contents", {})
    sent = request.inputs.add(**{"name": "x", "datatype": "INT8", "shape": [1], **words})
    for kind, items in contents.items():
        getattr(sent.contents, kind).extend(items)
    request.raw_input_contents.extend(raw)
    with pytest.raises(MessageError) as caught:
        binary_request(request)
    return str(caught.value)


def test_messages_that_are_no_requests_name_the_tensor() -> None:
    assert "2 for 1 inputs" in refused(raw=[b"a", b"b"])
    assert "both contents and raw_input_contents" in refused(raw=[b"a"], contents={"int_contents": [1]})
    assert "'x'" in refused(contents={"int_contents": [300]})
    assert "'x': it has 2 elements and its shape [1] has 1" in refused(contents={"int_contents": [1, 2]})
    assert "its contents are in fp32_contents" in refused(contents={"fp32_contents": [1]})
    assert "its datatype is 'INT7'" in refused(datatype="INT7")
    assert "Send it raw" in refused(datatype="FP16")
    assert "its shape is [-1]" in refused(shape=[-1])


def test_shared_memory_is_refused(stub: Any) -> None:
    request = pb.ModelInferRequest(model_name="iris")
    sent = request.inputs.add(name="inputs", datatype="FP64", shape=[1, 4])
    sent.parameters["shared_memory_region"].string_param = "region"
    with pytest.raises(grpc.RpcError) as caught:
        stub.ModelInfer(request, metadata=tuple(HEADERS.items()))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "shared memory" in caught.value.details()


def test_version_and_key_of_the_metadata_reach_the_plane(
    gateway: Gateway, client: triton.InferenceServerClient
) -> None:
    client.infer("iris", iris(), model_version="1", headers={**HEADERS, "x-workbench-key": "user-17"})
    assert (gateway.plane.asked[-1].version, gateway.plane.asked[-1].key) == ("1", "user-17")
    client.infer("iris", iris(), headers={**HEADERS, "x-workbench-version": "1"})
    assert gateway.plane.asked[-1].version == "1"
    client.infer("iris", iris(), headers=HEADERS)
    assert gateway.plane.asked[-1].version is None


def streamed(gateway: Gateway, requests: list[tuple[str, list[triton.InferInput]]], answers: int) -> list[Any]:
    """What a stream of requests brings, results and errors."""
    found: queue.Queue[Any] = queue.Queue()
    with triton.InferenceServerClient(gateway.address) as client:
        client.start_stream(lambda result, error: found.put(error or result), headers=HEADERS)
        for name, inputs in requests:
            client.async_stream_infer(name, inputs)
        received = [found.get(timeout=20) for _ in range(answers)]
        client.stop_stream()
    return received


def test_stream_goes_on_after_a_refusal(gateway: Gateway) -> None:
    first, second, third = streamed(gateway, [("iris", iris()), ("iris", iris([[1.0]])), ("iris", iris())], 3)
    assert first.as_numpy("predictions").tolist() == [0]
    assert isinstance(second, InferenceServerException)
    assert "shape" in second.message()
    assert third.as_numpy("predictions").tolist() == [0]


def test_models_that_yield_answer_with_a_message_an_item(gateway: Gateway) -> None:
    items = streamed(gateway, [("count", [tensor("n", np.array([3]), "INT64")])], 3)
    assert [item.as_numpy("predictions").tolist() for item in items] == [[b'{"at":0}'], [b'{"at":1}'], [b'{"at":2}']]


def test_real_endpoint_answers(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    with running() as stack:
        stack.serve("digits", {"digits": shop("digits")})
        stack.serve("both", {"digits": shop("digits"), "mixed": shop("mixed")})
        stack.serve("counting", {"counting": shop("counting")})
        with triton.InferenceServerClient(stack.at.grpc) as client:
            assert client.is_model_ready("digits")
            assert client.get_model_metadata("both.mixed", headers=HEADERS).platform == "sklearn"
            assert status_of(client.get_model_metadata, "digits")[0] == "UNAUTHENTICATED"
            digits = [tensor("inputs", np.zeros((3, 64)), "FP64")]
            for name in ("digits", "both.digits"):
                result = client.infer(name, digits, headers=HEADERS)
                assert result.as_numpy("predictions").shape == (3,)
                assert result.get_response().model_version == "1"
            mixed = [
                tensor("size", np.array([1.5]), "FP64"),
                tensor("rooms", np.array([1]), "INT64"),
                tensor("town", np.array(["Bern"], dtype=object), "BYTES"),
            ]
            assert client.infer("both.mixed", mixed, headers=HEADERS).as_numpy("predictions").shape == (1,)
            assert status_of(client.infer, "digits", digits)[0] == "UNAUTHENTICATED"
            assert status_of(client.infer, "both", digits, headers=HEADERS)[0] in ("INVALID_ARGUMENT", "NOT_FOUND")
            assert status_of(client.infer, "digits", digits, model_version="9", headers=HEADERS)[0] == "NOT_FOUND"
            longer = [tensor("inputs", np.zeros((LIMITS.max_body // 512 + 1, 64)), "FP64")]
            code, message = status_of(client.infer, "digits", longer, headers=HEADERS)
            assert (code, "the limit of 'digits'" in message) == ("RESOURCE_EXHAUSTED", True)


def test_long_messages_are_refused(client: triton.InferenceServerClient) -> None:
    sent = tensor("x", np.zeros((2**17, 2)), "FP64")
    assert status_of(client.infer, "echo.float64", [sent], headers=HEADERS)[0] == "RESOURCE_EXHAUSTED"
    assert client.is_server_live()


def test_messages_are_looked_at_only_for_those_who_may_ask(stub: Any) -> None:
    message = pb.ModelInferRequest(model_name="echo.float64", raw_input_contents=[b"one for no input"])
    for metadata, code in (((), "UNAUTHENTICATED"), (tuple(HEADERS.items()), "INVALID_ARGUMENT")):
        with pytest.raises(grpc.RpcError) as caught:
            stub.ModelInfer(message, metadata=metadata)
        assert caught.value.code().name == code


def test_message_of_many_rows_is_answered(client: triton.InferenceServerClient) -> None:
    rows = np.arange(2**16, dtype=np.float64).reshape(-1, 2)
    answer = client.infer("echo.float64", [tensor("x", rows, "FP64")], headers=HEADERS).as_numpy("y")
    assert (answer == rows).all()


def test_port_in_use_is_named(gateway: Gateway) -> None:
    with pytest.raises(OSError, match=f"port {gateway.port} is in use"):
        gateway.start_again(gateway.port)


def test_nothing_but_the_host_is_bound(gateway: Gateway) -> None:
    with socket.socket() as other:
        other.settimeout(2)
        assert other.connect_ex(("127.0.0.2", gateway.port)) != 0
