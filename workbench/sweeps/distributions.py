"""A search space in Optuna's words: the distribution of each name, and the points of a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.errors import OptionError
from workbench.sweeps.space import ChoiceParam, FloatParam, IntParam, Param, Space

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

_MOST_GRID = 100_000


def distribution_of(param: Param) -> BaseDistribution | None:
    """Return Optuna's distribution of a swept name; None for a name whose values a function chooses."""
    from optuna import distributions

    if isinstance(param, FloatParam):
        return distributions.FloatDistribution(param.low, param.high, log=param.log, step=param.step)
    if isinstance(param, IntParam):
        return distributions.IntDistribution(param.low, param.high, log=param.log, step=param.step)
    if isinstance(param, ChoiceParam):
        return distributions.CategoricalDistribution(param.choices)
    return None


def grid_of(space: Space) -> dict[str, list[Any]]:
    """Return every value of each name.

    Raises:
        OptionError: A name has no end of values, or the grid has too many points.
    """
    grid: dict[str, list[Any]] = {}
    size = 1
    for param in space.params:
        if isinstance(param, ChoiceParam):
            values: list[Any] = list(param.choices)
        elif isinstance(param, IntParam) and not param.log:
            values = list(range(param.low, param.high + 1, param.step))
        elif isinstance(param, FloatParam) and param.step:
            count = int((param.high - param.low) / param.step + 1e-9) + 1
            values = [param.low + index * param.step for index in range(count)]
        else:
            raise OptionError(
                f"Cannot make a grid of {param.name!r}: it has no end of values. Give it a step, or a list."
            )
        grid[param.name] = values
        size *= len(values)
    if size > _MOST_GRID:
        raise OptionError(
            f"Cannot make a grid of {size:,} points: the limit is {_MOST_GRID:,}. Sample by tpe or random."
        )
    return grid
