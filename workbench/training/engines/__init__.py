"""Engines start a run's ranks and say how they ended: one protocol, two implementations."""

from __future__ import annotations

from workbench.errors import OptionError, suggestion
from workbench.training.engines.base import Engine

ENGINES = ("crew", "ray-train")


def engine_named(name: str) -> Engine:
    """Return the engine of that name; ``OptionError`` for an unknown one."""
    if name == "crew":
        from workbench.training.engines.crew import CrewEngine

        return CrewEngine()
    if name == "teams":
        from workbench.training.engines.teams import TeamsEngine

        return TeamsEngine()
    if name == "ray-train":
        from workbench.training.engines.ray_train import RayTrainEngine

        return RayTrainEngine()
    raise OptionError(f"Cannot use engine {name!r}: known ones are {', '.join(ENGINES)}.{suggestion(name, ENGINES)}")
