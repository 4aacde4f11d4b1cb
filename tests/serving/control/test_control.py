"""Judging, scaling, keeping books and reading options, without a cluster."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.support.publishing import digits
from workbench.api.endpoint_handle import Endpoint
from workbench.api.endpoints import set_alias, withdraw
from workbench.api.model_source import Source, check_alias, check_name
from workbench.api.project import current_project
from workbench.api.publish import begin
from workbench.errors import EndpointNotFoundError, OptionError, ServingError
from workbench.options.serving import check_limits, serving_options, traffic_plan
from workbench.options.values import parse_bytes, parse_ms
from workbench.records.endpoints import Canary, Limits, ServedModel, ServingOptions, Version
from workbench.serving.control.autoscaler import Autoscaler
from workbench.serving.control.canary import CanaryDecision, judge_canary
from workbench.serving.control.endpoint_state import EndpointState, load_endpoints
from workbench.serving.control.history_writer import HistoryWriter
from workbench.serving.dataplane.pressure import Pressure
from workbench.serving.token_files import digest, forget_token, make_token, read_token, token_aside, token_path
from workbench.tracking.examples import example_for

NOW = 1_000.0
CANARY = Canary("2", [10.0, 50.0], since=NOW - 100, for_s=60.0, min_requests=100)


def seen(requests: int, errors: int = 0, p95_ms: float | None = 10.0) -> dict[str, Any]:
    return {"requests": requests, "errors": errors, "p50_ms": p95_ms, "p95_ms": p95_ms, "p99_ms": p95_ms}


@pytest.mark.parametrize(
    ("canary", "mine", "champion", "ruling"),
    [
        (CANARY, seen(99), seen(900), CanaryDecision.WAIT),
        (CANARY, seen(100), seen(900), CanaryDecision.STEP),
        (replace(CANARY, since=NOW - 10), seen(500), seen(900), CanaryDecision.WAIT),
        (CANARY, seen(20, errors=1), seen(900), CanaryDecision.ROLL_BACK),
        (CANARY, seen(19, errors=19), seen(900), CanaryDecision.WAIT),
        (CANARY, seen(200, errors=2), seen(900, errors=9), CanaryDecision.STEP),
        (CANARY, seen(200, errors=10), seen(900, errors=45), CanaryDecision.STEP),
        (CANARY, seen(200, p95_ms=18.0), seen(900), CanaryDecision.ROLL_BACK),
        (replace(CANARY, since=NOW - 10), seen(200, p95_ms=18.0), seen(900), CanaryDecision.WAIT),
        (replace(CANARY, since=NOW - 10), seen(200, p95_ms=200.0), seen(900), CanaryDecision.ROLL_BACK),
        (CANARY, seen(200, p95_ms=16.0), seen(900), CanaryDecision.STEP),
        (CANARY, seen(200, p95_ms=2.0), seen(900, p95_ms=0.5), CanaryDecision.STEP),
        (CANARY, seen(200), seen(0, p95_ms=None), CanaryDecision.STEP),
        (replace(CANARY, min_requests=5), seen(5, errors=1), seen(50), CanaryDecision.ROLL_BACK),
    ],
)
def test_judge_rules(canary: Canary, mine: Any, champion: Any, ruling: CanaryDecision) -> None:
    found, why = judge_canary(canary, mine, champion, NOW)
    assert found is ruling, why
    assert why
    assert judge_canary(canary, mine, champion, NOW, down_s=29.0)[0] is ruling
    assert judge_canary(canary, mine, champion, NOW, down_s=31.0)[0] is CanaryDecision.ROLL_BACK


def pressure(**given: Any) -> Pressure:
    usual = {"ongoing": 0, "queued": 0, "replicas": 1, "idle_s": 0.0, "p95_ms": None, "is_wanted": False}
    return Pressure(**{**usual, **given})


def test_scaler_goes_up_after_a_second_of_need_and_down_after_thirty() -> None:
    options, scaler = ServingOptions(min_replicas=1, max_replicas=4, target_queue=8), Autoscaler(1)
    busy = pressure(ongoing=8, queued=16)
    assert scaler.decide(options, busy, 0.0) == 1
    assert scaler.decide(options, busy, 0.9) == 1
    assert scaler.decide(options, busy, 1.0) == 3
    assert scaler.decide(options, pressure(ongoing=100), 2.0) == 3
    assert scaler.decide(options, pressure(ongoing=100), 3.0) == 4
    assert scaler.decide(options, pressure(ongoing=9), 4.0) == 4
    assert scaler.decide(options, pressure(), 20.0) == 4
    assert scaler.decide(options, pressure(), 34.0) == 2, "what it needed meanwhile is kept"


def test_scaler_short_bursts_change_nothing() -> None:
    options, scaler = ServingOptions(max_replicas=4), Autoscaler(1)
    for tick in range(20):
        busy = pressure(queued=30) if tick % 2 else pressure()
        assert scaler.decide(options, busy, tick * 0.6) == 1


def test_scaler_sleeps_and_wakes() -> None:
    options, scaler = ServingOptions(min_replicas=0, max_replicas=2, idle_s=60), Autoscaler(1)
    assert scaler.decide(options, pressure(idle_s=59), 0.0) == 1
    assert scaler.decide(options, pressure(idle_s=61, ongoing=1), 1.0) == 1
    assert scaler.decide(options, pressure(idle_s=61), 2.0) == 0
    assert scaler.decide(options, pressure(idle_s=90, replicas=0), 3.0) == 0
    assert scaler.decide(options, pressure(idle_s=0, replicas=0, queued=1, is_wanted=True), 4.0) == 1


def test_scaler_missed_objective_adds_a_replica_when_requests_wait() -> None:
    options, scaler = ServingOptions(max_replicas=3, slo_ms=20), Autoscaler(1)
    late = pressure(ongoing=3, queued=2, p95_ms=50.0)
    scaler.decide(options, late, 0.0)
    assert scaler.decide(options, late, 1.0) == 2
    alone, slow = Autoscaler(1), pressure(ongoing=1, p95_ms=50.0)
    alone.decide(options, slow, 0.0)
    assert alone.decide(options, slow, 5.0) == 1, "a second replica makes a slow model no quicker"


def stored_endpoint(folder: Path) -> EndpointState:
    made = EndpointState("digits", str(folder / ".workbench"), "sqlite:///x.db", notebook="a.ipynb")
    options = ServingOptions(slo_ms=20.0, requirements=("a==1",), env_vars={"A": "b"})
    made.versions["3"] = Version("3", "digits-v3-1", (ServedModel("digits", 3, "models:/digits/3", "r"),), options, 5.0)
    made.tokens["default"] = {"digest": digest("t"), "created_at": 1.0}
    made.canary, made.limits = CANARY, Limits(5, 2.5, 7, 0)
    made.set_weights({"3": 100.0})
    made.set_weights({"3": 90.0, "4": 10.0})
    made.add_event("began")
    return made


def test_endpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    made = stored_endpoint(tmp_path)
    made.save()
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert load_endpoints([tmp_path / ".workbench", tmp_path / ".workbench"]) == [made]
    assert made.past == [{"3": 100.0}]
    assert made.route_table().tokens == {"default": digest("t")}
    made.erase()
    assert load_endpoints([tmp_path / ".workbench"]) == []


def test_endpoint_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    made = stored_endpoint(tmp_path)
    made.save()
    (made.path.parent / "broken.json").write_text("{")
    (made.path.parent / "other.json").write_text(json.dumps({"name": "x"}))
    assert load_endpoints([tmp_path / ".workbench"]) == [made]


def test_token_files_are_for_their_user_alone(tmp_path: Path) -> None:
    token = make_token(tmp_path, "digits", "alice")
    assert read_token(tmp_path, "digits", "alice") == token
    assert len(token) > 40
    assert stat.S_IMODE(token_path(tmp_path, "digits", "alice").stat().st_mode) == 0o600
    for label in ("../alice", "alice\n", ".alice"):
        with pytest.raises(OptionError, match="letters, digits"):
            make_token(tmp_path, "digits", label)
    with pytest.raises(OptionError, match="no endpoint can have that name"):
        make_token(tmp_path, "../digits", "alice")
    forget_token(tmp_path, "digits", "alice")
    with pytest.raises(OptionError, match="made elsewhere, or revoked"):
        read_token(tmp_path, "digits", "alice")


def test_token_aside_becomes_a_token_when_it_is_moved(tmp_path: Path) -> None:
    before = make_token(tmp_path, "digits")
    aside, token = token_aside(tmp_path, "digits")
    assert stat.S_IMODE(aside.stat().st_mode) == 0o600
    assert read_token(tmp_path, "digits") == before
    aside.replace(token_path(tmp_path, "digits"))
    assert read_token(tmp_path, "digits") == token
    assert [path.name for path in (tmp_path / "tokens" / "digits").iterdir()] == ["default"]


@pytest.fixture
def no_cluster(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that finds no cluster of this machine, nor one that another test left its process connected to."""
    from workbench.cluster import connection

    monkeypatch.setenv("WORKBENCH_HOME", str(project / "home"))
    monkeypatch.setattr(connection, "_connected_to", None)
    monkeypatch.setattr(connection, "_users_own", lambda: None)
    return project


