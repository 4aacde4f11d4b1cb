"""Traffic between versions on a real cluster: canaries, shadows, shares and replicas."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import workbench
from tests.support.publishing import digits, other_digits, under_load, version
from tests.support.waiting import until
from workbench.errors import OptionError


def test_publish_update_under_load_has_as_many_replicas(published: Path, name: str) -> None:
    def slow(rows: Any) -> Any:
        time.sleep(0.05)
        return rows

    _, data = digits()
    endpoint = workbench.publish(slow, name=name, example=data[:2], replicas=2, batch=1, max_queue=16)
    with under_load(endpoint, clients=24) as load:
        workbench.publish(slow, name=name, example=data[:2])
        assert version(endpoint, "2")["replicas"]["running"] == 2
        until(lambda: load.versions.get("2", 0) > 20)
    load.assert_well()
    assert version(endpoint, "2")["options"]["max_batch"] == 1


def test_publish_update_under_load_fails_no_request(published: Path, name: str) -> None:
    model, data = digits()
    endpoint = workbench.publish(model, name=name, example=data[:2])
    with under_load(endpoint) as load:
        workbench.publish(other_digits(), name=name, example=data[:2])
        until(lambda: load.versions.get("2", 0) > 20)
    load.assert_well()
    assert load.versions["1"] > 0
    with under_load(endpoint) as load:
        endpoint.rollback()
        until(lambda: load.versions.get("1", 0) > 20)
    load.assert_well()
    assert np.array_equal(endpoint.predict(data[:50]), model.predict(data[:50]))


def test_publish_sleeps_and_wakes(published: Path, name: str) -> None:
    model, data = digits()
    endpoint = workbench.publish(model, name=name, example=data[:2], replicas="0..2", idle="1s")
    until(lambda: version(endpoint, "1")["state"] == "idle")
    until(lambda: version(endpoint, "1")["replicas"]["running"] == 0)

    assert np.array_equal(endpoint.predict(data[:3]), model.predict(data[:3]))


def test_publish_scales_up_under_load(published: Path, name: str) -> None:
    def slow(rows: Any) -> Any:
        time.sleep(0.05)
        return rows

    _, data = digits()
    endpoint = workbench.publish(slow, name=name, example=data[:2], replicas="1..2", batch=1)
    with under_load(endpoint, clients=24) as load:
        until(lambda: version(endpoint, "1")["replicas"]["running"] == 2)
    load.assert_well()


def test_publish_canary_is_promoted(published: Path, name: str) -> None:
    model, data = digits()
    endpoint = workbench.publish(model, name=name, example=data[:2])
    workbench.publish(
        other_digits(),
        name=name,
        example=data[:2],
        canary="20%,50%",
        canary_for="1s",
        canary_requests=30,
        canary_slowdown=1000.0,
    )
    assert version(endpoint, "2")["weight"] == 20.0
    with under_load(endpoint) as load:
        assert endpoint.wait_for_canary(60)
    load.assert_well()
    assert version(endpoint, "2")["weight"] == 100.0
    assert endpoint.snapshot()["canary"] is None
    endpoint.rollback()
    assert version(endpoint, "1")["weight"] == 100.0


def test_publish_canary_that_errs_is_rolled_back(published: Path, name: str) -> None:
    model, data = digits()
    endpoint = workbench.publish(model, name=name, example=data[:2])

    def wrong(rows: Any) -> Any:
        if len(rows) == 1:
            raise ValueError("one row is too few")
        return rows

    workbench.publish(wrong, name=name, example=data[:2], canary="10%", canary_requests=20)
    with under_load(endpoint):
        assert not endpoint.wait_for_canary(60)
    assert version(endpoint, "1")["weight"] == 100.0
    assert "rolled back from 2" in endpoint.snapshot()["events"][0]["text"]
    assert "one row is too few" in endpoint.logs()


def test_publish_shadow_is_compared(published: Path, name: str) -> None:
    model, data = digits()
    endpoint = workbench.publish(model, name=name, example=data[:2])
    workbench.publish(other_digits(), name=name, example=data[:2], shadow=True)
    for row in data[:20]:
        endpoint.predict(row[None])
    until(lambda: endpoint.snapshot()["shadow"]["requests"] == 20)
    shadow = endpoint.snapshot()["shadow"]
    assert 0.8 <= shadow["agreement"] <= 1.0
    assert version(endpoint, "2")["weight"] == 0.0
    endpoint.promote("2")
    assert version(endpoint, "2")["weight"] == 100.0


def test_publish_traffic_is_shared_exactly(published: Path, name: str) -> None:
    model, data = digits()
    endpoint = workbench.publish(model, name=name, example=data[:2])
    workbench.publish(other_digits(), name=name, example=data[:2], traffic=False)
    assert version(endpoint, "2")["weight"] == 0.0
    endpoint.set_traffic({"1": 90, "2": 10})
    for _ in range(50):
        endpoint.predict(data[:1])
    assert (endpoint.stats("1")["requests"], endpoint.stats("2")["requests"]) == (45, 5)
    endpoint.rollback()
    assert version(endpoint, "2")["state"] == "live", "what was rolled back from by hand stays at hand"
    with pytest.raises(OptionError, match="its versions are 1, 2"):
        endpoint.set_traffic({"7": 100})
