"""A replica's thread, asked over a real socket."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from tests.support.gateway_end import JSON, GatewayEnd
from tests.support.models_to_serve import Shop
from tests.support.waiting import until
from workbench.records.endpoints import ServingOptions
from workbench.serving import replica_protocol as wire
from workbench.serving.replica.loading import ModelLoadError
from workbench.serving.replica.model_thread import ModelThread

ROW = [0.0] * 64


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(Path(tmp_path_factory.mktemp("models")))


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayEnd]:
    end = GatewayEnd(tmp_path)
    yield end
    end.close()


@pytest.fixture
def serve(gateway: GatewayEnd, shop: Shop) -> Iterator[Callable[..., ModelThread]]:
    """Starts a replica of models of the shop."""
    threads = []

    def start(*names: str, is_ready: bool = True, **options: Any) -> ModelThread:
        thread = ModelThread(
            address=gateway.address,
            secret="s",
            endpoint="end",
            version="3",
            replica="r",
            node="here",
            models={name: shop(name) for name in names},
            options=ServingOptions(**options),
            gpus=0,
        )
        threads.append(thread)
        thread.start()
        if is_ready:
            thread.wait_ready(60)
            gateway.wait("ready")
        return thread

    yield start
    for thread in threads:
        thread.close()
        thread.join(10)
        assert not thread.is_alive()


def body_of(answer: list[Any]) -> Any:
    return orjson.loads(answer[4])


def test_replica_says_hello_then_ready_with_its_schema(gateway: GatewayEnd, serve: Any) -> None:
    serve("digits")
    assert [message[0] for message in gateway.said] == ["hello", "holds", "ready"]
    assert gateway.said[0][1]["secret"] == "s"
    assert gateway.said[2][1]["models"]["digits"]["inputs"][0]["shape"] == [-1, 64]


def test_replica_answers_a_request(gateway: GatewayEnd, serve: Any) -> None:
    serve("digits")
    ((_, _, status, kind, body, timing),) = gateway.ask({"inputs": [ROW, ROW]})
    assert (status, kind) == (200, JSON)
    assert len(orjson.loads(body)["predictions"]) == 2
    assert timing[:2] == [2, 2]


def test_replica_computes_what_came_together_as_one_batch(gateway: GatewayEnd, serve: Any) -> None:
    serve("digits")
    answers = gateway.ask(*[{"inputs": [ROW]}] * 20)
    assert [answer[2] for answer in answers] == [200] * 20
    assert max(answer[5][1] for answer in answers) > 1


def test_replica_answers_each_request_with_its_own_rows(gateway: GatewayEnd, serve: Any) -> None:
    serve("summed")
    answers = gateway.ask(*[{"inputs": [[n, 0, 0]] * n} for n in range(1, 20)])
    assert [body_of(answer)["predictions"] for answer in answers] == [[float(n)] * n for n in range(1, 20)]


def test_replica_refuses_bad_requests_and_answers_the_others(gateway: GatewayEnd, serve: Any) -> None:
    serve("digits")
    good, short, text = gateway.ask({"inputs": [ROW]}, {"inputs": [ROW[1:]]}, b"{")
    assert good[2] == 200
    assert short[2] == 400
    assert body_of(short) == {
        "error": "Cannot predict: inputs has shape [1, 63]; the model takes [-1, 64]. Give 64 values in each row.",
        "field": "inputs",
    }
    assert text[2] == 400


def test_replica_one_request_that_fails_does_not_fail_the_batch(gateway: GatewayEnd, serve: Any) -> None:
    serve("summed")
    one, bad, two = gateway.ask({"inputs": [[1, 1, 1]]}, {"inputs": [[-1, 1, 1]]}, {"inputs": [[2, 2, 2]]})
    assert (one[2], bad[2], two[2]) == (200, 500, 200)
    assert body_of(bad) == {"error": "ValueError: a value is below zero"}
    ((_, log),) = gateway.wait("log", 1, lambda message: "Traceback" in message[1])
    assert "in summed" in log
    assert "serving/replica" not in log


def test_replica_sends_what_the_model_prints(gateway: GatewayEnd, serve: Any, capsys: Any) -> None:
    serve("summed")
    gateway.ask({"inputs": [[1, 1, 1]]})
    gateway.wait("log", 1, lambda message: message[1] == "sums 1 rows")


def test_replica_answers_late_requests_with_504(gateway: GatewayEnd, serve: Any) -> None:
    serve("digits")
    late, fine = gateway.answers(
        *gateway.begin({"inputs": [ROW]}, ms_left=0), *gateway.begin({"inputs": [ROW]}, ms_left=60_000)
    )
    assert (late[2], fine[2]) == (504, 200)


def test_replica_speaks_mlflows_errors_on_invocations(gateway: GatewayEnd, serve: Any) -> None:
    serve("digits")
    (answer,) = gateway.ask({"inputs": [[1]]}, route="invocations")
    assert answer[2] == 400
    assert body_of(answer)["error_code"] == "BAD_REQUEST"


def test_replica_answers_tables_of_each_flavor(gateway: GatewayEnd, serve: Any) -> None:
    serve("mixed")
    record = {"size": 2, "rooms": 2, "town": "Rome", "more": None}
    split = {"columns": ["town", "rooms", "size"], "data": [["Rome", 2, 2.0]]}
    answers = gateway.ask({"dataframe_records": [record]}, {"dataframe_split": split}, [record], record)
    assert [answer[2] for answer in answers] == [200] * 4
    first = body_of(answers[0])["predictions"][0]
    assert all(body_of(answer)["predictions"][0] == pytest.approx(first) for answer in answers)


def test_replica_streams_what_a_generator_yields(gateway: GatewayEnd, serve: Any) -> None:
    serve("counting")
    (request,) = gateway.begin({"to": 3}, route="stream")
    assert gateway.wait("end") == [["end", request, None]]
    assert gateway.wait("start") == [["start", request, 200, "application/x-ndjson"]]
    chunks = [message[2] for message in gateway.wait("chunk", 3)]
    assert b"".join(chunks) == b'{"number":0}\n{"number":1}\n{"number":2}\n'


def test_replica_gives_a_generators_answer_as_a_list_to_predict(gateway: GatewayEnd, serve: Any) -> None:
    serve("counting")
    (answer,) = gateway.ask({"to": 2})
    assert body_of(answer) == {"predictions": [{"number": 0}, {"number": 1}]}


def test_replica_answers_each_of_a_generators_requests_by_itself(gateway: GatewayEnd, serve: Any) -> None:
    thread = serve("halving")
    answers = gateway.ask({"inputs": [[2.0]]}, {"inputs": [[4.0], [6.0]]}, {"inputs": [[8.0]]})
    assert [body_of(answer)["predictions"] for answer in answers] == [[[1.0]], [[2.0], [3.0]], [[4.0]]]
    assert thread.is_healthy()


def test_replica_never_mixes_the_outputs_of_several_requests(gateway: GatewayEnd, serve: Any) -> None:
    serve("both")
    for _ in range(2):
        answers = gateway.ask({"inputs": [[2.0, 0.0]]}, {"inputs": [[5.0, 0.0]]})
        assert [body_of(answer)["predictions"] for answer in answers] == [[[1.0], [-1.0]], [[4.0], [-4.0]]]
    array = io.BytesIO()
    np.save(array, np.full((2, 2), 3.0))
    (answer,) = gateway.answers(*gateway.begin(array.getvalue(), kind="application/x-npy"))
    assert body_of(answer)["predictions"] == [[2.0, 2.0], [-2.0, -2.0]]


def test_replica_hands_parameters_on_and_says_what_mlflow_refuses(gateway: GatewayEnd, serve: Any) -> None:
    serve("patient")
    body = {"inputs": [[2.0]], "params": {"times": 3}}
    (answer,) = gateway.ask(body)
    assert body_of(answer)["predictions"] == [[6.0]]
    gateway.begin(body, route="stream")
    assert gateway.wait("chunk")[0][2] == b"3\n"
    (wrong,) = gateway.ask({"inputs": [[2.0]], "params": {"times": "often"}})
    assert wrong[2] == 400
    assert "times" in body_of(wrong)["error"]


def test_replica_ends_a_stream_that_fails_with_words(gateway: GatewayEnd, serve: Any) -> None:
    serve("counting")
    (request,) = gateway.begin({"to": 3, "fails_at": 1}, route="stream", accept="text/event-stream")
    assert gateway.wait("end") == [["end", request, "RuntimeError: no more numbers"]]
    assert gateway.wait("chunk")[0][2] == b'data: {"number":0}\n\n'


def test_replica_stops_a_stream_that_nobody_waits_for(gateway: GatewayEnd, serve: Any) -> None:
    thread = serve("counting")
    (request,) = gateway.begin({"to": 10**9}, route="stream")
    gateway.wait("chunk")
    gateway.send(("cancel", request))
    until(lambda: not thread._streams, timeout_s=10.0)


def test_replica_dials_again_without_loading_again(gateway: GatewayEnd, serve: Any) -> None:
    serve("digits")
    gateway.hang_up()
    gateway.wait("ready", 2)
    (answer,) = gateway.ask({"inputs": [ROW]})
    assert answer[2] == 200


def test_replica_that_does_not_answer_its_example_fails_with_its_traceback(gateway: GatewayEnd, serve: Any) -> None:
    thread = serve("broken", is_ready=False)
    with pytest.raises(ModelLoadError, match="ZeroDivisionError") as caught:
        thread.wait_ready(60)
    assert "in divide" in caught.value.traceback
    ((_, failure),) = gateway.wait("failed")
    assert "in divide" in failure["traceback"]
    thread.join(10)


def test_replica_holds_as_many_models_as_it_may(gateway: GatewayEnd, serve: Any) -> None:
    serve("digits", "summed", "boosted", max_models=2)
    assert sorted(gateway.wait("ready")[0][1]["models"]) == ["boosted", "digits", "summed"]
    (answer,) = gateway.ask([{"a": 1, "b": 1, "c": 1}], model="boosted")
    assert answer[2] == 200
    assert gateway.wait("holds", 4)[-1][1] == ["digits", "boosted"]
    (unknown,) = gateway.ask({"inputs": [ROW]}, model="other")
    assert unknown[2] == 404
    assert "Name one of digits, summed, boosted." in body_of(unknown)["error"]


def test_replica_stop_answers_what_is_queued_then_ends(gateway: GatewayEnd, serve: Any) -> None:
    thread = serve("digits")
    body = orjson.dumps({"inputs": [ROW]})
    asks = [("ask", i, "", "predict", JSON, "", body, 60_000) for i in range(1000, 1005)]
    gateway.send(*asks, ("stop",))
    assert [answer[2] for answer in gateway.answers(*range(1000, 1005))] == [200] * 5
    thread.join(10)
    assert not thread.is_alive()
    assert thread.is_healthy()


def test_replica_answers_handles_in_its_process(gateway: GatewayEnd, serve: Any) -> None:
    thread = serve("summed")
    assert thread.submit(np.ones((2, 3))).result(10).tolist() == [3.0, 3.0]
    with pytest.raises(ValueError, match="below zero"):
        thread.submit([[-1, 0, 0]]).result(10)


def test_replica_goes_on_when_who_asked_by_a_handle_gives_up(gateway: GatewayEnd, serve: Any) -> None:
    thread = serve("summed")
    for cancelled in [thread.submit(np.ones((2, 3))) for _ in range(50)]:
        cancelled.cancel()
    assert thread.submit(np.ones((2, 3))).result(10).tolist() == [3.0, 3.0]
    assert thread.is_healthy()


def test_replica_is_healthy_while_it_runs(gateway: GatewayEnd, serve: Any) -> None:
    thread = serve("digits")
    assert thread.is_healthy()


def test_replica_dials_tcp_where_the_gateway_is_on_another_node(shop: Shop) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    thread = ModelThread(
        address=lambda: {"unix": "/nowhere", "tcp": f"127.0.0.1:{listener.getsockname()[1]}", "node": "there"},
        secret="s",
        endpoint="end",
        version="3",
        replica="r",
        node="here",
        models={"double": shop("double")},
        options=ServingOptions(),
        gpus=0,
    )
    thread.start()
    connection, _ = listener.accept()
    unpacker = wire.unpacker()
    unpacker.feed(connection.recv(4096))
    assert next(unpacker)[0] == "hello"
    connection.sendall(wire.pack("welcome"))
    thread.wait_ready(60)
    thread.close()
    thread.join(10)
    connection.close()
    listener.close()


@pytest.mark.parametrize("name", ["perceptron", "boosted", "two", "later", "probabilities"])
def test_replica_serves_each_kind_of_model(gateway: GatewayEnd, serve: Any, name: str) -> None:
    serve(name)
    body = {
        "perceptron": {"inputs": [[0.0] * 4]},
        "boosted": {"inputs": [[1, 2, 3]]},
        "two": {"inputs": {"left": [[1, 2]], "right": [[3, 4]]}},
        "later": {"inputs": 3},
        "probabilities": {"inputs": [[1, 2]]},
    }[name]
    answers = gateway.ask(body, body, body)
    assert [(answer[2], answer[5][0]) for answer in answers] == [(200, 1)] * 3
    assert len({answer[4] for answer in answers}) == 1
