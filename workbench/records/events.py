"""Events that the bridge sends by itself, for the panel to react to."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from workbench.records.runs import RunSnapshot


class Numbered(TypedDict, total=False):
    """What the bridge adds to an event.

    Attributes:
        number: Counts the events of one bridge process; a jump tells that some were missed.
    """

    number: int


class RunsEvent(Numbered):
    """Runs that changed."""

    event: Literal["runs"]
    runs: list[RunSnapshot]


class ClusterEvent(Numbered):
    """A cluster that came or went."""

    event: Literal["cluster"]
    state: Literal["up", "down"]


WorkbenchEvent = RunsEvent | ClusterEvent
"""An event on Jupyter's event bus."""
