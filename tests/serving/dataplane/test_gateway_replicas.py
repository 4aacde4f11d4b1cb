"""Which replica answers, and what happens to requests whose replica is slow, gone or not there yet."""

from __future__ import annotations

import http.client
import threading
import time
from pathlib import Path
from typing import Any

import orjson

from tests.support.gateways import (
    BODY,
    TOKEN,
    Gateway,
    asks,
    in_background,
    post,
    silent,
    until,
)
from tests.support.replicas import SECRET, Answer, ReplicaThread, total


def test_slow_model_is_504_and_is_told(gateway: Gateway) -> None:
    gateway.expect(timeout_s=0.2)
    replica = gateway.serve(silent)
    answer = post(gateway)
    assert answer.status_code == 504
    assert answer.headers["X-Workbench-Version"] == "1"
    until(lambda: "cancel" in replica.kinds())
    assert gateway.stats()["errors"] == 1


def test_client_that_hangs_up_cancels(gateway: Gateway) -> None:
    replica = gateway.serve(silent)
    connection = http.client.HTTPConnection(gateway.listening.http)
    connection.request("POST", "/digits/predict", orjson.dumps(BODY), {"Authorization": f"Bearer {TOKEN}"})
    until(lambda: asks(replica))
    connection.close()
    until(lambda: "cancel" in replica.kinds())
    assert gateway.pressure().ongoing == 0
    until(lambda: gateway.stats()["requests"] == 1)  # that it had to wait so long counts
    assert gateway.stats()["errors"] == 0


def test_request_of_a_killed_replica_is_asked_of_another(gateway: Gateway) -> None:
    first = gateway.serve(silent)
    with in_background(gateway, 8) as futures:
        until(lambda: len(asks(first)) == 8)
        second = gateway.serve(replica="r2")
        first.kill()
    assert [future.result().status_code for future in futures] == [200] * 8
    assert len(asks(second)) == 8


def test_request_of_the_only_replica_waits_for_the_next_one(gateway: Gateway) -> None:
    first = gateway.serve(silent)
    with in_background(gateway) as [future]:
        until(lambda: asks(first))
        first.kill()
        until(lambda: gateway.pressure().is_wanted)
        gateway.serve(replica="r2")
    assert future.result().status_code == 200


def test_request_that_ends_two_replicas_is_500(gateway: Gateway) -> None:
    with in_background(gateway) as [future]:
        for name in ("r1", "r2"):
            replica = gateway.serve(silent, replica=name)
            until(lambda replica=replica: asks(replica))
            replica.kill()
            until(lambda: gateway.pressure().replicas == 0)
    assert future.result().status_code == 500
    assert "ended" in future.result().json()["error"]


def test_version_that_sleeps_is_wanted_and_answers_when_it_wakes(gateway: Gateway) -> None:
    gateway.expect(target=0, min_replicas=0)
    with gateway.client() as client:
        assert client.get("/digits/ping").status_code == 200
    assert not gateway.pressure().is_wanted
    with in_background(gateway) as [future]:
        until(lambda: gateway.pressure().is_wanted)
        gateway.serve()
    assert future.result().status_code == 200
    assert gateway.pressure().idle_s < 10


def test_no_replica_within_the_timeout_is_503(gateway: Gateway) -> None:
    gateway.expect(timeout_s=0.2)
    answer = post(gateway)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    stats = gateway.stats()
    assert (stats["requests"], stats["errors"], stats["unavailable"]) == (0, 0, 1)
    with gateway.client() as client:
        assert 'workbench_unavailable_total{endpoint="digits",version="1"} 1.0' in client.get("/digits/metrics").text


def test_replica_with_fewest_requests_is_asked(gateway: Gateway) -> None:
    go = threading.Event()
    slow = lambda ask: go.wait(10) and total(ask)  # noqa: E731
    replicas = [gateway.serve(slow, replica=name) for name in ("r1", "r2", "r3")]
    with in_background(gateway, 9):
        until(lambda: gateway.pressure().ongoing == 9)
        assert [len(link.pending) for link in gateway.plane._versions["digits"]["1"]._ready] == [3, 3, 3]
        go.set()
    assert [len(asks(replica)) for replica in replicas] == [3, 3, 3]


def test_model_is_asked_where_it_is_loaded(gateway: Gateway) -> None:
    gateway.serve(models=("a", "b"), replica="r1")
    second = gateway.serve(models=("a", "b"), replica="r2")
    second.send("holds", ["b"])
    with gateway.client() as client:
        until(lambda: client.post("/digits/models/b/predict", json=BODY).status_code == 200 and asks(second))
        before = len(asks(second))
        for _ in range(5):
            client.post("/digits/models/b/predict", json=BODY)
        assert len(asks(second)) == before + 5


def test_replicas_are_told_of_other_options(gateway: Gateway) -> None:
    replica = gateway.serve()
    gateway.expect(slo_ms=20.0, max_batch=8)
    until(lambda: ["options", {"slo_ms": 20.0, "max_batch": 8}] in replica.got)


def test_replica_that_breaks_the_protocol_is_hung_up_on(gateway: Gateway) -> None:
    def nonsense(ask: list[Any]) -> Answer | None:
        replica.send("answer", ask[1])
        return None

    replica = gateway.serve(nonsense)
    with in_background(gateway) as [future]:
        replica.wait()
        gateway.serve(replica="r2")
    assert future.result().status_code == 200


def test_timeout_is_told_to_replicas_as_what_is_left(gateway: Gateway) -> None:
    gateway.expect(timeout_s=5.0)
    with in_background(gateway) as [future]:
        until(lambda: gateway.pressure().is_wanted)
        waits_since = time.monotonic()
        until(lambda: time.monotonic() - waits_since > 0.05)
        replica = gateway.serve()
        future.result()
    assert 4000 < asks(replica)[0][7] < 4960


def test_replica_of_another_node_dials_by_tcp(gateway: Gateway) -> None:
    listener = gateway.servers._replicas
    folder = Path(gateway.path).parent
    address = gateway.run(listener.start(folder / "other", "127.0.0.1", SECRET))["tcp"]
    host, _, port = address.rpartition(":")
    replica = ReplicaThread((host, int(port)))
    until(lambda: gateway.pressure().replicas == 1)
    assert post(gateway).status_code == 200
    assert len(asks(replica)) == 1
