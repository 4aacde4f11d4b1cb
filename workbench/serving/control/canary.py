"""The rules by which a canary gets more traffic, is rolled back, or has to show more first."""

from __future__ import annotations

from enum import Enum

from workbench.records.endpoints import Canary
from workbench.serving.dataplane.stats import WindowFigures

_FEW = 20
_GRACE_MS = 2.0
_EARLY_FACTOR, _EARLY_GRACE_MS = 3, 50.0
_DOWN_S = 30.0


class CanaryDecision(Enum):
    """What happens to a canary next."""

    WAIT = "wait"
    STEP = "step"
    ROLL_BACK = "roll back"


def judge_canary(
    canary: Canary, mine: WindowFigures, champion: WindowFigures, now: float, down_s: float = 0.0
) -> tuple[CanaryDecision, str]:
    """Decide about a canary; return the decision and its reason.

    Args:
        canary: The canary.
        mine: Its figures since the step began.
        champion: The champion's figures of the same time.
        now: Seconds since the epoch.
        down_s: The seconds for which the canary has had no replica.
    """
    if down_s > _DOWN_S:
        return CanaryDecision.ROLL_BACK, "no replica of it runs any more"
    requests = mine["requests"]
    share = mine["errors"] / requests if requests else 0.0
    usual = champion["errors"] / champion["requests"] if champion["requests"] else 0.0
    if requests >= min(_FEW, canary.min_requests) and share > usual + canary.max_more_errors:
        return (
            CanaryDecision.ROLL_BACK,
            f"{share:.1%} of its {requests} answers were errors or refusals, {usual:.1%} of the champion's",
        )
    if requests < canary.min_requests:
        return CanaryDecision.WAIT, f"{requests} of {canary.min_requests} requests"
    p95, theirs = mine["p95_ms"], champion["p95_ms"]
    left = canary.for_s - (now - canary.since)
    # Some grace: noise is a large part of a fast model's time, all the more in a few requests.
    factor, grace_ms = (1, _GRACE_MS) if left <= 0 else (_EARLY_FACTOR, _EARLY_GRACE_MS)
    if p95 and theirs and p95 > factor * canary.max_slowdown * theirs + grace_ms:
        return CanaryDecision.ROLL_BACK, f"its p95 is {p95:.1f} ms, the champion's {theirs:.1f} ms"
    if left > 0:
        return CanaryDecision.WAIT, f"{requests} requests without complaint, {left:.0f} s to go"
    compared = f", p95 {p95:.1f} ms against {theirs:.1f} ms" if p95 and theirs else ""
    return CanaryDecision.STEP, f"{requests} requests, {share:.1%} errors{compared}"
