"""Studies that scripts left in a project's files."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from workbench.errors import TrackingError
from workbench.settings import Settings
from workbench.sweeps.storages import storage_urls
from workbench.sweeps.studies import open_storage, studies_of

optuna.logging.set_verbosity(optuna.logging.WARNING)


def square(trial: optuna.Trial) -> float:
    return trial.suggest_float("x", -1, 1) ** 2


def test_studies_are_found_in_databases_and_journals(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "deep" / "er").mkdir(parents=True)
    database = f"sqlite:///{project / 'deep' / 'studies.db'}"
    optuna.create_study(study_name="first", storage=database).optimize(square, n_trials=3)
    journal = project / "deep" / "er" / "study.log"
    storage = JournalStorage(JournalFileBackend(str(journal)))
    optuna.create_study(study_name="second", storage=storage, direction="maximize").optimize(square, n_trials=2)
    (project / "other.db").write_bytes(b"SQLite format 3\x00 but broken")
    (project / "notes.log").write_text("not a journal\n")
    (project / "numbers.log").write_text("17\n")
    urls = storage_urls(Settings.of(project))
    assert set(urls) == {database, str(journal)}
    found = {study.name: study for url in urls for study in studies_of(url)}
    assert found["first"].trials == {"complete": 3}
    assert found["first"].best == min(
        trial.value for trial in optuna.load_study(study_name="first", storage=database).trials
    )
    assert found["second"].directions == ("maximize",)
    monkeypatch.setenv("OPTUNA_STORAGE", "postgresql://host/db, sqlite:///x.db")
    assert storage_urls(Settings.of(project))[:2] == ["postgresql://host/db", "sqlite:///x.db"]


def test_study_of_several_objectives_has_no_single_best(project: Path) -> None:
    url = f"sqlite:///{project / 'pareto.db'}"
    study = optuna.create_study(study_name="pareto", storage=url, directions=["minimize", "maximize"])
    study.optimize(lambda trial: (square(trial), 1.0), n_trials=2)
    study.ask()
    (found,) = studies_of(url)
    assert (found.best, found.trials) == (None, {"complete": 2, "running": 1})


def test_storage_that_cannot_be_opened_says_why() -> None:
    with pytest.raises(TrackingError, match="nowhere"):
        open_storage("nowhere://x")
