"""What ends a sweep before its last trial: time, failures, no improvement, a grid that is exhausted."""

from __future__ import annotations

import time

from workbench.sweeps.plan import SweepPlan


class SweepLimits:
    """The limits of one sweep. Not safe to use from several threads without a lock.

    Args:
        plan: The sweep's plan.

    Attributes:
        ended_by: The limit that ended the sweep early, or an empty string. The sweep is a success.
        problem: The reason why the sweep ended as failed, or an empty string.
    """

    def __init__(self, plan: SweepPlan) -> None:
        self._plan = plan
        self._started: float | None = None
        self._failures = 0
        self.ended_by = ""
        self.problem = ""

    @property
    def is_reached(self) -> bool:
        """Whether no more trials are to be started."""
        return bool(self.problem or self.ended_by)

    def start_clock(self) -> None:
        """Count the time limit from now on; from the first call, where there are several."""
        self._started = self._started or time.monotonic()

    def check_time(self) -> bool:
        """Return whether the time limit ended the sweep at this call."""
        limit_s = self._plan.limit_s
        if not limit_s or not self._started or self.ended_by or time.monotonic() - self._started <= limit_s:
            return False
        self.ended_by = f"its {limit_s:g} s are over (--timeout)"
        return True

    def check_improvement(self, since_best: int) -> None:
        """End the sweep after too many trials without a better one."""
        limit = self._plan.no_improvement
        if limit and since_best >= limit and not self.ended_by:
            self.ended_by = f"no better trial among the last {limit} (--no-improvement)"

    def count_failure(self) -> None:
        """Count a failed trial, and end the sweep as failed after too many."""
        self._failures += 1
        if self._failures >= self._plan.max_failures and not self.problem:
            self.problem = f"{self._failures} trials failed, the limit (--max-failures)"

    def end(self, reason: str) -> None:
        """End the sweep for a reason, unless a limit has ended it already."""
        self.ended_by = self.ended_by or reason
