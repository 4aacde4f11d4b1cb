"""Options, aliases and examples of a publication, without a cluster."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.support.publishing import digits
from workbench.api.endpoint_handle import Endpoint
from workbench.api.endpoints import set_alias
from workbench.api.model_source import Source, check_alias, check_name
from workbench.api.project import current_project
from workbench.api.publish import begin
from workbench.errors import OptionError
from workbench.options.serving import check_limits, serving_options, traffic_plan
from workbench.options.values import parse_bytes, parse_ms
from workbench.records.endpoints import ServingOptions
from workbench.tracking.examples import example_for


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
