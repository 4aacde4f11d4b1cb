"""The storage that shows samplers the best and the newest trials."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from tests.sweeps.test_conductor import plan
from workbench.sweeps.conductor import Conductor
from workbench.sweeps.recent import RecentStorage

optuna.logging.set_verbosity(optuna.logging.WARNING)


def study_of(count: int, direction: str = "minimize") -> tuple[Any, RecentStorage]:
    """A study in memory with values 0, 1, 2 …, and the storage in front of it."""
    study = optuna.create_study(direction=direction)
    for value in range(count):
        study.tell(study.ask(), value)
    return study, RecentStorage(study._storage, study._study_id)


def numbers(storage: RecentStorage, study: Any, **given: Any) -> list[int]:
    return [trial.number for trial in storage.get_all_trials(study._study_id, deepcopy=False, **given)]


def test_few_trials_are_all_shown() -> None:
    study, storage = study_of(40)
    assert numbers(storage, study) == list(range(40))


@pytest.mark.parametrize(("direction", "best"), [("minimize", range(50)), ("maximize", range(550, 600))])
def test_of_many_the_best_and_the_newest_are_shown(direction: str, best: range) -> None:
    study, storage = study_of(600, direction)
    assert numbers(storage, study) == sorted({*best, *range(150, 600)})


def test_trials_that_run_end_and_wait_are_seen() -> None:
    study, storage = study_of(3)
    fronted = optuna.load_study(study_name=study.study_name, storage=storage)
    trial = fronted.ask()
    assert numbers(storage, study, states=(TrialState.RUNNING,)) == [trial.number]
    fronted.tell(trial, state=TrialState.FAIL)
    assert numbers(storage, study, states=(TrialState.FAIL,)) == [trial.number]
    study.enqueue_trial({"x": 0.5})  # by somebody else: seen a moment later
    study.enqueue_trial({"x": 0.25})
    time.sleep(0.6)
    asked = [fronted.ask() for _ in range(3)]
    assert [one.suggest_float("x", 0, 1) for one in asked[:2]] == [0.5, 0.25]


def test_values_put_in_by_hand_are_tried_while_a_sweep_runs(tmp_path: Path) -> None:
    conductor = Conductor(plan(tmp_path))
    first = conductor.ask("w")
    assert first is not None
    storage = optuna.storages.JournalStorage(
        optuna.storages.journal.JournalFileBackend(str(tmp_path / "studies.journal"))
    )
    optuna.load_study(study_name="square", storage=storage).enqueue_trial({"x": 0.125})
    time.sleep(0.6)
    conductor.tell(first.number, "complete", [1.0])
    second = conductor.ask("w")
    assert second is not None
    assert second.values == {"x": 0.125}
