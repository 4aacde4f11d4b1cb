"""Which version answers, what happens when there are too many requests, and updates under load."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.gateways import (
    BODY,
    DIGEST,
    Gateway,
    asks,
    in_background,
    post,
    says,
    until,
)
from tests.support.replicas import total
from workbench.records.endpoints import Limits


def test_tenth_of_the_traffic_is_every_tenth_request(gateway: Gateway) -> None:
    gateway.expect("2")
    gateway.serve(says("old"))
    gateway.serve(says("new"), version="2")
    gateway.put({"1": 90.0, "2": 10.0})
    with gateway.client() as client:
        versions = [client.post("/digits/predict", json=BODY).headers["X-Workbench-Version"] for _ in range(100)]
    for start in range(0, 100, 10):
        assert Counter(versions[start : start + 10]) == {"1": 9, "2": 1}


def test_key_stays_with_its_version(gateway: Gateway) -> None:
    gateway.expect("2")
    gateway.serve(), gateway.serve(version="2")
    gateway.put({"1": 50.0, "2": 50.0})
    by_key = {
        key: {post(gateway, **{"X-Workbench-Key": key}).headers["X-Workbench-Version"] for _ in range(3)}
        for key in map(str, range(20))
    }
    assert all(len(versions) == 1 for versions in by_key.values())
    assert set.union(*by_key.values()) == {"1", "2"}


def test_version_may_be_forced_and_must_exist(gateway: Gateway) -> None:
    gateway.expect("2")
    gateway.serve(), gateway.serve(version="2")
    assert post(gateway, **{"X-Workbench-Version": "2"}).headers["X-Workbench-Version"] == "2"
    answer = post(gateway, **{"X-Workbench-Version": "7"})
    assert answer.status_code == 404
    assert "1, 2" in answer.json()["error"]


def test_owner_who_asks_too_often_gets_429(gateway: Gateway) -> None:
    gateway.serve()
    gateway.put(tokens={"me": DIGEST, "other": "0" * 64}, limits=Limits(rate=3.0))
    answers = [post(gateway) for _ in range(5)]
    assert [answer.status_code for answer in answers[:3]] == [200] * 3
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].headers["Retry-After"] == "1"
    assert gateway.stats()["rejected"] == len(refused)
    assert list(gateway.plane.last_used("digits")) == ["me"]


def test_full_queue_is_429_and_the_others_are_answered(gateway: Gateway) -> None:
    gateway.expect(max_batch=1, max_queue=3)
    go = threading.Event()
    gateway.serve(lambda ask: go.wait(10) and total(ask))
    with in_background(gateway, 12) as futures:
        until(lambda: sum(future.done() for future in futures) == 12 - 2 - 3)
        pressure = gateway.pressure()
        assert (pressure.ongoing, pressure.queued, pressure.is_wanted) == (2, 3, False)
        go.set()
    codes = Counter(future.result().status_code for future in futures)
    assert codes == {200: 5, 429: 7}
    refused = next(future.result() for future in futures if future.result().status_code == 429)
    assert int(refused.headers["Retry-After"]) >= 1


def test_update_under_load_loses_nothing(gateway: Gateway) -> None:
    gateway.serve()
    done = threading.Event()
    codes: Counter[tuple[int, str]] = Counter()

    def load() -> None:
        with gateway.client() as client:
            while not done.is_set():
                answer = client.post("/digits/predict", json=BODY)
                codes[answer.status_code, answer.headers["X-Workbench-Version"]] += 1

    with ThreadPoolExecutor(8) as pool:
        work = [pool.submit(load) for _ in range(8)]
        until(lambda: codes)
        for version in ("2", "3", "4"):
            gateway.expect(version)
            gateway.serve(version=version)
            gateway.put({version: 100.0})
            old = str(int(version) - 1)
            gateway.run(gateway.plane.drain("digits", old, 10))
            count = sum(codes.values())
            until(lambda count=count: sum(codes.values()) > count + 50)
            assert old not in gateway.plane._versions["digits"]
        done.set()
        for each in work:
            each.result()
    assert {code for code, _ in codes} == {200}
    assert {version for _, version in codes} >= {"1", "2", "3", "4"}


def test_drain_tells_replicas_to_stop_after_the_last_answer(gateway: Gateway) -> None:
    go = threading.Event()
    replica = gateway.serve(lambda ask: go.wait(10) and total(ask))
    with in_background(gateway) as [future], ThreadPoolExecutor(1) as pool:
        until(lambda: asks(replica))
        draining = pool.submit(gateway.run, gateway.plane.drain("digits", "1", 10))
        until(lambda: gateway.plane._versions["digits"]["1"].is_draining)
        assert post(gateway).status_code == 503
        assert "stop" not in replica.kinds()
        go.set()
        draining.result()
    assert future.result().status_code == 200
    replica.wait()
    assert replica.got[-1] == ["stop"]


def test_removed_endpoint_is_404_and_its_replicas_stop(gateway: Gateway) -> None:
    replica = gateway.serve()
    gateway.call(gateway.plane.remove, "digits")
    assert post(gateway).status_code == 404
    replica.wait()
    assert gateway.plane.stats("digits", "1")["requests"] == 0


def test_one_model_of_several_is_asked_by_name(gateway: Gateway) -> None:
    replica = gateway.serve(models=("a", "b"))
    for path, status in (("models/b/predict", 200), ("predict", 404), ("models/c/predict", 404)):
        assert post(gateway, path=f"/digits/{path}").status_code == status
    assert [ask[2] for ask in asks(replica)] == ["b"]


def test_totals_count_all_since_the_version_began(gateway: Gateway) -> None:
    gateway.put(limits=Limits(cache=10))
    gateway.serve()
    for _ in range(3):
        post(gateway)
    assert gateway.call(gateway.plane.totals, "digits", "1") == {"requests": 3, "errors": 0}
    assert gateway.stats()["cache_hits"] == 2
    assert gateway.call(gateway.plane.totals, "digits", "9") == {"requests": 0, "errors": 0}
    gateway.expect("2", timeout_s=0.1)
    gateway.put({"2": 100.0})
    assert post(gateway).status_code == 503
    assert gateway.call(gateway.plane.totals, "digits", "2") == {"requests": 1, "errors": 1}


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf")])
def test_rate_that_is_none_is_refused_and_changes_nothing(gateway: Gateway, rate: float) -> None:
    gateway.serve()
    with pytest.raises(ValueError, match="Cannot limit"):
        gateway.put(limits=Limits(rate=rate), tokens={})
    assert post(gateway).status_code == 200


def test_crowd_of_64_clients_is_answered(gateway: Gateway) -> None:
    gateway.expect(target=2)
    gateway.serve(replica="r1"), gateway.serve(replica="r2")

    def load(number: int) -> list[tuple[int, Any]]:
        with gateway.client() as client:
            answers = [client.post("/digits/predict", json={"inputs": [[number, each]]}) for each in range(10)]
        return [(answer.status_code, answer.json()["predictions"][0] - number) for answer in answers]

    with ThreadPoolExecutor(64) as pool:
        for answers in pool.map(load, range(64)):
            assert answers == [(200, each) for each in range(10)]
