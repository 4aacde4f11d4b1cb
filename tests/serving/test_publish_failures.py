"""What goes wrong with published models on a real cluster, and how they come back."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

import workbench
from tests.support.processes import own_process, title
from tests.support.publishing import digits, other_digits, under_load, version
from tests.support.waiting import until
from workbench.api.endpoints import endpoints_overview, restore
from workbench.api.project import current_project
from workbench.errors import OptionError, ServingError


def test_publish_model_that_fails_never_takes_traffic(published: Path, name: str) -> None:
    model, data = digits()
    endpoint = workbench.publish(model, name=name, example=data[:2])

    class Broken:
        def __reduce__(self) -> Any:
            return (eval, ("no_such_layer()",))

    part = Broken()

    def broken(rows: Any) -> Any:
        return part and rows

    with under_load(endpoint) as load, pytest.raises(ServingError, match="no_such_layer") as caught:
        workbench.publish(broken, name=name)
    load.assert_well()
    assert "Traceback" in str(caught.value)
    assert "never took traffic" in str(caught.value)
    assert endpoint.snapshot()["state"] == "live"
    assert version(endpoint, "2")["state"] == "failed"
    assert "no_such_layer" in endpoint.logs()


def test_publish_killed_replica_is_replaced_without_an_error(published: Path, name: str) -> None:
    model, data = digits()
    endpoint = workbench.publish(model, name=name, example=data[:2], replicas=2)
    until(lambda: version(endpoint, "1")["replicas"]["running"] == 2)
    with under_load(endpoint) as load:
        victim = next(
            process
            for process in psutil.process_iter(["cmdline"])
            if f"ServeReplica:workbench-{name}" in title(process)
        )
        before = load.asked
        os.kill(victim.pid, signal.SIGKILL)
        until(lambda: load.asked > before + 20)
        until(lambda: version(endpoint, "1")["replicas"]["running"] == 2)
    load.assert_well()


def test_publish_killed_gateway_comes_back_at_the_same_address(published: Path, name: str) -> None:
    model, data = digits()
    endpoint = workbench.publish(model, name=name, example=data[:2])
    url, token = endpoint.url, endpoint.token
    gateway = own_process("ray::Gateway")

    os.kill(gateway.pid, signal.SIGKILL)

    until(lambda: _answers(endpoint, data), 60)
    assert endpoint.url == url
    assert endpoint.token == token
    assert version(endpoint, "1")["weight"] == 100.0


def test_publish_killed_gateway_still_wakes_what_sleeps(published: Path, name: str) -> None:
    model, data = digits()
    endpoint = workbench.publish(model, name=name, example=data[:2], replicas="0..1", idle="1s")
    until(lambda: version(endpoint, "1")["state"] == "idle")
    until(lambda: version(endpoint, "1")["replicas"]["running"] == 0)
    gateway = own_process("ray::Gateway")
    os.kill(gateway.pid, signal.SIGKILL)
    until(lambda: _answers(endpoint, data), 90)


def test_publish_version_that_still_loads_gets_no_traffic(published: Path, name: str) -> None:
    model, data = digits()
    endpoint = workbench.publish(model, name=name, example=data[:2])

    class LoadsLong:
        def __reduce__(self) -> Any:
            return (time.sleep, (8.0,))

    part = LoadsLong()

    def slow_to_load(rows: Any) -> Any:
        return rows if part is None else None

    workbench.publish(slow_to_load, name=name, example=None, wait=False)
    with pytest.raises(OptionError, match="its versions are 1"):
        endpoint.promote("2")
    workbench.publish(other_digits(), name=name, example=data[:2])
    assert version(endpoint, "3")["weight"] == 100.0
    until(lambda: version(endpoint, "2")["state"] == "live")
    assert version(endpoint, "3")["weight"] == 100.0, "the newer publication has the traffic, though it was quicker"


def test_publish_replica_that_does_not_reach_the_gateway_is_told(published: Path, name: str) -> None:
    class CutsOff:
        def __reduce__(self) -> Any:
            link = "from workbench.serving.replica.gateway_link import GatewayLink; GatewayLink.send = lambda *_: False"
            return (exec, (link,))

    part = CutsOff()

    def cut_off(rows: Any) -> Any:
        return rows if part is None else None

    with pytest.raises(ServingError, match="its replica runs, and does not reach the gateway at"):
        workbench.publish(cut_off, name=name, example=None)


def test_publish_that_is_withdrawn_meanwhile_leaves_nothing(published: Path, name: str) -> None:
    from ray import serve

    model, data = digits()
    endpoint = workbench.publish(model, name=name, example=data[:2], wait=False)
    endpoint.withdraw()
    endpoint = workbench.publish(f"{name}/1", name=name)
    assert np.array_equal(endpoint.predict(data[:5]), model.predict(data[:5]))
    until(lambda: len([app for app in serve.status().applications if name in app]) == 1)


def test_publish_listens_on_loopback_alone(published: Path, name: str) -> None:
    model, data = digits()
    workbench.publish(model, name=name, example=data[:2])
    supervisor = own_process("workbench.training.local_cluster")
    ours = [supervisor, *supervisor.children(recursive=True)]
    open_to_all = {
        (title(process), connection.laddr.ip, connection.laddr.port)
        for process in ours
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
        and connection.laddr.ip not in ("127.0.0.1", "::ffff:127.0.0.1", "::1")
    }
    assert not open_to_all


def test_publish_comes_back_after_the_cluster(published: Path, name: str) -> None:
    from workbench.cluster import connection
    from workbench.commands import cluster

    model, data = digits()
    endpoint = workbench.publish(model, name=name, example=data[:2], cache=10)
    url, token = endpoint.url, endpoint.token
    cluster.down()
    connection.disconnect()
    with pytest.raises(ServingError, match="%endpoints restore"):
        endpoint.snapshot()
    assert endpoints_overview(current_project())["asleep"] == [name]

    assert restore(current_project()) == [name]

    until(lambda: _answers(endpoint, data))
    assert (endpoint.url, endpoint.token, endpoint.snapshot()["limits"]["cache"]) == (url, token, 10)


def _answers(endpoint: Any, data: Any) -> bool:
    try:
        return len(endpoint.predict(data[:1], timeout_s=10)) == 1
    except Exception:
        return False