def test_endpoint_that_is_only_written_down_can_be_brought_back_or_withdrawn(no_cluster: Path) -> None:
    project, folder = current_project(), no_cluster / ".workbench"
    endpoint = Endpoint(project, "digits")
    with pytest.raises(EndpointNotFoundError, match="nothing is published"):
        withdraw(project, "digits")
    stored_endpoint(no_cluster).save()
    (folder / "endpoints" / "digits.log").write_text("a line\n")
    make_token(folder, "digits")
    token_aside(folder, "digits")
    assert Endpoint(project, "digits").log_page(-5, 5).lines == ["a line"]
    assert endpoint.token_file == folder / "tokens" / "digits" / "default"
    for asked in (endpoint.snapshot, endpoint.withdraw, endpoint.rollback, lambda: endpoint.set_limits(rate=1)):
        with pytest.raises(ServingError, match="Bring it back: %endpoints restore"):
            asked()
    assert endpoint.token_file.exists(), "tokens go after the endpoint, not before"
    withdraw(project, "digits")
    assert not list((folder / "endpoints").iterdir()) + list((folder / "tokens").iterdir())


def test_endpoint_that_does_not_run_is_withdrawn_from_the_registry_too(no_cluster: Path) -> None:
    from mlflow import MlflowClient

    made = replace(stored_endpoint(no_cluster), tracking_uri=f"sqlite:///{no_cluster}/mlflow.db")
    client = MlflowClient(made.tracking_uri)
    client.create_registered_model("digits")
    for _ in range(3):
        client.create_model_version("digits", str(no_cluster))
    history = HistoryWriter()
    run_id = history.begin_run(made, made.versions["3"]).result(60)
    history.close()
    made.versions["3"] = replace(made.versions["3"], history_run=run_id)
    made.save()
    assert client.get_model_version("digits", "3").tags == {"workbench.endpoint.digits": run_id}
    withdraw(current_project(), "digits")
    assert client.get_model_version("digits", "3").tags == {}
    assert client.get_run(run_id).info.status == "FINISHED"


