"""What a sweep is after: ``min val_loss``, ``max acc``, or several with commas between."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.errors import OptionError

_DIRECTIONS = {"min": "minimize", "minimize": "minimize", "max": "maximize", "maximize": "maximize"}


@dataclass(frozen=True)
class Goal:
    """One objective: a metric that the cell logs, or a name that it leaves behind.

    Attributes:
        name: The metric's or variable's name.
        direction: Optuna's: ``minimize`` or ``maximize``.
    """

    name: str
    direction: str

    def __str__(self) -> str:
        return f"{self.direction[:3]} {self.name}"


def parse_goals(text: str) -> tuple[Goal, ...]:
    """Goals from their words.

    >>> [str(goal) for goal in parse_goals("min loss, max acc")]
    ['min loss', 'max acc']

    Raises ``OptionError`` that names the part that cannot be read.
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
