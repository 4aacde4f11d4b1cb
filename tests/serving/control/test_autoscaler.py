"""How many replicas a version gets."""

from __future__ import annotations

from typing import Any

from workbench.records.endpoints import ServingOptions
from workbench.serving.control.autoscaler import Autoscaler
from workbench.serving.dataplane.pressure import Pressure


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