def test_requirements_are_read_without_leaving_a_trace(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow

    from workbench.tracking.model_logging import log_model, requirements_at
    from workbench.tracking.registry import Registry

    store, uri = current_project().store, current_project().settings.tracking_uri
    run_id = store.create_run(experiment="pinned", name="pinned", tags={}, params={})
    address = log_model(lambda rows: rows, "model", run_id=run_id, tracking_uri=uri, requirements=["cowsay==6.1"])
    made = Registry(store).register(address, "model", run_id)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")  # what MLflow itself writes to it goes, too, after the test
    chosen = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None
    try:
        for own, words in ((None, None), (f"sqlite:///{project / 'own.db'}", "sqlite:///elsewhere.db")):
            mlflow.set_tracking_uri(own)
            monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
            if words is not None:
                monkeypatch.setenv("MLFLOW_TRACKING_URI", words)
            assert "cowsay==6.1" in requirements_at(made.uri, uri)
            assert os.environ.get("MLFLOW_TRACKING_URI") == words
            assert mlflow.is_tracking_uri_set() == (own is not None)
            assert own is None or mlflow.get_tracking_uri() == own
    finally:
        mlflow.set_tracking_uri(chosen)


def test_example_is_what_the_model_takes() -> None:
    model, data = digits()
    assert np.array_equal(example_for(model, {"n": 3, "other": np.zeros((5, 3)), "data": data}), data[:2])
    assert np.array_equal(example_for(model, {}), np.zeros((1, 64)))


def test_example_of_a_table_has_the_models_columns() -> None:
    from sklearn.linear_model import LinearRegression

    table = pd.DataFrame({"b": [1.0, 2.0, 3.0], "a": [0.0, 1.0, 1.0], "y": [1.0, 2.0, 2.0]})
    model = LinearRegression().fit(table[["a", "b"]], table["y"])
    assert list(example_for(model, {"table": table}).columns) == ["a", "b"]


def test_example_of_a_module_is_what_it_runs_on() -> None:
    import torch

    model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.Flatten(), torch.nn.Linear(72, 2))
    images = torch.zeros(5, 1, 8, 8)
    found = example_for(model, {"labels": torch.zeros(5, 10), "images": images})
    assert found.shape == (2, 1, 8, 8)
    assert model.training


