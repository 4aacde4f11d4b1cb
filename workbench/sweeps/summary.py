"""The progress of a sweep as its conductor tells it."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.records.sweeps import SweepProgress


@dataclass
class SweepSummary(SweepProgress):
    """The progress of a sweep, and what is left to do.

    Attributes:
        running: Number of trials that run now.
        startable: Number of trials that could be started now.
        is_over: Whether nothing is left to do.
        ended_by: The limit that ended the sweep early, or an empty string.
        problem: The reason why the sweep ended as failed, or an empty string.
    """

    running: int = 0
    startable: int = 0
    is_over: bool = False
    ended_by: str = ""
    problem: str = ""
