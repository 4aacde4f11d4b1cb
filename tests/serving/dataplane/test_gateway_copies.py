"""Answers that are kept, copied to a shadow, sampled, or come bit by bit."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import orjson
import pytest

from tests.support.gateways import (
    BODY,
    DIGEST,
    Gateway,
    asks,
    post,
    until,
)
from tests.support.replicas import ReplicaThread, total
from workbench.records.endpoints import Limits
from workbench.serving.dataplane.request import Answer
from workbench.serving.dataplane.shadow import agreement


def test_cache_answers_what_was_asked_before(gateway: Gateway) -> None:
    replica = gateway.serve()
    gateway.put(limits=Limits(cache=2))
    first, second = post(gateway), post(gateway)
    assert "X-Workbench-Cache" not in first.headers
    assert second.headers["X-Workbench-Cache"] == "hit"
    assert (second.content, second.headers["X-Workbench-Version"]) == (first.content, "1")
    post(gateway, path="/digits/invocations")  # another question
    post(gateway, {"inputs": [[1, 1]]})  # pushes the first one out
    assert "X-Workbench-Cache" not in post(gateway).headers
    assert len(asks(replica)) == 4
    stats = gateway.stats()
    assert (stats["requests"], stats["cache_hits"]) == (5, 1)


def test_cache_does_not_let_strangers_in(gateway: Gateway) -> None:
    gateway.serve()
    gateway.put(limits=Limits(cache=2))
    post(gateway)
    assert post(gateway, Authorization="Bearer x").status_code == 401


def test_cache_computes_what_many_ask_at_once_one_time(gateway: Gateway) -> None:
    go = threading.Event()
    replica = gateway.serve(lambda ask: go.wait(10) and total(ask))
    gateway.put(limits=Limits(cache=10))
    with ThreadPoolExecutor(16) as pool:
        futures = [pool.submit(post, gateway) for _ in range(16)]
        until(lambda: asks(replica))
        go.set()
        assert {future.result().content for future in futures} == {b'{"predictions":[3.0]}'}
    assert len(asks(replica)) == 1


def test_cache_keeps_no_errors(gateway: Gateway) -> None:
    codes = iter([500, 200])
    gateway.serve(lambda ask: (next(codes), "application/json", b"{}"))
    gateway.put(limits=Limits(cache=10))
    assert [post(gateway).status_code for _ in range(3)] == [500, 200, 200]


def test_cache_shares_a_timeout(gateway: Gateway) -> None:
    gateway.expect(timeout_s=0.3)
    replica = gateway.serve(lambda ask: None)
    gateway.put(limits=Limits(cache=10))
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(post, gateway) for _ in range(4)]
        assert [future.result().status_code for future in futures] == [504] * 4
    assert len(asks(replica)) < 4 or gateway.stats()["errors"] == 4


def test_shadow_gets_a_copy_and_nobody_sees_its_answer(gateway: Gateway) -> None:
    gateway.expect("2")
    gateway.serve()
    shadow = gateway.serve(
        lambda ask: (200, "application/json", orjson.dumps({"predictions": [3.0, 9.0]})), version="2", replica="s"
    )
    gateway.put(shadow="2")
    for _ in range(2):
        answer = post(gateway, {"inputs": [[1, 2], [2, 2]]})
        assert answer.json() == {"predictions": [3, 4]}
        assert answer.headers["X-Workbench-Version"] == "1"
    until(lambda: gateway.plane.shadow_stats("digits")["requests"] == 2)
    assert gateway.plane.shadow_stats("digits") == {"requests": 2, "agreement": 0.5}
    assert asks(shadow)[0][6] == orjson.dumps({"inputs": [[1, 2], [2, 2]]})


def test_shadow_that_hangs_delays_nothing(gateway: Gateway) -> None:
    gateway.expect("2", max_queue=4, max_batch=1)
    gateway.serve()
    shadow = gateway.serve(lambda ask: None, version="2", replica="s")
    gateway.put(shadow="2")
    assert {post(gateway).status_code for _ in range(20)} == {200}
    until(lambda: len(asks(shadow)) == 2)
    assert gateway.pressure("2").queued == 3  # no copies beyond half a queue
    assert gateway.plane.shadow_stats("digits")["requests"] == 0


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"predictions": [1.0, 2.0]}, {"predictions": [1.0000000001, 2.1]}, (1, 2)),
        ({"predictions": ["a", [1, 2]]}, {"predictions": ["a", [1, 2.0]]}, (2, 2)),
        ({"predictions": [1]}, {"predictions": [1, 2]}, (0, 1)),
        ({"predictions": {"a": [1]}}, {"predictions": {"a": [1.0]}}, (1, 1)),
        ({"outputs": [{"data": [1]}]}, {"outputs": [{"data": [2]}]}, (0, 1)),
        ({"predictions": [True]}, {"predictions": [1]}, (0, 1)),
    ],
)
def test_agreement_counts_equal_predictions(one: object, other: object, expected: tuple[int, int]) -> None:
    assert agreement(Answer(200, orjson.dumps(one)), Answer(200, orjson.dumps(other))) == expected


def test_samples_are_a_hundred_of_all(gateway: Gateway) -> None:
    gateway.serve()
    with gateway.client() as client:
        for number in range(300):
            client.post("/digits/predict", json={"inputs": [[number]]})
        client.post("/digits/predict", content=b'{"inputs": [[1]]}' + b" " * 20_000)
    samples = gateway.call(gateway.plane.samples, "digits", "1")
    assert len(samples) == 100
    assert {len(sample["request"]) < 100 for sample in samples} == {True}
    numbers = [orjson.loads(sample["request"])["inputs"][0][0] for sample in samples]
    assert min(numbers) < 100
    assert max(numbers) > 200
    assert set(samples[0]) == {"t", "status", "latency_ms", "request", "answer"}


def test_samples_are_as_many_as_are_wanted(gateway: Gateway) -> None:
    def kept(version: str) -> list[Any]:
        return gateway.call(gateway.plane.samples, "digits", version)

    gateway.put(limits=Limits(samples=2))
    gateway.serve()
    gateway.expect("2")
    gateway.serve(version="2")
    with gateway.client() as client:
        for version in "121212":
            headers = {"X-Workbench-Version": version}
            assert client.post("/digits/predict", json={"inputs": [[1]]}, headers=headers).is_success
        assert (len(kept("1")), len(kept("2"))) == (2, 2)
        gateway.put(limits=Limits(samples=0))
        assert (kept("1"), kept("2")) == ([], [])
        client.post("/digits/predict", json={"inputs": [[1]]})
        assert kept("1") == []


class Speaker(ReplicaThread):
    """A replica whose model yields."""

    parts: tuple[bytes, ...] = (b"data: 1\n\n", b"data: 2\n\n")
    error: str | None = None
    form = "text/event-stream"
    is_endless = False

    def answer(self, ask: list[Any], timing: tuple[float, ...] = ()) -> None:
        self.send("start", ask[1], 200, self.form)
        for part in self.parts:
            self.send("chunk", ask[1], part)
        if self.parts and not self.is_endless:
            self.send("end", ask[1], self.error)


def speaker(gateway: Gateway, **facts: Any) -> Speaker:
    kind = type("OneSpeaker", (Speaker,), facts)
    replica: Speaker = kind(gateway.path)
    until(lambda: gateway.pressure().replicas == 1)
    return replica


def test_stream_is_passed_on_part_by_part(gateway: Gateway) -> None:
    speaker(gateway)
    with gateway.client() as client, client.stream("POST", "/digits/stream", json=BODY) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["X-Workbench-Version"] == "1"
        assert list(answer.iter_lines()) == ["data: 1", "", "data: 2", ""]
    assert gateway.stats()["requests"] == 1


@pytest.mark.parametrize(
    ("form", "last"),
    [
        ("text/event-stream", 'event: error\ndata: {"error":"it broke"}\n\n'),
        ("application/x-ndjson", '{"error":"it broke"}\n'),
    ],
)
def test_stream_that_fails_says_so_at_its_end(gateway: Gateway, form: str, last: str) -> None:
    speaker(gateway, form=form, error="it broke")
    assert post(gateway, path="/digits/stream").text.endswith(last)
    assert gateway.stats()["errors"] == 1


def test_stream_of_plain_text_that_fails_breaks_off(gateway: Gateway) -> None:
    speaker(gateway, form="text/plain", error="it broke")
    with pytest.raises(httpx.RemoteProtocolError):
        post(gateway, path="/digits/stream")


def test_client_that_leaves_a_stream_cancels_it(gateway: Gateway) -> None:
    replica = speaker(gateway, parts=())
    with gateway.client() as client, client.stream("POST", "/digits/stream", json=BODY) as answer:
        assert answer.status_code == 200
        assert gateway.pressure().ongoing == 1
    until(lambda: "cancel" in replica.kinds())
    until(lambda: gateway.pressure().ongoing == 0)


def test_shadow_that_streams_is_told_to_end(gateway: Gateway) -> None:
    gateway.expect("2")
    gateway.serve()
    shadow = Speaker(gateway.path, version="2", replica="s")
    shadow.parts = (b"data: 1\n\n",) * 3
    shadow.is_endless = True
    until(lambda: gateway.plane.pressure("digits", "2").replicas == 1)
    gateway.put(shadow="2")
    assert post(gateway).status_code == 200
    until(lambda: "cancel" in shadow.kinds())
    until(lambda: gateway.pressure("2").ongoing == 0)


def test_stream_whose_replica_dies_ends_with_an_error(gateway: Gateway) -> None:
    replica = speaker(gateway, parts=(), form="application/x-ndjson")
    with gateway.client() as client, client.stream("POST", "/digits/stream", json=BODY) as answer:
        replica.send("chunk", asks(replica)[0][1], b"1\n")
        replica.kill()
        lines = list(answer.iter_lines())
    assert lines[0] == "1"
    assert "error" in lines[1]


def test_tokens_are_known_by_their_labels(gateway: Gateway) -> None:
    gateway.serve()
    gateway.put(tokens={"a": "0" * 64, "me": DIGEST, "b": "f" * 64})
    post(gateway)
    assert list(gateway.plane.last_used("digits")) == ["me"]
    gateway.put(tokens={"a": "0" * 64})
    assert post(gateway).status_code == 401
    assert gateway.plane.last_used("digits") == {}
