"""Publishing on a real cluster, with real clients: what is asked, what goes wrong, what comes back."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import workbench
from tests.support.publishing import digits, other_digits
from tests.support.waiting import until
from workbench.api.endpoints import registered_models, try_endpoint, withdraw
from workbench.api.project import current_project
from workbench.errors import EndpointNotFoundError, ModelNotFoundError, OptionError, ResourcesError, ServingError
from workbench.serving.token_files import make_token


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