def test_options_as_asked() -> None:
    usual: dict[str, Any] = {
        "replicas": "0..3", "cpus": 1, "gpus": 0.5, "memory": "2G", "slo": "20ms", "batch": 8, "timeout": "5s",
        "idle": "2m", "max_queue": 9, "max_models": 2, "max_body": "1M", "rate": 5.0, "env": "cluster",
        "env_vars": None,
    }  # fmt: skip
    options, limits = serving_options(**usual)
    assert ServingOptions(**options) == ServingOptions(
        0, 3, 1, 0.5, 2048, 20.0, max_batch=8, max_queue=9, timeout_s=5.0, idle_s=120.0, max_models=2
    )
    assert serving_options() == ({}, {})
    assert serving_options(slo="none", memory="none", env_vars={})[0] == {"slo_ms": None, "memory_mb": None}
    assert limits == {"max_body": 2**20, "rate": 5.0}
    assert serving_options(**{**usual, "rate": None})[1] == {"max_body": 2**20}
    assert serving_options(**{**usual, "max_body": None, "rate": None})[1] == {}
    for name, value, words in (
        ("replicas", "0", "0..4 lets"),
        ("gpus", float("nan"), "0 or more"),
        ("slo", "0", "20ms"),
        ("batch", 0, "1 or more"),
        ("max_queue", 0, "1 or more"),
        ("env", "pined", "Did you mean 'pinned'"),
        ("slo", "20ms\nx", "20ms"),
        ("rate", float("inf"), "finite"),
        ("max_body", "0.5", "1 or more"),
        ("max_body", "99999999999G", "99999999999G"),
    ):
        with pytest.raises(OptionError) as caught:
            serving_options(**{**usual, name: value})
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"rate": float("nan")}, "finite number above 0"),
        ({"rate": float("inf")}, "finite number above 0"),
        ({"rate": -1}, "finite number above 0"),
        ({"rate": "5"}, "finite number above 0"),
        ({"rate": True}, "finite number above 0"),
        ({"rate": False}, "finite number above 0"),
        ({"rate": ""}, "finite number above 0"),
        ({"rate": 10**400}, "finite number above 0"),
        ({"max_body": 0}, "1 or more"),
        ({"max_body": "0.0001k"}, "1 or more"),
        ({"max_body": None}, "16M"),
        ({"max_body": "9" * 400}, "16M"),
        ({"cache": -1}, "0 or more"),
        ({"cache": 1.5}, "0 or more"),
        ({"cache": None}, "0 or more"),
        ({"cache": 10**400}, "0 or more"),
        ({"samples": -1}, "0 to 1000"),
        ({"samples": 1001}, "0 to 1000"),
        ({"samples": True}, "0 to 1000"),
        ({"rates": 1}, "Did you mean 'rate'"),
    ],
)
def test_limits_that_cannot_be_are_named(given: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError) as caught:
        check_limits(given)
    assert words in str(caught.value)
    with pytest.raises(OptionError) as caught:
        Endpoint(current_project(), "digits").set_limits(**given)
    assert words in str(caught.value)


def test_limits_are_only_those_that_are_given() -> None:
    assert check_limits({}) == {}
    assert check_limits({"rate": None, "cache": 0, "samples": 0}) == {"rate": None, "cache": 0, "samples": 0}
    assert check_limits({"max_body": "1.5k", "rate": 0.5}) == {"max_body": 1536, "rate": 0.5}


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), float("-inf")])
def test_traffic_is_shared_by_finite_weights(weight: float) -> None:
    with pytest.raises(OptionError, match="finite numbers"):
        Endpoint(current_project(), "digits").set_traffic({"1": 50, "2": weight})


def test_names_and_amounts_end_where_they_end() -> None:
    for name in ("digits\n", "a b", "-a", "models"):
        with pytest.raises(OptionError, match="letters, digits"):
            check_name(name)
    assert (parse_ms(" 20 ms "), parse_bytes("16 MiB")) == (20.0, 2**24)


@pytest.mark.parametrize("alias", ["", "a b", "a/b", "champion\n", "a" * 256, "latest", "Latest", "v1", "V23"])
def test_alias_that_the_registry_refuses_is_refused_first(alias: str, no_cluster: Path) -> None:
    with pytest.raises(OptionError, match="Cannot use the alias"):
        check_alias(alias)
    with pytest.raises(OptionError, match="Cannot use the alias"):
        set_alias(current_project(), "digits", alias, 1)
    if alias:
        with pytest.raises(OptionError, match="Cannot use the alias"):
            begin(current_project(), [Source(words="x")], {}, {}, ("all", None), name="digits", alias=alias)
    assert not (no_cluster / ".workbench").exists(), "nothing is registered"


def test_alias_may_look_like_a_version() -> None:
    assert [check_alias(alias) for alias in ("champion", "v1-beta", "1", "latest-ok")]


def test_plan_of_a_canary() -> None:
    kind, canary = traffic_plan(
        canary="10%,50", canary_for="30s", canary_requests=20, canary_slowdown=2.0, canary_errors="5%"
    )
    assert kind == "canary"
    assert (canary.steps, canary.for_s, canary.min_requests) == ([10.0, 50.0], 30.0, 20)
    assert (canary.max_slowdown, canary.max_more_errors) == (2.0, 0.05)
    assert traffic_plan(canary=None, canary_for="1s", shadow=False, traffic=False)[0] == "none"
