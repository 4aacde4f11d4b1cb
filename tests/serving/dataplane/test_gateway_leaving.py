"""Replicas that go in order, and those that nobody expects: the real data plane and the real thread of a replica."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.support.gateways import (
    Gateway,
    asks,
    in_background,
    post,
    silent,
    until,
)
from tests.support.models_to_serve import Shop, _function
from tests.support.replicas import SECRET
from workbench.records.endpoints import ServingOptions
from workbench.serving.replica.deployment import Replica
from workbench.serving.replica.model_thread import ModelThread


class Models(Shop):
    """Models that go on when a file is there."""

    def patient(self) -> Any:
        def patient(value: Any) -> Any:
            import os
            import time

            while not os.path.exists(value["file"]):
                time.sleep(0.005)
            return 1

        return _function(patient, "patient")

    def dripping(self) -> Any:
        def dripping(value: Any) -> Iterator[Any]:
            import os
            import time

            yield 1
            while not os.path.exists(value["file"]):
                time.sleep(0.005)
            yield 2

        return _function(dripping, "dripping")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Models:
    return Models(Path(tmp_path_factory.mktemp("models")))


@pytest.fixture
def start(gateway: Gateway, shop: Models) -> Iterator[Callable[..., ModelThread]]:
    """Starts a replica of ``digits``."""
    threads: list[ModelThread] = []

    def start(model: str = "double", version: str = "1", replica: str = "r1", **more: Any) -> ModelThread:
        more.setdefault("address", lambda: {**gateway.listening.replicas, "node": "here"})
        thread = ModelThread(
            secret=SECRET,
            endpoint="digits",
            version=version,
            replica=replica,
            node="here",
            models={model: shop(model)},
            options=ServingOptions(),
            gpus=0,
            **more,
        )
        threads.append(thread)
        thread.start()
        thread.wait_ready(60)
        return thread

    yield start
    for thread in threads:
        thread.close()
        thread.join(10)
        assert not thread.is_alive()


def ready(gateway: Gateway, count: int = 1) -> None:
    until(lambda: gateway.pressure().replicas == count)


def test_replica_that_leaves_answers_what_it_has_and_gets_nothing_more(
    gateway: Gateway, start: Callable[..., ModelThread], tmp_path: Path
) -> None:
    first = start("patient")
    ready(gateway)
    with in_background(gateway, 4, {"file": str(tmp_path / "go")}) as futures:
        until(lambda: gateway.pressure().ongoing == 4)
        first.leave()
        until(lambda: gateway.pressure().replicas == 0)
        second = gateway.serve(models=("patient",), replica="r2")
        assert post(gateway).status_code == 200
        assert first.is_alive()
        (tmp_path / "go").touch()
    assert [future.result().json() for future in futures] == [{"predictions": 1}] * 4
    first.join(10)
    assert not first.is_alive()
    assert len(asks(second)) == 1


def test_replica_that_serve_ends_answers_its_stream_first(
    gateway: Gateway, start: Callable[..., ModelThread], tmp_path: Path
) -> None:
    replica = object.__new__(Replica)
    replica._thread, replica._timeout_s = start("dripping"), 20.0
    ready(gateway)

    async def end() -> None:
        ended = replica.__del__()
        assert ended is not None
        await ended

    with gateway.client() as client, ThreadPoolExecutor(1) as pool:
        body = {"file": str(tmp_path / "go")}
        with client.stream("POST", "/digits/predict", json=body, headers={"Accept": "application/x-ndjson"}) as answer:
            lines = answer.iter_lines()
            assert next(lines) == "1"
            ending = pool.submit(asyncio.run, end())
            until(lambda: gateway.pressure().replicas == 0)
            assert not ending.done()
            (tmp_path / "go").touch()
            assert list(lines) == ["2"]
            ending.result(10)
    assert not replica._thread.is_alive()
    assert replica.__del__() is None


def test_replica_that_leaves_while_the_gateway_is_away_ends(start: Callable[..., ModelThread]) -> None:
    thread = start(address=dict)
    thread.leave()
    thread.join(10)
    assert not thread.is_alive()


def test_request_of_replicas_that_left_in_order_may_be_tried_again(gateway: Gateway) -> None:
    with in_background(gateway) as [future]:
        for name in ("r1", "r2", "r3"):
            replica = gateway.serve(silent, replica=name)
            until(lambda replica=replica: asks(replica))
            replica.send("leaving")
            replica.wait()  # it hangs up without an answer when it is told to stop
            until(lambda: gateway.pressure().replicas == 0)
        gateway.serve(replica="r4")
    assert future.result().status_code == 200


@pytest.mark.parametrize("is_removed", [True, False])
def test_requests_of_a_version_that_goes_with_its_replicas_are_refused_at_once(
    gateway: Gateway, is_removed: bool
) -> None:
    replica = gateway.serve(silent)
    began = time.monotonic()
    with in_background(gateway, 3) as futures, ThreadPoolExecutor(1) as pool:
        until(lambda: len(asks(replica)) == 3)
        if is_removed:
            gateway.call(gateway.plane.remove, "digits")
        else:
            draining = pool.submit(gateway.run, gateway.plane.drain("digits", "1", 30))
            until(lambda: gateway.plane._versions["digits"]["1"].is_draining)
            replica.kill()
            draining.result()
    assert [future.result().status_code for future in futures] == [503] * 3
    assert "taken away" in futures[0].result().json()["error"]
    assert time.monotonic() - began < 15


def test_replica_that_nobody_expects_dials_less_and_less_often(
    gateway: Gateway, start: Callable[..., ModelThread]
) -> None:
    dialled: list[float] = []

    def address() -> dict[str, Any]:
        dialled.append(time.monotonic())
        return {**gateway.listening.replicas, "node": "here"}

    start(version="2", address=address)
    until(lambda: len(dialled) == 5)
    pauses = [later - earlier for earlier, later in pairwise(dialled[1:])]
    assert all(pause >= least for pause, least in zip(pauses, (0.19, 0.39, 0.79), strict=True))
    gateway.expect("2")
    until(lambda: gateway.pressure("2").replicas == 1)


def test_replica_of_another_app_is_refused(gateway: Gateway, start: Callable[..., ModelThread]) -> None:
    def expect(app: str) -> None:
        gateway.call(gateway.plane.expect, "digits", "1", ServingOptions(), 1, app)

    expect("new")
    start(app="old", replica="r1")
    first = start(app="new", replica="r2")
    ready(gateway)
    assert {(event[2], event[3], event[4]["app"]) for event in gateway.events} == {
        ("r2", "hello", "new"),
        ("r2", "ready", "new"),
    }
    gateway.expect()  # says nothing of the app
    assert post(gateway, {"x": 2}).json() == {"predictions": {"doubled": 4}}
    expect("newer")
    first.join(10)
    assert not first.is_alive()
    until(lambda: gateway.events[-1][2:] == ("r2", "lost", {"app": "new"}))
