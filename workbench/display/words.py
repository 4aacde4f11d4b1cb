"""Numbers and times as people read them."""

from __future__ import annotations

import math
import time
from typing import Any


def duration(seconds: float | None) -> str:
    """Return a length of time in its two largest units.

    >>> duration(0.42), duration(65), duration(7260)
    ('0.4 s', '1 min 5 s', '2 h 1 min')
    """
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{max(0.0, seconds):.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} d {hours % 24} h"


def ago(at: float | None, now: float | None = None) -> str:
    """Return how long ago a moment was, in its largest unit; both times in seconds since the epoch.

    >>> ago(0.0, now=90.0)
    '1 min ago'
    """
    if at is None:
        return ""
    seconds = (time.time() if now is None else now) - at
    for limit, size, unit in ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h"), (math.inf, 86400, "d")):
        if seconds < limit:
            return f"{max(0, int(seconds // size))} {unit} ago"
    return ""


def number(value: float) -> str:
    """Return a metric's value in at most five significant digits.

    >>> number(0.25), number(1234567.0), number(float("nan"))
    ('0.25', '1.2346e+06', 'nan')
    """
    if value == int(value) if math.isfinite(value) else False:
        return str(int(value)) if abs(value) < 1e6 else f"{value:.5g}"
    return f"{value:.5g}"


def value_text(value: Any) -> str:
    """Return a swept value: numbers shortened, everything else as it is."""
    return number(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def memory(mb: float | None) -> str:
    """Return an amount of memory, given in MiB.

    >>> memory(812.3), memory(20480)
    ('812 MiB', '20.0 GiB')
    """
    if mb is None:
        return ""
    return f"{mb / 1024:.1f} GiB" if mb >= 1024 else f"{mb:.0f} MiB"


def size(nbytes: float) -> str:
    """Return an amount of bytes.

    >>> size(512), size(3 * 2**20)
    ('512 B', '3.0 MiB')
    """
    for unit in ("B", "KiB", "MiB", "GiB"):
        if nbytes < 1024:
            return f"{nbytes:.0f} B" if unit == "B" else f"{nbytes:.1f} {unit}"
        nbytes /= 1024
    return f"{nbytes:.1f} TiB"
