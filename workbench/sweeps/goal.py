"""Goals of a sweep, as in ``min val_loss`` or ``min loss, max acc``, and constraints of its trials."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from workbench.errors import OptionError

_DIRECTIONS = {"min": "minimize", "minimize": "minimize", "max": "maximize", "maximize": "maximize"}


@dataclass(frozen=True)
class Goal:
    """One objective: a metric that the cell logs, or a name that it leaves behind.

    Attributes:
        name: The metric's or variable's name.
        direction: ``minimize`` or ``maximize``.
    """

    name: str
    direction: str

    def __str__(self) -> str:
        """Return the goal as a user writes it."""
        return f"{self.direction[:3]} {self.name}"


def parse_goals(text: str) -> tuple[Goal, ...]:
    """Return the goals of a user's text.

    >>> [str(goal) for goal in parse_goals("min loss, max acc")]
    ['min loss', 'max acc']

    Raises:
        OptionError: A part cannot be read; the message names it.
    """
    goals = []
    for part in text.split(","):
        words = part.split()
        if len(words) != 2 or words[0] not in _DIRECTIONS:
            raise OptionError(f'Cannot aim for {part.strip()!r}: write --goal "min loss" or --goal "max acc".')
        goals.append(Goal(words[1], _DIRECTIONS[words[0]]))
    names = [goal.name for goal in goals]
    if len(set(names)) < len(names):
        raise OptionError(f"Cannot aim for {text!r}: a name is in it twice.")
    return tuple(goals)


_CONSTRAINT = re.compile(r"\s*([^\s<>=]+)\s*(<=|>=|<|>)\s*(\S+)\s*")


@dataclass(frozen=True)
class Constraint:
    """A bound that a trial must respect to count as the best.

    Attributes:
        name: A metric that the cell logs, or a name that it leaves behind.
        is_upper: Whether values must be below the bound, rather than above.
        bound: The bound.
    """

    name: str
    is_upper: bool
    bound: float

    def __str__(self) -> str:
        """Return the constraint as a user writes it."""
        return f"{self.name} {'<' if self.is_upper else '>'} {self.bound:g}"

    def excess(self, value: float) -> float:
        """Return how far a value is beyond the bound; in Optuna's words, 0 or less is feasible."""
        return value - self.bound if self.is_upper else self.bound - value


def parse_constraints(text: str) -> tuple[Constraint, ...]:
    """Return the constraints of a user's text.

    >>> [str(constraint) for constraint in parse_constraints("latency_ms<20, acc >= 0.9")]
    ['latency_ms < 20', 'acc > 0.9']

    Raises:
        OptionError: A part cannot be read; the message names it.
    """
    found = []
    for part in text.split(",") if text.strip() else ():
        match = _CONSTRAINT.fullmatch(part)
        try:
            bound = float(match[3]) if match else math.nan
        except ValueError:
            bound = math.nan
        if match is None or not math.isfinite(bound):
            raise OptionError(
                f'Cannot keep to {part.strip()!r}: write --subject-to "latency_ms<20", a name, < or >, and a number.'
            )
        found.append(Constraint(match[1], match[2].startswith("<"), bound))
    return tuple(found)
