"""Optuna's trial as a function of the notebook gets it on a worker: each suggestion is made by the conductor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


class RemoteTrial:
    """The part of ``optuna.trial.Trial`` that suggests values.

    Args:
        number: The trial's number.
        ask: Takes the kind of a suggestion, its name and the other arguments of Optuna's method; returns the value.
    """

    def __init__(self, number: int, ask: Callable[[str, str, dict[str, Any]], Any]) -> None:
        self.number = number
        self.params: dict[str, Any] = {}
        self._ask = ask

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """See ``optuna.trial.Trial.suggest_float``."""
        value: float = self._suggest("float", name, low=low, high=high, step=step, log=log)
        return value

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """See ``optuna.trial.Trial.suggest_int``."""
        value: int = self._suggest("int", name, low=low, high=high, step=step, log=log)
        return value

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """See ``optuna.trial.Trial.suggest_categorical``."""
        return self._suggest("categorical", name, choices=tuple(choices))

    def _suggest(self, kind: str, name: str, **given: Any) -> Any:
        self.params[name] = self._ask(kind, name, given)
        return self.params[name]
