"""Durations counted in buckets that grow by a tenth: any percentile to within five percent."""

from __future__ import annotations

from math import log, log1p
from typing import Any

import numpy as np
from numpy.typing import NDArray

GROWTH = 1.1
LOWEST_MS = 0.01
BUCKETS = 192  # the last one begins at 13 minutes

_SCALE = 1 / log1p(GROWTH - 1)
_MIDDLES = LOWEST_MS * GROWTH ** (np.arange(BUCKETS) - 0.5)


def bucket(ms: float) -> int:
    """Return the bucket that a duration is counted in."""
    if ms <= LOWEST_MS:
        return 0
    found = int(log(ms / LOWEST_MS) * _SCALE) + 1
    return found if found < BUCKETS else BUCKETS - 1


def percentile(counts: NDArray[Any], fraction: float) -> list[float | None]:
    """Return the duration (ms) below which a fraction of the counts lies, per row; None for an empty row."""
    reached = counts.cumsum(axis=-1)
    totals = reached[..., -1]
    ranks = np.maximum(1, np.ceil(totals * fraction))
    places = (reached >= ranks[..., None]).argmax(axis=-1)
    pairs = zip(_MIDDLES[places].tolist(), totals.tolist(), strict=True)
    return [round(middle, 4) if total else None for middle, total in pairs]
