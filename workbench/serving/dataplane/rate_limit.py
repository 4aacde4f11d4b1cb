"""The rate limit of tokens: a bucket that fills at the allowed rate, and from which each request takes one out."""

from __future__ import annotations

from math import isfinite

LONGEST_S = 86_400.0


class RateLimiter:
    """One bucket for each token, by label.

    Args:
        rate: Requests per second that each label may make, a second's worth of them at once; None allows any number.

    Raises:
        ValueError: The rate is not above zero, or no finite number.
    """

    def __init__(self, rate: float | None) -> None:
        if rate is not None and not (isfinite(rate) and rate > 0):
            text = f"Cannot limit to {rate!r} requests per second: it is no number above 0."
            raise ValueError(f"{text} Give one, or None for no limit.")
        self.rate = rate
        self._most = max(1.0, rate or 0.0)
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, label: str, now: float) -> float:
        """Take one out and return 0; return the seconds until that is possible where the bucket is empty."""
        rate = self.rate
        if rate is None:
            return 0.0
        left, at = self._buckets.get(label, (self._most, now))
        left = min(self._most, left + (now - at) * rate)
        if left >= 1.0:
            self._buckets[label] = (left - 1.0, now)
            return 0.0
        self._buckets[label] = (left, now)
        return min(LONGEST_S, (1.0 - left) / rate)
