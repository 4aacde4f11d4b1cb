"""Answers about Optuna's studies and their trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from typing_extensions import TypedDict

from workbench.records.run_answers import RunReference
from workbench.records.runs import RunState
from workbench.records.wire import Measured, ParamValue

Direction = Literal["minimize", "maximize", "not_set"]
TrialState = Literal["complete", "pruned", "fail", "running", "waiting"]


@dataclass(frozen=True)
class StudySummary:
    """A study as a row of a list.

    Attributes:
        name: The study's name in its storage.
        storage: The storage's URL without its password, or a journal file's path.
        storage_id: The name of the storage in addresses of pages.
        study_id: The study's number in the storage.
        directions: The direction of each objective.
        trials: The number of trials by state.
        best: The best value; None with several objectives or before the first.
        started_at: When the first trial began, seconds since the epoch.
    """

    name: str
    storage: str
    storage_id: str
    study_id: int
    directions: tuple[Direction, ...]
    trials: dict[str, int]
    best: Measured | None
    started_at: float | None


class StudyList(TypedDict):
    """Studies, the newest first.

    Attributes:
        studies: The studies.
        problems: Storages that cannot be read, and why.
    """

    studies: list[StudySummary]
    problems: list[str]


class ParamSpace(TypedDict, total=False):
    """The values that a swept name can have: choices, or a range.

    Attributes:
        choices: All values, for a name with choices.
        low: The smallest value of a range.
        high: The largest value of a range.
        log: Whether the range is drawn from on a logarithmic scale.
    """

    choices: list[ParamValue]
    low: float
    high: float
    log: bool


class TrialColumns(TypedDict):
    """Trials column by column: a tenth of what rows take as JSON. Times are seconds since the epoch.

    Attributes:
        numbers: The trials' numbers.
        states: The trials' states.
        values: For each objective, the trials' values.
        params: For each swept name, the trials' values; null where a trial does not have it.
        started: When each trial started.
        ended: When each trial ended.
        feasible: Whether each trial meets the constraints.
        asked: Whether each trial counts among those asked for.
        kinds: For each swept name, the values that it can have.
    """

    numbers: list[int]
    states: list[TrialState]
    values: list[list[float | None]]
    params: dict[str, list[ParamValue]]
    started: list[float | None]
    ended: list[float | None]
    feasible: list[bool]
    asked: list[bool]
    kinds: dict[str, ParamSpace]


class StudyRun(RunReference):
    """The run of a sweep.

    Attributes:
        cell_id: The id of the sweep's cell in the notebook, or an empty string.
    """

    state: RunState
    cell_id: str


class StudyDetail(TrialColumns):
    """A study and its trials.

    Attributes:
        name: The study's name.
        directions: The direction of each objective.
        goals: The name of each objective; empty where no sweep made the study.
        run: The newest sweep of the study; null where a script made it.
    """

    name: str
    directions: list[Direction]
    goals: list[str]
    run: StudyRun | None


class Importances(TypedDict):
    """How much each swept name matters, the most important first; the values add up to one."""

    importances: dict[str, float]


class TrialCurve(TypedDict):
    """The values that a trial reported.

    Attributes:
        points: Pairs of step and value, by rising step.
    """

    number: int
    state: TrialState
    points: list[tuple[int, float]]


class TrialCurves(TypedDict):
    """Curves of some trials."""

    curves: list[TrialCurve]


class EnqueuedTrial(TypedDict):
    """The values of a trial that is tried next."""

    params: dict[str, ParamValue]


class OrderedTrial(TypedDict):
    """The trial that an order was given to."""

    number: int


class PausedSweep(TypedDict):
    """Whether a sweep starts no more trials."""

    paused: bool


class CellSource(TypedDict):
    """The text of a cell."""

    source: str
