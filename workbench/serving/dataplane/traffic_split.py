"""The choice of a version for a request: exactly by weight, or always the same by the request's key."""

from __future__ import annotations

import hashlib
from math import log


class WeightedChoice:
    """Distributes requests so that 10 percent is every tenth one, not one of ten by luck.

    Each turn every version earns its weight, and the richest one pays for all (smooth weighted round robin).
    Weights are counted in thousandths of a percent, as integers, so that nothing drifts.
    """

    def __init__(self, weights: dict[str, float]) -> None:
        self.weights = {version: weight for version, weight in weights.items() if weight > 0}
        self._steps = {version: max(1, round(weight * 1000)) for version, weight in self.weights.items()}
        self._total = sum(self._steps.values())
        self._credit = dict.fromkeys(self._steps, 0)
        self._only = next(iter(self._steps)) if len(self._steps) == 1 else None

    def next(self) -> str | None:
        """Return the next request's version; None where no version has traffic."""
        if self._only is not None or not self._steps:
            return self._only
        credit = self._credit
        for version, step in self._steps.items():
            credit[version] += step
        chosen = max(credit, key=credit.__getitem__)
        credit[chosen] -= self._total
        return chosen

    def of(self, key: str) -> str | None:
        """Return the version of a key; new weights move as few keys as possible (weighted rendezvous hashing)."""
        if self._only is not None or not self._steps:
            return self._only
        return max(self._steps, key=lambda version: -self._steps[version] / log(_fraction(version, key)))


def _fraction(version: str, key: str) -> float:
    digest = hashlib.blake2b(f"{version}\0{key}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest) + 1) / (2**64 + 2)
