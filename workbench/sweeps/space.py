"""The search space of a sweep: its swept names, the values of each, and conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Suggests(Protocol):
    """The part of Optuna's trial that parameters use."""

    def suggest_float(self, name: str, low: float, high: float, *, step: float | None, log: bool) -> float:
        """See ``optuna.trial.Trial.suggest_float``."""

    def suggest_int(self, name: str, low: int, high: int, *, step: int, log: bool) -> int:
        """See ``optuna.trial.Trial.suggest_int``."""

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        """See ``optuna.trial.Trial.suggest_categorical``."""


@dataclass(frozen=True)
class Param:
    """One swept name.

    Attributes:
        name: The notebook variable, or the cell's top-level literal, that it takes the place of.
        condition: When it is swept, as a Python expression over names before it; an empty string for always.
    """

    name: str
    condition: str = ""

    def suggest(self, trial: Suggests, objects: Mapping[str, Any]) -> Any:
        """Return this name's value in a trial; ``objects`` has the notebook's functions and classes by name."""
        raise NotImplementedError


@dataclass(frozen=True)
class FloatParam(Param):
    """A number from ``low`` to ``high``, both included; in multiples of ``step``, or evenly in its logarithm."""

    low: float = 0.0
    high: float = 1.0
    step: float | None = None
    log: bool = False

    def suggest(self, trial: Suggests, objects: Mapping[str, Any]) -> float:
        """See :meth:`Param.suggest`."""
        return trial.suggest_float(self.name, self.low, self.high, step=self.step, log=self.log)


@dataclass(frozen=True)
class IntParam(Param):
    """A whole number from ``low`` to ``high``, both included."""

    low: int = 0
    high: int = 1
    step: int = 1
    log: bool = False

    def suggest(self, trial: Suggests, objects: Mapping[str, Any]) -> int:
        """See :meth:`Param.suggest`."""
        return trial.suggest_int(self.name, self.low, self.high, step=self.step, log=self.log)


@dataclass(frozen=True)
class ChoiceParam(Param):
    """One of a few. A function or class of the notebook goes by its name, which Optuna stores."""

    choices: tuple[Any, ...] = ()
    names: frozenset[str] = frozenset()

    def suggest(self, trial: Suggests, objects: Mapping[str, Any]) -> Any:
        """See :meth:`Param.suggest`."""
        chosen = trial.suggest_categorical(self.name, self.choices)
        return objects[chosen] if chosen in self.names else chosen


@dataclass(frozen=True)
class CallableParam(Param):
    """A value that a function of the notebook returns for Optuna's trial."""

    function: str = ""

    def suggest(self, trial: Suggests, objects: Mapping[str, Any]) -> Any:
        """See :meth:`Param.suggest`."""
        return objects[self.function](trial)


@dataclass(frozen=True)
class Space:
    """A search space: its parameters, those that others' conditions read before those."""

    params: tuple[Param, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The swept names."""
        return tuple(param.name for param in self.params)

    @property
    def objects(self) -> frozenset[str]:
        """Names of the notebook's functions and classes that it uses."""
        found: set[str] = set()
        for param in self.params:
            found |= param.names if isinstance(param, ChoiceParam) else set()
            found |= {param.function} if isinstance(param, CallableParam) else set()
        return frozenset(found)

    @property
    def choices(self) -> dict[str, frozenset[str]]:
        """For each name that chooses among functions or classes of the notebook, theirs."""
        return {param.name: param.names for param in self.params if isinstance(param, ChoiceParam) and param.names}

    @property
    def needs_worker(self) -> bool:
        """Whether a function of the notebook takes part, which runs on a worker."""
        return any(isinstance(param, CallableParam) for param in self.params)

    def suggest(self, trial: Suggests, objects: Mapping[str, Any]) -> dict[str, Any]:
        """Return a trial's values by name; a name whose condition does not hold is left out."""
        values: dict[str, Any] = {}
        for param in self.params:
            if not param.condition or _holds(param.condition, values):
                values[param.name] = param.suggest(trial, objects)
        return values


def _holds(condition: str, values: Mapping[str, Any]) -> bool:
    """Return whether a condition holds; it does not if it reads a name that this trial does not sweep."""
    try:
        return bool(eval(condition, {"__builtins__": {}}, dict(values)))
    except NameError:
        return False
