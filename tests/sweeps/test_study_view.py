"""What the Study view is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest

from workbench.bridge.verbs import Verbs
from workbench.errors import OptionError, RunNotFoundError, WorkbenchError
from workbench.records.runs import RunState
from workbench.settings import Settings
from workbench.sweeps import study_view
from workbench.sweeps.goal import parse_constraints
from workbench.sweeps.storages import note_storage, storage_urls
from workbench.sweeps.studies import OpenStorages, shown_url, storage_id
from workbench.tracking.ended_runs import EndedRun
from workbench.tracking.store import TrackingStore

optuna.logging.set_verbosity(optuna.logging.WARNING)


@pytest.fixture
def study() -> Any:
    """Twelve trials: one pruned, one failed, one running, one waiting."""
    made = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for number in range(10):
        trial = made.ask()
        x = trial.suggest_float("x", 1e-3, 1, log=True)
        kind = trial.suggest_categorical("kind", ["a", "b"])
        if kind == "b":
            trial.suggest_int("depth", 1, 5)
        for step in range(3):
            trial.report(x / (step + 1), step)
        state = {7: optuna.trial.TrialState.PRUNED, 8: optuna.trial.TrialState.FAIL}.get(number)
        made.tell(trial, None if state else x, state=state)
    made.ask().suggest_float("x", 1e-3, 1, log=True)
    made.enqueue_trial({"x": 0.5})
    return made


def test_trials_come_by_column(study: Any) -> None:
    columns = study_view.trials_by_column(study)
    assert columns["numbers"] == list(range(12))
    assert columns["states"][7:] == ["pruned", "fail", "complete", "running", "waiting"]
    assert columns["kinds"]["x"] == {"low": 1e-3, "high": 1, "log": True}
    assert columns["kinds"]["kind"] == {"choices": ["a", "b"]}
    assert columns["params"]["depth"][0] == study.trials[0].params.get("depth")
    assert columns["values"] == [[trial.value for trial in study.trials]]
    assert study_view.trials_by_column(study, after=10)["numbers"] == [10, 11]


def test_importances_add_up_to_one(study: Any) -> None:
    found = study_view.importances(study)
    assert sum(found.values()) == pytest.approx(1)
    assert next(iter(found)) == "x"
    assert study_view.importances(optuna.create_study()) == {}
    with pytest.raises(OptionError, match="goal 3"):
        study_view.importances(study, 3)


def test_curves_are_of_trials_that_reported(study: Any) -> None:
    found = study_view.curves(study)
    assert [curve["number"] for curve in found] == list(range(10))
    assert len(found[0]["points"]) == 3


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "without values"),
        ({"y": 1}, "sweeps depth, kind, x"),
        ({"x": 7}, "from 0.001 to 1"),
        ({"x": "much"}, "from 0.001 to 1"),
        ({"kind": "c"}, "choices are a, b"),
        ({"depth": 2.5}, "from 1 to 5"),
    ],
)
def test_values_outside_of_the_space_are_refused(study: Any, params: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        study_view.enqueue(study, params)


def test_values_are_tried_next(study: Any) -> None:
    study_view.enqueue(study, {"x": 0.5, "kind": "b", "depth": 3.0})
    study.ask()
    trial = study.ask()
    assert trial.suggest_int("depth", 1, 5) == 3


def test_verbs_of_a_study(project: Path) -> None:
    journal = project / "mine.log"
    made = optuna.create_study(
        study_name="mine",
        storage=optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(journal))),
    )
    made.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=5)
    settings = Settings.of(project)
    store = TrackingStore(settings.tracking_uri, settings.artifact_dir)
    tags = {"workbench.study": "mine", "workbench.trial": "2"}
    points = [("loss", 0.5, 1000, 0), ("loss", float("nan"), 2000, 1), ("loss", float("inf"), 3000, 2)]
    store.record_ended("book", [EndedRun("mine-2", tags, {"x": 0.5}, points, RunState.FINISHED, None, 10.0, 20.0)])
    verbs = Verbs(project)
    place = storage_id(str(journal))
    answer = verbs.studies.study(place, 0)
    assert (answer["name"], answer["run"], answer["numbers"]) == ("mine", None, [0, 1, 2, 3, 4])
    assert verbs.studies.study_importances(place, 0)["importances"] in ({"x": 1.0}, {})
    run = verbs.studies.trial_run(place, 0, 2)
    record = store.get(run["run_id"])
    assert (record.name, record.params, record.duration_s, record.state) == (
        "mine-2",
        {"x": "0.5"},
        10.0,
        RunState.FINISHED,
    )
    assert len(store.series(record.run_id, "loss")) == 3
    assert verbs.runs.runs()["runs"] == []  # a trial is listed when something is searched for
    assert [found["name"] for found in verbs.runs.runs(query="mine")["runs"]] == ["mine-2"]
    verbs.studies.enqueue_trial(place, 0, {"x": 0.25})
    assert verbs.studies.study(place, 0, after=5)["states"] == ["waiting"]
    for call in (
        lambda: verbs.studies.study(place, 9),
        lambda: verbs.studies.study("0" * 10, 0),
        lambda: verbs.studies.trial_run(place, 0, 4),
    ):
        with pytest.raises(RunNotFoundError):
            call()
    with pytest.raises(WorkbenchError):
        verbs.studies.pause_sweep(record.run_id, True)


def test_storages_that_sweeps_were_told_to_use_are_listed(project: Path, tmp_path: Path) -> None:
    settings = Settings.of(project)
    elsewhere = tmp_path / "far" / "away.journal"
    elsewhere.parent.mkdir()
    elsewhere.touch()
    note_storage(settings, str(elsewhere))
    note_storage(settings, str(elsewhere))
    note_storage(settings, "postgresql://me:secret@host/db")
    assert storage_urls(settings) == [str(elsewhere), "postgresql://me:secret@host/db"]
    assert shown_url("postgresql://me:secret@host/db") == "postgresql://me:…@host/db"
    assert OpenStorages(settings).studies(str(elsewhere)) == []
    elsewhere.unlink()
    assert storage_urls(settings) == ["postgresql://me:secret@host/db"]


@pytest.mark.parametrize("text", ["latency", "a < b", "a = 3", "a <", "a < nan"])
def test_bound_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(OptionError, match="Cannot keep to"):
        parse_constraints(text)


def test_bounds_know_how_far_a_value_is_beyond() -> None:
    upper, lower = parse_constraints("a<=2, b > 0.5")
    assert (upper.excess(3), lower.excess(0.75)) == (1, -0.25)
    assert parse_constraints("") == ()
