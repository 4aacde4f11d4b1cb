"""Publishing on a real cluster, with real clients: what is asked, what goes wrong, what comes back."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

import workbench
from tests.support.processes import own_process, title
from tests.support.publishing import digits, other_digits, under_load, until, version, withdrawn
from workbench.api.endpoints import endpoints_overview, registered_models, restore, try_endpoint, withdraw
from workbench.api.project import current_project
from workbench.errors import EndpointNotFoundError, ModelNotFoundError, OptionError, ResourcesError, ServingError
from workbench.serving.token_files import make_token


@pytest.fixture
def published(cluster: Path) -> Iterator[Path]:
    """The session's cluster; what a test published is withdrawn after it."""
    with withdrawn():
        yield cluster


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A name that no other test has registered a model as: versions begin with 1."""
    return request.node.name.removeprefix("test_publish_").replace("_", "-")[:40]


def test_publish_variable_answers_as_the_model_does(published: Path, name: str) -> None:
    model, data = digits()
    endpoint = workbench.publish(model, name=name, example=data[:2], alias="champion")

    assert np.array_equal(endpoint.predict(data[:50]), model.predict(data[:50]))
    found = endpoint.snapshot()
    assert found["state"] == "live"
    assert [one["weight"] for one in found["versions"]] == [100.0]
    assert endpoint.stats()["requests"] == 1
    assert stat.S_IMODE(endpoint.token_file.stat().st_mode) == 0o600
    assert endpoint.token not in repr(endpoint)
    known = {model["name"]: model for model in registered_models(current_project())}[name]
    assert until(lambda: registered_models(current_project())[0]["aliases"]) == {"champion": 1}
    assert known["versions"][0]["run_name"] == "publish model"


def test_publish_and_training_do_not_wait_for_each_other(published: Path, name: str) -> None:
    model, data = digits()
    all_of_them = os.cpu_count() or 1
    run = workbench.train("import time; time.sleep(120)", workers=all_of_them)
    try:
        until(lambda: run.state.value == "running")
        endpoint = workbench.publish(model, name=name, example=data[:2])
        assert len(endpoint.predict(data[:5])) == 5
        assert run.state.value == "running"
        with pytest.raises(ModelNotFoundError, match="It still runs"):
            workbench.publish(run.id, name=name)
    finally:
        run.stop()
    assert workbench.train("x = 1", workers=all_of_them, returns="x").result(60) == 1
    assert endpoint.snapshot()["state"] == "live"


def test_publish_curl_line_works_when_pasted(published: Path, name: str) -> None:
    model, data = digits()
    endpoint = workbench.publish(model, name=name, example=data[:2])

    said = subprocess.run(endpoint.curl(), shell=True, capture_output=True, text=True, check=True).stdout

    assert said == f'{{"predictions":{model.predict(data[:1]).tolist()}}}'
    assert endpoint.token not in endpoint.curl()


def test_publish_python_lines_work_when_pasted(published: Path, name: str) -> None:
    model, data = digits()
    endpoint = workbench.publish(model, name=name, example=data[:2])

    said = subprocess.run([sys.executable, "-c", endpoint.python()], capture_output=True, text=True, check=True).stdout

    assert said == f"{{'predictions': {model.predict(data[:1]).tolist()}}}\n"
    assert endpoint.token not in endpoint.python()


def test_publish_example_is_two_rows_and_goes_with_the_model_alone(published: Path, name: str) -> None:
    model, data = digits()
    endpoint = workbench.publish(model, name=name, example=data)
    assert len(json.loads(endpoint.example() or "")["inputs"]) == 2
    with pytest.raises(OptionError, match="Cannot take an example for"):
        workbench.publish(f"{name}/1", name=name, example=data)


def test_publish_function_with_an_example_of_json_gets_json(published: Path, name: str) -> None:
    def greet(person: Any) -> Any:
        return f"Hello {person['name']}"

    endpoint = workbench.publish(greet, name=name, example={"name": "Ada"})
    assert endpoint.predict({"name": "Alan"}) == "Hello Alan"


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


def test_publish_from_a_run_and_by_alias(published: Path) -> None:
    _, data = digits()
    run = workbench.train(
        "from sklearn.datasets import load_digits\n"
        "from sklearn.linear_model import LogisticRegression\n"
        "X, y = load_digits(return_X_y=True)\n"
        "forest = LogisticRegression(max_iter=50).fit(X / 16, y)\n",
        name="fit-digits",
        returns="forest",
    )
    model = run.result()
    endpoint = workbench.publish("fit-digits", name="from-run")

    assert np.array_equal(endpoint.predict(data[:9]), model.predict(data[:9]))
    served = endpoint.snapshot()["versions"][0]["models"][0]
    assert served["run_id"] == run.id
    assert endpoint.example() is not None, "the example comes from the run's own data"
    returned = workbench.publish(model, name="from-value").snapshot()["versions"][0]["models"][0]
    assert returned["run_id"] == run.id

    workbench.publish("from-run/1", name="by-number")
    with pytest.raises(ModelNotFoundError, match="aliases are: none"):
        workbench.publish("from-run@champion", name="by-alias")


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


def test_publish_tokens_are_made_and_revoked(published: Path, name: str) -> None:
    model, data = digits()
    endpoint = workbench.publish(model, name=name, example=data[:2])
    from workbench.serving.client.client import EndpointClient

    theirs = endpoint.new_token("alice")
    client = EndpointClient(endpoint.url, lambda: theirs)
    assert client.predict(data[:1]) == model.predict(data[:1])
    endpoint.revoke_token("alice")
    with pytest.raises(ServingError) as caught:
        client.predict(data[:1])
    assert caught.value.status == 401
    assert theirs not in str(caught.value)
    assert [token["label"] for token in endpoint.tokens()] == ["default"]
    for path in (published / ".workbench").rglob("*"):
        if path.is_file() and path.suffix in (".json", ".log"):
            assert endpoint.token not in path.read_text(errors="replace"), path


def test_publish_update_keeps_the_token_and_the_limits_that_are_not_given(published: Path) -> None:
    model, data = digits()
    endpoint = workbench.publish(model, name="limited", example=data[:2], rate=5000.0, samples=7)
    limits = {"max_body": 2**20, "cache": 0, "samples": 7}
    token = endpoint.token
    endpoint.scale("1..2")
    workbench.publish("limited/1", name="limited", max_body="1M", slo="50ms")
    assert endpoint.snapshot()["limits"] == {**limits, "rate": 5000.0}
    workbench.publish("limited/1", name="limited", rate=4000.0)
    assert endpoint.snapshot()["limits"] == {**limits, "rate": 4000.0}
    kept = endpoint.snapshot()["versions"][-1]["options"]
    assert (kept["max_replicas"], kept["slo_ms"]) == (2, 50.0)
    workbench.publish("limited/1", name="limited", slo="none", replicas=1)
    kept = endpoint.snapshot()["versions"][-1]["options"]
    assert (kept["max_replicas"], kept["slo_ms"]) == (1, None)
    assert endpoint.set_limits(rate=0)["limits"] == {**limits, "rate": None}
    assert endpoint.token == token
    assert [path.name for path in endpoint.token_file.parent.iterdir()] == ["default"]


def test_publish_endpoint_of_another_project_is_used_as_ones_own(
    published: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, data = digits()
    mine = workbench.publish(model, name=name, example=data[:2])
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    theirs = workbench.endpoint(name)
    assert theirs.token_file == mine.token_file
    assert np.array_equal(theirs.predict(data[:5]), model.predict(data[:5]))
    assert theirs.logs() == mine.logs() != ""
    assert str(mine.token_file) in theirs.curl()
    assert try_endpoint(current_project(), name, {"inputs": data[:1].tolist()})["status"] == 200
    theirs.new_token("alice")
    assert mine.token_file.with_name("alice").exists()
    theirs.withdraw()
    assert not mine.token_file.parent.exists()
    assert not (tmp_path / ".workbench" / "tokens").exists()


def test_publish_endpoint_that_sleeps_beside_others_is_told_from_none(published: Path, name: str) -> None:
    model, data = digits()
    workbench.publish(model, name=name, example=data[:2])
    folder = published / ".workbench"
    (folder / "endpoints" / "asleep.json").write_text("{}")
    make_token(folder, "asleep")
    with pytest.raises(ServingError, match="Bring it back: %endpoints restore"):
        workbench.endpoint("asleep")
    withdraw(current_project(), "asleep")
    assert not list((folder / "endpoints").glob("asleep.*")) + list((folder / "tokens").glob("asleep"))
    with pytest.raises(EndpointNotFoundError, match="published are"):
        withdraw(current_project(), "asleep")


def test_publish_several_models_in_one_endpoint(published: Path) -> None:
    model, data = digits()
    workbench.publish(model, name="lr", example=data[:2])
    workbench.publish(other_digits(), name="knn", example=data[:2])
    endpoint = workbench.publish("lr", "knn", name="both", max_models=1)
    assert np.array_equal(endpoint.predict(data[:9], model="lr"), model.predict(data[:9]))
    assert np.array_equal(endpoint.predict(data[:9], model="knn"), other_digits().predict(data[:9]))


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


def test_publish_refuses_what_cannot_be(published: Path, name: str) -> None:
    model, _ = digits()
    with pytest.raises(OptionError, match="letters, digits"):
        workbench.publish(model, name="no/slash")
    with pytest.raises(OptionError, match=r"replicas='4\.\.1'"):
        workbench.publish(model, name=name, replicas="4..1")
    with pytest.raises(OptionError, match="Cannot publish a dict"):
        workbench.publish({"a": 1}, name=name)
    with pytest.raises(ModelNotFoundError, match="no-such"):
        workbench.publish("no-such-model", name=name)
    with pytest.raises(ResourcesError, match=r"has no GPU|room for"):
        workbench.publish(model, name=name, gpus=1000.0)
    assert not (published / ".workbench" / "tokens" / name).exists(), "it is no endpoint, so that it has no token"
    with pytest.raises(OptionError, match="MLflow keeps 'latest'"):
        workbench.publish(model, name=name, alias="latest")
    with pytest.raises(EndpointNotFoundError, match="'nothing'"):
        workbench.endpoint("nothing")


def test_publish_figures_and_samples_are_kept(published: Path, name: str) -> None:
    model, data = digits()
    endpoint = workbench.publish(model, name=name, example=data[:2])
    for row in data[:10]:
        endpoint.predict(row[None].tolist())
    assert len(endpoint.samples()) == 10
    endpoint.withdraw()
    history = until(lambda: endpoint.history().get("1", {}).get("requests") and endpoint.history())
    assert sum(history["1"]["requests"]) == 10
    assert len(until(lambda: endpoint.samples("1"))) == 10
    endpoint = workbench.publish(model, name=name, example=data[:2], samples=0)
    endpoint.predict(data[:1].tolist())
    assert until(lambda: endpoint.samples("1") == []), "those of its past are forgotten, too"
    assert endpoint.samples() == []
    assert endpoint.set_limits(samples=1)["limits"]["samples"] == 1
    endpoint.predict(data[:1].tolist())
    endpoint.predict(data[:1].tolist())
    assert len(endpoint.samples()) == 1
    assert f"{name} 1" not in [run.name for run in workbench.runs(limit=200)]


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
