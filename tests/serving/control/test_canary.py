"""The rules by which a canary is judged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from workbench.records.endpoints import Canary
from workbench.serving.control.canary import CanaryDecision, judge_canary

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
