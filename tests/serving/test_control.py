"""Judging, scaling, keeping books and reading options, without a cluster."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.serving.publishing import digits
from workbench.data.examples import example_for
from workbench.errors import OptionError
from workbench.publish_options import serving_options, traffic_plan
from workbench.serving.gateway.book import Canary, EndpointBook, published
from workbench.serving.gateway.judge import Ruling, judge
from workbench.serving.gateway.plane import Pressure
from workbench.serving.gateway.scaler import Scaler
from workbench.serving.records import Limits, ServedModel, ServingOptions, Version
from workbench.serving.token_files import digest, forget_token, make_token, read_token, token_path

NOW = 1_000.0
CANARY = Canary("2", [10.0, 50.0], since=NOW - 100, for_s=60.0, min_requests=100)


def seen(requests: int, errors: int = 0, p95_ms: float | None = 10.0) -> dict[str, Any]:
    return {"requests": requests, "errors": errors, "p50_ms": p95_ms, "p95_ms": p95_ms, "p99_ms": p95_ms}


@pytest.mark.parametrize(
    ("canary", "mine", "champion", "ruling"),
    [
        (CANARY, seen(99), seen(900), Ruling.WAIT),
        (CANARY, seen(100), seen(900), Ruling.STEP),
        (replace(CANARY, since=NOW - 10), seen(500), seen(900), Ruling.WAIT),
        (CANARY, seen(20, errors=1), seen(900), Ruling.ROLL_BACK),
        (CANARY, seen(19, errors=19), seen(900), Ruling.WAIT),
        (CANARY, seen(200, errors=2), seen(900, errors=9), Ruling.STEP),
        (CANARY, seen(200, errors=10), seen(900, errors=45), Ruling.STEP),
        (CANARY, seen(200, p95_ms=18.0), seen(900), Ruling.ROLL_BACK),
        (replace(CANARY, since=NOW - 10), seen(200, p95_ms=18.0), seen(900), Ruling.WAIT),
        (replace(CANARY, since=NOW - 10), seen(200, p95_ms=200.0), seen(900), Ruling.ROLL_BACK),
        (CANARY, seen(200, p95_ms=16.0), seen(900), Ruling.STEP),
        (CANARY, seen(200, p95_ms=2.0), seen(900, p95_ms=0.5), Ruling.STEP),
        (CANARY, seen(200), seen(0, p95_ms=None), Ruling.STEP),
        (replace(CANARY, min_requests=5), seen(5, errors=1), seen(50), Ruling.ROLL_BACK),
    ],
)
def test_judge_rules(canary: Canary, mine: Any, champion: Any, ruling: Ruling) -> None:
    found, why = judge(canary, mine, champion, NOW)
    assert found is ruling, why
    assert why


def pressure(**given: Any) -> Pressure:
    usual = {"ongoing": 0, "queued": 0, "replicas": 1, "idle_s": 0.0, "p95_ms": None, "is_wanted": False}
    return Pressure(**{**usual, **given})


def test_scaler_goes_up_after_a_second_of_need_and_down_after_thirty() -> None:
    options, scaler = ServingOptions(min_replicas=1, max_replicas=4, target_queue=8), Scaler(1)
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
    options, scaler = ServingOptions(max_replicas=4), Scaler(1)
    for tick in range(20):
        busy = pressure(queued=30) if tick % 2 else pressure()
        assert scaler.decide(options, busy, tick * 0.6) == 1


def test_scaler_sleeps_and_wakes() -> None:
    options, scaler = ServingOptions(min_replicas=0, max_replicas=2, idle_s=60), Scaler(1)
    assert scaler.decide(options, pressure(idle_s=59), 0.0) == 1
    assert scaler.decide(options, pressure(idle_s=61, ongoing=1), 1.0) == 1
    assert scaler.decide(options, pressure(idle_s=61), 2.0) == 0
    assert scaler.decide(options, pressure(idle_s=90, replicas=0), 3.0) == 0
    assert scaler.decide(options, pressure(idle_s=0, replicas=0, queued=1, is_wanted=True), 4.0) == 1


def test_scaler_missed_objective_adds_a_replica_when_requests_wait() -> None:
    options, scaler = ServingOptions(max_replicas=3, slo_ms=20), Scaler(1)
    late = pressure(ongoing=3, queued=2, p95_ms=50.0)
    scaler.decide(options, late, 0.0)
    assert scaler.decide(options, late, 1.0) == 2
    alone, slow = Scaler(1), pressure(ongoing=1, p95_ms=50.0)
    alone.decide(options, slow, 0.0)
    assert alone.decide(options, slow, 5.0) == 1, "a second replica makes a slow model no quicker"


def book(folder: Path) -> EndpointBook:
    made = EndpointBook("digits", str(folder / ".workbench"), "sqlite:///x.db", notebook="a.ipynb")
    options = ServingOptions(slo_ms=20.0, requirements=("a==1",), env_vars={"A": "b"})
    made.versions["3"] = Version("3", "digits-v3-1", (ServedModel("digits", 3, "models:/digits/3", "r"),), options, 5.0)
    made.tokens["default"] = {"digest": digest("t"), "created_at": 1.0}
    made.canary, made.limits, made.cache = CANARY, Limits(5, 2.5), 7
    made.route({"3": 100.0})
    made.route({"3": 90.0, "4": 10.0})
    made.note("began")
    return made


def test_book_comes_back_as_it_was(tmp_path: Path) -> None:
    made = book(tmp_path)
    made.save()
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert published([tmp_path / ".workbench", tmp_path / ".workbench"]) == [made]
    assert made.past == [{"3": 100.0}]
    assert made.table().tokens == {"default": digest("t")}
    made.erase()
    assert published([tmp_path / ".workbench"]) == []


def test_book_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    made = book(tmp_path)
    made.save()
    (made.path.parent / "broken.json").write_text("{")
    (made.path.parent / "other.json").write_text(json.dumps({"name": "x"}))
    assert published([tmp_path / ".workbench"]) == [made]


def test_token_files_are_for_their_user_alone(tmp_path: Path) -> None:
    token = make_token(tmp_path, "digits", "alice")
    assert read_token(tmp_path, "digits", "alice") == token
    assert len(token) > 40
    assert stat.S_IMODE(token_path(tmp_path, "digits", "alice").stat().st_mode) == 0o600
    with pytest.raises(OptionError, match="letters, digits"):
        make_token(tmp_path, "digits", "../alice")
    forget_token(tmp_path, "digits", "alice")
    with pytest.raises(OptionError, match="made elsewhere, or revoked"):
        read_token(tmp_path, "digits", "alice")


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
    assert (options.min_replicas, options.max_replicas, options.slo_ms, options.idle_s) == (0, 3, 20.0, 120.0)
    assert limits == Limits(2**20, 5.0)
    for name, value, words in (
        ("replicas", "0", "0..4 lets"),
        ("gpus", float("nan"), "0 or more"),
        ("slo", "0", "20ms"),
        ("batch", 0, "1 or more"),
        ("max_queue", 0, "1 or more"),
        ("env", "pined", "Did you mean 'pinned'"),
    ):
        with pytest.raises(OptionError) as caught:
            serving_options(**{**usual, name: value})
        assert words in str(caught.value)


def test_plan_of_a_canary() -> None:
    kind, canary = traffic_plan("10%,50", "30s", 20, 2.0, "5%", shadow=False, traffic=True)
    assert kind == "canary"
    assert (canary.steps, canary.for_s, canary.min_requests) == ([10.0, 50.0], 30.0, 20)
    assert (canary.max_slowdown, canary.max_more_errors) == (2.0, 0.05)
    assert traffic_plan(None, "1s", 1, 1.5, "1%", shadow=False, traffic=False)[0] == "none"
